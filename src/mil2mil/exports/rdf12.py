"""RDF 1.2: the same quads, and a reifier for each fact, which says what supports it.

A fact is a node that names its evidence, with what stands in it and names none of its own. Its reifier
reifies each of its triples, and has the evidence: so a triple leads to its sentence without a look at
the node. A value that is ours is reified by the inference that gives its reason, and not by the
evidence of the node, which does not have it. Labels and types are ours, and are not reified.
A reified triple is also asserted; whether it took place is said by the modality, as everywhere.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mil2mil.context import BASE, TERMS
from mil2mil.export import write
from mil2mil.graph import RDF_TYPE, lexical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mil2mil.dataset import Dataset
    from mil2mil.exports import Files

REIFIES = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#reifies")
FACTS = f"{BASE}facts/"  # as a record's graph is under graphs/

_EVIDENCE = ox.NamedNode(f"{TERMS}evidence")
_INFERRED = ox.NamedNode(f"{TERMS}inferred")
_PROPERTY = ox.NamedNode(f"{TERMS}property")
_LABEL = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
_OURS = {RDF_TYPE, _LABEL, _EVIDENCE}


def files(dataset: Dataset) -> Files:
    """N-Quads 1.2; the reifiers of a record stand in its graph."""
    return {"mil2mil.rdf12.nq": write("nq", [*dataset.quads, *reifiers(dataset)], dataset.context)}


def reifiers(dataset: Dataset) -> Iterator[ox.Quad]:
    """What reifies the facts, and what supports them."""
    evidence: dict[str, list[ox.Quad]] = defaultdict(list)
    property_of: dict[str, str] = {}
    derived = {triple for record in dataset.records.values() for triple in record.derived}
    said = [
        quad
        for quad in dataset.quads
        if quad.graph_name != ox.DefaultGraph()
        and (lexical(quad.subject), quad.predicate.value, lexical(quad.object)) not in derived
    ]
    for quad in said:
        if quad.predicate == _EVIDENCE:
            evidence[lexical(quad.subject)].append(quad)
        if quad.predicate == _PROPERTY:
            property_of[lexical(quad.subject)] = lexical(quad.object)
    # The inferences that give a value, by the node that has it and the property.
    inferences: dict[tuple[str, str], list[str]] = defaultdict(list)
    for quad in said:
        if quad.predicate == _INFERRED and lexical(quad.object) in property_of:
            node = lexical(quad.object)
            inferences[lexical(quad.subject), property_of[node]].append(node)
    parents = {
        node["id"]: parent
        for record in dataset.records.values()
        for parent, node in _nested(record.json)
    }
    for quad in said:
        if quad.predicate in _OURS:
            continue
        subject, value = lexical(quad.subject), lexical(quad.object)
        held = parents.get(value) == subject  # that a node stands here is said by the node
        facts = [value] if held else inferences.get((subject, quad.predicate.value), [subject])
        for start in facts:
            fact: str | None = start
            while fact is not None and fact not in evidence:
                fact = parents.get(fact)
            if fact is not None:
                yield ox.Quad(_reifier(fact), REIFIES, quad.triple, quad.graph_name)
    for node, quads in evidence.items():
        for quad in quads:
            yield ox.Quad(_reifier(node), _EVIDENCE, quad.object, quad.graph_name)


def _nested(node: dict[str, object]) -> Iterator[tuple[str, dict[str, str]]]:
    """Each node that stands in a node, at any depth, after the IRI of the one that holds it."""
    for value in node.values():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                yield str(node["id"]), item
                yield from _nested(item)


def _reifier(node: str) -> ox.NamedNode:
    return ox.NamedNode(FACTS + node.removeprefix(BASE))
