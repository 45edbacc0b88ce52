"""The graph to findings: references, dates, shapes, checks, texts and vacuity, at their lines."""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mil2mil import graph, rules, shapes
from mil2mil.context import BASE
from mil2mil.days import days_of
from mil2mil.finding import Finding, Mark, Severity, nearest
from mil2mil.record import locate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from mil2mil.dataset import Dataset
    from mil2mil.record import Record
    from mil2mil.scope import Scope

_DATES = (
    "a day is 2017-02-16, a month 2021-06, a time 2017-02-06/2017-02-12, uncertain 2017-02-10?, "
    "about 2014~"
)


def validate(
    dataset: Dataset, engine: str = "shacl", texts: Path | None = None, scope: Scope | None = None
) -> list[Finding]:
    """Everything that is wrong with a dataset, sorted by file and place.

    Where a file cannot be read, shapes and checks would speak of what it lacks, so they are not run.
    `engine` is "shacl" or "pyshacl". `texts` is a folder of article files, against which spans and
    quotations are verified. `scope` leaves out what a change cannot have touched.
    """
    if dataset.unreadable:
        return sorted(dataset.unreadable)
    severity = Severity.WARNING if dataset.young else Severity.VIOLATION
    vacuous = list(shapes.vacuous(dataset.shape_texts, dataset.store, severity))
    vacuous.extend(rules.vacuous(dataset.checks, dataset.store, severity))
    records, mapped = _in_sight(dataset, scope)
    findings = [
        *_dangling(dataset, mapped),
        *_undated(dataset, mapped),
        *_untyped(dataset, mapped),
        *_lost(dataset, records, mapped),
    ]
    explained = {(finding.focus, finding.value) for finding in findings}
    unclear = {finding.focus for finding in findings}
    for finding in _by_shapes(dataset, engine, scope):
        if (finding.focus, finding.value) not in explained:
            findings.append(finding)
    # A check looks at a node whole, so it says nothing of one with a broken reference or date.
    findings.extend(finding for finding in _by_checks(dataset, scope) if finding.focus not in unclear)
    if texts is not None:
        from mil2mil import text

        for focus, path, value, rule, message in text.verify(dataset.store, texts):
            findings.append(_finding(dataset, focus, path, value, f"text/{rule}", message))
    if scope is not None:
        findings = [finding for finding in findings if scope.covers(finding)]
    return sorted({*findings, *vacuous})


def _in_sight(dataset: Dataset, scope: Scope | None) -> tuple[Iterable[Record], list[ox.Quad]]:
    """The records to look at, and what they say."""
    if scope is None:
        return dataset.records.values(), dataset.mapped
    records = dataset.records_of(scope.in_sight())
    return records, graph.map_quads(records, dataset.context)


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


def _by_shapes(dataset: Dataset, engine: str, scope: Scope | None) -> Iterator[Finding]:
    quads = dataset.quads if scope is None else _around(dataset, scope)
    triples = (*(quad.triple for quad in quads), *dataset.ontology)
    data = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
    results = shapes.validate(data.decode("utf-8"), "\n".join(dataset.shape_texts.values()), engine)
    misplaced = {(result.focus, result.shape) for result in results if result.focus == result.value}
    for result in results:
        closed = result.component == "ClosedConstraintComponent"
        # In the wrong folder every key is wrong, and days follow from a date: once is enough.
        here = (result.focus, result.shape) not in misplaced
        if result.path in graph.DERIVED or (closed and not here):
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


def _around(dataset: Dataset, scope: Scope) -> list[ox.Quad]:
    """The records in scope of the shapes, and what the paths of shapes lead to.

    The records are mapped anew, since a store has one form for all kinds of integers.
    """
    nodes = scope.nodes | scope.shapes
    quads = dataset.graph_of(dataset.records_of(nodes))
    for _ in range(shapes.reach(dataset.shape_store) - 1):
        nodes |= _named_objects(quads)
        quads = dataset.graph_of(dataset.records_of(nodes))
    # Of the last nodes a shape asks at most what they are.
    for node in _named_objects(quads):
        quads += dataset.store.quads_for_pattern(ox.NamedNode(node), graph.RDF_TYPE, None)
    return quads


def _named_objects(quads: Iterable[ox.Quad]) -> set[str]:
    return {quad.object.value for quad in quads if isinstance(quad.object, ox.NamedNode)}


