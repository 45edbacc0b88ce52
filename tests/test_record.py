"""Records: what the context does not know is found, and IRIs do not depend on order."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from conftest import CONTEXT, ROOT
from mil2mil.context import TERMS
from mil2mil.dataset import Dataset
from mil2mil.document import parse_document
from mil2mil.finding import Mark, render
from mil2mil.record import locate, map_record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mil2mil.finding import Finding
    from mil2mil.record import Record

HEAD = '"@context": ../../ontology/context.jsonld\nid: places/baku\n'


def read(text: str, path: str = "data/places/baku.yaml") -> tuple[Record, list[Finding]]:
    return map_record(parse_document(text, path), CONTEXT)


# What stands after HEAD, the rule, the place, and a word of the message or the suggestion.
REFUSED = [
    ("type: Plaice\n", "unknown-type", (3, 7), "'Place'"),
    ("label: Baku\n", "no-type", (1, 1), "type"),
    ("type: Place\nlabell: Baku\n", "unknown-key", (4, 1), "'label'"),
    ("type: Place\nearliest: 2017-01-01\n", "derived-key", (4, 1), "leave it out"),
    ('type: Place\n"@graph": x\n', "json-ld-keyword", (4, 1), "@graph"),
    ("type: Place\npartOf: ../x\n", "bad-value", (4, 9), "FOLDER/NAME"),
    ("type: Place\npartOf: places/The Sea\n", "bad-value", (4, 9), "FOLDER/NAME"),
    ("type: Place\npartOf: file:///etc/passwd\n", "bad-value", (4, 9), "FOLDER/NAME"),
    ("type: Place\npartOf: m2m:x\n", "bad-value", (4, 9), "FOLDER/NAME"),
    ('type: Place\nsameAs: "https://a b"\n', "bad-value", (4, 9), "FOLDER/NAME"),
    ("type: Place\nplaceKind: big city\n", "bad-value", (4, 12), "not the name of a value"),
    ("type: Place\nlabel: 2017\n", "bad-value", (4, 8), "in quotes"),
    ('type: Place\nlabel: " "\n', "bad-value", (4, 8), "empty"),
    ("type: Place\nlabel: {en: Baku}\n", "not-a-value", (4, 8), "plain value"),
    ("type: Place\nsameAs: []\n", "empty", (4, 9), "drop the key"),
    ("type: Place\npartOf: {}\n", "empty", (4, 9), "drop the key"),
    ("type: Place\nsameAs: [[https://a.b/]]\n", "list-in-list", (4, 10), "list"),
    ("type: Place\nsameAs: [https://a.b/, https://a.b/]\n", "duplicate-value", (4, 24), "twice"),
    ("type: Place\ninferred: {id: places/x#a}\n", "nested-id", (4, 16), "places/baku#…"),
    (
        "type: Place\ninferred: [{id: places/baku#a, reason: x}, {id: places/baku#a, reason: y}]\n",
        "duplicate-id",
        (4, 49),
        "two nodes",
    ),
    ("type: Place\ninferred: {property: plaice}\n", "bad-value", (4, 22), "'place'"),
]


@pytest.mark.parametrize(("text", "rule", "place", "word"), REFUSED, ids=[case[0] for case in REFUSED])
def test_refused(text: str, rule: str, place: tuple[int, int], word: str) -> None:
    _, findings = read(HEAD + text)
    assert [(finding.rule, finding.mark) for finding in findings] == [(f"reader/{rule}", Mark(*place))]
    assert word in findings[0].message + findings[0].suggestion


HEADS = [
    ("id: places/baku\ntype: Place\n", "no-context", (1, 1)),
    ('"@context": https://schema.org/\nid: places/baku\ntype: Place\n', "foreign-context", (1, 13)),
    ('"@context": {"@vocab": x}\nid: places/baku\ntype: Place\n', "foreign-context", (1, 13)),
    ('"@context": ../../../../etc/passwd\nid: places/baku\ntype: Place\n', "foreign-context", (1, 13)),
    ('"@context": ../../ontology/context.jsonld\ntype: Place\n', "no-id", (1, 1)),
    (
        '"@context": ../../ontology/context.jsonld\nid: places/bakoo\ntype: Place\n',
        "id-is-not-path",
        (2, 5),
    ),
]


@pytest.mark.parametrize(("text", "rule", "place"), HEADS, ids=[case[1] for case in HEADS])
def test_refused_head(text: str, rule: str, place: tuple[int, int]) -> None:
    _, findings = read(text)
    assert [(finding.rule, finding.mark) for finding in findings] == [(f"reader/{rule}", Mark(*place))]


def test_file_name_is_an_id() -> None:
    _, findings = read(
        '"@context": ../../ontology/context.jsonld\nid: x\ntype: Place\n', "data/places/Ba ku.yaml"
    )
    assert [finding.rule for finding in findings] == ["reader/file-name"]


def test_dangling_reference_has_a_suggestion(edited: Callable[[str, str, str], Dataset]) -> None:
    invalid = edited("data/places/baku.yaml", "partOf: places/azerbaijan", "partOf: places/azerbaidjan")
    findings = [finding for finding in invalid.validate() if finding.file == "data/places/baku.yaml"]
    assert [finding.rule for finding in findings] == ["reader/dangling-reference"]
    assert findings[0].mark == Mark(7, 9)
    assert findings[0].suggestion == "did you mean 'places/azerbaijan'?"


def test_unknown_concept_has_a_suggestion(edited: Callable[[str, str, str], Dataset]) -> None:
    (finding,) = edited("data/places/baku.yaml", "placeKind: city", "placeKind: citty").validate()
    assert finding.rule == "reader/unknown-value"
    assert finding.suggestion == "did you mean 'city'?"


def test_unknown_concept_like_none(edited: Callable[[str, str, str], Dataset]) -> None:
    (finding,) = edited("data/places/baku.yaml", "placeKind: city", "placeKind: hamlet").validate()
    assert finding.message == "'hamlet' is not a value of 'placeKind'."
    assert finding.suggestion == "the values are city, country, region, sea, venue"


def test_id_without_its_folder_has_a_suggestion(small: Path) -> None:
    file = small / "data/places/baku.yaml"
    file.write_text(file.read_text().replace("partOf: places/azerbaijan", "partOf: azerbaijan"))
    (finding,) = Dataset(small).validate()
    assert finding.suggestion == "did you mean 'places/azerbaijan'?"


@pytest.mark.parametrize(
    ("unit", "suggestion"),
    [
        ("note#s66", "its units are s01 to s08; `mil2mil coverage` shows them"),
        ("noet#s06", "did you mean 'seeds/note#s06'?"),
    ],
)
def test_unit_that_is_none(
    edited: Callable[[str, str, str], Dataset], unit: str, suggestion: str
) -> None:
    findings = edited(
        "data/occurrences/2017-02-13-flynn-resignation.yaml",
        "\nevidence: seeds/note#s06",
        f"\nevidence: seeds/{unit}",
    ).validate()
    assert findings[0].suggestion == suggestion


def test_day_that_is_none(edited: Callable[[str, str, str], Dataset]) -> None:
    (finding,) = edited("data/policies/2014-suspension.yaml", "2014-03-03", "2014-02-30").validate()
    assert finding.message == "'2014-02-30' is not a day of the calendar."


def test_interval_that_ends_before_it_begins(edited: Callable[[str, str, str], Dataset]) -> None:
    (finding,) = edited(
        "data/policies/2014-suspension.yaml", "date: 2014-03-03", "date: 2014-03-03/2014-03-01"
    ).validate()
    assert finding.message == "'2014-03-03/2014-03-01' ends before it begins."


def test_file_in_the_wrong_folder_is_one_finding(small: Path) -> None:
    text = (small / "data/officials/michael-flynn.yaml").read_text()
    (small / "data/contacts/x.yaml").write_text(text.replace("officials/michael-flynn", "contacts/x"))
    findings = [
        finding for finding in Dataset(small).validate() if finding.file == "data/contacts/x.yaml"
    ]
    assert [finding.rule for finding in findings] == ["shape/Official"]


def test_date_that_is_none(edited: Callable[[str, str, str], Dataset]) -> None:
    invalid = edited("data/policies/2014-suspension.yaml", "date: 2014-03-03", "date: 2014-02-30")
    (finding,) = invalid.validate()
    assert (finding.rule, finding.mark) == ("reader/not-edtf", Mark(7, 7))


def test_nested_node_without_type(edited: Callable[[str, str, str], Dataset]) -> None:
    invalid = edited("data/statements/joseph-dunford.yaml", "      type: Report\n", "")
    (finding,) = invalid.validate()
    assert (finding.rule, finding.mark) == ("reader/untyped-node", Mark(25, 7))


def test_nested_node_with_an_id_alone(small: Path) -> None:
    """JSON-LD makes no triple of it, so there is nothing to write of it."""
    with (small / "data/places/baku.yaml").open("a", encoding="utf-8") as stream:
        stream.write("anchor:\n  id: places/baku#a\n")
    rules = [finding.rule for finding in Dataset(small, young=True).validate()]
    assert rules == ["reader/untyped-node"]


@pytest.mark.parametrize(
    "name", ["graphs/places/baku", "https://w3id.org/mil2mil/places/baku\u3000https://w3id.org/mil2mil/"]
)
def test_reference_to_what_is_no_record(name: str, edited: Callable[[str, str, str], Dataset]) -> None:
    """The name of a graph, of which only the provenance speaks; and two names with a space between."""
    invalid = edited("data/places/baku.yaml", "partOf: places/azerbaijan", f'partOf: "{name}"')
    (finding,) = invalid.validate()
    assert (finding.rule, finding.mark) == ("reader/dangling-reference", Mark(7, 9))


def test_locate_falls_back_to_the_key_and_the_node() -> None:
    text = HEAD + "type: Place\nsameAs:\n  - https://a.b/\n  - https://c.d/\ninferred:\n  - reason: x\n"
    record, findings = read(text)
    assert findings == []
    same_as = f"{TERMS}sameAs"
    (nested,) = (iri for iri in record.nodes if iri != record.iri)
    assert locate(record, CONTEXT, record.iri, same_as, "https://c.d/") == Mark(6, 5)
    assert locate(record, CONTEXT, record.iri, same_as) == Mark(4, 1)
    assert locate(record, CONTEXT, record.iri, f"{TERMS}label") == Mark(3, 1)
    assert locate(record, CONTEXT, record.iri, f"{TERMS}inferred", nested) == Mark(8, 5)
    assert locate(record, CONTEXT, nested, f"{TERMS}property") == Mark(8, 5)


def shuffled(value: object, rng: random.Random) -> object:
    """The same value with its keys and lists in another order."""
    if isinstance(value, dict):
        items = [(key, shuffled(inner, rng)) for key, inner in value.items()]
        rng.shuffle(items)
        return dict(items)
    if isinstance(value, list):
        inner_items = [shuffled(inner, rng) for inner in value]
        rng.shuffle(inner_items)
        return inner_items
    return value


@given(st.sampled_from(sorted(ROOT.glob("data/*/*.yaml"))), st.integers(0, 2**32))
def test_order_changes_no_iri(file: object, seed: int) -> None:
    path = str(file).removeprefix(f"{ROOT}/")
    text = (ROOT / path).read_text(encoding="utf-8")
    # BaseLoader makes strings of all scalars, as the quotes then say.
    value = shuffled(yaml.load(text, Loader=yaml.BaseLoader), random.Random(seed))  # noqa: S506
    other = yaml.safe_dump(value, allow_unicode=True, sort_keys=False)
    first, findings = read(text, path)
    second, other_findings = read(other, path)
    assert findings == other_findings == []
    assert set(first.nodes) == set(second.nodes)


def test_different_parents_have_different_nodes() -> None:
    same = "participants: [{state: states/russia, evidence: seeds/x}]"
    text = (
        '"@context": ../../ontology/context.jsonld\nid: contacts/x\ntype: Meeting\n'
        f"{same}\naccounts:\n  - {{{same}, gloss: one}}\n  - {{{same}, gloss: two}}\n"
    )
    record, findings = read(text, "data/contacts/x.yaml")
    assert findings == []
    assert sum("participants" in iri for iri in record.nodes) == 3


def test_links_are_not_followed(small: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.yaml"
    secret.write_text("password: hidden\n", encoding="utf-8")
    (tmp_path / "outside").mkdir()
    (small / "data" / "places" / "link.yaml").symlink_to(secret)
    (small / "data" / "linked").symlink_to(tmp_path / "outside")
    (small / "data" / "places" / "notes.txt").write_text("x", encoding="utf-8")
    os.mkfifo(small / "data" / "places" / "pipe.yaml")
    invalid = Dataset(small)
    findings = invalid.validate()
    assert [(finding.file, finding.rule) for finding in findings] == [
        ("data/linked", "reader/not-a-record"),
        ("data/places/link.yaml", "reader/not-a-record"),
        ("data/places/notes.txt", "reader/not-a-record"),
        ("data/places/pipe.yaml", "reader/not-a-record"),
    ]
    assert "hidden" not in render(findings, invalid.folder.line)
