"""New records: they read well, say what is expected, and lack only what is marked."""

from __future__ import annotations

import json
import os
import pty
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import ARTICLES, FIXTURES, ROOT
from mil2mil.cli import main
from mil2mil.dataset import Dataset
from mil2mil.document import parse_document
from mil2mil.record import PLACEHOLDER
from mil2mil.scaffold import blanks, kinds, new_article, new_record, split

if TYPE_CHECKING:
    from pathlib import Path

KINDS = sorted(kinds(Dataset(ROOT)))


def test_every_kind_of_record_has_a_scaffold(dataset: Dataset) -> None:
    """Those of the dataset, and none that is abstract or nested."""
    types = {name for record in dataset.records.values() for name in record.json["type"]}
    assert {name for name, _ in kinds(dataset).values()} == types


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_record_lacks_only_what_is_marked(kind: str, small: Path) -> None:
    path, text = new_record(Dataset(small), kind, "a-new-one")
    file = small / path
    assert not file.exists()
    file.write_text(text, encoding="utf-8")
    findings = Dataset(small).validate()
    assert {(finding.file, finding.rule) for finding in findings} == {(path, "reader/to-fill-in")}
    assert len(findings) == text.count(PLACEHOLDER)
    for line in text.split("\n"):
        if line.endswith(PLACEHOLDER) and not line.startswith(" "):
            before = text.split(line)[0].rstrip("\n").rsplit("\n", 1)[-1]
            assert before.startswith("# "), f"{line} does not say what is expected"


def test_answers_are_taken(dataset: Dataset) -> None:
    answers = {"label": 'The "Königstedt": a manor', "placeKind": "venue"}
    path, text = new_record(dataset, "place", "x", lambda blank: answers.get(blank.key, ""))
    root = parse_document(text, path).root
    assert {key: root.scalar(key) for key in answers} == answers


def test_a_filled_record_conforms(small: Path) -> None:
    answers = {"label": "Vantaa", "placeKind": "city"}
    path, text = new_record(Dataset(small), "Place", "vantaa", lambda blank: answers[blank.key])
    (small / path).write_text(text, encoding="utf-8")
    assert [finding.rule for finding in Dataset(small).validate()] == ["check/unused-record"]


def test_what_is_required_is_asked_for(dataset: Dataset) -> None:
    meeting = {blank.key: blank for blank in blanks(dataset, "Meeting")}
    assert {"label", "evidence", "modality", "format", "participants"} == set(meeting)
    assert meeting["participants"].least == 2
    assert [blank.key for blank in meeting["participants"].inner] == ["evidence"]


def test_command(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(small)
    assert main(["new", "meeting", "2019-12-18-bern"]) == 0
    file = small / "data/contacts/2019-12-18-bern.yaml"
    text = file.read_text(encoding="utf-8")
    assert main(["new", "meeting", "2019-12-18-bern"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == text
    for arguments, word in (
        (["meting", "x"], "did you mean 'meeting'"),
        (["place", "The Sea"], "not a name for an id"),
        (["place", "../../x"], "not a name for an id"),
        (["event", "x"], "there is no kind"),
        (["source", "nowhere.txt"], "nowhere.txt"),
    ):
        assert main(["new", *arguments]) == 2
        assert word in capsys.readouterr().err


def test_asks_on_a_terminal(small: Path) -> None:
    """In a terminal of its own, the command asks for each part; an empty answer leaves it marked."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(small)
        os.execv(sys.executable, [sys.executable, "-m", "mil2mil", "new", "place", "vantaa"])  # noqa: S606
    os.write(terminal, b"Vantaa\n\n")
    shown = b""
    while True:
        try:
            part = os.read(terminal, 1024)
        except OSError:  # the child has ended
            break
        if not part:
            break
        shown += part
    assert os.waitpid(child, 0)[1] == 0, shown
    text = (small / "data/places/vantaa.yaml").read_text(encoding="utf-8")
    assert 'label: "Vantaa"' in text
    assert f"placeKind: {PLACEHOLDER}" in text
    assert b"Say at what precision" in shown


def test_an_article_is_split_into_its_units(dataset: Dataset) -> None:
    file = FIXTURES / "texts" / "note.txt"
    path, text = new_article(dataset, file, "a-note")
    assert path == "seeds/a-note.yaml"
    ours = parse_document(text, path).root
    theirs = parse_document((FIXTURES / "valid/seeds/note.yaml").read_text(encoding="utf-8"), "x").root
    for key in ("fileName", "sha256"):
        assert ours.scalar(key) == theirs.scalar(key)
    assert text.count("unitKind: headline") == 1
    spans = [line for line in text.split("\n") if "start:" in line or "end:" in line]
    expected = (FIXTURES / "valid/seeds/note.yaml").read_text(encoding="utf-8").split("\n")
    assert spans == [line for line in expected if "start:" in line or "end:" in line]


@pytest.mark.skipif(not ARTICLES.is_dir(), reason="no copies of the articles here")
def test_both_articles_are_split_as_the_reference_has_them() -> None:
    reference = json.loads((ARTICLES.parent / "research" / "sentences.json").read_text(encoding="utf-8"))
    for file in ARTICLES.glob("*.txt"):
        expected = [
            (unit["start"], unit["end"], unit["kind"].replace("_", "-"))
            for unit in reference
            if unit["file"] == file.name
        ]
        assert list(split(file.read_text(encoding="utf-8"))) == expected


@given(st.text("aB .!?\n{}“”’1é", max_size=80))
def test_units_cover_the_text_and_do_not_overlap(text: str) -> None:
    last = 0
    for start, end, _ in split(text):
        assert last <= start < end <= len(text)
        assert not text[last:start].strip(), "something is passed over"
        assert text[start:end] == text[start:end].strip()
        last = end
    assert not text[last:].strip()
