"""Triples as JSON-LD under our context: records, with their nodes nested in them."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from mil2mil.context import BASE, RELATIVE
from mil2mil.graph import RDF_TYPE, lexical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mil2mil.context import Context

Triples = dict[str, dict[str, list[Any]]]  # objects by predicate by subject


def records(
    triples: Iterable[ox.Triple | ox.Quad], context: Context, prefixes: Mapping[str, str]
) -> str:
    """The records as items of a JSON list, as they come; `prefixes` are for what the context lacks."""
    return _Nesting(_group(triples), context, prefixes).records()


def _group(triples: Iterable[ox.Triple | ox.Quad]) -> Triples:
    grouped: Triples = defaultdict(lambda: defaultdict(list))
    seen = set()
    for triple in triples:
        key = (triple.subject, triple.predicate, triple.object)
        if key not in seen:
            seen.add(key)
            grouped[lexical(triple.subject)][triple.predicate.value].append(triple.object)
    return grouped


class _Nesting:
    def __init__(self, triples: Triples, context: Context, prefixes: Mapping[str, str]) -> None:
        self.triples = triples
        self.context = context
        self.prefixes = prefixes
        self.order = {term.iri: place for place, term in enumerate(context.terms.values())}

    def records(self) -> str:
        nested = {
            term.value
            for subject, predicates in self.triples.items()
            for terms in predicates.values()
            for term in terms
            if self._is_nested(subject, term)
        }
        records = (self._node(iri) for iri in self.triples if iri not in nested)
        return ",\n".join(json.dumps(record, ensure_ascii=False, indent=1) for record in records)

    def _is_nested(self, subject: str, term: Any) -> bool:
        """Whether a node belongs to the record of the subject, and so stands inside it."""
        if not isinstance(term, ox.NamedNode) or term.value not in self.triples:
            return False
        record, _, fragment = term.value.partition("#")
        return bool(fragment) and subject.partition("#")[0] == record and subject != term.value

    def _node(self, iri: str) -> dict[str, Any]:
        node: dict[str, Any] = {"id": self._relative(iri)}
        predicates = self.triples[iri]
        last = len(self.order)
        for predicate in sorted(predicates, key=lambda name: (self.order.get(name, last), name)):
            terms = sorted(predicates[predicate], key=str)
            if predicate == RDF_TYPE.value:
                node["type"] = _one([self._type(term.value) for term in terms])
                continue
            term = self.context.term_of_iri.get(predicate)
            key = term.key if term else self._compact(predicate)
            values = [self._value(iri, key, value) for value in terms]
            node[key] = _one(values)
        return node

    def _value(self, subject: str, key: str, value: Any) -> Any:
        if self._is_nested(subject, value):
            return self._node(value.value)
        term = self.context.terms.get(key)
        if term is None:
            return {"id": self._relative(value.value)}
        if term.kind == "concept":
            return value.value.removeprefix(term.vocabulary)
        if term.kind == "key":
            return self.context.term_of_iri[value.value].key
        return self._relative(value.value) if term.kind == "reference" else value.value

    def _type(self, iri: str) -> str:
        return self.context.name_of_type.get(iri) or self._compact(iri)

    def _relative(self, iri: str) -> str:
        relative = iri.removeprefix(BASE)
        return relative if RELATIVE.fullmatch(relative) else iri

    def _compact(self, iri: str) -> str:
        for prefix, namespace in self.prefixes.items():
            if iri.startswith(namespace):
                return f"{prefix}:{iri[len(namespace) :]}"
        return iri


def _one(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values
