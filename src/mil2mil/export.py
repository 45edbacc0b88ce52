"""Exports: a graph as Turtle, TriG, N-Quads and JSON-LD, the same bytes for the same graph.

There are no blank nodes, so sorting makes a canonical order, and a document is its shards' parts one
after another. Files are replaced whole.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mil2mil import jsonld
from mil2mil.context import BASE, TERMS
from mil2mil.graph import RDF_TYPE
from mil2mil.shard import NAMED, Spool, in_order, triples

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mil2mil.context import Context
    from mil2mil.dataset import Dataset

FORMATS = ("ttl", "jsonld", "nq", "trig")
PREFIXES = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "prov": "http://www.w3.org/ns/prov#",
    "spdx": "http://spdx.org/rdf/terms#",
    "void": "http://rdfs.org/ns/void#",
    "wd": "http://www.wikidata.org/entity/",
}
_SYNTAX = {"ttl": ox.RdfFormat.TURTLE, "trig": ox.RdfFormat.TRIG}
_GRAPHS = f"<{BASE}graphs/".encode()
_TYPE = str(RDF_TYPE).encode()
_EVIDENCE = f"<{TERMS}evidence>".encode()


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


def documents(
    dataset: Dataset, formats: Iterable[str] = FORMATS
) -> tuple[dict[str, Iterator[bytes]], Tally]:
    """The whole graph in some formats, as the pieces of each document; and what is in it."""
    spool = Spool()
    tally = Tally()
    parts: dict[str, tuple[list[int], ...]] = {name: ([], [], []) for name in formats}
    write = partial(_write, context=dataset.context, formats=tuple(parts))
    for written, counted in dataset.workers.each(write, dataset.shards):
        tally.add(counted)
        for name, bodies in written.items():
            for part, body in zip(parts[name], bodies, strict=True):
                part.append(spool.put(body))
    return {
        name: _document(name, map(spool.get, chain(*part)), dataset.context)
        for name, part in parts.items()
    }, tally


def _write(
    quads: bytes, context: Context, formats: Iterable[str]
) -> tuple[dict[str, tuple[bytes, ...]], Tally]:
    """The three parts of a shard in each format, and what is in it.

    The names of graphs stand among those of records. So what says where the records are from has its
    place between the records before it and those after it; in TriG, before all, since it is in no graph.
    """
    lines = quads.splitlines(keepends=True)
    start, end = bisect_left(lines, _GRAPHS), bisect_left(lines, _GRAPHS + b"~")
    parts = [b"".join(part) for part in (lines[:start], lines[start:end], lines[end:])]
    written = {}
    for name in formats:
        bodies = [_body(name, part, context) for part in parts]
        written[name] = (bodies[1], bodies[0], bodies[2]) if name == "trig" else tuple(bodies)
    return written, _tally(lines, context)


def _tally(lines: Sequence[bytes], context: Context) -> Tally:
    tally = Tally(triples=len(lines))
    subject = fact = b""
    for line in lines:
        node, predicate, rest = line.split(b" ", 2)
        if node != subject:
            subject = node
            tally.subjects += 1
        if predicate == _TYPE:
            cls = rest[1 : rest.index(b">")].decode()
            tally.classes[cls] += 1
            if b"#" not in node and cls in context.name_of_type:
                folder = node[1:].decode().removeprefix(BASE).partition("/")[0]
                tally.records[folder, context.name_of_type[cls]] += 1
        elif predicate == _EVIDENCE and node != fact:
            fact = node
            tally.facts += 1
    return tally


def write(name: str, quads: Iterable[ox.Quad] | Iterable[ox.Triple], context: Context) -> bytes:
    """A graph as a document of a format."""
    if name == "ttl":
        quads = [quad.triple if isinstance(quad, ox.Quad) else quad for quad in quads]
    data = in_order(ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b"")
    if name == "trig":  # of which the default graph is the beginning
        lines = data.splitlines(keepends=True)
        data = b"".join(sorted(lines, key=lambda line: NAMED.search(line) is not None))
    return b"".join(_document(name, [_body(name, data, context)], context))


def _document(name: str, bodies: Iterable[bytes], context: Context) -> Iterator[bytes]:
    if name == "jsonld":
        used = {"foaf": PREFIXES["foaf"], "prov": PREFIXES["prov"]}
        definitions = {"@base": BASE, **used, **context.definitions}
        text = json.dumps({"@context": definitions}, ensure_ascii=False, indent=1)
        yield text.removesuffix("\n}").encode() + b',\n "@graph": [\n'
        glue = b""
        for body in bodies:
            if body:
                yield glue + body
                glue = b",\n"
        yield b"\n]}\n"
        return
    if name in _SYNTAX:
        prefixes = sorted({**PREFIXES, **context.prefixes}.items())
        head = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in prefixes)
        yield f"@base <{BASE}> .\n{head}\n".encode()
    yield from bodies


def _body(name: str, quads: bytes, context: Context) -> bytes:
    """What a document has of some quads, apart from its beginning and end."""
    if name == "nq" or not quads:
        return quads
    data = triples(quads) if name == "ttl" else quads
    parsed = ox.parse(data, format=ox.RdfFormat.N_QUADS)
    if name == "jsonld":
        return jsonld.records(parsed, context, PREFIXES).encode()
    prefixes = {**PREFIXES, **context.prefixes}
    text = ox.serialize(parsed, format=_SYNTAX[name], prefixes=prefixes, base_iri=BASE) or b""
    # It begins with a line for the base and one for each prefix, which a document has once.
    return text.split(b"\n", 1 + len(prefixes))[-1]
