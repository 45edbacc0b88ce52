"""Ontology, vocabularies, context and shapes hold each other: no term in one that another lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import owlrl
import pyoxigraph as ox
import pytest
import rdflib
from rdflib import OWL, RDF, RDFS, SKOS, URIRef

from conftest import ROOT
from mil2mil import graph
from mil2mil.context import BASE, DERIVED, TERMS
from mil2mil.dataset import Dataset
from mil2mil.export import write
from mil2mil.shapes import SH

if TYPE_CHECKING:
    from collections.abc import Iterator

M2M = rdflib.Namespace(TERMS)
SHACL = rdflib.Namespace(SH)
ERROR = "http://www.daml.org/2002/03/agents/agent-ont#error"
# Used by records, and defined elsewhere.
FOREIGN = {RDFS.label}


@pytest.fixture(scope="module")
def ontology() -> rdflib.Graph:
    return rdflib.Graph().parse(ROOT / "ontology" / "mil2mil.ttl")


@pytest.fixture(scope="module")
def vocabularies() -> rdflib.Graph:
    return rdflib.Graph().parse(ROOT / "ontology" / "vocabularies.ttl")


@pytest.fixture(scope="module")
def shapes() -> rdflib.Graph:
    union = rdflib.Graph()
    for file in sorted((ROOT / "validation" / "shapes").glob("*.ttl")):
        union.parse(file)
    return union


def instances(source: rdflib.Graph, *types: URIRef) -> set[rdflib.term.Node]:
    return {subject for kind in types for subject in source.subjects(RDF.type, kind)}


def classes(ontology: rdflib.Graph) -> set[rdflib.term.Node]:
    return ours(instances(ontology, OWL.Class))


def properties(ontology: rdflib.Graph) -> set[rdflib.term.Node]:
    return ours(instances(ontology, OWL.ObjectProperty, OWL.DatatypeProperty))


def ours(terms: set[rdflib.term.Node]) -> set[rdflib.term.Node]:
    """Without those of others, which are declared because ours are aligned with them."""
    return {term for term in terms if str(term).startswith(TERMS)}


def paths(shapes: rdflib.Graph) -> Iterator[rdflib.term.Node]:
    for path in shapes.objects(None, SHACL.path):
        if isinstance(path, URIRef):
            yield path
        else:
            yield from rdflib.collection.Collection(shapes, path)
    for ignored in shapes.objects(None, SHACL.ignoredProperties):
        yield from rdflib.collection.Collection(shapes, ignored)


def test_every_term_is_described(ontology: rdflib.Graph) -> None:
    terms = classes(ontology) | properties(ontology) | ours(instances(ontology, OWL.AnnotationProperty))
    for term in terms:
        for description in (RDFS.label, SKOS.definition, SKOS.example, RDFS.isDefinedBy):
            assert len(set(ontology.objects(term, description))) == 1, (term, description)
        assert str(ontology.value(term, SKOS.definition)).endswith(".")
    labels = [ontology.value(term, RDFS.label) for term in terms]
    assert len(labels) == len(set(labels)) + len(instances_with_class_name(ontology))


def instances_with_class_name(ontology: rdflib.Graph) -> set[str]:
    """Labels that a class and a property share on purpose, such as place."""
    of_classes = {str(ontology.value(term, RDFS.label)) for term in classes(ontology)}
    of_properties = {str(ontology.value(term, RDFS.label)) for term in properties(ontology)}
    return of_classes & of_properties


def test_every_property_has_domain_and_range(ontology: rdflib.Graph) -> None:
    schema = rdflib.Namespace("https://schema.org/")
    for term in properties(ontology):
        domains = {*ontology.objects(term, RDFS.domain), *ontology.objects(term, schema.domainIncludes)}
        assert domains <= classes(ontology), term
        assert domains, term
        ranges = {*ontology.objects(term, RDFS.range), *ontology.objects(term, schema.rangeIncludes)}
        ours = {cls for cls in ranges if str(cls).startswith(TERMS)}
        assert ours <= classes(ontology), term


def test_examples_are_taken_from_the_dataset(ontology: rdflib.Graph, dataset: Dataset) -> None:
    """The example of a class is a record with an instance, that of a property a record that uses it."""
    subclasses = {
        cls: set(ontology.transitive_subjects(RDFS.subClassOf, cls)) for cls in classes(ontology)
    }
    for term in classes(ontology) | properties(ontology):
        example = str(ontology.value(term, SKOS.example)).removeprefix(BASE)
        assert example in dataset.records, f"{term}: there is no record {example}"
        name = ox.NamedNode(dataset.records[example].graph)
        quads = list(dataset.store.quads_for_pattern(None, None, None, name))
        if term in subclasses:
            found = {
                URIRef(graph.lexical(quad.object)) for quad in quads if quad.predicate == graph.RDF_TYPE
            }
            assert found & subclasses[term], f"{example} has no {term}"
        else:
            assert str(term) in {quad.predicate.value for quad in quads}, f"{example} has no {term}"


def test_every_term_is_aligned(ontology: rdflib.Graph) -> None:
    """With a term of another ontology: itself, or through a class above it."""
    for term in classes(ontology) | properties(ontology):
        above = set(ontology.transitive_objects(term, RDFS.subClassOf))
        others = {
            other
            for each in above
            for predicate in (RDFS.subClassOf, RDFS.subPropertyOf, RDFS.seeAlso)
            for other in ontology.objects(each, predicate)
            if not str(other).startswith(TERMS)
        }
        assert others, term


def test_header(ontology: rdflib.Graph) -> None:
    header = URIRef(f"{BASE}ontology")
    assert ontology.value(header, OWL.versionIRI) is not None
    licence = ontology.value(header, rdflib.DCTERMS.license)
    assert str(licence) == "https://creativecommons.org/licenses/by/4.0/"
    aligned = {str(other) for other in ontology.objects(header, RDFS.seeAlso)}
    used = {
        str(term)
        for predicate in (RDFS.subClassOf, RDFS.subPropertyOf, RDFS.seeAlso)
        for subject, term in ontology.subject_objects(predicate)
        if subject != header and not str(term).startswith(TERMS)
    }
    for term in used:
        assert any(term.startswith(other) for other in aligned), (
            f"{term} is of no ontology in the header"
        )
    for other in aligned:
        assert any(term.startswith(other) for term in used), f"{other} is named and not used"


def test_context_and_ontology(ontology: rdflib.Graph, dataset: Dataset) -> None:
    context = dataset.context
    assert {URIRef(iri) for iri in context.types.values()} == classes(ontology)
    mapped = {URIRef(term.iri) for term in context.terms.values()}
    assert mapped - FOREIGN == properties(ontology)
    assert len(context.term_of_iri) == len(context.terms), "two keys for one property"


def test_context_types_values_as_the_ontology_does(ontology: rdflib.Graph, dataset: Dataset) -> None:
    for term in dataset.context.terms.values():
        prop = URIRef(term.iri)
        if prop in FOREIGN:
            continue
        if term.kind in ("reference", "concept", "key"):
            assert prop in instances(ontology, OWL.ObjectProperty), term
        else:
            (range_,) = ontology.objects(prop, RDFS.range)
            text = RDF.langString if term.language else rdflib.XSD.string
            expected = term.datatype if term.kind == "literal" else str(text)
            assert str(range_) == expected, term
        if term.kind == "concept":
            scheme = ontology.value(prop, M2M.scheme)
            assert f"{scheme}/" == term.vocabulary, term
            assert ontology.value(prop, RDFS.range) == SKOS.Concept, term


def test_shapes_and_ontology(ontology: rdflib.Graph, shapes: rdflib.Graph) -> None:
    targets = list(shapes.objects(None, SHACL.targetClass))
    assert len(targets) == len(set(targets)), "two shapes for one class"
    assert set(targets) == classes(ontology)
    assert {path for path in paths(shapes) if path != RDF.type} - FOREIGN == properties(ontology)
    for cls in shapes.objects(None, SHACL["class"]):
        assert cls in classes(ontology)


def test_shapes_allow_a_key_where_the_ontology_does(
    ontology: rdflib.Graph, shapes: rdflib.Graph
) -> None:
    schema = rdflib.Namespace("https://schema.org/")
    allowed = {
        (prop, sub)
        for prop in properties(ontology)
        for domain in (
            *ontology.objects(prop, RDFS.domain),
            *ontology.objects(prop, schema.domainIncludes),
        )
        for sub in ontology.transitive_subjects(RDFS.subClassOf, domain)
    }
    derived = {URIRef(iri) for iri in DERIVED}
    for shape, cls in shapes.subject_objects(SHACL.targetClass):
        if (shape, SHACL.closed, rdflib.Literal(True)) not in shapes:
            continue
        keys = {shapes.value(prop, SHACL.path) for prop in shapes.objects(shape, SHACL.property)}
        ours = {prop for prop, domain in allowed if domain == cls} - derived
        # A subclass may have more, which the shape of the class lets pass.
        below = set(ontology.transitive_subjects(RDFS.subClassOf, cls))
        ours_below = {prop for prop, domain in allowed if domain in below} - derived
        assert ours <= keys - FOREIGN <= ours_below, (cls, ours ^ (keys - FOREIGN))


def test_every_shape_has_a_message_and_a_name(shapes: rdflib.Graph) -> None:
    for shape in instances(shapes, SHACL.PropertyShape):
        if isinstance(shape, URIRef):
            assert len(set(shapes.objects(shape, SHACL.message))) == 1, shape
    for shape in shapes.objects(None, SHACL.property):
        if (None, SHACL["or"] | SHACL.xone, None) not in shapes:
            assert isinstance(shape, URIRef)
    constrained = set(shapes.subjects(SHACL.closed)) | set(shapes.subjects(SHACL.pattern))
    for shape in constrained:
        assert shapes.value(shape, SHACL.message) is not None, shape


def test_every_concept_is_described_and_in_its_scheme(
    vocabularies: rdflib.Graph, ontology: rdflib.Graph, dataset: Dataset
) -> None:
    schemes = instances(vocabularies, SKOS.ConceptScheme)
    assert schemes == set(ontology.objects(None, M2M.scheme)), "each scheme has a property"
    for concept in instances(vocabularies, SKOS.Concept):
        assert len(list(vocabularies.objects(concept, SKOS.prefLabel))) == 1, concept
        assert len(list(vocabularies.objects(concept, SKOS.definition))) == 1, concept
        scheme = vocabularies.value(concept, SKOS.inScheme)
        assert str(concept).startswith(f"{scheme}/"), concept
        name = str(concept).removeprefix(f"{scheme}/")
        # JSON-LD would read the name of a key as that key's property.
        assert name not in dataset.context.terms, f"{concept} has the name of a key"
        assert name not in dataset.context.types, f"{concept} has the name of a class"


def closure(extra: str = "") -> rdflib.Graph:
    """What follows from ontology and data by the rules of OWL 2 RL, with some Turtle added."""
    union = rdflib.Graph()
    for file in sorted((ROOT / "ontology").glob("*.ttl")):
        union.parse(file)
    data = write("ttl", Dataset(ROOT).quads, Dataset(ROOT).context)
    union.parse(data=data, format="turtle")
    union.parse(data=f"@prefix m2m: <{M2M}> .\n{extra}", format="turtle")
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(union)
    return union


def contradictions(inferred: rdflib.Graph) -> list[str]:
    return [str(text) for _, predicate, text in inferred if str(predicate) == ERROR]


def same(inferred: rdflib.Graph) -> set[tuple[str, str]]:
    """Pairs of different IRIs of ours that would stand for one thing."""
    pairs = {(str(one), str(other)) for one, other in inferred.subject_objects(OWL.sameAs)}
    return {(one, other) for one, other in pairs if one != other and one.startswith(other[: len(BASE)])}


def test_ontology_and_data_do_not_contradict_each_other() -> None:
    inferred = closure()
    assert contradictions(inferred) == []
    assert same(inferred) == set()


def test_one_thing_in_the_place_of_two_would_be_found() -> None:
    """A functional property with two values makes one thing of them, which is no contradiction."""
    functional = "m2m:speaker a <http://www.w3.org/2002/07/owl#FunctionalProperty> ."
    assert (f"{BASE}officials/joe-biden", f"{BASE}officials/vladimir-putin") in same(closure(functional))


@pytest.mark.parametrize(
    "extra",
    [
        "<urn:a> a m2m:Place, m2m:Official .",
        "<urn:a> a m2m:Meeting, m2m:Incident .",
        "<urn:a> a m2m:Summit, m2m:Call .",
        "<urn:a> m2m:partOf <urn:b> . <urn:b> m2m:partOf <urn:a> .",
        "<urn:a> m2m:official <https://w3id.org/mil2mil/places/baku> .",
    ],
)
def test_a_contradiction_would_be_found(extra: str) -> None:
    assert contradictions(closure(extra))
