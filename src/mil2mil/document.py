"""Files to documents: YAML 1.2 core, read strictly, with the place of every key and value.

The events come from PyYAML; this module makes the values, so that YAML 1.1's readings (`no` as
false, a date as an object) and its hazards (tags, aliases, merge keys, duplicate keys) cannot occur.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import yaml

from mil2mil.finding import Finding, Mark, ReadError, Severity

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 1 << 20
MAX_DEPTH = 12

# What libyaml says, and what a person can do about it.
_PROBLEMS = {
    "mapping values are not allowed": "A text with a colon and a space in it stands in quotes",
    "could not find expected ':'": "A key, or the line above, has no colon with a space after it",
    "did not find expected '-' indicator": "The items of a list start in the same column",
    "did not find expected key": "The keys of a mapping start in the same column",
    "block mapping is not allowed": "The line is indented too far, or stands inside a text",
}
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# The core schema of YAML 1.2.2, 10.3.2.
_NULL = re.compile(r"|~|null|Null|NULL")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_NUMBER = re.compile(
    r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_RESOLVED = re.compile(f"{_NULL.pattern}|{_BOOL.pattern}|{_NUMBER.pattern}")
_RESOLVED_START = "-+.~nNtTfF0123456789"
_HASH = re.compile(r"[ \t]+#(?=[^\s#])")  # a comment that is meant has a space after its sign
_CANONICAL_INT = re.compile(r"0|-?[1-9][0-9]{0,14}")
# Controls, and the characters that make text look other than it is (Unicode TR 36, bidirectional).
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]"
)


@dataclass(slots=True)
class _Placed:
    """Something that stands in a file; only the place of what a finding is about is worked out."""

    start: Any  # PyYAML's mark, which counts from 0

    @property
    def mark(self) -> Mark:
        return Mark(self.start.line + 1, self.start.column + 1)


@dataclass(slots=True)
class Scalar(_Placed):
    """A string or an integer."""

    value: str | int


@dataclass(slots=True)
class Sequence(_Placed):
    items: list[Node]


@dataclass(slots=True)
class Entry(_Placed):
    """A value under its key; its own place is that of the key."""

    value: Node


@dataclass(slots=True)
class Mapping(_Placed):
    entries: dict[str, Entry]

    def scalar(self, key: str) -> str | None:
        """The string under a key, or None if the key is not there or holds something else."""
        entry = self.entries.get(key)
        if entry and isinstance(entry.value, Scalar) and isinstance(entry.value.value, str):
            return entry.value.value
        return None


Node = Scalar | Sequence | Mapping


def items(node: Node) -> list[Node]:
    """The values of a node: JSON-LD makes no difference between a value and a list of it."""
    return node.items if isinstance(node, Sequence) else [node]


@dataclass(frozen=True, slots=True)
class Document:
    """A file of the dataset: its path relative to the root, its lines, and its root mapping."""

    path: str
    text: str
    root: Mapping


def read_document(file: Path, path: str) -> Document:
    """Read one file; `path` is what findings call it.

    Raises ReadError with one finding if the file is not a single YAML 1.2 mapping within the bounds.
    """
    return parse_document(read_text(file, path), path)


def read_text(file: Path, path: str) -> str:
    """The text of a file of at most MAX_BYTES in UTF-8, without characters that cannot be seen."""
    return decode(read_bytes(file, path), path)


def read_bytes(file: Path | str, path: str) -> bytes:
    """What a file contains, or so much of it as shows that it is too large."""
    try:
        with open(file, "rb", buffering=0) as stream:  # noqa: PTH123 (a path is slower to make)
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        _fail(path, Mark(1, 1), "unreadable", f"The file cannot be read: {error.strerror}.")


def decode(data: bytes, path: str) -> str:
    """The text of a file's bytes; raises ReadError as read_document does."""
    if len(data) > MAX_BYTES:
        _fail(path, Mark(1, 1), "too-large", f"The file is larger than {MAX_BYTES} bytes; split it.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        _fail(path, _mark_at(before), "not-utf-8", "The file is not UTF-8; save it as UTF-8.")
    unseen = _UNSEEN.search(text)
    if unseen:
        _fail(path, _mark_at(text[: unseen.start()]), "unseen-character", _unseen(unseen))
    return text


def _unseen(found: re.Match[str]) -> str:
    char = f"U+{ord(found.group()):04X}"
    return f"The character {char} cannot be seen and may mislead a reader; remove it."


def parse_document(text: str, path: str) -> Document:
    """Parse the text of a file; raises ReadError as read_document does."""
    return Document(path, text, _Parser(text, path).parse())


class _Parser:
    """Builds nodes from PyYAML's events, and refuses what the project does not allow."""

    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self.text = text
        self.depth = 0
        # What most files have none of, and then no scalar has to be searched for.
        self.has_escapes = "\\" in text
        self.has_hash = "#" in text

    def parse(self) -> Mapping:
        try:
            loader = _Loader(self.text)
            self._next = loader.get_event
            self._next()  # the start of the stream
            event = self._next()
            if isinstance(event, yaml.StreamEndEvent):
                self._fail(event, "empty", "The file is empty; a record needs at least id and type.")
            if isinstance(event, yaml.DocumentStartEvent) and event.version not in (None, (1, 2)):
                self._fail(event, "yaml-version", "The file is read as YAML 1.2; drop the %YAML line.")
            event = self._next()
            if not isinstance(event, yaml.MappingStartEvent):
                self._fail(event, "not-a-mapping", "A record is a mapping: lines of 'key: value'.")
            root = self._mapping(event)
            self._next()  # the end of the document
            event = self._next()
            if not isinstance(event, yaml.StreamEndEvent):
                self._fail(event, "several-documents", "One record a file; drop what follows '---'.")
        except yaml.MarkedYAMLError as error:
            self._fail_syntax(error)
        except (yaml.YAMLError, RecursionError) as error:
            _fail(self.path, Mark(1, 1), "yaml-syntax", f"This is not YAML: {error}.")
        return root

    def _fail_syntax(self, error: yaml.MarkedYAMLError) -> NoReturn:
        problem = error.problem or ""
        place = error.problem_mark or error.context_mark
        if "quoted scalar" in (error.context or ""):
            place, problem = error.context_mark, "The quote that opens here is not closed"
        mark = Mark(place.line + 1, place.column + 1) if place else Mark(1, 1)
        lines = self.text.split("\n")
        if mark.line <= len(lines) and lines[mark.line - 1][mark.column - 1 :].startswith("\t"):
            problem = "A tab stands here; indent with spaces"
        for part, meaning in _PROBLEMS.items():
            if part in problem:
                problem = meaning
        _fail(self.path, mark, "yaml-syntax", f"This is not YAML. {problem[:1].upper()}{problem[1:]}.")

    def _node(self, event: yaml.Event) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event)
        self._fail(event, "alias", "Aliases (*name) are not allowed; write the value out.")

    def _check(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.anchor is not None:
            self._fail(event, "anchor", "Anchors (&name) are not allowed; write the value out.")
        if event.tag is not None:
            self._fail(event, "tag", f"Tags ({event.tag}) are not allowed; drop it.")
        if self.has_escapes:  # which can bring in what the text does not show
            unseen = _UNSEEN.search(getattr(event, "value", ""))
            if unseen:
                self._fail(event, "unseen-character", _unseen(unseen))

    def _enter(self, event: yaml.CollectionStartEvent) -> None:
        self._check(event)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self._fail(event, "too-deep", f"The nesting is deeper than {MAX_DEPTH} levels.")

    def _mapping(self, start: yaml.MappingStartEvent) -> Mapping:
        self._enter(start)
        entries: dict[str, Entry] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self._fail(event, "key-not-a-word", "A key is a single word.")
            self._check(event)
            key = event.value
            if key == "<<":
                self._fail(event, "merge-key", "Merge keys (<<) are not allowed; write the keys out.")
            if key in entries:
                first = entries[key].mark.line
                self._fail(
                    event, "duplicate-key", f"The key '{key}' stands twice, first on line {first}."
                )
            entries[key] = Entry(event.start_mark, self._node(self._next()))
        self.depth -= 1
        return Mapping(start.start_mark, entries)

    def _sequence(self, start: yaml.SequenceStartEvent) -> Sequence:
        self._enter(start)
        items: list[Node] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(event))
        self.depth -= 1
        return Sequence(start.start_mark, items)

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        self._check(event)
        value: str = event.value
        end: Any = event.end_mark
        if self.has_hash and not event.style and _HASH.match(self.text, end.index):
            self._fail(
                event, "cut-off", "A '#' after a space starts a comment; put the value in quotes."
            )
        # What is quoted, or a block, is always a string; and so is most else.
        if event.implicit[0] and value[:1] in _RESOLVED_START and _RESOLVED.fullmatch(value):
            return Scalar(event.start_mark, self._resolve(event, value))
        return Scalar(event.start_mark, value)

    def _resolve(self, event: yaml.ScalarEvent, value: str) -> int:
        """What YAML reads a plain scalar as that is no string, if it may only be an integer."""
        if _NULL.fullmatch(value):
            self._fail(event, "no-value", "The value is missing; write one, or drop the key.")
        if _BOOL.fullmatch(value):
            self._fail(event, "boolean", f"{value} is a truth value in YAML; put it in quotes.")
        if not _CANONICAL_INT.fullmatch(value):
            self._fail(event, "number", f"YAML may read {value} as another number; put it in quotes.")
        return int(value)

    def _fail(self, event: yaml.Event, rule: str, message: str) -> NoReturn:
        _fail(self.path, _Placed(event.start_mark).mark, rule, message)


def _mark_at(before: str) -> Mark:
    return Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))


def _fail(path: str, mark: Mark, rule: str, message: str) -> NoReturn:
    raise ReadError(Finding(path, mark, Severity.VIOLATION, f"reader/{rule}", message))
