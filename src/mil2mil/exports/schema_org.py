"""schema.org as JSON-LD: the dataset, and what took place, where, who took part, and what was published.

What is what is read from the ontology's alignment: classes by rdfs:subClassOf, properties by
rdfs:subPropertyOf or rdfs:seeAlso. schema.org has no word for what is planned, alleged or denied, so
that only what occurred is told, and of it nothing that stands under another modality.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from mil2mil.context import BASE, SEEDS, TERMS
from mil2mil.exports.about import IRI, about
from mil2mil.graph import RDF_TYPE, lexical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mil2mil.dataset import Dataset
    from mil2mil.exports import Files

SCHEMA = "https://schema.org/"
Object = dict[str, Any]

_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
# What the ontology says in the words of others that schema.org has too.
_THROUGH = {
    "http://www.w3.org/ns/org#Organization": "Organization",
    "http://purl.org/dc/terms/description": "description",
    "http://purl.org/dc/terms/publisher": "publisher",
}
# What a date is the date of; the ontology has one property for all.
_DATES = {"Event": "startDate", "NewsArticle": "datePublished", "WebPage": "datePublished"}
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}")  # EDTF has more, of which schema.org knows nothing


def files(dataset: Dataset) -> Files:
    """One document, with its context in it."""
    return {"schema-org.jsonld": _Writer(dataset).document()}


class _Writer:
    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        relations: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for triple in dataset.ontology:
            relation = triple.predicate.value.removeprefix(_RDFS)
            if relation in ("subClassOf", "subPropertyOf", "seeAlso"):
                relations[relation][lexical(triple.subject)].append(lexical(triple.object))
        self.above = relations["subClassOf"]
        self.exact = relations["subPropertyOf"]
        self.near = relations["seeAlso"]
        self.types: dict[str, set[str]] = defaultdict(set)
        for quad in dataset.quads:
            if quad.predicate == RDF_TYPE:
                self.types[lexical(quad.subject)].update(self._classes(lexical(quad.object)))

    def _classes(self, cls: str) -> set[str]:
        """The classes of schema.org that are nearest above one of ours."""
        above = self.above.get(cls, [])
        found = set(_theirs(above))
        return found or {name for one in above if one.startswith(TERMS) for name in self._classes(one)}

    def document(self) -> str:
        told = [record.json for record in self.dataset.records.values() if self._is_told(record.json)]
        nodes = {node["id"]: self._node(node) for node in told if self.types[node["id"]]}
        # Others are told by their names where someone refers to them.
        for iri in sorted({iri for node in nodes.values() for iri in _references(node)} - set(nodes)):
            record = self.dataset.records.get(iri.removeprefix(BASE))
            if record is not None:
                nodes[iri] = {"@id": iri, "@type": "Thing", "name": record.json["label"]}
        graph = [self._dataset(nodes), *(nodes[iri] for iri in sorted(nodes))]
        document = {"@context": {"@vocab": SCHEMA}, "@graph": graph}
        return json.dumps(document, ensure_ascii=False, indent=1) + "\n"

    def _is_told(self, node: dict[str, Any]) -> bool:
        return bool(node.get("modality", "occurred") == "occurred")

    def _dataset(self, nodes: dict[str, Object]) -> Object:
        facts = about(self.dataset)
        return {
            "@id": IRI,
            "@type": "Dataset",
            "name": facts.title,
            "description": facts.description,
            "version": facts.version,
            "license": {"@id": facts.licence},
            "creator": {"@type": "Organization", "name": facts.creator},
            "about": [{"@id": iri} for iri in sorted(nodes) if nodes[iri]["@type"] == "Event"],
            "isBasedOn": [{"@id": iri} for iri in sorted(nodes) if iri.startswith(SEEDS)],
        }

    def _node(self, node: dict[str, Any]) -> Object:
        types = sorted(self.types[node["id"]])
        found: dict[str, list[Any]] = {"name": [node["label"]]} if "label" in node else {}
        # What is the same comes before what is only near, which does not add to it.
        for relation in (self.exact, self.near):
            taken = set(found)
            for key in sorted(set(node) & set(self.dataset.context.terms)):
                for name in _theirs(relation.get(self.dataset.context.terms[key].iri, [])):
                    values = list(self._values(node, key))
                    if values and name not in taken:
                        found.setdefault(name, []).extend(values)
        date = str(node.get("date", ""))
        for type_ in types:
            if type_ in _DATES and _DATE.fullmatch(date):
                found[_DATES[type_]] = [date]
        head = {"@id": node["id"], "@type": types[0] if len(types) == 1 else types}
        return head | {name: _one(found[name]) for name in sorted(found)}

    def _values(self, node: dict[str, Any], key: str) -> Iterator[Any]:
        kind = self.dataset.context.terms[key].kind
        value = node[key]
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                yield from self._nested(item)
            elif kind == "reference":
                record = self.dataset.records.get(str(item).removeprefix(BASE).partition("#")[0])
                if record is None:
                    yield {"@id": item}
                elif self._is_told(record.json):
                    yield {"@id": record.iri}
            elif kind in ("text", "literal"):  # schema.org has values of its own in place of ours
                yield item

    def _nested(self, node: dict[str, Any]) -> Iterator[Any]:
        """A nested node; if schema.org has no class for it, whoever acts in it stands for it."""
        if not self._is_told(node):
            return
        if self.types[node["id"]]:
            yield self._node(node)
            return
        for key in sorted(set(node) & set(self.dataset.context.terms)):
            if "agent" in _theirs(self.near.get(self.dataset.context.terms[key].iri, [])):
                yield from self._values(node, key)


def _theirs(terms: list[str]) -> list[str]:
    """The names that schema.org has for some of the terms."""
    names = [_THROUGH.get(term, term) for term in terms]
    return sorted(
        {name.removeprefix(SCHEMA) for name in names if name.startswith(SCHEMA) or ":" not in name}
    )


def _references(node: Object) -> Iterator[str]:
    for value in node.values():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                yield from [item["@id"]] if set(item) == {"@id"} else _references(item)


def _one(values: list[Any]) -> Any:
    ordered = sorted({json.dumps(value, sort_keys=True): value for value in values}.items())
    return ordered[0][1] if len(ordered) == 1 else [value for _, value in ordered]
