"""Records to a graph: JSON-LD to RDF, then the triples that follow from what is written.

Three kinds of triples are derived: the type of a nested node, from the range of the property that
holds it (the entailment rule rdfs3 of RDF 1.1 Semantics); the earliest and latest day of each EDTF
date; and the provenance of each record's graph.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mil2mil.context import BASE
from mil2mil.days import days_of
from mil2mil.finding import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mil2mil.context import Context
    from mil2mil.record import Record

TERMS = f"{BASE}ontology#"
RDF_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
EDTF = ox.NamedNode("http://id.loc.gov/datatypes/edtf/EDTF")
XSD_DATE = ox.NamedNode("http://www.w3.org/2001/XMLSchema#date")
EARLIEST = ox.NamedNode(f"{TERMS}earliest")
LATEST = ox.NamedNode(f"{TERMS}latest")
DERIVED = frozenset({EARLIEST.value, LATEST.value})
DERIVED_FROM = ox.NamedNode("http://www.w3.org/ns/prov#wasDerivedFrom")
ENTITY = ox.NamedNode("http://www.w3.org/ns/prov#Entity")
PRIMARY_TOPIC = ox.NamedNode("http://xmlns.com/foaf/0.1/primaryTopic")
SEEDS = f"{BASE}seeds/"

# SERVICE with what may follow it. Where a string, an IRI or a comment starts cannot be told without
# parsing, so they are searched too; only a variable or a local name is let off.
_SERVICE = re.compile(r"""(?<![?$:])SERVICE\s*([<#]|[?$]\w|SILENT|[^\s"'(){}<>/]*:)""", re.IGNORECASE)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_UPDATE = re.compile(
    r"(?:\s*PREFIX\s+[\w-]*:)*\s*(INSERT|DELETE|LOAD|CLEAR|DROP|CREATE|COPY|MOVE|ADD|WITH)\b",
    re.IGNORECASE,
)
_LONG = 160  # characters of what a parser says
# What in a query is not its own words: IRIs, strings and comments.
_NOT_WORDS = re.compile(r"""<[^<>\s]*>|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\#[^\n]*""")
_BATCH = 500  # records in a JSON-LD document: the context is processed once for each


def lexical(term: object) -> str:
    """The IRI of a named node or the lexical form of a literal; there are no other terms here."""
    if not isinstance(term, (ox.NamedNode, ox.Literal)):
        raise TypeError(f"{term!r} is neither a named node nor a literal")
    return term.value


def words(query: str) -> str:
    """A query of the same length in which IRIs, strings and comments are blank."""
    return _NOT_WORDS.sub(lambda found: " " * len(found.group()), query)


def asks_elsewhere(query: str) -> bool:
    """Whether a query may hold a SERVICE, for which this machine would open a connection."""
    plain = _ESCAPE.sub(lambda found: chr(min(int(found[1] or found[2], 16), 0x10FFFF)), query)
    return bool(_SERVICE.search(plain))


def select(
    store: ox.Store, query: str, where: str, prefixes: Mapping[str, str] | None = None
) -> ox.QuerySolutions:
    """Run a SELECT over all graphs; `where` names the query in the DatasetError for a wrong one.

    `prefixes` are those that the query need not declare.
    """
    if asks_elsewhere(query):
        raise DatasetError(f"{where}: SERVICE is refused; no query leaves this machine")
    try:
        result = store.query(query, use_default_graph_as_union=True, prefixes=dict(prefixes or {}))
    except (SyntaxError, ValueError) as error:
        raise DatasetError(f"{where}: {_explain(query, str(error), prefixes or {})}") from error
    if not isinstance(result, ox.QuerySolutions):
        del result  # which must end in the thread that made it, and not with the error's traceback
        raise DatasetError(
            f"{where}: a SELECT is expected; rdflib() and `mil2mil serve` take other forms"
        )
    return result


def _explain(query: str, error: str, prefixes: Mapping[str, str]) -> str:
    """What is wrong with a query, from the parser's words for it."""
    plain = words(query)
    if not plain.strip():
        return "this is not SPARQL: it is empty"
    if found := _UPDATE.match(plain):
        return f"{found[1].upper()} is refused; the dataset is only read"
    declared = {*prefixes, *re.findall(r"PREFIX\s+([\w-]*):", plain, re.IGNORECASE)}
    missing = sorted(set(re.findall(r"(?<![\w?$:])([A-Za-z][\w-]*):", plain)) - declared)
    if missing:
        return f"this is not SPARQL: the prefix '{missing[0]}:' is not declared"
    place = re.match(r"error at ([0-9]+):([0-9]+): ", error)
    if place is None:
        return f"this is not SPARQL: {error}"
    line, column = int(place[1]), int(place[2])
    text = (*query.split("\n"), "")[line - 1].replace("\t", " ")
    expected = error[place.end() :].split("\n")[0]
    what = expected if len(expected) < _LONG else expected[:_LONG] + " …"
    return f"this is not SPARQL, line {line}, column {column}: {what}\n  {text}\n  {' ' * (column - 1)}^"


def rows(store: ox.Store, query: str, where: str = "a query") -> Iterator[dict[str, str]]:
    """The solutions of a SELECT: IRIs and lexical forms by variable, empty where unbound."""
    yield from table(select(store, query, where))


def table(solutions: ox.QuerySolutions) -> Iterator[dict[str, str]]:
    """Solutions as rows gives them."""
    names = [variable.value for variable in solutions.variables]
    for solution in solutions:
        yield {name: str(getattr(solution[name], "value", "")) for name in names}


def map_quads(records: Sequence[Record], context: Context) -> list[ox.Quad]:
    """The triples that the records' JSON-LD says, each in the graph of its record."""
    quads: list[ox.Quad] = []
    for start in range(0, len(records), _BATCH):
        graphs = [
            {"id": record.graph, "@graph": [record.json]} for record in records[start : start + _BATCH]
        ]
        text = json.dumps({"@context": context.definitions, "@graph": graphs}, ensure_ascii=False)
        try:
            quads.extend(ox.parse(text, format=ox.RdfFormat.JSON_LD, base_iri=BASE))
        except (SyntaxError, ValueError) as error:
            raise DatasetError(f"the context cannot be used: {error}") from error
    return quads


def derive(
    records: Iterable[Record], mapped: Sequence[ox.Quad], ranges: Mapping[str, str]
) -> Iterator[ox.Quad]:
    """What follows from the triples of records: types, days and provenance; of each record alone."""
    yield from derive_types(mapped, ranges)
    yield from derive_days(mapped)
    yield from provenance(records, mapped)


def derive_types(quads: Iterable[ox.Quad], ranges: Mapping[str, str]) -> Iterator[ox.Quad]:
    """A type for each nested node without one: the range of the property that holds it.

    `ranges` gives the IRI of a class by the IRI of a property.
    """
    quads = list(quads)
    typed = {quad.subject for quad in quads if quad.predicate == RDF_TYPE}
    subjects = {quad.subject for quad in quads}
    for quad in quads:
        node = quad.object
        if (
            isinstance(node, ox.NamedNode)
            and node in subjects
            and node not in typed
            and record_of(node) == record_of(quad.subject)  # a reference is no entailment
            and quad.predicate.value in ranges
        ):
            yield ox.Quad(node, RDF_TYPE, ox.NamedNode(ranges[quad.predicate.value]), quad.graph_name)


def record_of(node: object) -> str:
    """The IRI of the record to which a node belongs."""
    return lexical(node).partition("#")[0]


def derive_days(quads: Iterable[ox.Quad]) -> Iterator[ox.Quad]:
    """The first and the last day that each EDTF date allows; nothing for an open or wrong date."""
    for quad in quads:
        if isinstance(quad.object, ox.Literal) and quad.object.datatype == EDTF:
            days = days_of(quad.object.value)
            for predicate, day in zip((EARLIEST, LATEST), days or (), strict=False):
                if day:
                    literal = ox.Literal(day.isoformat(), datatype=XSD_DATE)
                    yield ox.Quad(quad.subject, predicate, literal, quad.graph_name)


def provenance(records: Iterable[Record], quads: Iterable[ox.Quad]) -> Iterator[ox.Quad]:
    """What each record's graph is about, and from which sources it was derived (PROV-O)."""
    sources: dict[str, set[str]] = {}
    for quad in quads:
        node = quad.object
        if isinstance(node, ox.NamedNode) and node.value.startswith(SEEDS):
            sources.setdefault(lexical(quad.graph_name), set()).add(node.value.partition("#")[0])
    for record in records:
        graph = ox.NamedNode(record.graph)
        yield ox.Quad(graph, RDF_TYPE, ENTITY)
        yield ox.Quad(graph, PRIMARY_TOPIC, ox.NamedNode(record.iri))
        for source in sorted(sources.get(record.graph, set()) - {record.iri}):
            yield ox.Quad(graph, DERIVED_FROM, ox.NamedNode(source))
