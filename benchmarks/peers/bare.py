"""The bare steps in the fastest libraries: what any program of this kind has to do in Python.

The events of PyYAML, JSON-LD and Turtle by pyoxigraph, the shapes by `shacl`. What may be wrong is not
handled, and of what is wrong only the number is told. So it is the floor for mil2mil.

    python bare.py ROOT OUTPUT.ttl
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import common
import pyoxigraph as ox
import shacl

if TYPE_CHECKING:
    from collections.abc import Iterable

BATCH = 500  # records in a JSON-LD document
RANGE = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#range")


def main(root: Path, output: Path) -> None:
    common.spare_collector()
    stage = common.Stages()
    with stage("read"):
        context = common.context(root)
        ontology = [quad for file in root.glob("ontology/*.ttl") for quad in ox.parse(path=file)]
        ranges = ((quad.subject, quad.object) for quad in ontology if quad.predicate == RANGE)
        classes = common.types(context, [(subject.value, cls.value) for subject, cls in ranges])
    paths, numbers = common.files(root), itertools.count(1)
    lines: set[bytes] = set()
    for start in range(0, len(paths), BATCH):
        with stage("read"):
            records = common.read(paths[start : start + BATCH])
            common.complete(records, classes, numbers)
        with stage("map"):
            document = json.dumps({"@context": context, "@graph": records})
            quads = ox.parse(document, ox.RdfFormat.JSON_LD, base_iri=common.BASE)
            lines.update(ntriples(quads).splitlines(keepends=True))
    with stage("map"):
        data = b"".join(sorted(lines))
        lines.clear()
    with stage("validate"):
        shapes = "".join(file.read_text() for file in root.glob("validation/shapes/*.ttl"))
        text = (data + ntriples(ontology)).decode()
        results = shacl.Shapes.from_text(shapes).validate_text(text, format="ntriples").results
        del text
    with stage("write"):
        ox.serialize(
            ox.parse(data, ox.RdfFormat.N_TRIPLES),
            output,
            ox.RdfFormat.TURTLE,
            prefixes={name: context[name] for name in common.PREFIXES},
            base_iri=common.BASE,
        )
    stage.tell(data.count(b"\n"), len(results))


def ntriples(quads: Iterable[ox.Quad]) -> bytes:
    """Triples as lines. N-Quads has the same for a default graph, and needs no triples made of quads."""
    return ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b""


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
