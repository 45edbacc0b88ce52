"""A shard: some of the records, read into triples apart from all others, in whatever process.

Its triples are N-Quads: one a line, no line twice, sorted by subject, property and value. There are no
blank nodes, so this is a canonical form, and the shards after one another are that of the whole.
"""

from __future__ import annotations

import gc
import json
import re
import weakref
from collections import Counter
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mil2mil.context import BASE
from mil2mil.document import decode, parse_document
from mil2mil.entailment import TYPE
from mil2mil.finding import DatasetError, Finding, ReadError
from mil2mil.record import map_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mil2mil.context import Context
    from mil2mil.record import Record

PROV = "http://www.w3.org/ns/prov#"
_PRIMARY_TOPIC = "http://xmlns.com/foaf/0.1/primaryTopic"
_IN_MEMORY = 1 << 24  # bytes of triples, beyond which they wait in a file
_AT_ONCE = 1 << 20  # bytes that are loaded at a time: a store on disk takes smaller pieces slower
NAMED = re.compile(rb" <" + BASE.encode() + rb"graphs/[^>]*> \.$", re.MULTILINE)
_GRAPH = re.compile(rb"<([^>]*)> \.$", re.MULTILINE)
_OURS = f"<{BASE}".encode()


@dataclass(slots=True)
class Shard:
    """What reading some records gives.

    `findings` are of files that cannot be used, `flaws` of values in the others. `quads` are all
    triples of those; `outward` the IRIs of ours that stand there as values and are described in none
    of them, a line each.
    """

    findings: list[Finding]
    flaws: list[Finding]
    quads: bytes
    outward: bytes


class Spool:
    """Pieces of bytes, one after another; beyond some size on disk, so that memory does not grow."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        self._places = [0]
        weakref.finalize(self, self._file.close)

    def put(self, piece: bytes) -> int:
        """Keep a piece; returns its number."""
        self._file.seek(self._places[-1])
        self._file.write(piece)
        self._places.append(self._places[-1] + len(piece))
        return len(self._places) - 2

    def get(self, number: int) -> bytes:
        self._file.seek(self._places[number])
        return self._file.read(self._places[number + 1] - self._places[number])


class Shards:
    """The shards of a dataset, in the order of ids: their triples, and what is wrong with the files."""

    def __init__(self, shards: Iterable[Shard]) -> None:
        self.findings: list[Finding] = []
        self.flaws: list[Finding] = []
        self._spool = Spool()
        self._places: list[tuple[int, int]] = []
        for shard in shards:
            self.findings.extend(shard.findings)
            self.flaws.extend(shard.flaws)
            self._places.append((self._spool.put(shard.quads), self._spool.put(shard.outward)))

    def __iter__(self) -> Iterator[bytes]:
        """The triples of each shard as N-Quads."""
        for quads, _ in self._places:
            yield self._spool.get(quads)

    def outward(self) -> Iterator[list[str]]:
        """The IRIs that each shard has as values, and that it does not describe."""
        for _, outward in self._places:
            yield self._spool.get(outward).decode("utf-8").split()


def loaded(shards: Iterable[Shard], store: ox.Store) -> Iterator[Shard]:
    """The shards, whose triples are put into a store on the way."""
    waiting: list[bytes] = []
    for shard in shards:
        waiting.append(shard.quads)
        if sum(map(len, waiting)) >= _AT_ONCE:
            store.bulk_load(b"".join(waiting), format=ox.RdfFormat.N_QUADS)
            waiting.clear()
        yield shard
    store.bulk_load(b"".join(waiting), format=ox.RdfFormat.N_QUADS)


def read(files: Sequence[tuple[str, bytes | Finding]], context: Context) -> Shard:
    """Read files of records, given as path and content, or why there is none."""
    gc.disable()  # what is made here has no cycles, and looking for them takes a fifth of the time
    try:
        return _read(files, context)
    finally:
        gc.enable()


def _read(files: Sequence[tuple[str, bytes | Finding]], context: Context) -> Shard:
    findings: list[Finding] = []
    records: list[Record] = []
    for path, content in files:
        if isinstance(content, Finding):
            findings.append(content)
            continue
        try:
            document = parse_document(decode(content, path), path)
        except ReadError as error:
            findings.append(error.finding)
            continue
        record, found = map_record(document, context)
        findings.extend(found)
        if not found:
            records.append(record)
    shard = shard_of(records, context)
    shard.findings = findings
    return shard


def shard_of(records: Sequence[Record], context: Context) -> Shard:
    """The shard of records that can be used."""
    quads = nquads(records, context)
    flaws = [flaw for record in records for flaw in record.flaws]
    flaws.extend(_lost(records, quads))
    return Shard([], flaws, quads, b"\n".join(sorted(_outward(quads))))


def _outward(quads: bytes) -> set[bytes]:
    subjects, values = set(), set()
    for line in quads.splitlines():
        subjects.add(line[1 : line.index(b">")])
        value = line.rsplit(b" ", 3)[1]  # or the end of a literal, which a quote tells
        if value.startswith(_OURS) and value.endswith(b">") and b'"' not in value:
            values.add(value[1:-1])
    return values - subjects


def nquads(records: Iterable[Record], context: Context) -> bytes:
    """What records say, what follows, and where it is from, by way of JSON-LD.

    Raises DatasetError if the context is none of JSON-LD 1.1.
    """
    document = {"@context": context.definitions, "@graph": [_graph(record) for record in records]}
    text = json.dumps(document, ensure_ascii=False)
    try:
        quads = ox.parse(text, format=ox.RdfFormat.JSON_LD, base_iri=BASE)
        data = ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b""
    except (SyntaxError, ValueError) as error:
        raise DatasetError(f"the context cannot be used: {error}") from error
    return in_order(data)


def triples(quads: bytes) -> bytes:
    """The triples of a shard, without the graphs in which they stand, as N-Triples."""
    return NAMED.sub(b" .", quads)


def in_order(data: bytes) -> bytes:
    """The lines of N-Quads without repetitions, sorted; a record comes before its nested nodes."""
    lines = set(data.split(b"\n")) - {b""}
    return b"".join(line + b"\n" for line in sorted(lines, key=_by_subject))


def _by_subject(line: bytes) -> bytes:
    return line.replace(b">", b" ", 1)  # a space comes before all that an IRI may go on with


def _graph(record: Record) -> dict[str, object]:
    """The named graph of a record, with its provenance (PROV-O), as a node object of JSON-LD."""
    derived = [
        {"id": node, "@type": value}
        if name == TYPE
        else {"id": node, name: {"@value": value, "@type": "http://www.w3.org/2001/XMLSchema#date"}}
        for node, name, value in record.derived
    ]
    return {
        "id": record.graph,
        "@type": f"{PROV}Entity",
        _PRIMARY_TOPIC: {"id": record.iri},
        f"{PROV}wasDerivedFrom": [{"id": source} for source in record.sources],
        "@graph": [record.json, *derived],
    }


def _lost(records: Sequence[Record], quads: bytes) -> Iterable[Finding]:
    """Records that became fewer triples than they have values: nothing may be lost on the way."""
    provenance = sum(2 + len(record.sources) for record in records)
    if quads.count(b"\n") == provenance + sum(record.values + len(record.derived) for record in records):
        return
    became = Counter(_GRAPH.findall(quads))
    for record in records:
        lost = record.values + len(record.derived) - became[record.graph.encode()]
        if lost:
            message = f"{lost} of the record's values are not in the graph: one says what another says."
            root = record.document.root
            mark = root.entries["type"].mark if "type" in root.entries else root.mark
            yield record.finding(mark, "lost-value", message, focus=record.iri)
