"""Morph-KGC and pySHACL: tables mapped to RDF by rules in RML.

The records are flattened into a table of two columns for each key, so that Morph-KGC has to join nothing
and to leave nothing out. A second process does not pay: the triples have to come back from it.

    python morph_kgc_peer.py ROOT OUTPUT.ttl
"""

from __future__ import annotations

import csv
import itertools
import sys
import tempfile
from pathlib import Path
from typing import Any

import common
import morph_kgc  # type: ignore[import-not-found, unused-ignore]
import rdflib
from rdflib_pyshacl import parse, ranges, validate_and_write

HEAD = """@prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix rml: <http://semweb.mmlab.be/ns/rml#> .
@prefix ql: <http://semweb.mmlab.be/ns/ql#> .
"""
RULE = """
<#{key}> rml:logicalSource [ rml:source "{file}" ; rml:referenceFormulation ql:CSV ] ;
    rr:subjectMap [ rml:reference "s" ; rr:termType rr:IRI ] ;
    rr:predicateObjectMap [ rr:predicate <{term}> ; rr:objectMap [ rml:reference "o" ; {kind} ] ] .
"""
CONFIGURATION = """[CONFIGURATION]
number_of_processes: 1
na_values:
logging_level: ERROR
[records]
mappings: {mappings}
"""


class Tables:
    """The values of nodes as full IRIs and literals: pairs of a subject and an object for each key."""

    def __init__(self, context: dict[str, Any]) -> None:
        self.context = {**context, "type": {"@id": str(rdflib.RDF.type), "@type": "@vocab"}}
        self.rows: dict[str, list[tuple[str, Any]]] = {}

    def add(self, node: common.Record) -> str:
        """Add the values of a node and of the nodes in it; returns its IRI."""
        iri: str = common.BASE + node.pop("id")
        for key, values in node.items():
            rows = self.rows.setdefault(key, [])
            for value in values if type(values) is list else (values,):
                rows.append((iri, self.add(value) if type(value) is dict else self.value(key, value)))
        return iri

    def value(self, key: str, value: Any) -> Any:
        """The IRI or literal that a value stands for under a key."""
        term = self.context[key]
        kind = term.get("@type")
        if kind == "@id":
            return value if ":" in value else common.BASE + value
        if kind == "@vocab":
            scheme = term.get("@context")
            return scheme["@vocab"] + value if scheme else self.iri(self.context[value])
        return value

    def iri(self, term: Any) -> str:
        """The IRI of a term of the context, or of a compact IRI."""
        prefix, colon, name = (term if type(term) is str else term["@id"]).partition(":")
        return f"{self.context.get(prefix, prefix + colon)}{name}"

    def write(self, folder: Path) -> Path:
        """Write a table for each key, and the rules for them; returns the file of the rules."""
        rules = [HEAD]
        for key, rows in self.rows.items():
            file = folder / f"{key}.csv"
            with file.open("w", encoding="utf-8", newline="") as stream:
                csv.writer(stream).writerows([("s", "o"), *rows])
            term = self.context[key]
            rules.append(RULE.format(key=key, file=file, term=self.iri(term), kind=self.kind(term)))
        mapping = folder / "mapping.ttl"
        mapping.write_text("".join(rules), encoding="utf-8")
        return mapping

    def kind(self, term: dict[str, Any]) -> str:
        """What RML has to know of the objects of a term."""
        if "@language" in term:
            return f'rr:language "{term["@language"]}"'
        if term.get("@type") in ("@id", "@vocab"):
            return "rr:termType rr:IRI"
        if "@type" in term:
            return f"rr:datatype <{self.iri(term['@type'])}>"
        return "rr:termType rr:Literal"


def main(root: Path, output: Path) -> None:
    common.spare_collector()
    stage = common.Stages()
    with tempfile.TemporaryDirectory() as folder:
        with stage("read"):
            records = common.read(common.files(root))
            context = common.context(root)
            ontology = parse(root / "ontology")
            common.complete(records, common.types(context, ranges(ontology)), itertools.count(1))
        with stage("flatten"):
            tables = Tables(context)
            for record in records:
                tables.add(record)
            mapping = tables.write(Path(folder))
            del records, tables
        with stage("map"):
            graph = morph_kgc.materialize(CONFIGURATION.format(mappings=mapping))
    validate_and_write(stage, graph, ontology, root, output)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
