"""Spans, hashes and quotations against the text: whatever differs is reported at its line."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conftest import ARTICLES, FIXTURES
from mil2mil.coverage import cover
from mil2mil.dataset import Dataset
from mil2mil.finding import Mark

if TYPE_CHECKING:
    from collections.abc import Callable

STATEMENT = "data/statements/2017-02-16-us-joint-chiefs-office.yaml"


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FIXTURES / "texts", tmp_path / "texts"))


def found(dataset: Dataset, texts: Path) -> list[tuple[str, str, Mark]]:
    return [(finding.rule, finding.file, finding.mark) for finding in dataset.validate(texts=texts)]


def test_the_note_has_the_traps(texts: Path) -> None:
    """Curly quotes and a no-break space: code points and bytes differ."""
    text = (texts / "note.txt").read_text(encoding="utf-8")
    assert len(text) < len(text.encode())
    assert {"“", "”", "’", "\u00a0"} <= set(text)


def test_one_character_changed(small: Path, texts: Path) -> None:
    file = texts / "note.txt"
    file.write_text(file.read_text(encoding="utf-8").replace("Syria", "Syrie"), encoding="utf-8")
    assert found(Dataset(small), texts) == [
        ("text/other-text", "seeds/note.yaml", Mark(14, 9)),
        ("text/other-span", "seeds/note.yaml", Mark(41, 7)),
    ]


def test_one_character_added(small: Path, texts: Path) -> None:
    file = texts / "note.txt"
    file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert found(Dataset(small), texts) == [
        ("text/other-text", "seeds/note.yaml", Mark(14, 9)),
        ("text/other-length", "seeds/note.yaml", Mark(15, 9)),
    ]


def test_no_copy(small: Path, tmp_path: Path) -> None:
    assert found(Dataset(small), tmp_path) == [("text/no-copy", "seeds/note.yaml", Mark(13, 11))]


def test_not_utf8(small: Path, texts: Path) -> None:
    (texts / "note.txt").write_bytes(b"\xff\xfe")
    rules = {rule for rule, _, _ in found(Dataset(small), texts)}
    assert rules == {"text/other-text", "text/other-length", "text/other-span"}


def test_shifted_span_of_a_unit(edited: Callable[[str, str, str], Dataset], texts: Path) -> None:
    invalid = edited("seeds/note.yaml", "start: 34\n", "start: 35\n")
    assert found(invalid, texts) == [("text/other-span", "seeds/note.yaml", Mark(27, 7))]


def test_shifted_span_of_a_quotation(small: Path, texts: Path) -> None:
    file = small / STATEMENT
    lines = file.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines):
        key, _, value = line.partition(": ")
        if key.strip() in ("start", "end"):
            lines[number] = f"{key}: {int(value) - 1}"
    file.write_text("\n".join(lines), encoding="utf-8")
    assert found(Dataset(small), texts) == [("text/other-span", STATEMENT, Mark(26, 11))]


def test_altered_quotation(edited: Callable[[str, str, str], Dataset], texts: Path) -> None:
    """Even with a hash that fits the altered words, the text tells."""
    words = "The leaders further agreed to enhance communications on such stabilizing measures."
    other = words.replace("enhance", "advance")
    altered = edited(STATEMENT, words, other)
    assert [rule for rule, _, _ in found(altered, texts)] == [
        "check/altered-quotation",
        "text/other-words",
    ]


def test_altered_quotation_with_its_hash(small: Path, texts: Path) -> None:
    words = "The leaders further agreed to enhance communications on such stabilizing measures."
    other = words.replace("enhance", "advance")
    file = small / STATEMENT
    text = file.read_text(encoding="utf-8").replace(words, other)
    old, new = (hashlib.sha256(part.encode()).hexdigest() for part in (words, other))
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    assert found(Dataset(small), texts) == [("text/other-span", STATEMENT, Mark(26, 11))]
    assert Dataset(small).validate() == [], "without the text this cannot be known"


def test_every_unit_of_both_articles_is_covered(dataset: Dataset) -> None:
    units = cover(dataset.store)
    assert len(units) == 36
    assert all(unit.covered for unit in units)
    assert [f"{unit.article}#{unit.id}" for unit in units if unit.reason] == [
        "seeds/thehill-2017-02-16#s07",
        "seeds/thehill-2017-02-16#s22",
        "seeds/thehill-2017-02-16#s23",
        "seeds/thehill-2017-02-16#s24",
        "seeds/thehill-2021-09-27#s01",
    ]


def test_uncovered_unit(edited: Callable[[str, str, str], Dataset]) -> None:
    evidence = "    evidence:\n      - seeds/note#s01\n      - seeds/note#s04\n"
    bare = edited("data/statements/note.yaml", evidence, "    evidence: seeds/note#s04\n")
    assert [unit.id for unit in cover(bare.store) if not unit.covered] == ["s01"]


@pytest.mark.skipif(not ARTICLES.is_dir(), reason="no copies of the articles here")
class TestWithTheArticles:
    """What only those with copies of the articles can test."""

    def test_everything_is_verified(self, dataset: Dataset) -> None:
        assert dataset.validate(texts=ARTICLES) == []

    def test_units_are_those_of_the_reference(self, dataset: Dataset) -> None:
        sentences = json.loads(
            (ARTICLES.parent / "research" / "sentences.json").read_text(encoding="utf-8")
        )
        articles = {"000": "seeds/thehill-2017-02-16", "004": "seeds/thehill-2021-09-27"}
        for seed, article in articles.items():
            expected = [
                {
                    "id": f"{article}#{unit['id'].partition('-')[2]}",
                    "unitKind": unit["kind"].replace("_", "-"),
                    "start": unit["start"],
                    "end": unit["end"],
                    "sha256": hashlib.sha256(unit["text"].encode()).hexdigest(),
                }
                for unit in sentences
                if unit["seed"] == seed
            ]
            units = dataset.records[article].json["units"]
            assert [
                {
                    "id": unit["id"].removeprefix("https://w3id.org/mil2mil/"),
                    "unitKind": unit["unitKind"],
                    "start": unit["span"]["start"],
                    "end": unit["span"]["end"],
                    "sha256": unit["sha256"],
                }
                for unit in units
            ] == expected

    def test_every_quotation_of_the_reference_is_recorded(self, dataset: Dataset) -> None:
        quotes = json.loads((ARTICLES.parent / "research" / "quotes.json").read_text(encoding="utf-8"))
        rows = dataset.query(
            "PREFIX m2m: <https://w3id.org/mil2mil/ontology#> "
            "SELECT ?start ?end { ?q m2m:in ?unit ; m2m:span ?s . ?s m2m:start ?start ; m2m:end ?end }"
        )
        recorded = {(int(row["start"].value), int(row["end"].value)) for row in rows}
        assert recorded == {(quote["inner_start"], quote["inner_end"]) for quote in quotes}

    def test_one_character_changed(self, dataset: Dataset, tmp_path: Path) -> None:
        for file in ARTICLES.glob("*.txt"):
            shutil.copy(file, tmp_path)
        first = sorted(tmp_path.glob("*.txt"))[0]
        first.chmod(0o644)
        text = first.read_text(encoding="utf-8")
        first.write_text(text.replace("Azerbaijan", "Azerbaidjan"[:10], 1), encoding="utf-8")
        rules = [finding.rule for finding in dataset.validate(texts=tmp_path)]
        assert rules == ["text/other-text", "text/other-span"]
