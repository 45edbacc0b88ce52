"""The reader of YAML: one message at its place for each thing that is refused, and no surprises."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mil2mil.document import (
    MAX_BYTES,
    MAX_DEPTH,
    Mapping,
    Node,
    Scalar,
    Sequence,
    parse_document,
    read_document,
)
from mil2mil.finding import Mark, ReadError

if TYPE_CHECKING:
    from pathlib import Path

REFUSED = {
    "": ("empty", 1, 1),
    "# nothing\n": ("empty", 2, 1),
    "- a\n": ("not-a-mapping", 1, 1),
    "word\n": ("not-a-mapping", 1, 1),
    "a: 1\n---\nb: 2\n": ("several-documents", 2, 1),
    "%YAML 1.1\n---\na: b\n": ("yaml-version", 1, 1),
    "a: b\nc\n": ("yaml-syntax", 3, 1),
    "a: 'b\n": ("yaml-syntax", 1, 4),
    "a: b: c\n": ("yaml-syntax", 1, 5),
    "a: b #c\n": ("cut-off", 1, 4),
    "a: [b\n": ("yaml-syntax", 2, 1),
    "\ta: b\n": ("yaml-syntax", 1, 1),
    "a: b\na: c\n": ("duplicate-key", 2, 1),
    "a: {b: 1, b: 2}\n": ("duplicate-key", 1, 11),
    "a: &x b\n": ("anchor", 1, 4),
    "a: *x\n": ("alias", 1, 4),
    "a: !!int b\n": ("tag", 1, 4),
    "a: !x [b]\n": ("tag", 1, 4),
    "<<: {a: b}\n": ("merge-key", 1, 1),
    "? [a]\n: b\n": ("key-not-a-word", 1, 3),
    "a:\nb: c\n": ("no-value", 1, 3),
    "a: ~\n": ("no-value", 1, 4),
    "a: null\n": ("no-value", 1, 4),
    "a: true\n": ("boolean", 1, 4),
    "a:\n  - False\n": ("boolean", 2, 5),
    "a: 007\n": ("number", 1, 4),
    "a: 1.5\n": ("number", 1, 4),
    "a: 1e3\n": ("number", 1, 4),
    "a: 0x1f\n": ("number", 1, 4),
    "a: +1\n": ("number", 1, 4),
    "a: .inf\n": ("number", 1, 4),
    "a: 12345678901234567890\n": ("number", 1, 4),
    "a: b\x00\n": ("unseen-character", 1, 5),
    "a: b\nc: \u202edrow\n": ("unseen-character", 2, 4),
    "\ufeffa: b\n": ("unseen-character", 1, 1),
    "a: " + "[" * (MAX_DEPTH + 1) + "\n": ("too-deep", 1, MAX_DEPTH + 3),
}


@pytest.mark.parametrize("text", REFUSED, ids=ascii)
def test_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(text, encoding="utf-8", newline="")
    with pytest.raises(ReadError) as caught:
        read_document(file, "data/x.yaml")
    finding = caught.value.finding
    rule, line, column = REFUSED[text]
    assert (finding.rule, finding.mark) == (f"reader/{rule}", Mark(line, column))
    assert finding.file == "data/x.yaml"
    assert finding.message.endswith(".")
    assert "\n" not in finding.message


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes("a: é\nb: ".encode() + b"\xff\n")
    with pytest.raises(ReadError) as caught:
        read_document(file, "x.yaml")
    assert caught.value.finding.rule == "reader/not-utf-8"
    assert caught.value.finding.mark == Mark(2, 4)


def test_file_too_large(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(b"a: " + b"b" * MAX_BYTES)
    with pytest.raises(ReadError) as caught:
        read_document(file, "x.yaml")
    assert caught.value.finding.rule == "reader/too-large"


def test_values_are_those_of_yaml_1_2() -> None:
    text = "a: no\nb: 2017-02-16\nc: 12\nd: 'true'\ne: 12:30\nf: 1_000\n"
    assert plain(parse_document(text, "x").root) == {
        "a": "no",
        "b": "2017-02-16",
        "c": 12,
        "d": "true",
        "e": "12:30",
        "f": "1_000",
    }


def test_places_are_counted_in_code_points() -> None:
    root = parse_document('é: "𝄞"\nlist:\n  - {k: "𝄞𝄞", after: x}\n', "x").root
    item = root.entries["list"].value
    assert isinstance(item, Sequence)
    inner = item.items[0]
    assert isinstance(inner, Mapping)
    assert root.entries["é"].value.mark == Mark(1, 4)
    assert inner.entries["after"].mark == Mark(3, 15)
    assert inner.entries["after"].value.mark == Mark(3, 22)


def plain(node: Node) -> Any:
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(entry.value) for key, entry in node.entries.items()}


words = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]), max_size=20
).filter(lambda word: word != "<<" and "\ufffe" not in word and "\uffff" not in word)
values = st.recursive(
    words | st.integers(-(10**14), 10**14),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(words, values, min_size=1, max_size=5))
def test_reads_what_json_says(data: dict[str, Any]) -> None:
    """JSON is YAML 1.2, so what json writes must come back as it was."""
    text = json.dumps(data, ensure_ascii=False, indent=1)
    assert plain(parse_document(text, "x").root) == data


@given(st.dictionaries(words.filter(str.strip), words, min_size=1, max_size=5))
def test_reads_what_pyyaml_writes(data: dict[str, str]) -> None:
    text = yaml.safe_dump(data, allow_unicode=True, default_style='"')
    assert plain(parse_document(text, "x").root) == data


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    finding = None
    try:
        parse_document(text, "x")
    except ReadError as error:
        finding = error.finding
    assert finding is None or 1 <= finding.mark.line <= text.count("\n") + 2


@given(st.text("ab:- \n#'\"[]{},&*!|>%@`?~<\t0123", max_size=60))
def test_any_text_of_signs_is_read_or_refused(text: str) -> None:
    test_any_text_is_read_or_refused.hypothesis.inner_test(text)  # type: ignore[attr-defined]
