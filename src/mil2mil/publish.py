"""Publishing: the named graphs of a dataset in a SPARQL 1.1 store, only those that changed.

The store keeps a manifest in a graph of its own: which graphs are ours (dcterms:hasPart), and the
SHA-256 of each one that is whole (spdx:checksumValue). A graph is named before it is written, loses
its checksum before it is replaced, and gets the new one afterwards. So whenever a run is cut off, the
manifest names every graph of ours and vouches for no half of one; the next run does what is left.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pyoxigraph as ox

from mil2mil.context import BASE, PREFIXES
from mil2mil.dataset import ONTOLOGY_GRAPH
from mil2mil.finding import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mil2mil.dataset import Dataset

GRAPHS = f"{BASE}graphs/"
MANIFEST = f"{GRAPHS}manifest"
PROVENANCE = f"{GRAPHS}provenance"
_PART, _SUM = f"{PREFIXES['dcterms']}hasPart", f"{PREFIXES['spdx']}checksumValue"
_BLANK = re.compile(r"(\S+ \S+ )?_:")
_CHUNK = 1000  # triples in one update: Virtuoso parses no more than some 5,000
_PAGE = 5000  # rows in one answer: Virtuoso cuts what is longer than 10,000, and does not say so

Graphs = dict[str, list[str]]  # the lines of N-Triples, sorted, by the name of the graph


def graphs_of(dataset: Dataset) -> Graphs:
    """What is published: a graph for each record, their provenance, and the ontology."""
    triples: dict[str, list[ox.Triple]] = defaultdict(list)
    for quad in dataset.quads:
        name = quad.graph_name
        triples[name.value if isinstance(name, ox.NamedNode) else PROVENANCE].append(quad.triple)
    triples[ONTOLOGY_GRAPH.value] = dataset.ontology
    return {name: _lines(triples[name]) for name in sorted(triples)}


def _lines(triples: Iterable[ox.Triple]) -> list[str]:
    data = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
    lines = _split(data)
    if not any(map(_BLANK.match, lines)):
        return lines
    # Only the ontology has blank nodes, in its lists: they get the same labels each time.
    canonical = ox.Dataset(ox.Quad(each.subject, each.predicate, each.object) for each in triples)
    canonical.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    data = ox.serialize(canonical, format=ox.RdfFormat.N_QUADS) or b""
    return _split(data)


def _split(data: bytes) -> list[str]:
    return sorted(set(data.decode("utf-8").split("\n")) - {""})  # some literals hold other line ends


def checksum(lines: Iterable[str]) -> str:
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode("utf-8")).hexdigest()


@dataclass(slots=True)
class Held:
    """What the store holds under a name that is ours: the checksums in the manifest, and the triples."""

    sums: set[str]
    triples: int

    def entries(self, name: str) -> set[str]:
        return {_part(name), *(_sum(name, value) for value in self.sums)}


def _part(name: str) -> str:
    return f"<{MANIFEST}> <{_PART}> <{name}> ."


def _sum(name: str, value: str) -> str:
    return f'<{name}> <{_SUM}> "{value}" .'


class Store:
    """A store behind the endpoint that takes graphs or updates, and the one that answers queries.

    `send` gives the answer to a request: its method, address, body and media type. It may send a
    request twice, since each one replaces, or adds what a set holds once.
    """

    def __init__(
        self, send: Callable[[str, str, str, str], bytes], url: str, query: str, protocol: str = "gsp"
    ) -> None:
        self._send, self.url, self.query = send, url, query
        self.replace: Callable[[str, list[str]], None]
        self.add: Callable[[str, list[str]], None]
        self.drop: Callable[[str], None]
        self.enter: Callable[[set[str], set[str]], None]
        by_gsp = (self._put, self._post, self._delete, self._put_manifest)
        by_update = (self._replace, self._insert, self._drop, self._edit_manifest)
        self.replace, self.add, self.drop, self.enter = by_gsp if protocol == "gsp" else by_update

    def held(self) -> dict[str, Held]:
        """The graphs of the manifest as the store has them, asked for until no more come."""
        held: dict[str, Held] = {}
        last = ""
        while rows := self._page(last):
            for name, value, number in rows:
                held.setdefault(name, Held(set(), number)).sums.update({value} - {""})
            last = max(name for name, _, _ in rows)
        # What has no name of ours is not ours, whoever wrote it into the manifest.
        return {n: entry for n, entry in held.items() if n.startswith(GRAPHS) and n != MANIFEST}

    def _page(self, last: str) -> list[tuple[str, str, int]]:
        text = f"""SELECT ?graph ?sum (COUNT(?o) AS ?triples) {{
  GRAPH <{MANIFEST}> {{ <{MANIFEST}> <{_PART}> ?graph . OPTIONAL {{ ?graph <{_SUM}> ?sum }} }}
  OPTIONAL {{ GRAPH ?graph {{ ?s ?p ?o }} }}
  FILTER(ISIRI(?graph) && STR(?graph) > {ox.Literal(last)})
}} GROUP BY ?graph ?sum ORDER BY ?graph LIMIT {_PAGE}"""
        # As a form: Virtuoso 7.2.5 never answers a query that is the body itself.
        body = urlencode({"query": text})
        data = self._send("POST", self.query, body, "application/x-www-form-urlencoded")
        try:
            answer: Any = ox.parse_query_results(data, format=ox.QueryResultsFormat.JSON)
            cells = [(row["graph"], row["sum"], row["triples"]) for row in answer]
            return [
                (ox.NamedNode(graph.value).value, value.value if value else "", int(number.value))
                for graph, value, number in cells
            ]
        except (AttributeError, KeyError, SyntaxError, TypeError, ValueError) as error:
            raise DatasetError(f"{self.query} gives no answer to a SPARQL query") from error

    # By the Graph Store Protocol. N-Triples go as the Turtle that they are, which every store reads.

    def _put(self, graph: str, lines: Iterable[str], method: str = "PUT") -> None:
        body = "".join(f"{line}\n" for line in lines)
        url = f"{self.url}?graph={quote(graph, safe='')}"
        self._send(method, url, body, "text/turtle")

    def _post(self, graph: str, lines: Iterable[str]) -> None:
        self._put(graph, lines, "POST")

    def _delete(self, graph: str) -> None:
        self._put(graph, (), "DELETE")

    def _put_manifest(self, _before: set[str], after: set[str]) -> None:
        self._put(MANIFEST, sorted(after))

    # By updates.

    def _update(self, *operations: str) -> None:
        self._send("POST", self.url, " ;\n".join(operations), "application/sparql-update")

    def _replace(self, graph: str, lines: list[str]) -> None:
        blank = [line for line in lines if _BLANK.match(line)]
        operations = [f"DROP SILENT GRAPH <{graph}>"]
        if blank:  # which go at once, or would be doubled; and Virtuoso takes none in INSERT DATA
            operations.append(f"INSERT {_block(graph, blank)} WHERE {{}}")
        self._update(*operations)
        self._insert(graph, [line for line in lines if not _BLANK.match(line)])

    def _insert(self, graph: str, lines: list[str], verb: str = "INSERT") -> None:
        for at in range(0, len(lines), _CHUNK):
            self._update(f"{verb} DATA {_block(graph, lines[at : at + _CHUNK])}")

    def _drop(self, graph: str) -> None:
        self._update(f"DROP SILENT GRAPH <{graph}>")

    def _edit_manifest(self, before: set[str], after: set[str]) -> None:
        self._insert(MANIFEST, sorted(before - after), "DELETE")
        self._insert(MANIFEST, sorted(after - before))


def _block(graph: str, lines: Iterable[str]) -> str:
    text = "\n".join(lines)
    return f"{{ GRAPH <{graph}> {{\n{text}\n}} }}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, by the names of the graphs."""

    unchanged: list[str]
    added: list[str]
    replaced: list[str]
    dropped: list[str]

    def __bool__(self) -> bool:
        return bool(self.added or self.replaced or self.dropped)

    def __str__(self) -> str:
        done = f"{len(self.added)} added, {len(self.replaced)} replaced, {len(self.dropped)} dropped"
        return f"{done}, {len(self.unchanged)} unchanged"


