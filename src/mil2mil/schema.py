"""A JSON Schema of records for editors: completion, hover text and first checks as one types.

Draft-07, which is as far as the YAML language server goes. All of it comes from ontology, context,
shapes and records. It refuses nothing that the shapes accept; what they refuse besides, such as a
reference to no record, `mil2mil validate` says.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mil2mil.context import BASE, REFERENCE, Term
from mil2mil.graph import EDTF, rows
from mil2mil.scaffold import kinds
from mil2mil.shapes import SH

if TYPE_CHECKING:
    import pyoxigraph as ox

    from mil2mil.dataset import Dataset

_PREFIXES = f"""PREFIX sh: <{SH}> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#> PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>"""

# The keys of each class that has records or stands in them, with what the shapes say of the values.
_KEYS = f"""{_PREFIXES} SELECT ?class ?path ?min ?message ?value {{
  ?class rdfs:subClassOf* ?above . ?shape sh:targetClass ?above ; sh:property ?property .
  ?property sh:path ?path ; sh:message ?message . FILTER(ISIRI(?path))
  OPTIONAL {{ ?property sh:minCount ?min }}
  OPTIONAL {{ ?property sh:class|(sh:or/rdf:rest*/rdf:first/sh:class) ?value }}
}} ORDER BY ?class ?path ?message ?value"""

_MEANINGS = f"""{_PREFIXES} SELECT ?term ?meaning {{ ?term skos:definition ?meaning }}"""

_SUBCLASSES = f"""{_PREFIXES} SELECT ?class ?above {{ ?class rdfs:subClassOf* ?above }}"""

_ADDRESS = "^https?://"
_DATE = r"^[0-9\[{./~?%XYS-][0-9\[\]{}.,/~?%XYS-]*$"  # what EDTF is made of, not yet what it means

Schema = dict[str, Any]


@dataclass(slots=True)
class _Key:
    term: Term
    required: bool
    expected: list[str]
    classes: set[str]


class _Writer:
    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        store = dataset.shape_store
        self.types = sorted(name for name, _ in kinds(dataset).values())
        self.meanings = {row["term"]: row["meaning"] for row in rows(store, _MEANINGS)}
        self.keys = self._read_keys(store)
        self.ids = self._read_ids(store)
        self.shared: Schema = {}  # definitions that several keys refer to
        self.values: dict[str, list[str]] = {}
        for iri in sorted(self.meanings):
            self.values.setdefault(iri.rpartition("/")[0] + "/", []).append(iri.rpartition("/")[2])
        self.nested = {cls for cls in self.keys if not self._is_record(cls)}

    def _read_keys(self, store: ox.Store) -> dict[str, dict[str, _Key]]:
        found: dict[str, dict[str, _Key]] = {}
        for row in rows(store, _KEYS):
            term = self.dataset.context.term_of_iri[row["path"]]
            keys = found.setdefault(row["class"], {})
            key = keys.setdefault(term.key, _Key(term, False, [], set()))
            key.required |= row["min"] not in ("", "0")
            if row["message"] not in key.expected:
                key.expected.append(row["message"])
            if row["value"]:
                key.classes.add(row["value"])
        return found

    def _read_ids(self, store: ox.Store) -> dict[str, list[str]]:
        """The ids of the records, and of the units in them, by the classes that they have."""
        above: dict[str, set[str]] = {}
        for row in rows(store, _SUBCLASSES):
            above.setdefault(row["class"], set()).add(row["above"])
        found: dict[str, set[str]] = {}
        for row in rows(self.dataset.store, "SELECT ?node ?class { ?node a ?class }"):
            name = row["node"].removeprefix(BASE)
            if REFERENCE.fullmatch(name) and not self.dataset.is_generated(row["node"]):
                for cls in above.get(row["class"], ()):
                    found.setdefault(cls, set()).add(name)
        return {cls: sorted(names) for cls, names in found.items()}

    def _is_record(self, cls: str) -> bool:
        return self.dataset.context.name_of_type.get(cls) in self.types

    def schema(self) -> Schema:
        names = self.dataset.context.name_of_type
        objects = {names[cls]: self._object(cls) for cls in sorted(self.keys)}
        return {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "title": "A record of mil2mil",
            "type": "object",
            "required": ["@context", "id", "type"],
            "properties": {
                "@context": {"type": "string", "description": "The dataset's own context."},
                "id": {"type": "string", "description": "The file's path, without data/ and .yaml."},
                "type": self._one_or_more(
                    {
                        "enum": self.types,
                        "description": "What kind of thing the record is about.",
                    }
                ),
            },
            "allOf": [
                {
                    "if": {"required": ["type"], "properties": {"type": {"const": name}}},
                    "then": {"$ref": f"#/definitions/{name}"},
                }
                for name in self.types
            ],
            "definitions": {**objects, **self.shared},
        }

    def _object(self, cls: str) -> Schema:
        keys = self.keys[cls]
        head = ["@context"] if cls not in self.nested else []
        properties: Schema = dict.fromkeys((*head, "id", "type"), True)
        order = list(self.dataset.context.terms)
        for key in sorted(keys, key=order.index):
            properties[key] = self._value(keys[key])
        return {
            "type": "object",
            "description": self.meanings.get(cls, ""),
            "properties": properties,
            "required": [key for key in properties if key in keys and keys[key].required],
            "additionalProperties": False,
        }

    def _value(self, key: _Key) -> Schema:
        meaning = self.meanings.get(key.term.iri, "")
        schema = self._one_or_more(self._single(key))
        return {"description": " ".join((meaning, *key.expected)).strip(), **schema}

    def _single(self, key: _Key) -> Schema:
        term = key.term
        if term.kind == "text":
            return {"type": "string"}
        if term.kind == "literal":
            if term.datatype == EDTF.value:
                return {"anyOf": [{"type": "string", "pattern": _DATE}, {"type": "integer"}]}
            return {"type": ["string", "integer"]}
        if term.kind == "concept":
            return self._known(self.values.get(term.vocabulary, []), _ADDRESS)
        if term.kind == "key":
            return {"enum": sorted(self.dataset.context.terms)}
        schema = self._ids_of(key.classes)
        for cls in sorted(key.classes & self.nested):
            name = self.dataset.context.name_of_type[cls]
            schema["anyOf"].append({"$ref": f"#/definitions/{name}"})
        return schema

    def _ids_of(self, classes: set[str]) -> Schema:
        """A reference to the definition with the ids of some classes, made when first wanted."""
        names = sorted({name for cls in classes for name in self.ids.get(cls, [])})
        of = "-".join(sorted(cls.rpartition("#")[2] for cls in classes)) or "anything"
        self.shared[f"id-of-{of}"] = self._known(names, rf"{_ADDRESS}|^{REFERENCE.pattern}$")
        return {"anyOf": [{"$ref": f"#/definitions/id-of-{of}"}]}

    @staticmethod
    def _known(names: list[str], pattern: str) -> Schema:
        """Names to complete from, and the form of others, which may be newer than the schema."""
        known = [{"enum": names}] if names else []
        return {"anyOf": [*known, {"type": "string", "pattern": pattern}]}

    @staticmethod
    def _one_or_more(single: Schema) -> Schema:
        return {
            "anyOf": [single, {"type": "array", "items": single, "minItems": 1, "uniqueItems": True}]
        }


def schema(dataset: Dataset) -> str:
    """The JSON Schema of a dataset's records, as text."""
    return json.dumps(_Writer(dataset).schema(), ensure_ascii=False, indent=1) + "\n"
