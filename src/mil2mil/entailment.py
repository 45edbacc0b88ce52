"""What follows from what a record says: types of its nodes, and days of its dates.

The type of a nested node follows from the range of the property that holds it (the entailment rule
rdfs3 of RDF 1.1 Semantics); the earliest and latest day from a date of EDTF. What nothing follows
from, where it should, is a flaw of the record.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mil2mil.context import EARLIEST, LATEST, TERMS, TYPE
from mil2mil.days import days_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mil2mil.context import Context
    from mil2mil.document import Node, Scalar
    from mil2mil.record import Record

    # A node of a record as a value: the node that has it, the property, its own IRI, and its place.
    Link = tuple[str, str, str, Node]

_RANGE = "http://www.w3.org/2000/01/rdf-schema#range"
_DATES = (
    "a day is 2017-02-16, a month 2021-06, a time 2017-02-06/2017-02-12, uncertain 2017-02-10?, "
    "about 2014~"
)


def ranges(ontology: Iterable[ox.Triple]) -> dict[str, str]:
    """The class by the property, as IRIs, of the properties with one range that is a class of ours."""
    found: dict[str, set[str]] = {}
    for triple in ontology:
        subject, cls = triple.subject, triple.object
        if triple.predicate.value != _RANGE:
            continue
        if isinstance(subject, ox.NamedNode) and isinstance(cls, ox.NamedNode):
            found.setdefault(subject.value, set()).add(cls.value)
    return {path: cls for path, (cls, *more) in found.items() if not more and cls.startswith(TERMS)}


def derive_types(record: Record, links: Iterable[Link], context: Context) -> None:
    """A type for each node without one: the range of the property whose value it is."""
    untyped = [
        link for link in links if link[2] in record.nodes and "type" not in record.nodes[link[2]].entries
    ]
    typed = set()
    for _, path, node, _ in untyped:
        if path in context.ranges:
            record.derived.add((node, TYPE, context.ranges[path]))
            typed.add(node)
    for holder, path, node, item in untyped:
        if node not in typed:
            # The node is the value of the property, so results about either are explained.
            message = "What kind of thing this is cannot be told; write 'type: …'."
            record.flaws.append(
                record.finding(item.mark, "untyped-node", message, "", holder, path, node)
            )


def derive_days(record: Record, dates: Iterable[tuple[str, str, Scalar]]) -> None:
    """The first and the last day that each date allows, after its node and property; none if open."""
    for node, path, item in dates:
        date = str(item.value)
        days = days_of(date)
        if days is None:
            message = _explain(date)
            record.flaws.append(record.finding(item.mark, "not-edtf", message, "", node, path, date))
        for name, day in zip((EARLIEST, LATEST), days or (), strict=False):
            if day:
                record.derived.add((node, name, day.isoformat()))


def _explain(date: str) -> str:
    begin, _, end = date.partition("/")
    if days_of(begin) and days_of(end):
        return f"'{date}' ends before it begins."
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", date):
        return f"'{date}' is not a day of the calendar."
    return f"'{date}' is not a date of EDTF (ISO 8601-2): {_DATES}."
