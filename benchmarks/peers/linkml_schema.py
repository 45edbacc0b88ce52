"""The model as a LinkML schema, made of the ontology, its context, its vocabularies and its shapes.

What LinkML has no words for, or does not check, is left out: what a reference leads to, `sh:lessThan`,
the offices of a summit, and the languages of texts.

    python linkml_schema.py ROOT FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import common
import rdflib
import yaml
from linkml.generators.pydanticgen import PydanticGenerator  # type: ignore[import-not-found, unused-ignore]
from rdflib import RDFS, SKOS
from rdflib.collection import Collection

SCHEMA, MODULE = "schema.yaml", "mil2mil_linkml"
SH = rdflib.Namespace("http://www.w3.org/ns/shacl#")
THING = "Thing"  # the class of all that has an id
UNITS = "units"  # the one key under which nodes are nested to which others refer
INSIDE = "inside"  # for `in`, which is a word of Python
PASSED_ON = "relaysReport"  # for `relays` with a nested report, since a slot is nested or not
TYPES = {
    "text": {"uri": "xsd:string", "base": "str"},
    "EDTF": {"uri": "edtf:EDTF", "base": "str"},
    "date": {"uri": "xsd:date", "base": "str"},
    "duration": {"uri": "xsd:duration", "base": "str"},
    "positiveInteger": {"uri": "xsd:positiveInteger", "base": "int", "minimum_value": 1},
    "nonNegativeInteger": {"uri": "xsd:nonNegativeInteger", "base": "int", "minimum_value": 0},
}
COUNTS = ("required", "minimum_cardinality")
STRICTER = (*COUNTS, "range")
Slot = dict[str, Any]
Node = Any  # a term of rdflib, or None


def make(root: Path, folder: Path) -> None:
    """Write the schema of a dataset's model, and the Pydantic classes that LinkML makes of it."""
    folder.mkdir(parents=True, exist_ok=True)
    schema = folder / SCHEMA
    text = yaml.safe_dump(_Schema(root).document(), sort_keys=False)
    schema.write_text(text, encoding="utf-8")
    classes = PydanticGenerator(str(schema)).serialize()
    (folder / f"{MODULE}.py").write_text(classes, encoding="utf-8")


