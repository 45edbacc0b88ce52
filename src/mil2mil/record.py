"""Documents to records: ids for every node, keys held against the context, places kept for findings.

A nested node gets the IRI `RECORD#KEY-DIGEST`, where the digest is of the node's content without
regard to the order of keys and lists, and of the IRI of the node that holds it. So no blank node
leaves the reader, and re-ordering a file changes no IRI.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mil2mil.context import BASE, DERIVED, EDTF, REFERENCE, SEEDS, Context, Term
from mil2mil.document import Document, Entry, Mapping, Node, Scalar, Sequence, items
from mil2mil.entailment import derive_days, derive_types
from mil2mil.finding import Finding, Mark, Severity, nearest
from mil2mil.folder import id_of_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mil2mil.entailment import Link

_MAX_SUGGESTIONS = 50
PLACEHOLDER = "…"  # what a new record has where something is to be filled in


@dataclass(slots=True)
class Record:
    """One file of facts: its id, its document, its nodes by IRI, and itself as JSON, with IRIs.

    `derived` holds what follows, as node, property and class or day; `flaws` what is wrong with
    values that can be mapped all the same; `sources` the IRIs of the articles that it rests on.
    """

    id: str
    document: Document
    nodes: dict[str, Mapping] = field(default_factory=dict)
    json: dict[str, Any] = field(default_factory=dict)
    derived: set[tuple[str, str, str]] = field(default_factory=set)
    flaws: list[Finding] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)
    values: int = 0  # how many triples the record must become, without the derived ones

    @property
    def iri(self) -> str:
        return BASE + self.id

    @property
    def graph(self) -> str:
        """The name of the graph that holds the record's triples."""
        return f"{BASE}graphs/{self.id}"

    def finding(
        self,
        mark: Mark,
        rule: str,
        message: str,
        suggestion: str = "",
        focus: str = "",
        path: str = "",
        value: str = "",
    ) -> Finding:
        """Something that the reader finds wrong in the record."""
        file, severity = self.document.path, Severity.VIOLATION
        return Finding(
            file, mark, severity, f"reader/{rule}", message, suggestion, self.id, focus, path, value
        )


def map_record(document: Document, context: Context) -> tuple[Record, list[Finding]]:
    """Hold a document against the context, name its nodes, and derive what follows.

    The findings are about keys, ids, types and the form of values; a record with findings must not be
    used further. If an id is wanted, `value` is what stands there, for a suggestion.
    """
    mapper = _Mapper(document, context)
    return mapper.record, mapper.run()