def plan(graphs: Mapping[str, list[str]], held: Mapping[str, Held]) -> Plan:
    """A graph is as it should be if the manifest has its checksum and the store as many triples."""
    made = Plan([], [], [], sorted(held.keys() - graphs.keys()))
    for name, lines in graphs.items():
        there = held.get(name, Held(set(), 0))
        if there.sums == {checksum(lines)} and there.triples == len(lines):
            made.unchanged.append(name)
        else:
            (made.replaced if there.triples else made.added).append(name)
    return made


def publish(
    graphs: Graphs, store: Store, say: Callable[[int, int], None] = lambda _done, _all: None
) -> Plan:
    """Make the store hold these graphs and, of those once published from here, no others.

    `say` hears how many graphs are done, of how many. Raises DatasetError if the store fails, or holds
    something else in the end; a further run goes on from there.
    """
    held = store.held()
    todo = plan(graphs, held)
    if not todo:
        return todo
    before = {line for name, entry in held.items() for line in entry.entries(name)}
    entries = {_part(name) for name in (*graphs, *held)}
    entries |= {_sum(name, checksum(graphs[name])) for name in todo.unchanged}
    if entries != before:
        store.enter(before, entries)
    work = [*todo.added, *todo.replaced]
    for done, name in enumerate(work):
        say(done, len(work))
        store.replace(name, graphs[name])
        store.add(MANIFEST, [_sum(name, checksum(graphs[name]))])
    for name in todo.dropped:
        store.drop(name)
    say(len(work), len(work))
    _verify(graphs, store)
    if todo.dropped:
        entries = {line for name in graphs for line in (_part(name), _sum(name, checksum(graphs[name])))}
        store.enter(entries | {_part(name) for name in todo.dropped}, entries)
    return todo


def _verify(graphs: Graphs, store: Store) -> None:
    """Ask the store once more: an answer that it is done need not be true, and others may write too."""
    held = store.held()
    left = plan(graphs, held)
    wrong = [*left.added, *left.replaced, *(name for name in left.dropped if held[name].triples)]
    if wrong:
        name = wrong[0]
        number = held[name].triples if name in held else 0
        more = f"; {len(wrong) - 1} more graphs differ" if len(wrong) > 1 else ""
        raise DatasetError(
            f"the store holds {number} triples in {name}, not the {len(graphs.get(name, ()))} "
            f"that were published{more}; is someone else writing there? Publish again."
        )
