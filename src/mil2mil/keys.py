"""What shapes and ontology say of each key in each class: for editors, and for tables."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mil2mil.context import BASE, Term
from mil2mil.graph import rows
from mil2mil.shapes import SH

if TYPE_CHECKING:
    from mil2mil.dataset import Dataset

_PREFIXES = f"""PREFIX sh: <{SH}> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#> PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>"""
_KEYS = f"""{_PREFIXES} SELECT ?class ?path ?min ?max ?message ?value ?pattern {{
  ?class rdfs:subClassOf* ?above . ?shape sh:targetClass ?above ; sh:property ?property .
  ?property sh:path ?path ; sh:message ?message . FILTER(ISIRI(?path))
  OPTIONAL {{ ?property sh:minCount ?min }} OPTIONAL {{ ?property sh:maxCount ?max }}
  OPTIONAL {{ ?property sh:class|(sh:or/rdf:rest*/rdf:first/sh:class) ?value }}
  OPTIONAL {{ ?property sh:pattern ?pattern }}
}} ORDER BY ?class ?path ?message ?value"""
_ABOVE = f"{_PREFIXES} SELECT ?class ?above {{ ?class rdfs:subClassOf* ?above }}"
_MEANINGS = f"{_PREFIXES} SELECT ?term ?meaning {{ ?term skos:definition ?meaning }}"


@dataclass(slots=True)
class Key:
    """A key of a class: whether it must be there, has one value at most, and refers to our own nodes.

    `expected` are the messages of its shapes, `classes` the IRIs of those that they name.
    """

    term: Term
    required: bool = False
    single: bool = False
    ours: bool = False
    expected: list[str] = field(default_factory=list)
    classes: set[str] = field(default_factory=set)


def keys_of(dataset: Dataset) -> dict[str, dict[str, Key]]:
    """The keys of each class, its superclasses' among them, by the IRI of the class."""
    found: dict[str, dict[str, Key]] = defaultdict(dict)
    for row in rows(dataset.shape_store, _KEYS):
        term = dataset.context.term_of_iri[row["path"]]
        key = found[row["class"]].setdefault(term.key, Key(term))
        key.required |= row["min"] not in ("", "0")
        key.single |= row["max"] == "1"
        key.ours |= bool(row["value"]) or row["pattern"].startswith(f"^{BASE}")
        if row["message"] not in key.expected:
            key.expected.append(row["message"])
        key.classes |= {row["value"]} - {""}
    return dict(found)


def above(dataset: Dataset) -> dict[str, set[str]]:
    """Each class with its superclasses and itself, by IRI."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows(dataset.shape_store, _ABOVE):
        found[row["class"]].add(row["above"])
    return dict(found)


def meanings(dataset: Dataset) -> dict[str, str]:
    """The definitions of classes, properties and controlled values, by IRI."""
    return {row["term"]: row["meaning"] for row in rows(dataset.shape_store, _MEANINGS)}
