"""SHACL: one function that validates, behind which the engine can be changed; and its vacuity.

`shacl` is a compiled engine that takes text and starts in milliseconds; `pyshacl` is the reference,
and CI requires the same results of both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mil2mil.context import BASE
from mil2mil.finding import DatasetError, Finding, Mark, Severity, nearest
from mil2mil.graph import lexical, rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import shacl

SH = "http://www.w3.org/ns/shacl#"
SHAPES = "https://w3id.org/mil2mil/shapes#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SUBCLASS_OF = f"{RDFS}subClassOf"
_OBJECTS_OF = ox.NamedNode(f"{SH}targetObjectsOf")
_FOCUS = "urn:mil2mil:focus:"  # what has the focus nodes as values, by class
_OURS = f"<{BASE}"

# The terms of SHACL Core, with those that describe shapes (W3C Recommendation of 20 July 2017).
_CORE = frozenset(
    """NodeShape PropertyShape IRI BlankNode Literal BlankNodeOrIRI BlankNodeOrLiteral IRIOrLiteral
    Violation Warning Info targetClass targetNode targetObjectsOf targetSubjectsOf property path
    inversePath alternativePath zeroOrMorePath oneOrMorePath zeroOrOnePath class datatype nodeKind
    minCount maxCount minExclusive minInclusive maxExclusive maxInclusive minLength maxLength pattern
    flags languageIn uniqueLang equals disjoint lessThan lessThanOrEquals not and or xone node
    qualifiedValueShape qualifiedValueShapesDisjoint qualifiedMinCount qualifiedMaxCount closed
    ignoredProperties hasValue in severity message deactivated name description order group
    defaultValue PropertyGroup""".split()
)


@dataclass(frozen=True, slots=True, order=True)
class Result:
    """A validation result as SHACL defines it: IRIs and lexical forms, empty where there is none.

    Of a path of several steps, `path` is the first: it is the key under which a person looks.
    """

    focus: str
    path: str
    value: str
    shape: str
    component: str
    severity: Severity
    message: str


@dataclass(frozen=True, slots=True)
class ShapesGraph:
    """Shapes in Turtle, the ontology in N-Triples, and the engine, "shacl" or "pyshacl"."""

    text: str
    ontology: str
    engine: str = "shacl"


def validate(graph: ShapesGraph, data: str, foci: Iterable[tuple[str, str]]) -> list[Result]:
    """Validate Turtle; the results sorted and without repetitions.

    `foci` are the nodes that shapes may have as focus nodes, each with a class, as IRIs; at others they
    may only look. So the classes that shapes target (SHACL 2.1.3.2) are replaced by what a node of our
    own says of those (2.1.3.5). Raises DatasetError if the shapes are not SHACL.
    """
    said = "".join(f"<{_FOCUS}> <{_FOCUS}{cls}> <{node}> .\n" for node, cls in foci)
    run = _by_pyshacl if graph.engine == "pyshacl" else _by_shacl
    try:
        return sorted(set(run("".join((data, graph.ontology, said)), graph)))
    except (ValueError, SyntaxError) as error:
        raise DatasetError(f"The shapes cannot be used: {error}") from error


def hierarchy(ontology: Iterable[ox.Triple]) -> list[ox.Triple]:
    """What shapes read of the ontology where they see each node around the data: the rest."""
    return [
        triple
        for triple in ontology
        if triple.predicate.value == SUBCLASS_OF or not str(triple.subject).startswith(_OURS)
    ]


def ntriples(triples: Iterable[ox.Triple]) -> str:
    return (ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b"").decode("utf-8")


def _targeting(graph: ShapesGraph) -> str:
    """The shapes in N-Triples, without the classes that they target.

    In the place of each of these, and of those below it, is the property that has its nodes as values.
    """
    narrower: dict[ox.NamedNode | ox.BlankNode | ox.Triple | ox.Literal, set[ox.NamedNode]] = {}
    for quad in ox.parse(graph.ontology, format=ox.RdfFormat.N_TRIPLES):
        if quad.predicate.value == SUBCLASS_OF and isinstance(quad.subject, ox.NamedNode):
            narrower.setdefault(quad.object, set()).add(quad.subject)
    said = []
    for quad in ox.parse(graph.text, format=ox.RdfFormat.TURTLE):
        if quad.predicate.value != f"{SH}targetClass":
            said.append(quad.triple)
            continue
        below, found = [quad.object], {quad.object}
        while below:
            new = narrower.get(below.pop(), set()) - found
            below.extend(new)
            found |= new
        for cls in found:
            foci = ox.NamedNode(_FOCUS + lexical(cls))
            said.append(ox.Triple(quad.subject, _OBJECTS_OF, foci))
    return ntriples(said)


_FAR_READING = f"""PREFIX sh: <{SH}> PREFIX rdf: <{RDF}> PREFIX rdfs: <{RDFS}> ASK {{
  {{ ?shape sh:path/(rdf:rest*/rdf:first)? ?step . ?step ?any ?thing .
     FILTER(ISBLANK(?step) && ?any NOT IN (rdf:first, rdf:rest)) }}
  UNION {{ ?shape sh:path ?path ; sh:node|sh:property|sh:qualifiedValueShape ?inner }}
  UNION {{ ?shape sh:targetObjectsOf|sh:targetSubjectsOf|sh:targetNode ?node }}
  UNION {{ ?shape a sh:NodeShape, rdfs:Class }} }}"""


def reads_far(shape_store: ox.Store) -> bool:
    """Whether a shape depends on more than what a few steps forward from nodes of a class lead to."""
    return bool(shape_store.query(_FAR_READING))


_SEQUENCES = f"""PREFIX sh: <{SH}> PREFIX rdf: <{RDF}> SELECT ?path ?step (COUNT(?before) AS ?place) {{
  ?shape sh:path ?path . ?path rdf:rest* ?before . ?before rdf:rest* ?cell . ?cell rdf:first ?step
}} GROUP BY ?path ?cell ?step ORDER BY ?path ?place"""


def sequences(shape_store: ox.Store) -> list[list[str]]:
    """The paths of several steps in the shapes: the IRIs of the properties, in order."""
    paths: dict[str, list[str]] = {}
    for row in rows(shape_store, _SEQUENCES):
        paths.setdefault(row["path"], []).append(row["step"])
    return list(paths.values())


def reach(shape_store: ox.Store) -> int:
    """How many steps away from its focus node a shape looks."""
    return max((len(path) for path in sequences(shape_store)), default=1)


@lru_cache(maxsize=1)
def _compiled(graph: ShapesGraph) -> shacl.Shapes:
    import shacl

    return shacl.Shapes.from_text(_targeting(graph), format="ntriples")


def _by_shacl(data: str, graph: ShapesGraph) -> Iterator[Result]:
    report = _compiled(graph).validate_text(data, format="turtle")
    for result in report.results:
        yield Result(
            _plain(result.focus_node),
            _first_step(result.path),
            result.value_plain or "",
            _plain(result.source_shape),
            result.component_iri.removeprefix(SH),
            _severity(result.severity),
            result.message or "",
        )


def _by_pyshacl(data: str, graph: ShapesGraph) -> Iterator[Result]:
    import pyshacl
    import rdflib
    from pyshacl.errors import ReportableRuntimeError

    rdflib.NORMALIZE_LITERALS = False  # else "01" and "1" are one literal
    sh = rdflib.Namespace(SH)
    try:
        _, report, _ = pyshacl.validate(
            rdflib.Graph().parse(data=data, format="turtle"),
            shacl_graph=rdflib.Graph().parse(data=_targeting(graph), format="nt"),
        )
    except (ReportableRuntimeError, re.error) as error:
        raise ValueError(str(error)) from error
    if not isinstance(report, rdflib.Graph):
        raise ValueError(str(report))

    def first_step(result: rdflib.term.Node) -> str:
        path = report.value(result, sh.resultPath)
        step = report.value(path, rdflib.RDF.first) if isinstance(path, rdflib.BNode) else path
        return str(step or "")

    for result in report.subjects(rdflib.RDF.type, sh.ValidationResult):

        def value(term: str, result: rdflib.term.Node = result) -> str:
            node = report.value(result, sh[term])
            return "" if node is None else str(node)

        yield Result(
            value("focusNode"),
            first_step(result),
            value("value"),
            value("sourceShape"),
            value("sourceConstraintComponent").removeprefix(SH),
            _severity(value("resultSeverity").removeprefix(SH)),
            value("resultMessage"),
        )


def _severity(name: str) -> Severity:
    try:
        return Severity[name.upper()]
    except KeyError as error:
        raise ValueError(f"a severity is Violation, Warning or Info, not {name}") from error


def _plain(term: str | None) -> str:
    return term.removeprefix("<").removesuffix(">") if term else ""


def _first_step(path: str | None) -> str:
    step = re.search(r"<([^>]*)>", path or "")
    return step.group(1) if step else ""


def vacuous(files: dict[str, str], store: ox.Store, without_focus: Severity) -> Iterator[Finding]:
    """What the shapes only seem to check.

    `files` are the texts of the shapes by path; `store` holds the data and the ontology. Unknown
    `sh:` terms, classes and paths are violations; a shape without a focus node has the severity
    `without_focus`, because a young dataset has not everything yet.
    """
    for path, text in files.items():
        shapes = ox.Store()
        try:
            shapes.bulk_load(text.encode(), format=ox.RdfFormat.TURTLE)
        except SyntaxError as error:
            raise DatasetError(f"{path}:{error.lineno}: This is not Turtle: {error.msg}") from error
        yield from _unknown_terms(shapes, path, text)
        yield from _undeclared(shapes, path, text, store)
        query = f"SELECT ?shape ?class {{ ?shape <{SH}targetClass> ?class }} ORDER BY ?shape"
        for row in rows(shapes, query):
            if not _ask(store, f"?node a/<{SUBCLASS_OF}>* <{row['class']}>"):
                message = "The shape has no focus node: the dataset has nothing of its class."
                name = row["shape"]
                mark = _mark(text, name)
                yield Finding(path, mark, without_focus, "vacuity/no-focus-node", message, focus=name)


def _unknown_terms(shapes: ox.Store, path: str, text: str) -> Iterator[Finding]:
    terms = {term for quad in shapes for term in (quad.predicate, quad.object)}
    for iri in sorted(term.value for term in terms if isinstance(term, ox.NamedNode)):
        name = iri.removeprefix(SH)
        if name != iri and name not in _CORE:
            message = f"SHACL Core has no term 'sh:{name}'; every engine passes over it."
            yield _unknown(path, text, iri, "unknown-shacl-term", message, _CORE)


def _undeclared(shapes: ox.Store, path: str, text: str, store: ox.Store) -> Iterator[Finding]:
    query = f"""PREFIX sh: <{SH}> PREFIX rdf: <{RDF}> SELECT DISTINCT ?kind ?term {{
        {{ ?shape sh:targetClass|sh:class ?term BIND("class" AS ?kind) }} UNION
        {{ ?shape sh:path/sh:inversePath?/(rdf:rest*/rdf:first)?/sh:inversePath? ?term
           BIND("property" AS ?kind) FILTER(ISIRI(?term)) }} }} ORDER BY ?term"""
    for row in rows(shapes, query):
        term = row["term"]
        used = f"{{ ?s <{term}> ?o }} UNION {{ ?s a <{term}> }}"
        if not _ask(store, f"{{ <{term}> a ?type }} UNION {used}"):
            message = f"The ontology has no {row['kind']} <{term}>."
            rule = f"unknown-{row['kind']}"
            yield _unknown(path, text, term, rule, message, _declared(store))


def _declared(store: ox.Store) -> list[str]:
    query = """PREFIX owl: <http://www.w3.org/2002/07/owl#> SELECT DISTINCT ?term {
        ?term a ?type FILTER(ISIRI(?term) && STRSTARTS(STR(?type), STR(owl:))) }"""
    return [row["term"] for row in rows(store, query)]


def _ask(store: ox.Store, pattern: str) -> bool:
    return bool(store.query(f"ASK {{ {pattern} }}", use_default_graph_as_union=True))


def _unknown(path: str, text: str, iri: str, rule: str, message: str, known: Iterable[str]) -> Finding:
    name = iri.rpartition("#")[2]
    suggestion = nearest(name, sorted({other.rpartition("#")[2] for other in known}))
    mark = _mark(text, iri)
    return Finding(path, mark, Severity.VIOLATION, f"vacuity/{rule}", message, suggestion, focus=iri)


def _mark(text: str, iri: str) -> Mark:
    """Where a term first stands in Turtle, written with a prefix."""
    found = re.search(rf"[\w-]*:{re.escape(iri.rpartition('#')[2])}(?![\w-])", text)
    before = text[: found.start()] if found else ""
    return Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
