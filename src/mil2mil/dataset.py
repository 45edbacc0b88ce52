"""A dataset: a folder with its records, ontology and rules, read, validated and asked."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mil2mil import graph, rules
from mil2mil.context import BASE, TERMS, Context
from mil2mil.entailment import ranges
from mil2mil.executor import SERIAL
from mil2mil.finding import DatasetError, Names
from mil2mil.folder import Folder, id_of_path, packaged, path_of_id
from mil2mil.records import Records
from mil2mil.shard import Shards, loaded, read
from mil2mil.trig import head

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    import rdflib

    from mil2mil.answer import Answer, Value
    from mil2mil.executor import Workers
    from mil2mil.finding import Finding
    from mil2mil.record import Record
    from mil2mil.scope import Scope
    from mil2mil.shard import Load, Shard
    from mil2mil.telling import Told

ONTOLOGY_GRAPH = ox.NamedNode(f"{BASE}graphs/ontology")
SHARD = 100  # records in a shard
_TIME = 60.0  # seconds that a query may take


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

    `young` says that not every shape and check needs something to look at yet. `workers` read and
    check the records, so many a `shard`.
    """

    def __init__(
        self, root: Path, *, young: bool = False, workers: Workers = SERIAL, shard: int = SHARD
    ) -> None:
        self.folder = Folder(root)
        self.root = self.folder.root
        self.young = young
        self.workers = workers
        self.shard = shard

    @cached_property
    def context(self) -> Context:
        return Context.read(self.folder.text("ontology/context.jsonld"), ranges(self.ontology))

    @cached_property
    def files(self) -> tuple[list[str], list[Finding]]:
        """The ids of the records that have files, sorted; and what is wrong with other files there."""
        return self.folder.records()

    @property
    def size(self) -> int:
        """How many files of records there are."""
        return len(self.files[0])

    @cached_property
    def shards(self) -> Shards:
        """All records, read."""
        return Shards(self._read())

    def _read(self) -> Iterator[Shard]:
        ids = self.files[0]
        parts = (ids[start : start + self.shard] for start in range(0, len(ids), self.shard))
        texts = (self.folder.contents(map(path_of_id, part)) for part in parts)
        return self.workers.each(partial(read, context=self.context), texts)

    @cached_property
    def unreadable(self) -> list[Finding]:
        """What is wrong with files that cannot be used; while there are any, nothing else is known."""
        return sorted([*self.files[1], *self._suggest(self.shards.findings)])

    def _suggest(self, findings: list[Finding]) -> list[Finding]:
        """The findings, with ids for what should be one."""
        known = Names(self.records if any(finding.value for finding in findings) else ())
        return [
            replace(finding, suggestion=known.nearest(finding.value), value="")
            if finding.value
            else finding
            for finding in findings
        ]

    @cached_property
    def records(self) -> Records:
        unusable = {id_of_path(finding.file) for finding in self.shards.findings}
        ids = (name for name in self.files[0] if name not in unusable)
        return Records(self.root, self.context, ids)

    def reread(self, paths: Collection[str]) -> list[ox.Quad]:
        """Read record files anew that were changed, added or removed; returns what they said before.

        That is as the store has it, which may write a number in another way.
        """
        before = self.said(map(id_of_path, paths))
        for name in ("files", "shards", "names"):
            self.__dict__.pop(name, None)
        there = [path for path in paths if os.path.lexists(self.root / path)]
        problems = {path: problem for path in there if (problem := self.folder.problem(path))}
        new = read(self.folder.contents(path for path in there if path not in problems), self.context)
        unusable = {finding.file for finding in new.findings}.union(problems)
        self.records.forget(map(id_of_path, paths))
        self.records.add(id_of_path(path) for path in there if path not in unusable)
        elsewhere = [finding for finding in self.unreadable if finding.file not in paths]
        self.unreadable = sorted([*elsewhere, *problems.values(), *self._suggest(new.findings)])
        for quad in before:
            self.store.remove(quad)
        self.store.load(head(self.context) + new.trig, format=ox.RdfFormat.TRIG)
        for path in paths:
            self.folder.forget(path)
        return before

    def said(self, ids: Iterable[str]) -> list[ox.Quad]:
        """What the store has of records, with the provenance."""
        store = self.store
        quads: list[ox.Quad] = []
        for name in ids:
            graph_name = ox.NamedNode(f"{BASE}graphs/{name}")
            quads.extend(store.quads_for_pattern(None, None, None, graph_name))
            quads.extend(store.quads_for_pattern(graph_name, None, None, ox.DefaultGraph()))
        return quads

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
    def quads(self) -> list[ox.Quad]:
        """The whole graph: what the records say, what follows, and the provenance."""
        start = head(self.context)
        return [
            quad for trig in self.shards for quad in ox.parse(start + trig, format=ox.RdfFormat.TRIG)
        ]

    @cached_property
    def store(self) -> ox.Store:
        """A store of the whole graph, with the ontology in a graph of its own; in memory, unless set."""
        store = ox.Store()
        return self.fill(store, store.load)

    def fill(self, store: ox.Store, load: Load) -> ox.Store:
        """Put the whole graph into an empty store; `load` is the one of its ways that is fastest."""
        start = head(self.context)
        if "shards" in self.__dict__:
            for trig in self.shards:
                load(start + trig, format=ox.RdfFormat.TRIG)
        else:
            self.shards = Shards(loaded(self._read(), load, start))  # while others are being read
        store.bulk_extend(self._ontology_quads())
        return store

    def _ontology_quads(self) -> Iterator[ox.Quad]:
        for triple in self.ontology:
            yield ox.Quad(triple.subject, triple.predicate, triple.object, ONTOLOGY_GRAPH)

    def query(self, query: str, /, *, timeout: float = _TIME, **bindings: Value) -> Answer:
        """The answer to a SELECT over the whole graph, or to a competency question by its name.

        `bindings` give values to variables of the query: texts, numbers, days, ids of records, terms.
        They are bound where the body of the query begins. The usual prefixes need not be declared.
        Raises DatasetError for what is no SELECT, or takes more than `timeout` seconds.
        """
        from mil2mil.answer import ask

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

        from mil2mil.answer import prefixes_of

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
    def names(self) -> dict[str, Names]:
        """The ids of records and the names in the ontology, without the base, by what comes before
        the last /.

        Under the empty name are all of them.
        """
        subjects = {triple.subject for triple in self.ontology}
        declared = (node.value for node in subjects if isinstance(node, ox.NamedNode))
        names: dict[str, list[str]] = {"": []}
        for name in {*self.records, *(iri.removeprefix(BASE) for iri in declared)}:
            names.setdefault(name.rpartition("/")[0], []).append(name)
            names[""].append(name)
        return {folder: Names(known) for folder, known in names.items()}

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
        query = f"SELECT (COUNT(DISTINCT ?fact) AS ?number) {{ ?fact <{TERMS}evidence> ?evidence }}"
        return int(next(graph.rows(self.store, query))["number"])

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