class _Mapper:
    def __init__(self, document: Document, context: Context) -> None:
        self.document = document
        self.context = context
        self.record = Record(id_of_path(document.path), document)
        self.findings: list[Finding] = []
        self.links: list[Link] = []
        self.dates: list[tuple[str, str, Scalar]] = []  # with the node and the property

    def run(self) -> list[Finding]:
        root = self.document.root
        self._check_context(root)
        self._check_id(root)
        if "type" not in root.entries:
            message = "The record has no type; write 'type: ' and a class, such as Meeting or Place."
            self._report(root.mark, "no-type", message)
        self.record.json = self._mapping(root, self.record.iri)
        self.record.sources.discard(self.record.iri)
        derive_types(self.record, self.links, self.context)
        derive_days(self.record, self.dates)
        return self.findings

    def _report(
        self, mark: Mark, rule: str, message: str, suggestion: str = "", value: str = ""
    ) -> None:
        self.findings.append(self.record.finding(mark, rule, message, suggestion, value=value))

    def _nearest(self, word: str, known: Iterable[str]) -> str:
        """A suggestion; none in a record with so many mistakes that it is not one, to save the time."""
        return nearest(word, known) if len(self.findings) < _MAX_SUGGESTIONS else ""

    def _check_context(self, root: Mapping) -> None:
        expected = "../" * self.document.path.count("/") + "ontology/context.jsonld"
        entry = root.entries.get("@context")
        if entry is None:
            message = "The record does not name its context."
            self._report(root.mark, "no-context", message, f'write "@context": {expected}')
        elif root.scalar("@context") != expected:
            message = "Only the dataset's own context is read."
            self._report(entry.value.mark, "foreign-context", message, f'write "@context": {expected}')

    def _check_id(self, root: Mapping) -> None:
        entry = root.entries.get("id")
        if not REFERENCE.fullmatch(self.record.id):
            message = "The file's name is not an id: small letters, digits and hyphens."
            self._report(Mark(1, 1), "file-name", message)
        elif entry is None:
            message = "The record has no id."
            self._report(root.mark, "no-id", message, f"write 'id: {self.record.id}'")
        elif root.scalar("id") != self.record.id:
            message = "A record's id is its path."
            given = root.scalar("id") or ""
            folder = "" if given.startswith("seeds/") else "data/"
            move = f", or move the file to {folder}{given}.yaml" if REFERENCE.fullmatch(given) else ""
            help_ = f"write 'id: {self.record.id}'{move}"
            if move and given.partition("/")[0] != self.record.id.partition("/")[0]:
                help_ = f"the folders differ: {move.removeprefix(', or ')}, or correct the id"
            self._report(entry.value.mark, "id-is-not-path", message, help_)

    def _mapping(self, node: Mapping, iri: str) -> dict[str, Any]:
        if not node.entries:
            self._report(node.mark, "empty", "The value is empty; write one, or drop the key.")
        self.record.nodes[iri] = node
        result: dict[str, Any] = {"id": iri}
        for key, entry in node.entries.items():
            if key == "id" or (key == "@context" and node is self.document.root):
                continue
            if key == "type":
                result[key] = self._types(entry)
                self.record.values += len(result[key])
                continue
            term = self.context.terms.get(key)
            if term is None or term.iri in DERIVED:
                self._unknown_key(key, entry, term)
                continue
            values = list(self._values(entry, term, iri))
            self.record.values += len(values)
            result[key] = values[0] if len(values) == 1 else values
        return result

    def _unknown_key(self, key: str, entry: Entry, term: Term | None) -> None:
        if term is not None:
            message = f"'{key}' is derived from the date; leave it out."
            self._report(entry.mark, "derived-key", message)
        elif key.startswith("@"):
            message = f"The keyword '{key}' is not used in records."
            self._report(entry.mark, "json-ld-keyword", message)
        else:
            known = [*self.context.terms, "id", "type"]
            message = f"There is no key '{key}'."
            self._report(entry.mark, "unknown-key", message, self._nearest(key, known))

    def _types(self, entry: Entry) -> list[str]:
        result: list[str] = []
        if not items(entry.value):
            self._report(entry.value.mark, "empty", "'type' is empty; write a class.")
        for item in items(entry.value):
            name = item.value if isinstance(item, Scalar) else None
            if isinstance(name, str) and name in self.context.types:
                result.append(name)
            else:
                message = f"The ontology has no class '{name}'." if name else "A type is a word."
                self._report(
                    item.mark, "unknown-type", message, self._nearest(str(name), self.context.types)
                )
        return result

    def _values(self, entry: Entry, term: Term, iri: str) -> Iterator[Any]:
        seen: set[str] = set()
        found = items(entry.value)
        if not found:
            self._report(
                entry.value.mark, "empty", f"'{term.key}' is empty; write a value, or drop the key."
            )
        for item in found:
            if isinstance(item, Sequence):
                self._report(item.mark, "list-in-list", "A list does not stand in a list.")
                continue
            content = str(item.value) if isinstance(item, Scalar) else _canonical(item)
            if content in seen:
                self._report(item.mark, "duplicate-value", "The same value stands in the list twice.")
                continue
            seen.add(content)
            if isinstance(item, Mapping):
                if term.kind != "reference":
                    message = f"'{term.key}' takes a plain value, not a mapping."
                    self._report(item.mark, "not-a-value", message)
                else:
                    nested = self._nested_iri(item, term, iri, content)
                    self.links.append((iri, term.iri, nested, item))
                    yield self._mapping(item, nested)
            elif item.value == PLACEHOLDER:
                self._report(item.mark, "to-fill-in", f"'{term.key}' is still to be filled in.")
            elif reason := self.context.refuse(term, item.value):
                word = str(item.value)
                if term.kind == "key":
                    self._report(item.mark, "bad-value", reason, self._nearest(word, self.context.terms))
                else:
                    known = len(self.findings) < _MAX_SUGGESTIONS
                    self._report(item.mark, "bad-value", reason, value=word if known else "")
            elif term.kind == "key" and self.context.terms[str(item.value)].iri in DERIVED:
                self._report(item.mark, "bad-value", f"'{item.value}' is derived, not inferred.")
            else:
                yield self._value(item, term, iri)

    def _value(self, item: Scalar, term: Term, iri: str) -> str | int:
        """A plain value as JSON-LD takes it."""
        if term.kind in {"reference", "concept"}:
            target = self.context.expand(term, str(item.value))
            if target.startswith(SEEDS):
                self.record.sources.add(target.partition("#")[0])
            if target.startswith(f"{self.record.iri}#"):
                self.links.append((iri, term.iri, target, item))
            return target if term.kind == "reference" else item.value
        if term.datatype == EDTF:
            self.dates.append((iri, term.iri, item))
        return item.value

    def _nested_iri(self, node: Mapping, term: Term, parent: str, content: str) -> str:
        given = node.entries.get("id")
        if given is None:
            digest = hashlib.sha256(f"{parent}\n{term.key}\n{content}".encode()).hexdigest()
            iri = f"{self.record.iri}#{term.key}-{digest[:12]}"
            if iri in self.record.nodes:
                self._report(node.mark, "duplicate-id", f"The id '{iri}' is given to two nodes.")
            return iri
        text = node.scalar("id") or ""
        iri = BASE + text
        if not REFERENCE.fullmatch(text) or not text.startswith(self.record.id + "#"):
            message = "The id of a nested node is the record's id with '#' and a name."
            self._report(given.value.mark, "nested-id", message, f"write 'id: {self.record.id}#…'")
        elif iri in self.record.nodes:
            message = f"The id '{text}' is given to two nodes of the record."
            self._report(given.value.mark, "duplicate-id", message)
        return iri


