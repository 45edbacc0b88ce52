"""The graph: the same as independent JSON-LD processors make, and what is derived from it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pyld import jsonld

from conftest import CONTEXT, ROOT
from mil2mil import graph
from mil2mil.context import BASE, DERIVED, TERMS
from mil2mil.document import parse_document
from mil2mil.finding import ReadError
from mil2mil.record import map_record
from mil2mil.trig import Writer
from mil2mil.trig import head as head_of

if TYPE_CHECKING:
    from mil2mil.dataset import Dataset

CONTEXT_TEXT = (ROOT / "ontology" / "context.jsonld").read_text(encoding="utf-8")


def only_our_context(url: str, _options: object) -> dict[str, Any]:
    assert url.endswith("/ontology/context.jsonld"), f"{url} must not be asked for"
    return {"contextUrl": None, "documentUrl": url, "document": json.loads(CONTEXT_TEXT)}


def canonical(nquads: str) -> list[str]:
    dataset = ox.Dataset(ox.parse(nquads, format=ox.RdfFormat.N_QUADS))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return sorted(map(str, dataset))


class CoreLoader(yaml.SafeLoader):
    """PyYAML with the core schema's scalars as far as our files use them: integers and strings."""


CoreLoader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag == "tag:yaml.org,2002:int"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def test_pyld_makes_the_same_graph_of_every_file(dataset: Dataset) -> None:
    """Before derived triples; our IRIs of nested nodes are blank nodes to a plain processor."""
    assert len(dataset.records) > 100
    by_graph: dict[str, list[ox.Quad]] = {}
    derived = {triple for record in dataset.records.values() for triple in record.derived}
    for quad in dataset.quads:
        said = graph.lexical(quad.subject), quad.predicate.value, graph.lexical(quad.object)
        if said in derived or quad.graph_name == ox.DefaultGraph():
            continue
        by_graph.setdefault(graph.lexical(quad.graph_name), []).append(quad)
    for record in dataset.records.values():
        document = yaml.load(record.document.text, Loader=CoreLoader)  # noqa: S506
        theirs = jsonld.to_rdf(
            document,
            {"base": BASE, "documentLoader": only_our_context, "format": "application/n-quads"},
        )
        given_ids = {BASE + text for text in _ids(document)}
        blanks = {
            iri: ox.BlankNode(f"n{number}")
            for number, iri in enumerate(record.nodes)
            if iri not in given_ids
        }
        ours = "".join(
            f"{blanks.get(graph.lexical(quad.subject), quad.subject)} {quad.predicate} "
            f"{blanks.get(graph.lexical(quad.object), quad.object)} .\n"
            for quad in by_graph[record.graph]
        )
        assert canonical(ours) == canonical(theirs), record.id


texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]), min_size=1
)
texts |= st.text(st.sampled_from("\"\\\n\t\r'<> .;{},a"), min_size=1)
references = st.sampled_from(
    [
        "places/baku",
        f"{BASE}places/baku",
        "a/b.c-d#E-1",
        "https://a.b/c?d#e",
        "http://www.wikidata.org/entity/Q1",
        "http://www.wikidata.org/entity/1'",
        f"{BASE}../a",
        f"{BASE}ontology#x.y",
        f"{BASE}ontology#x",
        f"{BASE}a//b",
        BASE,
    ]
)
keys = sorted(key for key, term in CONTEXT.terms.items() if term.iri not in DERIVED)
names = st.text("abcdefghij", min_size=1, max_size=4).filter(
    lambda name: name not in CONTEXT.definitions
)
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "reference": references,
    "concept": names | st.just("https://a.b/c"),
    "key": st.sampled_from(keys),
    "text": texts,
    "literal": texts | st.integers(-(10**14), 10**14),
}


def values(key: str) -> st.SearchStrategy[tuple[str, Any]]:
    """A key, with what may stand under it, but for nested nodes."""
    one = KINDS[CONTEXT.terms[key].kind]
    return st.tuples(st.just(key), one | st.lists(one, min_size=1, max_size=3, unique_by=str))


flat = st.lists(st.sampled_from(keys).flatmap(values), max_size=5).map(dict)
kinds = st.sampled_from([{}, {"type": "Report"}, {"type": ["Unit", "Span"]}])
ids = st.sampled_from([{}, {}, {"id": "contacts/a#x"}, {"id": "contacts/a#y-1"}])
inner = st.builds(lambda *parts: {key: part[key] for part in parts for key in part}, kinds, ids, flat)
nested = st.dictionaries(
    st.sampled_from(["reports", "evidence", "mentions"]),
    inner | st.lists(inner, min_size=1, max_size=2),
    max_size=2,
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # as it is where others use the machine
@given(flat, nested)
def test_any_record_is_what_json_ld_makes_of_it(first: dict[str, Any], second: dict[str, Any]) -> None:
    head = {"@context": "../../ontology/context.jsonld", "id": "contacts/a", "type": "Meeting"}
    text = json.dumps({**head, **first, **second}, ensure_ascii=False)
    try:
        document = parse_document(text, "data/contacts/a.yaml")
    except ReadError:
        assume(False)
    record, findings = map_record(document, CONTEXT)
    assume(not findings)
    text, number = Writer(CONTEXT).write(record)
    quads = ox.parse(head_of(CONTEXT) + text.encode(), format=ox.RdfFormat.TRIG)
    ours = {quad.triple for quad in quads if quad.graph_name != ox.DefaultGraph()}
    assert len(ours) == number
    derived = [
        {"@id": node, "@type": value}
        if name == graph.RDF_TYPE.value
        else {"@id": node, name: {"@value": value, "@type": "http://www.w3.org/2001/XMLSchema#date"}}
        for node, name, value in record.derived
    ]
    theirs = {"@context": CONTEXT.definitions, "@graph": [record.json, *derived]}
    by_pyoxigraph = ox.parse(json.dumps(theirs), format=ox.RdfFormat.JSON_LD, base_iri=BASE)
    assert {quad.triple for quad in by_pyoxigraph} == ours
    by_pyld = jsonld.to_rdf(theirs, {"base": BASE, "format": "application/n-quads"})
    assert {quad.triple for quad in ox.parse(by_pyld, format=ox.RdfFormat.N_QUADS)} == ours


def _ids(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["id"]] if "id" in value else []
        return own + [text for inner in value.values() for text in _ids(inner)]
    return [text for inner in value for text in _ids(inner)] if isinstance(value, list) else []


def test_no_blank_node_leaves_the_reader(dataset: Dataset) -> None:
    terms = {term for quad in dataset.quads for term in (quad.subject, quad.object)}
    assert not any(isinstance(term, ox.BlankNode) for term in terms)


def test_every_node_has_a_type(dataset: Dataset) -> None:
    typed = {quad.subject for quad in dataset.quads if quad.predicate == graph.RDF_TYPE}
    assert {quad.subject for quad in dataset.quads} == typed


def test_a_reference_to_another_record_gives_no_type() -> None:
    """Only what stands in the record gets its type from the property whose value it is."""
    text = (
        '"@context": ../../ontology/context.jsonld\nid: contacts/a\ntype: Meeting\n'
        "participants:\n  - contacts/b#x\n  - {id: contacts/a#x, official: officials/c}\n"
    )
    record, findings = map_record(parse_document(text, "data/contacts/a.yaml"), CONTEXT)
    assert findings == []
    assert record.derived == {(f"{BASE}contacts/a#x", graph.RDF_TYPE.value, f"{TERMS}Participation")}
