"""What a SPARQL query reads, from its algebra as rdflib has it: an independent reading of the checks.

Every part of a query (its body, each OPTIONAL, each EXISTS) is made into small graphs that it matches:
each variable stands for itself, each alternative gets a graph of its own, and a path that repeats is
taken once and twice. In such a graph one can ask whether a path leads to whatever the query reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from rdflib import RDFS, SKOS, Literal, URIRef, Variable
from rdflib.paths import AlternativePath, InvPath, MulPath, SequencePath
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue

if TYPE_CHECKING:
    from collections.abc import Iterator

Triples = list[tuple[Any, Any, Any]]
_SAME = URIRef("urn:same")  # between two names of one thing
# What the ontology and the vocabularies say; where they change, nothing is narrowed.
_OF_THE_ONTOLOGY = {RDFS.subClassOf, SKOS.prefLabel, SKOS.inScheme}


@dataclass(frozen=True)
class Match:
    """A graph that a part of a query matches, and the variables whose triples that part reads."""

    triples: Triples
    read: frozenset[str]


def matches(query: str) -> Iterator[Match]:
    """The graphs that the parts of a query match."""
    yield from _matches(translateQuery(parseQuery(query)).algebra, [])


def _matches(part: CompValue, outside: Triples) -> Iterator[Match]:
    for own in _required(part):
        for triples in _plain(own):
            read = {s for s, p, _ in triples if p not in _OF_THE_ONTOLOGY}
            yield Match(outside + triples, frozenset(str(s) for s in read if isinstance(s, Variable)))
            for inner in _optional(part):
                yield from _matches(inner, outside + triples)


def _required(part: Any) -> list[Triples]:
    """The triple patterns that every solution matches: one list for each way through the UNIONs."""
    if not isinstance(part, CompValue):
        return [[]]
    if part.name == "BGP":
        return [list(part.triples)]
    if part.name == "Join":
        return [a + b for a, b in product(_required(part.p1), _required(part.p2))]
    if part.name == "Union":
        return _required(part.p1) + _required(part.p2)
    if part.name in {"LeftJoin", "Minus"}:
        return _required(part.p1)
    if part.name == "Extend" and isinstance(part.expr, Variable):  # BIND(?one AS ?other)
        return [[*triples, (part.var, _SAME, part.expr)] for triples in _required(part.p)]
    if part.name in {"SelectQuery", "Project", "Distinct", "Filter", "Extend", "ToMultiSet"}:
        return _required(part.p)
    raise AssertionError(f"{part.name} is not understood; write the check without it")


def _optional(part: Any) -> Iterator[CompValue]:
    """The groups that may match or not: OPTIONAL, MINUS, EXISTS and NOT EXISTS."""
    if isinstance(part, (list, tuple)):
        for item in part:
            yield from _optional(item)
    elif isinstance(part, CompValue):
        if part.name in {"Builtin_EXISTS", "Builtin_NOTEXISTS"}:
            yield part.graph
            return
        for key, value in part.items():
            if part.name in {"LeftJoin", "Minus"} and key == "p2":
                yield value
            else:
                yield from _optional(value)


def _plain(triples: Triples) -> Iterator[Triples]:
    """The triples without paths: one list for each way that the paths can take."""
    fresh = iter(range(1000))

    def ways(s: Any, path: Any, o: Any) -> list[tuple[Triples, dict[Any, Any]]]:
        if path == _SAME:
            return [([], {s: o})]
        if isinstance(path, (URIRef, Variable)):
            return [([(s, path, o)], {})]
        if isinstance(path, InvPath):
            return ways(o, path.arg, s)
        if isinstance(path, AlternativePath):
            return [way for arg in path.args for way in ways(s, arg, o)]
        if isinstance(path, SequencePath):
            *first, last = path.args
            if not first:
                return ways(s, last, o)
            middle = Variable(f"step{next(fresh)}")
            return [
                (a + b, {**same, **also})
                for a, same in ways(s, SequencePath(*first), middle)
                for b, also in ways(middle, last, o)
            ]
        if isinstance(path, MulPath):
            result = ways(s, path.path, o)
            if path.mod in {"*", "+"}:
                result += ways(s, SequencePath(path.path, path.path), o)
            if path.mod in {"*", "?"}:
                result.append(([], {s: o} if o == Variable("focus") else {o: s}))
            return result
        raise AssertionError(f"the path {path!r} is not understood")

    for chosen in product(*(ways(*triple) for triple in triples)):
        result = [triple for part, _ in chosen for triple in part]
        for _, same in chosen:
            for old, new in same.items():
                result = _same(result, old, new)
        yield result


def _same(triples: Triples, old: Any, new: Any) -> Triples:
    """The triples with one term in the place of another."""
    return [tuple(new if term == old else term for term in triple) for triple in triples]


def n3(triples: Triples) -> str:
    """Triples as N-Triples, each variable as the IRI `urn:NAME`."""

    def term(value: Any) -> str:
        if isinstance(value, Variable):
            return f"<urn:{value}>"
        return value.n3() if isinstance(value, (URIRef, Literal)) else f"<urn:{value}>"

    return "\n".join(f"{term(s)} {term(p)} {term(o)} ." for s, p, o in triples)
