"""From a change to the nodes whose verdict it can change: what has to be validated again, and no more.

A verdict depends on the triples of the focus node and of the nodes that a rule reads from there. A
shape reads the nodes at the end of its paths; a check says in `reads` what it reads. So a node is in
scope of a rule if, before the change or after it, the rule reads from there a node whose triples
changed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mil2mil import graph
from mil2mil.context import BASE
from mil2mil.rules import bare
from mil2mil.shapes import reads_far, sequences

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mil2mil.dataset import Dataset
    from mil2mil.finding import Finding
    from mil2mil.rules import Check

_BEFORE = ox.NamedNode(f"{BASE}graphs/before")
# A triple pattern whose predicate is a variable, or a path of all predicates but some.
_ANY_PREDICATE = re.compile(
    r"[{.}]\s*(?:[?$]\w+|<[^>]*>|[\w-]+:[\w-]+)\s+[?$]\w+\s|;\s*[?$]\w+\s|!\s*\(?\s*(?:\^|<|[\w-]*:)"
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What to validate again.

    `records` are the ids of what was changed, added or removed. Of `nodes` every rule is asked;
    `shapes` and `checks` (by name) add the nodes of which only those are. All are IRIs.
    """

    records: frozenset[str]
    nodes: frozenset[str]
    shapes: frozenset[str]
    checks: Mapping[str, frozenset[str]]

    def covers(self, finding: Finding) -> bool:
        """Whether the finding is one that a validation of this scope finds."""
        kind, _, name = finding.rule.partition("/")
        if kind in {"vacuity", "text"} or finding.record in self.records:
            return True
        more = self.shapes if kind == "shape" else self.checks.get(name, ()) if kind == "check" else ()
        return finding.focus in self.nodes or finding.focus in more

    def foci(self, check: Check) -> frozenset[str]:
        """The nodes of which a check is asked."""
        return self.nodes | self.checks[check.name]

    def in_sight(self) -> frozenset[str]:
        """All nodes of which any rule is asked."""
        return self.nodes.union(self.shapes, *self.checks.values())


def scope_of(
    dataset: Dataset, changed: Iterable[str], before: Sequence[ox.Quad], *, wholly: bool = False
) -> Scope | None:
    """The scope of a change of the records with these ids, or None if it is everything.

    `before` is what they said, as a store has it. If `wholly`, all that they say and said counts as
    changed, and not only what differs.
    """
    store = dataset.store
    if reads_far(dataset.shape_store):
        return None
    ids = frozenset(changed)
    said, says = {quad.triple for quad in before}, {quad.triple for quad in dataset.said(ids)}
    delta = said | says if wholly else said ^ says
    old, new = ({graph.lexical(triple.subject) for triple in triples} for triples in (said, says))
    subjects: dict[str, set[str]] = {}  # of changed triples, by predicate
    for triple in delta:
        subjects.setdefault(triple.predicate.value, set()).add(graph.lexical(triple.subject))
    store.extend(ox.Quad(quad.subject, quad.predicate, quad.object, _BEFORE) for quad in before)
    try:
        nodes = frozenset(old | new | _referring(store, old | new if wholly else old ^ new))
        retyped = subjects.get(graph.RDF_TYPE.value, set())
        shaped = _referring(store, retyped)
        for path in sequences(dataset.shape_store):
            every = set().union(*subjects.values())
            for length in range(1, len(path) + 1):
                steps = "/".join(f"<{step}>" for step in path[:length])
                shaped |= _reaching(store, "", steps, every)
        checks = {}
        for check in dataset.checks:
            read = _predicates(check)
            moved = set().union(*(subjects[name] for name in subjects if read is None or name in read))
            foci = _reaching(store, check.prefixes, check.reads, moved) if check.reads else set()
            checks[check.name] = frozenset(foci)
    finally:
        store.remove_graph(_BEFORE)
    return Scope(ids, nodes, frozenset(shaped), checks)


def _referring(store: ox.Store, nodes: Iterable[str]) -> set[str]:
    """The nodes of records that have one of the nodes as a value."""
    return {
        graph.lexical(quad.subject)
        for node in nodes
        for quad in store.quads_for_pattern(None, None, ox.NamedNode(node))
        if quad.graph_name != ox.DefaultGraph()
    }


def _reaching(store: ox.Store, prefixes: str, path: str, nodes: set[str]) -> set[str]:
    """The nodes from which a property path leads to one of the nodes."""
    if not nodes:
        return set()
    values = " ".join(f"<{node}>" for node in sorted(nodes))
    query = f"{prefixes}\nSELECT DISTINCT ?focus {{ VALUES ?node {{ {values} }} ?focus {path} ?node }}"
    # A path of any predicate also leads to classes and literals, which no record describes.
    return {row["focus"] for row in graph.rows(store, query) if row["focus"].startswith(BASE)}


def _predicates(check: Check) -> frozenset[str] | None:
    """The IRIs that stand in a check, its predicates among them; None if one may be any."""
    if _ANY_PREDICATE.search(bare(check.query).partition("{")[2]):
        return None
    return check.names | {graph.RDF_TYPE.value}
