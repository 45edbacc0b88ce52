"""A JSON Schema of records for editors: completion, hover text and first checks as one types.

Draft-07, which is as far as the YAML language server goes. All of it comes from ontology, context,
shapes and records. It refuses nothing that the shapes accept; what they refuse besides, such as a
reference to no record, `mil2mil validate` says.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mil2mil.context import BASE, EDTF, REFERENCE
from mil2mil.graph import rows
from mil2mil.keys import Key, above, keys_of, meanings
from mil2mil.scaffold import kinds

if TYPE_CHECKING:
    from mil2mil.dataset import Dataset

_ADDRESS = "^https?://"
_DATE = r"^[0-9\[{./~?%XYS-][0-9\[\]{}.,/~?%XYS-]*$"  # what EDTF is made of, not yet what it means

Schema = dict[str, Any]


class _Writer:
    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.types = sorted(name for name, _ in kinds(dataset).values())
        self.meanings = meanings(dataset)
        self.keys = keys_of(dataset)
        self.ids = self._read_ids()
        self.shared: Schema = {}  # definitions that several keys refer to
        self.values: dict[str, list[str]] = {}
        for iri in sorted(self.meanings):
            self.values.setdefault(iri.rpartition("/")[0] + "/", []).append(iri.rpartition("/")[2])
        self.nested = {cls for cls in self.keys if not self._is_record(cls)}

    def _read_ids(self) -> dict[str, list[str]]:
        """The ids of the records, and of the units in them, by the classes that they have."""
        classes = above(self.dataset)
        found: dict[str, set[str]] = {}
        for row in rows(self.dataset.store, "SELECT ?node ?class { ?node a ?class }"):
            name = row["node"].removeprefix(BASE)
            if REFERENCE.fullmatch(name) and not self.dataset.is_generated(row["node"]):
                for cls in classes.get(row["class"], ()):
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

    def _value(self, key: Key) -> Schema:
        meaning = self.meanings.get(key.term.iri, "")
        schema = self._one_or_more(self._single(key))
        return {"description": " ".join((meaning, *key.expected)).strip(), **schema}

    def _single(self, key: Key) -> Schema:
        term = key.term
        if term.kind == "text":
            return {"type": "string"}
        if term.kind == "literal":
            if term.datatype == EDTF:
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
