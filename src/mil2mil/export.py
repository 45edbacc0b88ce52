"""Exports: a graph as Turtle, TriG, N-Quads and JSON-LD, the same bytes for the same graph.

There are no blank nodes, so sorting makes a canonical order. Files are replaced whole.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from mil2mil.context import BASE
from mil2mil.graph import RDF_TYPE, lexical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from mil2mil.context import Context

PREFIXES = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "prov": "http://www.w3.org/ns/prov#",
    "spdx": "http://spdx.org/rdf/terms#",
    "void": "http://rdfs.org/ns/void#",
    "wd": "http://www.wikidata.org/entity/",
}
_LOCAL = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_SEGMENT = "[A-Za-z0-9_-][A-Za-z0-9._-]*"  # none that starts with a dot: those are resolved away
_RELATIVE = re.compile(f"{_SEGMENT}(/{_SEGMENT})*(#{_SEGMENT})?")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}

Triples = dict[str, dict[str, list[Any]]]  # objects by predicate by subject


class _Turtle:
    """Writes terms and subjects; knows the prefixes, and which of them were used."""

    def __init__(self, prefixes: dict[str, str]) -> None:
        self.prefixes = sorted(prefixes.items())
        self.used: set[str] = set()

    def term(self, term: Any) -> str:
        if isinstance(term, ox.NamedNode):
            return self.iri(term.value)
        text = '"' + "".join(_ESCAPES.get(char, char) for char in term.value) + '"'
        if term.language:
            return f"{text}@{term.language}"
        if term.datatype.value == "http://www.w3.org/2001/XMLSchema#string":
            return text
        return f"{text}^^{self.iri(term.datatype.value)}"

    def iri(self, iri: str) -> str:
        for prefix, namespace in self.prefixes:
            if iri.startswith(namespace) and _LOCAL.fullmatch(iri, len(namespace)):
                self.used.add(prefix)
                return f"{prefix}:{iri[len(namespace) :]}"
        relative = iri.removeprefix(BASE)
        return f"<{relative}>" if iri != relative and _RELATIVE.fullmatch(relative) else f"<{iri}>"

    def subjects(self, triples: Triples, indent: str = "") -> list[str]:
        blocks = []
        for subject in sorted(triples):
            lines = []
            predicates = triples[subject]
            for predicate in sorted(predicates, key=lambda iri: (iri != RDF_TYPE.value, iri)):
                verb = "a" if predicate == RDF_TYPE.value else self.iri(predicate)
                objects = sorted(self.term(term) for term in predicates[predicate])
                glue = f",\n{indent}        "
                lines.append(f"{verb} {glue.join(objects)}")
            glue = f" ;\n{indent}    "
            blocks.append(f"{indent}{self.iri(subject)} {glue.join(lines)} .\n")
        return blocks

    def document(self, blocks: list[str]) -> str:
        head = [f"@base <{BASE}> .\n"]
        head += [f"@prefix {p}: <{iri}> .\n" for p, iri in self.prefixes if p in self.used]
        return "".join(head) + "\n" + "\n".join(blocks)


def _group(triples: Iterable[ox.Triple | ox.Quad]) -> Triples:
    grouped: Triples = defaultdict(lambda: defaultdict(list))
    seen = set()
    for triple in triples:
        key = (triple.subject, triple.predicate, triple.object)
        if key not in seen:
            seen.add(key)
            grouped[lexical(triple.subject)][triple.predicate.value].append(triple.object)
    return grouped


def turtle(triples: Iterable[ox.Triple | ox.Quad], context: Context) -> str:
    """Triples, or those of quads, as Turtle: grouped by subject, sorted."""
    writer = _Turtle({**PREFIXES, **context.prefixes})
    return writer.document(writer.subjects(_group(triples)))


def trig(quads: Iterable[ox.Quad], context: Context) -> str:
    """Quads as TriG: the default graph, then each named graph, sorted."""
    writer = _Turtle({**PREFIXES, **context.prefixes})
    graphs: dict[str, list[ox.Quad]] = defaultdict(list)
    for quad in quads:
        graph = quad.graph_name
        graphs[graph.value if isinstance(graph, ox.NamedNode) else ""].append(quad)
    blocks = writer.subjects(_group(graphs.pop("", [])))
    for name in sorted(graphs):
        inner = "\n".join(writer.subjects(_group(graphs[name]), "    "))
        blocks.append(f"{writer.iri(name)} {{\n{inner}}}\n")
    return writer.document(blocks)


def nquads(quads: Iterable[ox.Quad]) -> str:
    """Quads as N-Quads, sorted by line."""
    data = ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b""
    lines = sorted(set(data.split(b"\n")) - {b""})
    return b"".join(line + b"\n" for line in lines).decode("utf-8")


def jsonld(triples: Iterable[ox.Triple | ox.Quad], context: Context) -> str:
    """Triples as one JSON-LD document under our context: records, with their nodes nested in them."""
    return _JsonLd(_group(triples), context).document()


class _JsonLd:
    def __init__(self, triples: Triples, context: Context) -> None:
        self.triples = triples
        self.context = context
        self.order = {term.iri: place for place, term in enumerate(context.terms.values())}

    def document(self) -> str:
        used = {"foaf": PREFIXES["foaf"], "prov": PREFIXES["prov"]}
        head = {"@base": BASE, **used, **self.context.definitions}
        nested = {
            term.value
            for subject, predicates in self.triples.items()
            for terms in predicates.values()
            for term in terms
            if self._is_nested(subject, term)
        }
        records = [self._node(iri) for iri in sorted(self.triples) if iri not in nested]
        return json.dumps({"@context": head, "@graph": records}, ensure_ascii=False, indent=1) + "\n"

    def _is_nested(self, subject: str, term: Any) -> bool:
        """Whether a node belongs to the record of the subject, and so stands inside it."""
        if not isinstance(term, ox.NamedNode) or term.value not in self.triples:
            return False
        record, _, fragment = term.value.partition("#")
        return bool(fragment) and subject.partition("#")[0] == record and subject != term.value

    def _node(self, iri: str) -> dict[str, Any]:
        node: dict[str, Any] = {"id": self._relative(iri)}
        predicates = self.triples[iri]
        last = len(self.order)
        for predicate in sorted(predicates, key=lambda name: (self.order.get(name, last), name)):
            terms = sorted(predicates[predicate], key=str)
            if predicate == RDF_TYPE.value:
                node["type"] = _one([self._type(term.value) for term in terms])
                continue
            term = self.context.term_of_iri.get(predicate)
            key = term.key if term else self._compact(predicate)
            values = [self._value(iri, key, value) for value in terms]
            node[key] = _one(values)
        return node

    def _value(self, subject: str, key: str, value: Any) -> Any:
        if self._is_nested(subject, value):
            return self._node(value.value)
        term = self.context.terms.get(key)
        if term is None:
            return {"id": self._relative(value.value)}
        if term.kind == "concept":
            return value.value.removeprefix(term.vocabulary)
        if term.kind == "key":
            return self.context.term_of_iri[value.value].key
        return self._relative(value.value) if term.kind == "reference" else value.value

    def _type(self, iri: str) -> str:
        return self.context.name_of_type.get(iri) or self._compact(iri)

    def _relative(self, iri: str) -> str:
        relative = iri.removeprefix(BASE)
        return relative if _RELATIVE.fullmatch(relative) else iri

    def _compact(self, iri: str) -> str:
        for prefix, namespace in PREFIXES.items():
            if iri.startswith(namespace):
                return f"{prefix}:{iri[len(namespace) :]}"
        return iri


def _one(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def bytes_of(content: str | bytes) -> bytes:
    """What is written for the content of a file."""
    return content if isinstance(content, bytes) else content.encode("utf-8")


def write_all(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files into a folder, each whole or not at all: first beside the target, then renamed.

    A name may lead into a folder of the folder, which is made, and unmade if nothing is written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    targets = {name: folder / name for name in files}
    ready = {target.with_name(f".{target.name}.tmp"): target for target in targets.values()}
    for target in ready.values():
        if target.is_dir():
            raise IsADirectoryError(21, "a folder stands in the place of an export", str(target))
    inner = sorted({p for target in ready.values() for p in target.parents if folder in p.parents})
    made = [place for place in inner if not place.exists()]
    for place in inner:
        if place not in made and not place.is_dir():
            raise NotADirectoryError(20, "a file stands in the place of a folder of exports", str(place))
    try:
        for place in inner:
            place.mkdir(exist_ok=True)
        for temporary, name in zip(ready, files, strict=True):
            temporary.write_bytes(bytes_of(files[name]))
        for temporary, target in ready.items():
            temporary.replace(target)
    finally:
        for temporary in ready:
            temporary.unlink(missing_ok=True)
        for place in reversed(made):
            if place.is_dir() and not any(place.iterdir()):
                place.rmdir()