class _Schema:
    def __init__(self, root: Path) -> None:
        self.context = common.context(root)
        self.graph = rdflib.Graph()
        for file in (*root.glob("ontology/*.ttl"), *root.glob("validation/shapes/*.ttl")):
            self.graph.parse(file)
        self.terms = {key: term for key, term in self.context.items() if isinstance(term, dict)}
        prefixes = {"m2m:": common.TERMS, "rdfs:": str(RDFS)}
        self.keys = {
            rdflib.URIRef(term["@id"].replace(prefix, iri)): key
            for key, term in self.terms.items()
            for prefix, iri in prefixes.items()
            if term["@id"].startswith(prefix)
        }
        self.enums = self._enums()
        self.shapes = {cls: shape for shape, cls in self.graph.subject_objects(SH.targetClass)}

    def document(self) -> dict[str, Any]:
        classes = {_name(cls): self._class(cls) for cls in self.shapes}
        thing = {"abstract": True, "attributes": {"id": {"identifier": True, "range": "text"}}}
        return {
            "id": f"{common.BASE}linkml",
            "name": "mil2mil",
            "prefixes": {name: self.context[name] for name in common.PREFIXES},
            "default_prefix": "m2m",
            "default_range": "text",
            "types": TYPES,
            "enums": self.enums,
            "classes": {THING: thing, **classes},
        }

    def _enums(self) -> dict[str, Any]:
        """A list of values for each scheme of concepts, and one of the keys themselves."""
        lists: dict[str, dict[str, Any]] = {}
        for concept, scheme in self.graph.subject_objects(SKOS.inScheme):
            values = lists.setdefault(str(scheme).removeprefix(common.BASE), {})
            values[str(concept).rpartition("/")[2]] = {"meaning": str(concept)}
        lists["property"] = {key: {"meaning": str(term)} for term, key in self.keys.items()}
        return {scheme: {"permissible_values": values} for scheme, values in lists.items()}

    def _class(self, cls: Node) -> dict[str, Any]:
        shape = self.shapes[cls]
        found: dict[str, Any] = {
            "class_uri": f"m2m:{_name(cls)}",
            "is_a": _name(self._above(cls)) or THING,
        }
        if pattern := self.graph.value(shape, SH.pattern):
            found["slot_usage"] = {"id": {"pattern": str(pattern).replace(common.BASE, "")}}
        if (shape, SH["not"], None) in self.graph:
            return {**found, "abstract": True}  # the closed shapes of its subclasses repeat what it has
        slots = self._slots_of(cls)
        if "date" in slots:
            slots |= {key: {"slot_uri": f"m2m:{key}", "range": "date"} for key in ("earliest", "latest")}
        if PASSED_ON in slots:
            found["exactly_one_of"] = [
                _condition(key, {"required": True}) for key in ("relays", PASSED_ON)
            ]
        for term, word in ((SH["or"], "any_of"), (SH.xone, "exactly_one_of")):
            if head := self.graph.value(shape, term):
                inner = [self.graph.value(way, SH.property) for way in Collection(self.graph, head)]
                found[word] = [_condition(*slot) for node in inner for slot in self._slots(node).items()]
        return {**found, "attributes": slots}

    def _above(self, cls: Node) -> Node:
        return next(
            (other for other in self.graph.objects(cls, RDFS.subClassOf) if other in self.shapes), None
        )

    def _slots_of(self, cls: Node) -> dict[str, Slot]:
        """The slots of a class; if its shape is not closed, those of its superclass, and stricter."""
        shape = self.shapes[cls]
        slots: dict[str, Slot] = {}
        for node in self.graph.objects(shape, SH.property):
            slots.update(self._slots(node))
        if (shape, SH.closed, None) in self.graph:
            return slots
        inherited = self._slots_of(self._above(cls))
        return inherited | {
            key: inherited[key] | {word: slot[word] for word in STRICTER if word in slot}
            for key, slot in slots.items()
        }

    def _slots(self, node: Node) -> dict[str, Slot]:
        """What a property shape says, as the slot of a key; nothing for a path of several steps."""
        said: dict[str, Any] = {
            str(term).removeprefix(SH): value.toPython() if isinstance(value, rdflib.Literal) else value
            for term, value in self.graph.predicate_objects(node)
        }
        key = self.keys.get(said["path"], "")
        if not key:
            return {}
        kind = self.terms[key].get("@type", "")
        slot: Slot = {"slot_uri": self.terms[key]["@id"], "multivalued": said.get("maxCount") != 1}
        least = said.get("minCount", 0)
        slot |= {"required": True} if least else {}
        slot |= {"minimum_cardinality": least} if least > 1 else {}
        if kind == "@id":
            slot |= self._reference(said, key)
        elif kind == "@vocab":  # of the scheme that is called after the property
            scheme = said["path"].removeprefix(common.TERMS)
            slot["range"] = self._part_of_enum(scheme, node, said["in"]) if "in" in said else scheme
        elif kind:
            slot["range"] = kind.partition(":")[2]
        if "minLength" in said:
            slot["pattern"] = rf"^[\s\S]{{{said['minLength']},{said.get('maxLength', '')}}}$"
        elif "pattern" in said and kind != "@vocab" and not kind.endswith("Integer"):
            slot["pattern"] = said["pattern"].replace(common.BASE, "")
        if key == "relays":
            del slot["required"]
            return {key: slot, PASSED_ON: {**slot, "range": "Report", "inlined": True}}
        return {INSIDE if key == "in" else key: slot}

    def _reference(self, said: dict[str, Any], key: str) -> Slot:
        """The range of a slot for other nodes, and whether they stand in the node that has the slot."""
        classes = [said["class"]] if "class" in said else []
        if "or" in said:
            classes = [self.graph.value(way, SH["class"]) for way in Collection(self.graph, said["or"])]
        if len(classes) != 1:
            return {"range": THING}
        nested = key == UNITS or str(self.graph.value(self.shapes[classes[0]], SH.pattern)) == "#"
        inlined = "inlined" if said.get("maxCount") == 1 else "inlined_as_list"
        return {"range": _name(classes[0])} | ({inlined: True} if nested else {})

    def _part_of_enum(self, whole: str, node: Node, values: Node) -> str:
        """The name of a list of some values of another, which is called after the property shape."""
        meanings = self.enums[whole]["permissible_values"]
        names = [str(value).rpartition("/")[2] for value in Collection(self.graph, values)]
        part = str(node).rpartition("#")[2].title().replace("-", "")
        self.enums[part] = {"permissible_values": {name: meanings[name] for name in names}}
        return part


def _condition(key: str, slot: Slot) -> dict[str, Any]:
    """A way for a node to be right: a key that it has, so often."""
    return {"slot_conditions": {key: {word: slot[word] for word in COUNTS if word in slot}}}


def _name(node: Node) -> str:
    return "" if node is None else str(node).removeprefix(common.TERMS)


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]))
