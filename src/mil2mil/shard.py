"""A shard: some of the records, read into triples apart from all others, in whatever process.

Its triples are TriG, a record after another, in a form that is the same for the same facts. So shards
after one another are that of the whole.
"""

from __future__ import annotations

import gc
import weakref
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mil2mil.context import BASE
from mil2mil.document import decode, parse_document
from mil2mil.finding import Finding, ReadError
from mil2mil.record import map_record
from mil2mil.trig import Tally, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mil2mil.context import Context
    from mil2mil.record import Record

    Load = Callable[..., None]  # that of a store, of bytes in a format

_IN_MEMORY = 1 << 24  # bytes of triples, beyond which they wait in a file
_AT_ONCE = 1 << 20  # bytes that are loaded at a time: a store on disk takes smaller pieces slower


@dataclass(slots=True)
class Shard:
    """What reading some records gives.

    `findings` are of files that cannot be used, `flaws` of values in the others. `trig` has all triples
    of those, and `tally` says what is in it. `typed` are its nodes, each with each of its classes, and
    `outward` the IRIs of ours that stand there as values and are described in none of the records: IRIs,
    a line each.
    """

    findings: list[Finding]
    flaws: list[Finding]
    trig: bytes
    typed: bytes
    outward: bytes
    tally: Tally


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
        self.tally = Tally()
        self._spool = Spool()
        self._places: list[tuple[int, int, int]] = []
        for shard in shards:
            self.findings.extend(shard.findings)
            self.flaws.extend(shard.flaws)
            self.tally.add(shard.tally)
            put = self._spool.put
            self._places.append((put(shard.trig), put(shard.typed), put(shard.outward)))

    def __iter__(self) -> Iterator[bytes]:
        """The triples of each shard as TriG, without a head."""
        for trig, _, _ in self._places:
            yield self._spool.get(trig)

    def typed(self) -> Iterator[bytes]:
        """The nodes of each shard with their classes, as Shard has them."""
        for _, typed, _ in self._places:
            yield self._spool.get(typed)

    def outward(self) -> Iterator[list[str]]:
        """The IRIs that each shard has as values, and that it does not describe."""
        for _, _, outward in self._places:
            text = self._spool.get(outward).decode("utf-8")
            yield text.split("\n") if text else []


def loaded(shards: Iterable[Shard], load: Load, head: bytes) -> Iterator[Shard]:
    """The shards, whose triples are loaded into a store on the way, some at a time."""
    waiting: list[bytes] = []
    for shard in shards:
        waiting.append(shard.trig)
        if sum(map(len, waiting)) >= _AT_ONCE:
            load(head + b"".join(waiting), format=ox.RdfFormat.TRIG)
            waiting.clear()
        yield shard
    load(head + b"".join(waiting), format=ox.RdfFormat.TRIG)


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


def shard_of(records: Iterable[Record], context: Context) -> Shard:
    """The shard of records that can be used."""
    writer = Writer(context)
    flaws: list[Finding] = []
    texts = []
    nodes: set[str] = set()
    for record in records:
        text, number = writer.write(record)
        texts.append(text)
        nodes.update(record.nodes)
        flaws.extend(record.flaws)
        lost = record.values + len(record.derived) - number
        if lost:
            message = f"{lost} of the record's values are not in the graph: one says what another says."
            root = record.document.root
            mark = root.entries["type"].mark if "type" in root.entries else root.mark
            flaws.append(record.finding(mark, "lost-value", message, focus=record.iri))
    outward = sorted(iri for iri in writer.named.keys() - nodes if iri.startswith(BASE))
    typed = "".join(f"{node} {cls}\n" for node, cls in writer.typed)
    trig = "".join(texts)
    return Shard([], flaws, trig.encode(), typed.encode(), "\n".join(outward).encode(), writer.tally)
