"""Exports: a graph as Turtle, TriG, N-Quads and JSON-LD, the same bytes for the same graph.

Records stand in the order of ids, and what a record says in the order of IRIs; a document is its shards'
parts one after another. Files are replaced whole.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mil2mil import jsonld
from mil2mil.context import BASE, PREFIXES
from mil2mil.shard import Spool
from mil2mil.trig import head, triples

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mil2mil.context import Context
    from mil2mil.dataset import Dataset

FORMATS = ("ttl", "jsonld", "nq", "trig")


def documents(dataset: Dataset, formats: Iterable[str] = FORMATS) -> dict[str, Iterator[bytes]]:
    """The whole graph in some formats, as the pieces of each document."""
    spool = Spool()
    places: dict[str, list[int]] = {name: [] for name in formats}
    write = partial(_write, context=dataset.context, formats=tuple(places))
    for written in dataset.workers.each(write, dataset.shards):
        for name, body in written.items():
            places[name].append(spool.put(body))
    return {
        name: _document(name, map(spool.get, numbers), dataset.context)
        for name, numbers in places.items()
    }


def _write(trig: bytes, context: Context, formats: Iterable[str]) -> dict[str, bytes]:
    """A shard in each format, without what stands at the beginning and the end of the document."""
    return {name: _body(name, trig, context) for name in formats}


def _body(name: str, trig: bytes, context: Context) -> bytes:
    if name == "trig":
        return trig
    if name == "ttl":
        return triples(trig)
    quads = ox.parse(head(context) + trig, format=ox.RdfFormat.TRIG)
    if name == "jsonld":
        return jsonld.records(quads, context, PREFIXES).encode()
    return ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b""


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
    if name in {"ttl", "trig"}:
        yield head(context) + b"\n"
    yield from bodies


def write(name: str, quads: Iterable[ox.Quad] | Iterable[ox.Triple], context: Context) -> bytes:
    """A graph as Turtle or N-Quads ("ttl" or "nq"), sorted."""
    if name == "ttl":
        quads = [quad.triple if isinstance(quad, ox.Quad) else quad for quad in quads]
    data = in_order(ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b"")
    if name == "nq":
        return data
    parsed = ox.parse(data, format=ox.RdfFormat.N_QUADS)
    text = ox.serialize(parsed, format=ox.RdfFormat.TURTLE, prefixes=context.namespaces) or b""
    # It begins with a line for each prefix, in another order each time.
    return head(context) + b"\n" + text.split(b"\n", len(context.namespaces))[-1]


def in_order(data: bytes) -> bytes:
    """The lines of N-Quads without repetitions, sorted; a record comes before its nested nodes."""
    lines = set(data.split(b"\n")) - {b""}
    return b"".join(line + b"\n" for line in sorted(lines, key=_by_subject))


def _by_subject(line: bytes) -> bytes:
    return line.replace(b">", b" ", 1)  # a space comes before all that an IRI may go on with
