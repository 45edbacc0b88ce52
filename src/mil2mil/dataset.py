"""A dataset: a folder with its records, ontology and rules, read, validated and asked."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mil2mil import graph, rules
from mil2mil.answer import TIME, Answer, Value, ask, prefixes_of
from mil2mil.context import BASE, Context
from mil2mil.document import read_document
from mil2mil.finding import DatasetError, Finding, Mark, ReadError, Severity
from mil2mil.folder import RECORD_FILE, Folder, packaged
from mil2mil.record import Record, id_of_path, map_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import rdflib

    from mil2mil.scope import Scope
    from mil2mil.telling import Told

ONTOLOGY_GRAPH = ox.NamedNode(f"{BASE}graphs/ontology")


def load(root: str | os.PathLike[str] | None = None) -> Dataset:
    """The dataset of the installed package, or of another folder of the same layout.

    Raises DatasetError if the folder is not a dataset, or if a record in it cannot be read.
    """
    dataset = Dataset(Path(root) if root is not None else packaged())
    if dataset.unreadable:
        raise DatasetError("\n".join(str(finding) for finding in dataset.unreadable))
    return dataset


class Dataset:
    """The records of a folder, and what follows from them.

    `young` says that not every shape and check needs something to look at yet.
    """

    def __init__(self, root: Path, *, young: bool = False) -> None:
        self.folder = Folder(root)
        self.root = self.folder.root
        self.young = young
        self.context = Context.read(self.folder.text("ontology/context.jsonld"))
        self.records: dict[str, Record] = {}
        self.unreadable: list[Finding]
        paths, self.unreadable = self.folder.records()
        self._ids = [id_of_path(path) for path in paths]
        for path in paths:
            self._read(path)

    def _read(self, path: str) -> None:
        problem = ""
        if not self.folder.is_plain(path):
            problem = "A record is a plain file; links are not followed."
        elif not RECORD_FILE.fullmatch(path):
            problem = (
                "A record's file is data/KIND/NAME.yaml or seeds/NAME.yaml; move other files elsewhere."
            )
        if problem:
            rule = "reader/not-a-record"
            self.unreadable.append(Finding(path, Mark(1, 1), Severity.VIOLATION, rule, problem))
            return
        try:
            document = read_document(self.root / path, path)
        except ReadError as error:
            self.unreadable.append(error.finding)
            return
        record, findings = map_record(document, self.context, graph.DERIVED, self._ids)
        self.unreadable.extend(findings)
        self.records[record.id] = record

    def reread(self, paths: Iterable[str]) -> list[Record]:
        """Read record files anew that were changed, added or removed; returns them as they were."""
        before = []
        for path in paths:
            self.unreadable = [finding for finding in self.unreadable if finding.file != path]
            self.folder.forget(path)
            old = self.records.pop(id_of_path(path), None)
            if old is not None:
                before.append(old)
            if os.path.lexists(self.root / path):
                self._read(path)
        self._ids = sorted(self.records)
        for name in ("mapped", "quads", "names"):
            self.__dict__.pop(name, None)
        if "store" in self.__dict__:
            for quad in self.graph_of(before):
                self.store.remove(quad)
            names = [id_of_path(path) for path in paths]
            self.store.extend(
                self.graph_of([self.records[name] for name in names if name in self.records])
            )
        return before

    def __repr__(self) -> str:
        return f"<mil2mil dataset: {len(self.records)} records in {self.root}>"

    @cached_property
    def shape_texts(self) -> dict[str, str]:
        """The texts of the shapes by path."""
        return self.folder.texts("validation/shapes", ".ttl")

    @cached_property
    def shape_store(self) -> ox.Store:
        """The shapes and the ontology in one store: what can be asked of the rules themselves."""
        store = ox.Store()
        for text in self.shape_texts.values():
            store.bulk_load(text.encode(), format=ox.RdfFormat.TURTLE)
        store.bulk_extend(
            ox.Quad(triple.subject, triple.predicate, triple.object) for triple in self.ontology
        )
        return store

    @cached_property
    def ontology_texts(self) -> dict[str, str]:
        """The texts of the ontology and the vocabularies by path."""
        return self.folder.texts("ontology", ".ttl")

    @cached_property
    def ontology(self) -> list[ox.Triple]:
        """The triples of the ontology and the vocabularies."""
        triples: list[ox.Triple] = []
        for path, text in self.ontology_texts.items():
            try:
                quads = ox.parse(text, format=ox.RdfFormat.TURTLE)
                triples.extend(quad.triple for quad in quads)
            except SyntaxError as error:
                raise DatasetError(f"{path}:{error.lineno}: not Turtle: {error.msg}") from error
        return triples

    @cached_property
    def mapped(self) -> list[ox.Quad]:
        """What the records say, before anything is derived; each triple in the graph of its record."""
        return graph.map_quads(list(self.records.values()), self.context)

    @cached_property
    def quads(self) -> list[ox.Quad]:
        """The whole graph: what the records say, what is derived, and the provenance."""
        return [*self.mapped, *graph.derive(self.records.values(), self.mapped, self._ranges)]

    def graph_of(self, records: Sequence[Record]) -> list[ox.Quad]:
        """The same of some records, whether the dataset has them or had them."""
        mapped = graph.map_quads(records, self.context)
        return [*mapped, *graph.derive(records, mapped, self._ranges)]

    @cached_property
    def _ranges(self) -> dict[str, str]:
        rdfs_range = "http://www.w3.org/2000/01/rdf-schema#range"
        ranges: dict[str, set[str]] = {}
        for triple in self.ontology:
            subject, cls = triple.subject, triple.object
            named = isinstance(subject, ox.NamedNode) and isinstance(cls, ox.NamedNode)
            if named and triple.predicate.value == rdfs_range:
                ranges.setdefault(graph.lexical(subject), set()).add(graph.lexical(cls))
        return {
            term: cls
            for term, (cls, *more) in ranges.items()
            if not more and cls.startswith(graph.TERMS)
        }

    @cached_property
    def store(self) -> ox.Store:
        """An in-memory store of the whole graph, with the ontology in a graph of its own."""
        store = ox.Store()
        store.bulk_extend(self.quads)
        store.bulk_extend(self._ontology_quads())
        return store

    def _ontology_quads(self) -> Iterator[ox.Quad]:
        for triple in self.ontology:
            yield ox.Quad(triple.subject, triple.predicate, triple.object, ONTOLOGY_GRAPH)

    def query(self, query: str, /, *, timeout: float = TIME, **bindings: Value) -> Answer:
        """The answer to a SELECT over the whole graph, or to a competency question by its name.

        `bindings` give values to variables of the query: texts, numbers, days, ids of records, terms.
        They are bound where the body of the query begins. The usual prefixes need not be declared.
        Raises DatasetError for what is no SELECT, or takes more than `timeout` seconds.
        """
        return ask(self, query, bindings, timeout)

    def record(self, name: str, texts: Path | None = None) -> Told:
        """A record in words, with its evidence, by its id; see mil2mil.telling.

        With `texts`, a folder of article files, the evidence is in the words of the source.
        Raises DatasetError if there is no such record.
        """
        from mil2mil.telling import Told
        from mil2mil.text import sentences

        return Told(self, name, sentences(self.store, texts) if texts else None)

    def rdflib(self) -> rdflib.Dataset:
        """The whole graph with the ontology, as an rdflib.Dataset whose default is their union."""
        import rdflib  # which takes a while to import

        dataset = rdflib.Dataset(default_union=True)
        quads = (*self.quads, *self._ontology_quads())
        data = ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b""
        dataset.parse(data=data.decode("utf-8"), format="nquads")
        for prefix, iri in prefixes_of(self.context).items():
            dataset.bind(prefix, iri)
        return dataset

    def describes(self, node: ox.NamedNode) -> bool:
        """Whether a record or the ontology says anything of a node."""
        quads = self.store.quads_for_pattern(node, None, None)
        return any(quad.graph_name != ox.DefaultGraph() for quad in quads)

    @cached_property
    def names(self) -> dict[str, list[str]]:
        """The names of everything that is described, without the base, by the part before the last /."""
        nodes = {iri for record in self.records.values() for iri in record.nodes}
        nodes |= {graph.lexical(t.subject) for t in self.ontology if isinstance(t.subject, ox.NamedNode)}
        names: dict[str, list[str]] = {}
        for name in sorted(node.removeprefix(BASE) for node in nodes):
            names.setdefault(name.rpartition("/")[0], []).append(name)
        return names

    def records_of(self, nodes: Iterable[str]) -> list[Record]:
        """The records to which nodes belong, by id, without nodes of which there is no record."""
        ids = sorted({node.removeprefix(BASE).partition("#")[0] for node in nodes})
        return [self.records[name] for name in ids if name in self.records]

    def is_generated(self, iri: str) -> bool:
        """Whether the IRI is of a nested node to which the reader, and not a person, gave it."""
        record = self.records.get(iri.removeprefix(BASE).partition("#")[0])
        node = record.nodes.get(iri) if record else None
        return node is not None and "id" not in node.entries

    def facts(self) -> int:
        """How many nodes state a fact, that is, name their evidence."""
        evidence = f"{graph.TERMS}evidence"
        return len({quad.subject for quad in self.quads if quad.predicate.value == evidence})

    @cached_property
    def checks(self) -> list[rules.Check]:
        return rules.read_checks(self.root / "validation" / "checks")

    @cached_property
    def questions(self) -> list[rules.Question]:
        return rules.read_questions(self.root / "validation" / "questions")

    def validate(
        self, engine: str = "shacl", texts: Path | None = None, scope: Scope | None = None
    ) -> list[Finding]:
        """Everything that is wrong, sorted by file and place; see mil2mil.validation.validate."""
        from mil2mil.validation import validate  # a later stage, needed only here

        return validate(self, engine, texts, scope)
