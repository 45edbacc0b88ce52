"""GraphML, for Gephi and yEd: records as nodes, and what they refer to as edges.

A reference that stands in a nested node is an edge of its record. Its path says through which keys it
leads, and what else the nested node says is its attributes: an edge from a contact to an official has
the path `participants/official` and the office as an attribute. What is outside the dataset is an
attribute of the node.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

from mil2mil.context import BASE, DERIVED
from mil2mil.graph import lexical, rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mil2mil.dataset import Dataset
    from mil2mil.exports import Files

Attributes = dict[str, str | int]

_LABELS = """PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?property ?label { ?property rdfs:isDefinedBy ?ontology ; rdfs:label ?label }
ORDER BY ?property ?label"""


def files(dataset: Dataset) -> Files:
    """One file with the whole graph."""
    return {"mil2mil.graphml": _Writer(dataset).document()}


class _Writer:
    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        labels = {row["property"]: row["label"] for row in rows(dataset.shape_store, _LABELS)}
        self.labels = {key: labels.get(term.iri, key) for key, term in dataset.context.terms.items()}
        self.days: dict[str, Attributes] = {}
        for quad in dataset.quads:
            if quad.predicate.value in DERIVED:
                key = dataset.context.term_of_iri[quad.predicate.value].key
                self.days.setdefault(lexical(quad.subject), {})[key] = lexical(quad.object)

    def document(self) -> str:
        records = [self.dataset.records[name] for name in sorted(self.dataset.records)]
        nodes = [(record.id, self._record(record.id, record.json)) for record in records]
        edges = [edge for record in records for edge in self._edges(record.id, record.json, ())]
        edges.sort(key=lambda edge: (*edge[:2], sorted((key, str(v)) for key, v in edge[2].items())))
        root = ET.Element("graphml", {"xmlns": "http://graphml.graphdrawing.org/xmlns"})
        node_keys = self._keys(root, "node", [attributes for _, attributes in nodes])
        edge_keys = self._keys(root, "edge", [attributes for *_, attributes in edges])
        graph = ET.SubElement(root, "graph", {"id": "mil2mil", "edgedefault": "directed"})
        for name, attributes in nodes:
            self._data(ET.SubElement(graph, "node", {"id": name}), attributes, node_keys)
        for source, target, attributes in edges:
            ends = {"source": source, "target": target}
            self._data(ET.SubElement(graph, "edge", ends), attributes, edge_keys)
        ET.indent(root, " ")
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"

    @staticmethod
    def _keys(root: ET.Element, of: str, found: Iterable[Attributes]) -> dict[str, str]:
        """Declare the attributes of nodes or of edges; returns their ids by name."""
        kinds: dict[str, set[type]] = {}
        for attributes in found:
            for name, value in attributes.items():
                kinds.setdefault(name, set()).add(type(value))
        for name in sorted(kinds):
            kind = "long" if kinds[name] == {int} else "string"
            declared = {"id": f"{of}-{name}", "for": of, "attr.name": name, "attr.type": kind}
            ET.SubElement(root, "key", declared)
        return {name: f"{of}-{name}" for name in kinds}

    @staticmethod
    def _data(element: ET.Element, attributes: Attributes, keys: dict[str, str]) -> None:
        for name in sorted(attributes):
            ET.SubElement(element, "data", {"key": keys[name]}).text = str(attributes[name])

    def _record(self, name: str, node: dict[str, Any]) -> Attributes:
        attributes = self._attributes(node, inside=False)
        return {**attributes, "kind": "; ".join(sorted(node["type"])), "folder": name.partition("/")[0]}

    def _attributes(self, node: dict[str, Any], *, inside: bool) -> Attributes:
        """What a node says in plain values; `inside` with its references to records."""
        found: Attributes = dict(self.days.get(node["id"], {}))
        for key, value in node.items():
            plain = [
                item
                for item in _items(value)
                if key not in ("id", "type") and not isinstance(item, dict)
                if inside or not self._target(key, item)
            ]
            if len(plain) == 1 and isinstance(plain[0], int):
                found[key] = plain[0]
            elif plain:
                found[key] = "; ".join(sorted(str(item).removeprefix(BASE) for item in plain))
        return found

    def _target(self, key: str, value: object) -> str:
        """The id of the record to which a value refers, or of whose node it does; empty if to none."""
        term = self.dataset.context.terms.get(key)
        if term is None or term.kind != "reference" or not str(value).startswith(BASE):
            return ""
        name = str(value).removeprefix(BASE).partition("#")[0]
        return name if name in self.dataset.records else ""

    def _edges(
        self, record: str, node: dict[str, Any], path: tuple[str, ...]
    ) -> Iterator[tuple[str, str, Attributes]]:
        said = self._attributes(node, inside=True) if path else {}
        for key, value in node.items():
            way = (*path, key)
            for item in _items(value):
                if isinstance(item, dict):
                    yield from self._edges(record, item, way)
                    continue
                target = self._target(key, item)
                if target and target != record:
                    attributes = {name: said[name] for name in said if name != key}
                    attributes["label"] = " / ".join(self.labels[step] for step in way)
                    attributes["path"] = "/".join(way)
                    attributes["to"] = str(item).removeprefix(BASE)
                    yield record, target, attributes


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]
