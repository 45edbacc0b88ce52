"""LinkML: its JSON Schema plugin validates the records, its dumper makes RDF of its Pydantic classes.

Schema and classes are made beforehand, as a project that models in LinkML has them at hand.

    python linkml_peer.py ROOT OUTPUT.ttl
"""

from __future__ import annotations

import importlib
import itertools
import sys
from pathlib import Path
from typing import Any

import common
import linkml_schema
import rdflib
from linkml.validator import Validator  # type: ignore[import-not-found, unused-ignore]
from linkml.validator.loaders.passthrough_loader import PassthroughLoader  # type: ignore[import-not-found, unused-ignore]
from linkml.validator.plugins import JsonschemaValidationPlugin  # type: ignore[import-not-found, unused-ignore]
from linkml_runtime.dumpers.rdflib_dumper import RDFLibDumper  # type: ignore[import-not-found, unused-ignore]
from linkml_runtime.utils.schemaview import SchemaView  # type: ignore[import-not-found, unused-ignore]

FOLDER = Path(__file__).resolve().parents[2] / "build/benchmarks/linkml"


class Dumper(RDFLibDumper):  # type: ignore[misc]
    """The dumper, which knows references only as LinkML's dataclasses have them, not as plain texts."""

    def inject_triples(
        self, element: Any, schemaview: SchemaView, graph: rdflib.Graph, target_type: str | None = None
    ) -> Any:
        if type(element) is str and target_type in schemaview.all_classes():
            return self._as_uri(element, None, schemaview)
        return super().inject_triples(element, schemaview, graph, target_type)


def main(root: Path, output: Path) -> None:
    common.spare_collector()
    if not FOLDER.exists():
        linkml_schema.make(root, FOLDER)
    stage = common.Stages()
    with stage("start"):
        view = SchemaView(str(FOLDER / linkml_schema.SCHEMA))
        view.namespaces()._base = common.BASE
        sys.path.append(str(FOLDER))
        model = importlib.import_module(linkml_schema.MODULE)
    with stage("read"):
        records = common.read(common.files(root))
        classes, lists = nested(view), multivalued(view)
        common.complete(records, classes, itertools.count(1))
        by_class: dict[str, list[common.Record]] = {}
        for record in records:
            by_class.setdefault(record["type"], []).append(record)
            fit(record, lists)
    with stage("validate"):
        validator = Validator(view.schema, [JsonschemaValidationPlugin(closed=True)])
        results = sum(
            len(list(validator.iter_results_from_source(PassthroughLoader(iter(found)), name)))
            for name, found in by_class.items()
        )
    with stage("map"):
        graph, dumper = rdflib.Graph(), Dumper()
        for name, found in by_class.items():
            cls = getattr(model, name)
            for record in found:
                dumper.inject_triples(cls(**record), view, graph)
        del records, by_class, found, record
    with stage("write"):
        # The dumper's own `dump` would first bring the graph into canonical form.
        graph.serialize(output, format="turtle")
    stage.tell(len(graph), results)


def nested(view: SchemaView) -> dict[str, str]:
    """The class of what is nested under each key."""
    slots = [slot for cls in view.schema.classes.values() for slot in cls.attributes.values()]
    return {slot.name: slot.range for slot in slots if slot.inlined or slot.inlined_as_list}


def multivalued(view: SchemaView) -> dict[str, set[str]]:
    """The keys of each class that have lists."""
    return {
        name: {slot.name for slot in cls.attributes.values() if slot.multivalued}
        for name, cls in view.schema.classes.items()
    }


def fit(node: common.Record, lists: dict[str, set[str]]) -> None:
    """Bring a node into the form of the schema: no types, always lists, and other names for two keys."""
    many = lists[node.pop("type")]
    for key, value in list(node.items()):
        values = value if type(value) is list else [value]
        for item in values:
            if type(item) is dict:
                fit(item, lists)
        if key in many:
            node[key] = values
        elif key == "in":
            node[linkml_schema.INSIDE] = node.pop(key)
        elif key == "relays" and type(value) is dict:
            node[linkml_schema.PASSED_ON] = node.pop(key)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