def _by_checks(dataset: Dataset, scope: Scope | None) -> Iterator[Finding]:
    for check in dataset.checks:
        foci = None if scope is None else scope.foci(check)
        for hit in rules.run_check(check, dataset.store, foci):
            yield _finding(
                dataset,
                hit.focus,
                hit.path,
                hit.value,
                f"check/{check.name}",
                hit.message,
                check.severity,
                check.help,
            )


def _dangling(dataset: Dataset, mapped: list[ox.Quad]) -> Iterator[Finding]:
    """References to what neither a record nor the ontology describes."""
    for quad in mapped:
        target = quad.object
        if not isinstance(target, ox.NamedNode) or not target.value.startswith(BASE):
            continue
        if not dataset.describes(target):
            path = quad.predicate.value
            rule, message, suggestion = _explain_dangling(dataset, path, target.value)
            yield _finding(
                dataset,
                graph.lexical(quad.subject),
                path,
                target.value,
                rule,
                message,
                suggestion=suggestion,
            )


def _explain_dangling(dataset: Dataset, path: str, target: str) -> tuple[str, str, str]:
    """The rule, message and suggestion for a name that nothing has."""
    names = dataset.names
    name = target.removeprefix(BASE)
    siblings = names.get(name.rpartition("/")[0], [])
    term = dataset.context.term_of_iri.get(path)
    if term and term.kind == "concept" and target.startswith(term.vocabulary):
        values = [other.rpartition("/")[2] for other in siblings]
        word = target.removeprefix(term.vocabulary)
        message = f"'{word}' is not a value of '{term.key}'."
        suggestion = nearest(word, values) or f"the values are {', '.join(values)}"
        return "reader/unknown-value", message, suggestion
    article, _, unit = name.partition("#")
    units = [
        other.partition("#")[2]
        for other in siblings
        if unit and re.fullmatch(rf"{re.escape(article)}#s[0-9]+", other)
    ]
    suggestion = nearest(name, siblings or chain(*names.values()))
    if units:
        suggestion = f"its units are {units[0]} to {units[-1]}; `mil2mil coverage` shows them"
    return "reader/dangling-reference", f"There is no '{name or target}'.", suggestion


def _lost(dataset: Dataset, records: Iterable[Record], mapped: list[ox.Quad]) -> Iterator[Finding]:
    """Records that became fewer triples than they have values: nothing may be lost on the way."""
    became = Counter(graph.lexical(quad.graph_name) for quad in set(mapped))
    for record in records:
        lost = record.values - became[record.graph]
        if lost:
            message = f"{lost} of the record's values are not in the graph: one says what another says."
            yield _finding(dataset, record.iri, "", "", "reader/lost-value", message)


def _undated(dataset: Dataset, mapped: list[ox.Quad]) -> Iterator[Finding]:
    """Dates that are not EDTF."""
    for quad in mapped:
        date = quad.object
        if not isinstance(date, ox.Literal) or date.datatype != graph.EDTF or days_of(date.value):
            continue
        begin, _, end = date.value.partition("/")
        if days_of(begin) and days_of(end):
            message = f"'{date.value}' ends before it begins."
        elif re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", date.value):
            message = f"'{date.value}' is not a day of the calendar."
        else:
            message = f"'{date.value}' is not a date of EDTF (ISO 8601-2): {_DATES}."
        focus = graph.lexical(quad.subject)
        yield _finding(dataset, focus, quad.predicate.value, date.value, "reader/not-edtf", message)


def _untyped(dataset: Dataset, mapped: list[ox.Quad]) -> Iterator[Finding]:
    """Nested nodes whose class neither they nor the property that holds them tell."""
    subjects = {quad.subject for quad in mapped}
    for quad in mapped:
        node = quad.object
        if (
            isinstance(node, ox.NamedNode)
            and node in subjects
            and graph.record_of(node) == graph.record_of(quad.subject)
            and not any(dataset.store.quads_for_pattern(node, graph.RDF_TYPE, None))
        ):
            # The node is the value of the property, so results about either are explained.
            yield _finding(
                dataset,
                graph.lexical(quad.subject),
                quad.predicate.value,
                node.value,
                "reader/untyped-node",
                "What kind of thing this is cannot be told; write 'type: …'.",
            )
