"""Records to triples, written as TriG: what JSON-LD 1.1 makes of a record, under a context of our form.

A general JSON-LD processor takes longer than all else that is done with a record; the tests hold this
module to what PyLD and pyoxigraph make. A record has a graph of its own, in which its nodes stand in
order, and their statements in order; after it stands, in no graph, where it is from (PROV-O). There are
no blank nodes, so the same facts are the same text, and records after one another are a document.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mil2mil.context import BASE, EVIDENCE, RELATIVE, TYPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from mil2mil.context import Context, Term
    from mil2mil.record import Record

    Statements = dict[str, list[str]]  # objects, by the IRI of the predicate

PROV = "http://www.w3.org/ns/prov#"
ENTITY = f"{PROV}Entity"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_STRING, _DATE = f"{_XSD}string", f"{_XSD}date"
_DERIVED_FROM = f"{PROV}wasDerivedFrom"
_PRIMARY_TOPIC = "http://xmlns.com/foaf/0.1/primaryTopic"
_NEXT = " ;\n\t"
_LOCAL = re.compile("[A-Za-z][A-Za-z0-9_-]*")
# What stands escaped in a literal, and can stand in a record.
_ESCAPED = re.compile(r'["\\\n\r\t]')
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
# The lines that open and close a graph: no literal holds the end of a line.
_OPENING = re.compile(rb"<graphs/[^>\n]*> \{\n")
_CLOSING = b"\n}\n"


def head(context: Context) -> bytes:
    """How a document begins: with our base, and the prefixes."""
    prefixes = sorted(context.namespaces.items())
    lines = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in prefixes)
    return f"@base <{BASE}> .\n{lines}".encode()


def triples(trig: bytes) -> bytes:
    """Records without the graphs in which they stand, which is Turtle."""
    return _OPENING.sub(b"", trig).replace(_CLOSING, b"\n")


class Terms(dict[str, str]):
    """How IRIs are written under our base and the prefixes, by IRI."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._prefixes = {iri: prefix for prefix, iri in context.namespaces.items()}

    def __missing__(self, iri: str) -> str:
        self[iri] = term = self._write(iri)
        return term

    def _write(self, iri: str) -> str:
        mark = "#" if "#" in iri else "/"
        space, _, local = iri.rpartition(mark)
        prefix = self._prefixes.get(space + mark)
        if prefix is not None and _LOCAL.fullmatch(local):
            return f"{prefix}:{local}"
        relative = iri.removeprefix(BASE)
        return f"<{relative if RELATIVE.fullmatch(relative) else iri}>"


@dataclass(slots=True)
class Tally:
    """What is in a graph: numbers of triples, of subjects and of those that name their evidence; of
    nodes by the IRI of their class, and of records by their folder and class."""

    triples: int = 0
    subjects: int = 0
    facts: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    records: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        self.triples += other.triples
        self.subjects += other.subjects
        self.facts += other.facts
        self.classes += other.classes
        self.records += other.records


class Writer:
    """Writes records one after another.

    `named` has the IRIs that stood as values, `typed` the nodes with each of their classes, as IRIs;
    `tally` says what was written.
    """

    def __init__(self, context: Context) -> None:
        self.named = Terms(context)
        self.typed: list[tuple[str, str]] = []
        self.tally = Tally()
        self._types = context.types
        self._terms = Terms(context)  # of all but values
        self._terms[TYPE] = "a"
        # By key: the IRI of the predicate, and what makes the object of a value.
        self._forms = {
            term.key: (term.iri, self._form(term, context)) for term in context.terms.values()
        }

    def _form(self, term: Term, context: Context) -> Callable[[Any], str]:
        named = self.named
        if term.kind in {"reference", "concept", "key"}:
            return lambda value: named[context.expand(term, value)]
        if term.language:
            return lambda value: f"{quoted(value)}@{term.language}"
        if term.datatype and term.datatype != _STRING:
            datatype = self._terms[term.datatype]
            return lambda value: f"{quoted(value)}^^{datatype}"
        return quoted

    def write(self, record: Record) -> tuple[str, int]:
        """A record, and how many statements its graph has."""
        said: dict[str, Statements] = {}
        self._collect(record.json, said)
        for node, path, value in record.derived:
            if path == TYPE:
                self._add_type(node, said[node], value)
            else:
                said[node].setdefault(path, []).append(f"{quoted(value)}^^{self._terms[_DATE]}")
        nodes = []
        number = 0
        for node in sorted(node for node, statements in said.items() if statements):
            statements = {path: sorted(set(objects)) for path, objects in said[node].items()}
            nodes.append(self._node(node, statements))
            number += sum(map(len, statements.values()))
            self.tally.facts += EVIDENCE in statements
        origin = {
            TYPE: [self._terms[ENTITY]],
            _PRIMARY_TOPIC: [self._terms[record.iri]],
        }
        if record.sources:
            origin[_DERIVED_FROM] = sorted(self._terms[source] for source in record.sources)
        self._count(record, len(nodes), number)
        graph = f"{_subject(record.graph)} {{\n{''.join(nodes)}}}\n"
        return graph + self._node(record.graph, origin), number

    def _collect(self, node: dict[str, Any], said: dict[str, Statements]) -> None:
        """Put what a node and the nodes in it say into `said`, by subject."""
        statements: Statements = {}
        said[node["id"]] = statements
        for key, values in node.items():
            if key == "id":
                continue
            if key == "type":
                for name in values:
                    self._add_type(node["id"], statements, self._types[name])
                continue
            path, form = self._forms[key]
            objects = statements.setdefault(path, [])
            for value in values if type(values) is list else (values,):
                if type(value) is dict:
                    objects.append(self._terms[value["id"]])
                    self._collect(value, said)
                else:
                    objects.append(form(value))

    def _add_type(self, node: str, statements: Statements, cls: str) -> None:
        self.typed.append((node, cls))
        statements.setdefault(TYPE, []).append(self.named[cls])
        self.tally.classes[cls] += 1

    def _node(self, node: str, statements: Statements) -> str:
        terms = self._terms
        lines = [f"{terms[path]} {' , '.join(statements[path])}" for path in sorted(statements)]
        return f"{_subject(node)} {_NEXT.join(lines)} .\n"

    def _count(self, record: Record, subjects: int, number: int) -> None:
        self.tally.triples += number + 2 + len(record.sources)
        self.tally.subjects += subjects + 1
        self.tally.classes[ENTITY] += 1
        for name in record.json.get("type", ()):
            self.tally.records[record.id.partition("/")[0], name] += 1


def _subject(iri: str) -> str:
    """A node of a record, or a graph: without a prefix, so that lines can be told by how they begin."""
    return f"<{iri.removeprefix(BASE)}>"


def quoted(value: str | int) -> str:
    """The lexical form of a literal, in quotes."""
    return f'"{_ESCAPED.sub(_escape, str(value))}"'


def _escape(found: re.Match[str]) -> str:
    return _ESCAPES[found[0]]
