"""rdflib and pySHACL: the RDF stack that most projects in Python take.

Everything is in one graph in memory. On a store of Oxigraph, which both can take, pySHACL needs many
times as long.

    python rdflib_pyshacl.py ROOT OUTPUT.ttl
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import common
import pyshacl
import rdflib
from rdflib.plugins.parsers.jsonld import to_rdf

SH = rdflib.Namespace("http://www.w3.org/ns/shacl#")


def main(root: Path, output: Path) -> None:
    common.spare_collector()
    stage = common.Stages()
    with stage("read"):
        ontology = parse(root / "ontology")
        context = common.context(root)
        records = common.read(common.files(root))
        common.complete(records, common.types(context, ranges(ontology)), itertools.count(1))
    with stage("map"):
        graph = rdflib.Graph()
        # Graph.parse would have the values as JSON, only to read that again.
        to_rdf({"@context": context, "@graph": records}, graph, base=common.BASE)
        del records
    validate_and_write(stage, graph, ontology, root, output)


def parse(folder: Path) -> rdflib.Graph:
    """The Turtle files of a folder as one graph."""
    graph = rdflib.Graph()
    for file in folder.glob("*.ttl"):
        graph.parse(file)
    return graph


def ranges(ontology: rdflib.Graph) -> list[tuple[str, str]]:
    pairs = ontology.subject_objects(rdflib.RDFS.range)
    return [(str(term), str(cls)) for term, cls in pairs]


def validate_and_write(
    stage: common.Stages, graph: rdflib.Graph, ontology: rdflib.Graph, root: Path, output: Path
) -> None:
    """Validate a graph together with the ontology, write it without, and tell what it took."""
    triples = len(graph)
    with stage("validate"):
        graph += ontology  # in place, since pySHACL would copy the graph to add `ont_graph`
        shapes = parse(root / "validation/shapes")
        _, report, _ = pyshacl.validate(graph, shacl_graph=shapes, inplace=True)
        graph -= ontology
    with stage("write"):
        graph.serialize(output, format="turtle")
    stage.tell(triples, len(set(report.subjects(rdflib.RDF.type, SH.ValidationResult))))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
