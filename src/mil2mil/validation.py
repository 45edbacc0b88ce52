"""The graph to findings: references, dates, shapes, checks, texts and vacuity, at their lines."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mil2mil import graph, rules, shapes
from mil2mil.context import BASE, DERIVED
from mil2mil.finding import Finding, Mark, Names, Severity, nearest
from mil2mil.record import locate
from mil2mil.shard import Shard, Shards, shard_of
from mil2mil.trig import head, triples, typed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from mil2mil.dataset import Dataset
    from mil2mil.scope import Scope


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
    findings = [*parts.flaws, *_dangling(dataset, parts)]
    explained = {(finding.focus, finding.value) for finding in findings}
    unclear = {finding.focus for finding in findings}
    for finding in _by_shapes(dataset, engine, parts):
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


def _by_shapes(dataset: Dataset, engine: str, parts: Shards) -> Iterator[Finding]:
    far = shapes.reads_far(dataset.shape_store)
    known = dataset.ontology if far else shapes.hierarchy(dataset.ontology)
    graph_ = shapes.ShapesGraph("\n".join(dataset.shape_texts.values()), shapes.ntriples(known), engine)
    data = _whole(dataset) if far else _parts(dataset, parts)
    for results in dataset.workers.each(partial(_check, graph_, head(dataset.context)), data):
        yield from _explain(dataset, results)


def _check(graph_: shapes.ShapesGraph, start: bytes, data: tuple[bytes, bytes]) -> list[shapes.Result]:
    turtle, around = (start + triples(data[0])).decode("utf-8"), data[1].decode("utf-8")
    return shapes.validate(graph_, turtle + around, typed(turtle))


def _whole(dataset: Dataset) -> Iterator[tuple[bytes, bytes]]:
    yield b"".join(dataset.shards), b""


def _parts(dataset: Dataset, parts: Shards) -> Iterator[tuple[bytes, bytes]]:
    """What shapes are asked of together, and what they may read around it."""
    for trig, outward in zip(parts, parts.outward(), strict=True):
        yield trig, _around(dataset, outward)


def _around(dataset: Dataset, nodes: Iterable[str]) -> bytes:
    """What shapes read of nodes elsewhere: the classes, and what the later steps of paths lead to."""
    paths = shapes.sequences(dataset.shape_store)
    later = {ox.NamedNode(step) for path in paths for step in path[1:]}
    found: set[ox.Triple] = set()
    seen = set(nodes)
    for left in range(max(map(len, paths), default=1), 0, -1):
        further = set()
        for name in nodes:
            node = ox.NamedNode(name)
            for quad in dataset.store.quads_for_pattern(node, graph.RDF_TYPE, None):
                found.add(quad.triple)
            for step in later if left > 1 else ():
                for quad in dataset.store.quads_for_pattern(node, step, None):
                    found.add(quad.triple)
                    further.add(graph.lexical(quad.object))
        nodes = {name for name in further - seen if name.startswith(BASE)}
        seen |= further
    return ox.serialize(found, format=ox.RdfFormat.N_TRIPLES) or b""


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


def _dangling(dataset: Dataset, parts: Shards) -> Iterator[Finding]:
    """References to what neither a record nor the ontology describes."""
    missing = {
        target
        for targets in parts.outward()
        for target in targets
        if not dataset.describes(ox.NamedNode(target))
    }
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
