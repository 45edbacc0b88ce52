"""The JSON-LD context: which property, type of value and vocabulary each key of a record stands for."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from mil2mil.finding import DatasetError

if TYPE_CHECKING:
    from collections.abc import Mapping

BASE = "https://w3id.org/mil2mil/"
TERMS = f"{BASE}ontology#"
SEEDS = f"{BASE}seeds/"
EVIDENCE = f"{TERMS}evidence"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
# The properties that are derived from a date, and so are not written.
EARLIEST, LATEST = f"{TERMS}earliest", f"{TERMS}latest"
DERIVED = frozenset({EARLIEST, LATEST})
# What exports name besides the prefixes of the context.
PREFIXES = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "prov": "http://www.w3.org/ns/prov#",
    "spdx": "http://spdx.org/rdf/terms#",
    "void": "http://rdfs.org/ns/void#",
    "wd": "http://www.wikidata.org/entity/",
}
EDTF = "http://id.loc.gov/datatypes/edtf/EDTF"

REFERENCE = re.compile(r"[a-z][a-z0-9-]*(/[a-z0-9][a-z0-9.-]*)+(#[A-Za-z0-9][A-Za-z0-9-]*)?")
_SEGMENT = "[A-Za-z0-9_-][A-Za-z0-9._-]*"  # none that starts with a dot: those are resolved away
# What an IRI of ours may have after the base, so that it can be written without it.
RELATIVE = re.compile(f"{_SEGMENT}(/{_SEGMENT})*(#{_SEGMENT})?")
# RFC 3987, without what is rare and error-prone: user names, addresses in brackets, private characters.
_PART = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2}|[\u00a1-\ud7ff\uf900-\ufdcf\ufdf0-\uffef])*"
_ABSOLUTE = re.compile(rf"https?://[A-Za-z0-9.-]+(:[0-9]{{1,5}})?(/{_PART})?(#{_PART})?")
_NAME = re.compile(r"[a-z0-9][a-zA-Z0-9-]*")


# What every context of this form has, and what may stand in it.
_FIXED = {"@version": 1.1, "id": "@id", "type": "@type"}
_KEY = re.compile("[A-Za-z][A-Za-z0-9]*")
_LANGUAGE = re.compile("[a-z]{2,3}(-[a-z0-9]{1,8})*")
_COERCED = {"@id": "reference", "@vocab": "key"}
# Datatypes of which JSON-LD writes numbers in another form, or of which a literal has a language.
_UNREAD = {
    "http://www.w3.org/2001/XMLSchema#double",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#dirLangString",
}


@dataclass(frozen=True, slots=True)
class Term:
    """A key: the IRI of its property, and how its values are read.

    `kind` is "reference" (a record, or an IRI), "concept" (a name in `vocabulary`), "key" (another
    key of the context), "text" (in `language`, if it has one) or "literal" (of `datatype`).
    """

    key: str
    iri: str
    kind: str
    vocabulary: str = ""
    datatype: str = ""
    language: str = ""


class Context:
    """A context in the form that this project uses: prefixes, class names and keys, without @vocab.

    `ranges` gives the IRI of a class by the IRI of a property, as the ontology has it. `namespaces` are
    the IRIs of all prefixes under which documents are written.
    """

    def __init__(self, definitions: dict[str, Any], ranges: Mapping[str, str]) -> None:
        self.definitions = definitions
        self.ranges = ranges
        self.prefixes: dict[str, str] = {}
        self.types: dict[str, str] = {}
        self.terms: dict[str, Term] = {}
        terms = {key: value for key, value in definitions.items() if key not in _FIXED}
        if {key: definitions.get(key) for key in _FIXED} != _FIXED:
            raise ValueError(f"a context has {json.dumps(_FIXED)}")
        for key, value in terms.items():
            if isinstance(value, str) and value.endswith(("#", "/")):
                self.prefixes[key] = _valid(value)
        for key, value in terms.items():
            if not _KEY.fullmatch(key):
                raise ValueError(f"'{key}' is not a key: letters and digits")
            if isinstance(value, dict):
                self.terms[key] = self._term(key, value)
            elif key not in self.prefixes:
                self.types[key] = self._iri(value)
        self.namespaces = {**PREFIXES, **self.prefixes}
        self.term_of_iri = {term.iri: term for term in self.terms.values()}
        self.name_of_type = {iri: name for name, iri in self.types.items()}

    @classmethod
    def read(cls, text: str, ranges: Mapping[str, str]) -> Context:
        """Read the text of context.jsonld; raises DatasetError if it is not a context of this form."""
        try:
            return cls(json.loads(text)["@context"], ranges)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            reason = f"it is not a context that mil2mil can use: {error!r}"
            raise DatasetError(f"ontology/context.jsonld: {reason}") from error

    def _iri(self, compact: str) -> str:
        prefix, _, name = compact.partition(":")
        return _valid(self.prefixes[prefix] + name if prefix in self.prefixes else compact)

    def _term(self, key: str, value: dict[str, Any]) -> Term:
        """What a definition says; ValueError if it says more than records are read by."""
        iri, coerced = self._iri(value["@id"]), value.get("@type", "")
        more = value.keys() - {"@id", "@type"}
        if iri == TYPE:
            raise ValueError(f"'{key}' is another word for 'type'")
        if not coerced and more <= {"@language"}:
            language = value.get("@language", "")
            if language and not _LANGUAGE.fullmatch(language):
                raise ValueError(f"'{language}' is not a language")
            return Term(key, iri, "text", language=language)
        if coerced == "@vocab" and more == {"@context"} and value["@context"].keys() == {"@vocab"}:
            return Term(key, iri, "concept", _valid(value["@context"]["@vocab"]))
        if more or not coerced:
            raise ValueError(f"'{key}' is defined by {', '.join(sorted(more))}")
        if coerced in _COERCED:
            return Term(key, iri, _COERCED[coerced])
        datatype = self._iri(coerced)
        if datatype in _UNREAD:
            raise ValueError(f"'{key}' is of a datatype that is not read")
        return Term(key, iri, "literal", datatype=datatype)

    def expand(self, term: Term, value: str) -> str:
        """The IRI or lexical form that a scalar under a key stands for, as JSON-LD expands it."""
        if term.kind == "reference":
            return value if ":" in value else BASE + value
        if term.kind == "concept":
            return value if ":" in value else term.vocabulary + value
        if term.kind == "key":
            return self.terms[value].iri if value in self.terms else value
        return value

    def refuse(self, term: Term, value: str | int) -> str:
        """Why a scalar cannot stand under a key, in a sentence, or an empty string if it can."""
        if term.kind == "literal":
            return ""
        if isinstance(value, int) and term.kind == "text":
            return f"'{term.key}' takes words, and YAML reads {value} as a number; put it in quotes."
        if isinstance(value, int):
            return f"'{term.key}' does not take a number."
        if term.kind == "text":
            return "" if value.strip() else f"'{term.key}' is empty."
        if term.kind == "reference" and REFERENCE.fullmatch(value):
            return ""
        if term.kind != "key" and _ABSOLUTE.fullmatch(value):
            return ""
        if term.kind == "reference":
            return (
                f"'{value}' is not an id: write FOLDER/NAME in small letters, digits and hyphens "
                "(a unit of an article as seeds/NAME#s01), or an address with https://. "
                "A nested mapping has its keys on lines of their own."
            )
        if term.kind == "concept" and not _NAME.fullmatch(value):
            return f"'{value}' is not the name of a value: write small letters, digits and hyphens."
        if term.kind == "concept" and value in self.definitions:
            return f"'{value}' is a key of the context, and JSON-LD would read it as that."
        if term.kind == "key" and value not in self.terms:
            return f"'{value}' is not a key of the context."
        return ""


def _valid(iri: str) -> str:
    """An absolute IRI; raises ValueError if it is none."""
    return ox.NamedNode(iri).value
