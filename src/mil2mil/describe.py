"""The description of a build: DCAT, VoID and PROV, with counts, checksums and sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox

from mil2mil.context import BASE, PREFIXES, SEEDS
from mil2mil.graph import RDF_TYPE, lexical

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mil2mil.dataset import Dataset
    from mil2mil.output import Written
    from mil2mil.trig import Tally

XSD = "http://www.w3.org/2001/XMLSchema#"
OWL_VERSION = ox.NamedNode("http://www.w3.org/2002/07/owl#versionInfo")
DESCRIPTION = (
    "Who met or called whom, in which office, where and when, what each side then said, which incidents "
    "they had in mind, and which lines of communication were open, closed or proposed. Every fact leads "
    "to the sentence or page that supports it."
)
# By the ending of the file: the name of the format, and its media type.
FORMATS = {
    "ttl": ("Turtle", "text/turtle"),
    "jsonld": ("JSON-LD", "application/ld+json"),
    "nq": ("N-Quads", "application/n-quads"),
    "trig": ("TriG", "application/trig"),
}
IANA = "https://www.iana.org/assignments/media-types/"
LICENCE = ox.NamedNode("https://creativecommons.org/licenses/by/4.0/")


def describe(dataset: Dataset, tally: Tally, files: Mapping[str, Written]) -> Iterator[ox.Triple]:
    """The triples that describe a dataset and its exports, which are given by file name.

    After DCAT 3, VoID, PROV-O and the checksums of SPDX. There is no time of day in it, so that
    the same dataset has the same description.
    """
    name = ox.NamedNode(f"{BASE}dataset")
    yield ox.Triple(name, RDF_TYPE, _term("dcat:Dataset"))
    yield ox.Triple(name, RDF_TYPE, _term("void:Dataset"))
    yield ox.Triple(name, RDF_TYPE, _term("prov:Entity"))
    title = "mil2mil: contacts between the United States and Russian militaries"
    yield ox.Triple(name, _term("dcterms:title"), ox.Literal(title, language="en"))
    yield ox.Triple(name, _term("dcterms:description"), ox.Literal(DESCRIPTION, language="en"))
    yield ox.Triple(name, _term("dcterms:creator"), ox.Literal("the mil2mil contributors"))
    yield ox.Triple(name, _term("dcterms:license"), LICENCE)
    for triple in dataset.ontology:
        if triple.predicate == OWL_VERSION:
            yield from _version(name, lexical(triple.object))
    yield ox.Triple(name, _term("void:uriSpace"), ox.Literal(BASE))
    yield ox.Triple(name, _term("void:vocabulary"), ox.NamedNode(f"{BASE}ontology"))
    yield ox.Triple(name, _term("void:triples"), _integer(tally.triples))
    yield ox.Triple(name, _term("void:distinctSubjects"), _integer(tally.subjects))
    yield ox.Triple(name, _term("void:entities"), _integer(len(dataset.records)))
    for cls, count in tally.classes.items():
        part = ox.NamedNode(f"{BASE}dataset#{cls.rpartition('#')[2]}")
        yield ox.Triple(name, _term("void:classPartition"), part)
        yield ox.Triple(part, _term("void:class"), ox.NamedNode(cls))
        yield ox.Triple(part, _term("void:entities"), _integer(count))
    for record in dataset.records:
        if (BASE + record).startswith(SEEDS):
            yield ox.Triple(name, _term("prov:wasDerivedFrom"), ox.NamedNode(BASE + record))
    for file, written in files.items():
        yield from _distribution(name, file, written)


def _version(name: ox.NamedNode, number: str) -> Iterator[ox.Triple]:
    """The version as a thing of its own, so that a citation can name the very one (DCAT 3, 11)."""
    version = ox.NamedNode(f"{name.value}/{number}")
    yield ox.Triple(name, _term("dcat:version"), ox.Literal(number))
    yield ox.Triple(name, _term("dcat:hasCurrentVersion"), version)
    yield ox.Triple(version, RDF_TYPE, _term("dcat:Dataset"))
    yield ox.Triple(version, _term("dcat:isVersionOf"), name)
    yield ox.Triple(version, _term("dcat:version"), ox.Literal(number))


def _distribution(name: ox.NamedNode, file: str, written: Written) -> Iterator[ox.Triple]:
    part = ox.NamedNode(f"{BASE}dataset#{file}")
    checksum = ox.NamedNode(f"{BASE}dataset#{file}-sha256")
    yield ox.Triple(name, _term("dcat:distribution"), part)
    yield ox.Triple(part, RDF_TYPE, _term("dcat:Distribution"))
    yield ox.Triple(part, _term("dcterms:title"), ox.Literal(file))
    yield ox.Triple(part, _term("dcterms:license"), LICENCE)
    kind, media_type = FORMATS[file.rpartition(".")[2]]
    form = ox.NamedNode(f"http://www.w3.org/ns/formats/{kind}")
    yield ox.Triple(part, _term("dcterms:format"), form)
    yield ox.Triple(part, _term("dcat:mediaType"), ox.NamedNode(IANA + media_type))
    size = ox.Literal(str(written.size), datatype=ox.NamedNode(f"{XSD}nonNegativeInteger"))
    yield ox.Triple(part, _term("dcat:byteSize"), size)
    yield ox.Triple(part, _term("spdx:checksum"), checksum)
    yield ox.Triple(checksum, RDF_TYPE, _term("spdx:Checksum"))
    yield ox.Triple(checksum, _term("spdx:algorithm"), _term("spdx:checksumAlgorithm_sha256"))
    value = ox.Literal(written.sha256, datatype=ox.NamedNode(f"{XSD}hexBinary"))
    yield ox.Triple(checksum, _term("spdx:checksumValue"), value)


def _term(compact: str) -> ox.NamedNode:
    prefix, _, local = compact.partition(":")
    return ox.NamedNode(PREFIXES[prefix] + local)


def _integer(number: int) -> ox.Literal:
    return ox.Literal(str(number), datatype=ox.NamedNode(f"{XSD}integer"))
