"""The graph to findings: references, dates, shapes, checks, texts and vacuity, at their lines."""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mil2mil import graph, rules, shapes
from mil2mil.context import BASE, DERIVED
from mil2mil.finding import Finding, Mark, Names, Severity, nearest
from mil2mil.record import locate
from mil2mil.shard import Shard, Shards, shard_of
from mil2mil.trig import head, triples

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from mil2mil.dataset import Dataset
    from mil2mil.scope import Scope

_KEPT = 1 << 14  # nodes elsewhere of which the classes stay in memory


def validate(
    dataset: Dataset, engine: str = "shacl", texts: Path | None = None, scope: Scope | None = None
) -> list[Finding]:
    """Everything that is wrong with a dataset, sorted by file and place.

    Where a file cannot be read, shapes and checks would speak of what it lacks, so they are not run.
    `engine` is "shacl" or "pyshacl". `texts` is a folder of article files, against which spans and
    quotations are verified. `scope` leaves out what a change cannot have touched.
    """
    _ = dataset.store  # which takes the records in as they are read
    if dataset.unreadable:
        return dataset.unreadable
    severity = Severity.WARNING if dataset.young else Severity.VIOLATION
    vacuous = list(shapes.vacuous(dataset.shape_texts, dataset.store, severity))
    vacuous.extend(rules.vacuous(dataset.checks, dataset.store, severity))
    parts = dataset.shards if scope is None else Shards([_in_sight(dataset, scope)])
    hits = dataset.workers.meanwhile(partial(_hits, dataset, scope), dataset.checks)
    far = shapes.reads_far(dataset.shape_store)
    around = _Around(dataset, [] if far else shapes.sequences(dataset.shape_store))
    by_shapes = list(_by_shapes(dataset, engine, parts, around, far=far))
    findings = [*parts.flaws, *_dangling(dataset, around.missing)]
    explained = {(finding.focus, finding.value) for finding in findings}
    unclear = {finding.focus for finding in findings}
    for finding in by_shapes:
        if (finding.focus, finding.value) not in explained:
            findings.append(finding)
    # A check looks at a node whole, so it says nothing of one with a broken reference or date.
    for check, found in zip(dataset.checks, hits(), strict=True):
        rule = f"check/{check.name}"
        for hit in found:
            if hit.focus not in unclear:
                place = hit.focus, hit.path, hit.value
                findings.append(_finding(dataset, *place, rule, hit.message, check.severity, check.help))
    if texts is not None:
        from mil2mil import text

        for focus, path, value, rule, message in text.verify(dataset.store, texts):
            findings.append(_finding(dataset, focus, path, value, f"text/{rule}", message))
    if scope is not None:
        findings = [finding for finding in findings if scope.covers(finding)]
    return sorted({*findings, *vacuous})


def _in_sight(dataset: Dataset, scope: Scope) -> Shard:
    """What the records say of whose nodes any rule is asked."""
    return shard_of(dataset.records_of(scope.in_sight()), dataset.context)


def _finding(
    dataset: Dataset,
    focus: str,
    path: str,
    value: str,
    rule: str,
    message: str,
    severity: Severity = Severity.VIOLATION,
    suggestion: str = "",
    *,
    mark_key: bool = False,
) -> Finding:
    """A finding about a node of the graph, at the place where a person wrote the value or the key."""
    record = dataset.records.get(focus.removeprefix(BASE).partition("#")[0])
    if record is None:
        file, mark, name = "ontology/mil2mil.ttl", Mark(1, 1), ""
    else:
        file, name = record.document.path, record.id
        mark = locate(record, dataset.context, focus, path, "" if mark_key else value)
    return Finding(file, mark, severity, rule, message, suggestion, name, focus, path, value)


class _Around:
    """What shapes read of nodes elsewhere: the classes, and what the later steps of `paths` lead to.

    `missing` are those of the nodes of which neither a record nor the ontology says anything.
    """

    def __init__(self, dataset: Dataset, paths: Sequence[Sequence[str]]) -> None:
        self.missing: set[str] = set()
        self._store = dataset.store
        self._later = {ox.NamedNode(step) for path in paths for step in path[1:]}
        self._steps = max(map(len, paths), default=1)
        # Not of a method: a cycle would keep the store open.
        self._types = lru_cache(maxsize=_KEPT)(partial(_types, dataset, self.missing))

    def note(self, nodes: Iterable[str]) -> None:
        """Look only for what is missing."""
        for name in nodes:
            self._types(name)

    def triples(self, nodes: Collection[str]) -> bytes:
        """What is read of some nodes, in N-Triples."""
        found: set[str] = set()
        seen = set(nodes)
        for left in range(self._steps, 0, -1):
            further = set()
            for name in nodes:
                found.update(self._types(name))
                for step in self._later if left > 1 else ():
                    node = ox.NamedNode(name)
                    for quad in self._store.quads_for_pattern(node, step, None):
                        found.add(str(quad.triple))
                        further.add(graph.lexical(quad.object))
            nodes = {name for name in further - seen if name.startswith(BASE)}
            seen |= further
        return "".join(f"{triple} .\n" for triple in found).encode()


