"""SHACL: one function that validates, behind which the engine can be changed; and its vacuity.

`shacl` is a compiled engine that takes text and starts in milliseconds; `pyshacl` is the reference,
and CI requires the same results of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mil2mil.finding import DatasetError, Finding, Mark, Severity, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ENGINES = ("shacl", "pyshacl")
SH = "http://www.w3.org/ns/shacl#"
SHAPES = "https://w3id.org/mil2mil/shapes#"

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
    """A validation result as SHACL defines it: IRIs and lexical forms, empty where there is none."""

    focus: str
    path: str
    value: str
    shape: str
    component: str
    severity: Severity
    message: str


def validate(data: str, shapes: str, engine: str = "shacl") -> list[Result]:
    """Validate N-Triples against shapes in Turtle; the results sorted and without repetitions.

    Raises DatasetError if the shapes are not SHACL.
    """
    try:
        results = _by_pyshacl(data, shapes) if engine == "pyshacl" else _by_shacl(data, shapes)
        return sorted(set(results))
    except ValueError as error:
        raise DatasetError(f"The shapes cannot be used: {error}") from error


def _by_shacl(data: str, shapes: str) -> Iterator[Result]:
    import shacl

    report = shacl.Shapes.from_text(shapes).validate_text(data, format="ntriples")
    for result in report.results:
        yield Result(
            _plain(result.focus_node),
            _plain(result.path),
            result.value_plain or "",
            _plain(result.source_shape),
            result.component_iri.removeprefix(SH),
            Severity[result.severity.upper()],
            result.message or "",
        )


def _by_pyshacl(data: str, shapes: str) -> Iterator[Result]:
    import pyshacl
    import rdflib

    rdflib.NORMALIZE_LITERALS = False  # else "01" and "1" are one literal
    sh = rdflib.Namespace(SH)
    _, report, _ = pyshacl.validate(
        rdflib.Graph().parse(data=data, format="nt"),
        shacl_graph=rdflib.Graph().parse(data=shapes, format="turtle"),
    )
    if not isinstance(report, rdflib.Graph):
        raise ValueError(str(report))
    for result in report.subjects(rdflib.RDF.type, sh.ValidationResult):

        def value(term: str, result: rdflib.term.Node = result) -> str:
            return str(report.value(result, sh[term], default=""))

        yield Result(
            value("focusNode"),
            value("resultPath"),
            value("value"),
            value("sourceShape"),
            value("sourceConstraintComponent").removeprefix(SH),
            Severity[value("resultSeverity").removeprefix(SH).upper()],
            value("resultMessage"),
        )


def _plain(term: str | None) -> str:
    return term.removeprefix("<").removesuffix(">") if term else ""


def vacuous(
    files: dict[str, str], store: ox.Store, without_focus: Severity
) -> Iterator[Finding]:
    """What the shapes only seem to check.

    `files` are the texts of the shapes by path; `store` holds the data and the ontology. Unknown
    `sh:` terms, classes and paths are violations; a shape without a focus node has the severity
    `without_focus`, because a young dataset has not everything yet.
    """
    shapes = ox.Store()
    for path, text in files.items():
        shapes.bulk_extend(
            ox.Quad(*triple, ox.NamedNode(f"file:{path}"))
            for triple in _triples(path, text)
        )
    yield from _unknown_terms(shapes, files)
    yield from _undeclared(shapes, files, store)
    for quad in shapes.quads_for_pattern(None, ox.NamedNode(f"{SH}targetClass"), None):
        if not _has_instance(store, quad.object):
            message = "The shape has no focus node: the dataset has nothing of its class."
            yield _finding(files, quad, quad.subject, "no-focus-node", message, severity=without_focus)


def _triples(path: str, text: str) -> list[tuple[ox.NamedNode | ox.BlankNode, ox.NamedNode, object]]:
    try:
        return [
            (quad.subject, quad.predicate, quad.object)
            for quad in ox.parse(text, format=ox.RdfFormat.TURTLE)
        ]
    except SyntaxError as error:
        raise DatasetError(f"{path}:{error.lineno}: This is not Turtle: {error.msg}") from error


def _unknown_terms(shapes: ox.Store, files: dict[str, str]) -> Iterator[Finding]:
    seen = set()
    for quad in shapes:
        for term in (quad.predicate, quad.object):
            if isinstance(term, ox.NamedNode) and term.value.startswith(SH):
                name = term.value.removeprefix(SH)
                if name not in _CORE and (quad.graph_name, name) not in seen:
                    seen.add((quad.graph_name, name))
                    message = f"SHACL Core has no term 'sh:{name}'; every engine passes over it."
                    yield _finding(
                        files, quad, term, "unknown-shacl-term", message, nearest(name, _CORE)
                    )


def _undeclared(shapes: ox.Store, files: dict[str, str], store: ox.Store) -> Iterator[Finding]:
    rows = shapes.query(
        f"""PREFIX sh: <{SH}> SELECT DISTINCT ?graph ?kind ?term {{ GRAPH ?graph {{
        {{ ?shape sh:targetClass|sh:class ?term BIND("class" AS ?kind) }} UNION
        {{ ?shape sh:path/(sh:inversePath|<http://www.w3.org/1999/02/22-rdf-syntax-ns#rest>*/<http://www.w3.org/1999/02/22-rdf-syntax-ns#first>)? ?term
           BIND("property" AS ?kind) FILTER(ISIRI(?term)) }} }} }} ORDER BY ?graph ?term"""
    )
    for row in rows:
        term = row["term"]
        if not _is_known(store, term):
            message = f"The ontology has no {row['kind'].value} <{term.value}>."
            known = _terms_like(store, term)
            quad = ox.Quad(term, term, term, row["graph"])
            yield _finding(
                files, quad, term, f"unknown-{row['kind'].value}", message, nearest(term.value, known)
            )


def _is_known(store: ox.Store, term: ox.NamedNode) -> bool:
    return bool(
        store.query(
            f"ASK {{ {{ {term} a ?type }} UNION {{ ?s {term} ?o }} UNION {{ ?s a {term} }} }}",
            use_default_graph_as_union=True,
        )
    )


def _terms_like(store: ox.Store, term: ox.NamedNode) -> Iterable[str]:
    namespace = term.value.rpartition("#")[0]
    rows = store.query("SELECT DISTINCT ?s { ?s a ?type }", use_default_graph_as_union=True)
    return [
        row["s"].value
        for row in rows
        if isinstance(row["s"], ox.NamedNode) and row["s"].value.startswith(namespace)
    ]


def _has_instance(store: ox.Store, cls: ox.NamedNode) -> bool:
    return bool(
        store.query(
            f"ASK {{ ?s a/<http://www.w3.org/2000/01/rdf-schema#subClassOf>* {cls} }}",
            use_default_graph_as_union=True,
        )
    )


def _finding(
    files: dict[str, str],
    quad: ox.Quad,
    term: ox.NamedNode,
    rule: str,
    message: str,
    suggestion: str = "",
    severity: Severity = Severity.VIOLATION,
) -> Finding:
    path = quad.graph_name.value.removeprefix("file:")
    name = term.value.rpartition("#")[2]
    mark = Mark(1, 1)
    for number, line in enumerate(files[path].splitlines(), 1):
        at = line.find(f":{name}")
        if at >= 0 and not line[at + 1 + len(name) :][:1].isalnum():
            mark = Mark(number, line.rfind(" ", 0, at) + 2)
            break
    return Finding(path, mark, severity, f"vacuity/{rule}", message, suggestion, focus=term.value)