def _canonical(node: Node) -> str:
    """The content of a node as JSON that does not depend on the order of keys and lists."""
    return _encode(_sorted(node))


# As json.dumps does, which takes longer for a short text.
_encode = json.JSONEncoder(separators=(",", ":")).encode


def _sorted(node: Node) -> Any:
    if isinstance(node, Scalar):
        return str(node.value)
    if isinstance(node, Sequence):
        if len(node.items) == 1:
            return _sorted(node.items[0])
        return sorted((_sorted(item) for item in node.items), key=json.dumps)
    return {key: _sorted(node.entries[key].value) for key in sorted(node.entries)}


def locate(record: Record, context: Context, focus: str, path: str = "", value: str = "") -> Mark:
    """Where a person wrote a value: the value's place, or its key's, or that of the node.

    `focus` is the IRI of a node of the record, `path` the IRI of a property, and `value` an IRI or
    lexical form. A nested node without the key is found at its first line.
    """
    node = record.nodes.get(focus, record.document.root)
    if path.endswith("#type") and "type" in node.entries:
        return node.entries["type"].value.mark
    term = context.term_of_iri.get(path)
    entry = node.entries.get(term.key) if term else None
    if term is None or entry is None:
        kind = node.entries.get("type")
        return kind.mark if kind and node is record.document.root else node.mark
    for item in items(entry.value):
        if isinstance(item, Scalar):
            if value and context.expand(term, str(item.value)) == value:
                return item.mark
        elif value and record.nodes.get(value) is item:
            return item.mark
    return entry.mark