def _types(dataset: Dataset, missing: set[str], name: str) -> list[str]:
    """The classes of a node, as triples; a node of which nothing is said is put into `missing`."""
    node = ox.NamedNode(name)
    quads = list(dataset.store.quads_for_pattern(node, graph.RDF_TYPE, None))
    # What stands in no graph is of the graphs themselves, and describes nothing.
    if not any(quad.graph_name != ox.DefaultGraph() for quad in quads) and not dataset.describes(node):
        missing.add(name)
    return [str(quad.triple) for quad in quads]


def _by_shapes(
    dataset: Dataset, engine: str, parts: Shards, around: _Around, *, far: bool
) -> Iterator[Finding]:
    """What shapes find; where they read `far`, in all records together."""
    known = dataset.ontology if far else shapes.hierarchy(dataset.ontology)
    graph_ = shapes.ShapesGraph("\n".join(dataset.shape_texts.values()), shapes.ntriples(known), engine)
    data: Iterable[tuple[bytes, bytes, bytes]]
    if far:  # around all there is only what is missing
        for outward in parts.outward():
            around.note(outward)
        data = [(b"".join(dataset.shards), b"".join(dataset.shards.typed()), b"")]
    else:
        data = zip(parts, parts.typed(), map(around.triples, parts.outward()), strict=True)
    for results in dataset.workers.each(partial(_check, graph_, head(dataset.context)), data):
        yield from _explain(dataset, results)


def _check(
    graph_: shapes.ShapesGraph, start: bytes, data: tuple[bytes, bytes, bytes]
) -> list[shapes.Result]:
    trig, typed, around = data
    foci = (line.split(" ") for line in typed.decode("utf-8").split("\n") if line)
    turtle = (start + triples(trig) + around).decode("utf-8")
    return shapes.validate(graph_, turtle, [(node, cls) for node, cls in foci])


def _explain(dataset: Dataset, results: list[shapes.Result]) -> Iterator[Finding]:
    """The results about nodes of the dataset, as findings."""
    misplaced = {(result.focus, result.shape) for result in results if result.focus == result.value}
    for result in results:
        closed = result.component == "ClosedConstraintComponent"
        # In the wrong folder every key is wrong, and days follow from a date: once is enough.
        here = (result.focus, result.shape) not in misplaced
        if result.path in DERIVED or (closed and not here):
            continue
        message = result.message
        if not here and result.component == "PatternConstraintComponent":
            message = f"The folder and the type do not fit. {message}"
        if closed:
            term = dataset.context.term_of_iri.get(result.path)
            message = f"'{term.key if term else result.path}' does not belong here. {message}"
        rule = "shape/" + result.shape.removeprefix(shapes.SHAPES)
        yield _finding(
            dataset,
            result.focus,
            result.path,
            result.value,
            rule,
            message,
            result.severity,
            mark_key=closed,
        )


def _hits(dataset: Dataset, scope: Scope | None, check: rules.Check) -> list[rules.Hit]:
    return rules.run_check(check, dataset.store, scope.foci(check) if scope else None)


def _dangling(dataset: Dataset, missing: Iterable[str]) -> Iterator[Finding]:
    """References to what neither a record nor the ontology describes."""
    for target in sorted(missing):
        for quad in dataset.store.quads_for_pattern(None, None, ox.NamedNode(target)):
            path = quad.predicate.value
            rule, message, suggestion = _explain_dangling(dataset, path, target)
            subject = graph.lexical(quad.subject)
            if quad.graph_name != ox.DefaultGraph():
                yield _finding(dataset, subject, path, target, rule, message, suggestion=suggestion)


def _explain_dangling(dataset: Dataset, path: str, target: str) -> tuple[str, str, str]:
    """The rule, message and suggestion for a name that nothing has."""
    name = target.removeprefix(BASE)
    siblings = dataset.names.get(name.rpartition("/")[0], dataset.names[""])
    term = dataset.context.term_of_iri.get(path)
    if term and term.kind == "concept" and target.startswith(term.vocabulary):
        values = [other.rpartition("/")[2] for other in siblings.known]
        word = target.removeprefix(term.vocabulary)
        message = f"'{word}' is not a value of '{term.key}'."
        suggestion = nearest(word, values) or f"the values are {', '.join(values)}"
        return "reader/unknown-value", message, suggestion
    article, _, part = name.partition("#")
    near = article if article in dataset.records else siblings.closest(article)
    record = dataset.records.get(near) if part else None
    suggestion = siblings.nearest(name)
    if record is not None:
        parts = Names(node.removeprefix(BASE) for node in record.nodes)
        suggestion = parts.nearest(name)
        units = re.findall("#(s[0-9]+)$", "\n".join(parts.known), re.MULTILINE)
        if units and near == article:
            suggestion = f"its units are {units[0]} to {units[-1]}; `mil2mil coverage` shows them"
    return "reader/dangling-reference", f"There is no '{name or target}'.", suggestion
