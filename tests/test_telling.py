"""A record in words: all that it says, and the way to what supports it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from conftest import ARTICLES
from mil2mil.cli import main
from mil2mil.document import Mapping, Scalar
from mil2mil.finding import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mil2mil.dataset import Dataset
    from mil2mil.document import Node

MEETING = "contacts/2017-02-16-azerbaijan"


def scalars(node: Node, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, Scalar):
        yield key, str(node.value)
    elif isinstance(node, Mapping):
        for name, entry in node.entries.items():
            yield from scalars(entry.value, name)
    else:
        for item in node.items:
            yield from scalars(item, key)


def test_everything_that_a_record_says_is_told(dataset: Dataset) -> None:
    for record in dataset.records.values():
        text = " ".join(dataset.record(record.id).text(10_000).split())
        for key, value in scalars(record.document.root):
            term = dataset.context.terms.get(key)
            if key in {"@context", "type", "sha256", "property"} or (term and term.kind == "concept"):
                continue
            assert " ".join(value.split()) in text, (record.id, key)


def test_controlled_values_are_told_by_their_label(dataset: Dataset) -> None:
    assert "format: in person" in dataset.record(MEETING).text()


def test_each_fact_leads_to_its_evidence(dataset: Dataset) -> None:
    told = dataset.record(MEETING)
    place = next(line for line in told.lines if line.key == "date")
    assert place.reason.startswith("The article says")
    assert [told.evidence[number - 1].id for number in place.evidence] == [
        "seeds/azertac-637741",
        "seeds/defense-gov-1084033",
    ]
    unit = next(one for one in told.evidence if one.id.endswith("#s03"))
    assert unit.source.startswith("The Hill, 2017-02-16")
    assert re.fullmatch(r"code points \d+ to \d+", unit.place)
    assert "our gloss: Dunford" in told.text()


def test_what_refers_to_a_record(dataset: Dataset) -> None:
    told = dataset.record(MEETING)
    assert ("agreements/2017-02-16-enhance-communications", "made at") in {
        (line.id, line.key) for line in told.referring
    }
    article = dataset.record("seeds/thehill-2017-02-16")
    assert MEETING in {line.id for line in article.referring}, "its sentences are parts of an article"


@pytest.mark.skipif(not ARTICLES.is_dir(), reason="needs the articles")
def test_the_sentence_itself_where_the_text_is_at_hand(
    dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", MEETING, "--text", str(ARTICLES)]) == 0
    out = capsys.readouterr().out
    assert "our gloss: Dunford" not in out
    evidence = dataset.record(MEETING, ARTICLES).evidence
    unit = next(one for one in evidence if one.id.endswith("#s03"))
    text = (
        next(ARTICLES.glob("*2017*")).read_text(encoding="utf-8")
        if next(ARTICLES.glob("*2017*"), None)
        else ""
    )
    assert unit.quoted
    assert not text or unit.words in text


@pytest.mark.parametrize("width", ["50", "80", "200"])
def test_lines_fit_the_terminal(
    width: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    assert main(["show", MEETING]) == 0
    for line in capsys.readouterr().out.splitlines():
        most = min(int(width), 120)
        assert len(line) <= most or max(map(len, line.split())) > most - 12  # an address stays whole


def test_notebook_shows_no_markup_of_the_data(dataset: Dataset) -> None:
    html = dataset.record(MEETING)._repr_html_()
    assert "The two &quot;met in&quot; a country" in html
    assert html.count("<ul>") == html.count("</ul>")


def test_unknown_record(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DatasetError, match=r"did you mean 'contacts/2017-02-16-azerbaijan'\?"):
        dataset.record("contacts/2017-02-16-azerbajan")
    assert main(["show", "nothing"]) == 2
    assert "there is no record 'nothing'" in capsys.readouterr().err


def test_a_part_of_a_record(dataset: Dataset) -> None:
    told = dataset.record("seeds/thehill-2017-02-16#s05")
    assert told.type == "unit"
    assert told.label.startswith("The statement adds")
    assert "agreements/2017-02-16-enhance-communications" in {line.id for line in told.referring}
    assert len(told.text().splitlines()) < 20
    with pytest.raises(DatasetError, match="did you mean 'seeds/thehill-2017-02-16#s"):
        dataset.record("seeds/thehill-2017-02-16#s99")
