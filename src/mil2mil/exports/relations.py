"""The dataset as relations: which tables there are, their columns, and their rows.

All of it comes from context, shapes and ontology. Each kind of record has a table with the name of its
folder, and each kind of nested node one with the name of its class, in the plural. A key that has at
most one value is a column, any other a table of links. A reference leads to the table of its kind, or
to `nodes`, which has every node, if it may be of several. A nested node names its parent.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mil2mil.context import BASE, DERIVED, EDTF
from mil2mil.exports.layout import NODES, Layout
from mil2mil.graph import RDF_TYPE, lexical, rows
from mil2mil.keys import Key, meanings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mil2mil.dataset import Dataset

CONCEPTS = "concepts"
Value = str | None

_CONCEPTS = """PREFIX skos: <http://www.w3.org/2004/02/skos/core#> SELECT ?concept ?label ?meaning {
  ?concept skos:inScheme ?scheme ; skos:prefLabel ?label ; skos:definition ?meaning }"""

_XSD = "http://www.w3.org/2001/XMLSchema#"
_KINDS = {
    f"{_XSD}integer": "integer",
    f"{_XSD}positiveInteger": "integer",
    f"{_XSD}nonNegativeInteger": "integer",
    f"{_XSD}date": "date",
    f"{_XSD}duration": "duration",
}


@dataclass(slots=True)
class Column:
    """`kind` is string, integer, date or duration; `target` the table whose id the values are."""

    name: str
    meaning: str
    kind: str = "string"
    required: bool = False
    target: str = ""
    choices: tuple[str, ...] = ()


@dataclass(slots=True)
class Table:
    """Rows have a value for each column, and are sorted by the columns of `key`."""

    name: str
    meaning: str
    columns: list[Column]
    key: tuple[str, ...]
    rows: list[tuple[Value, ...]] = field(default_factory=list)


def relations(dataset: Dataset) -> list[Table]:
    """The tables: that of all nodes, those of records, of nested nodes, of links, and of concepts."""
    return _Reader(dataset).tables()


class _Reader:
    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.layout = Layout(dataset)
        self.order = list(dataset.context.terms)
        self.meanings = meanings(dataset)
        self.concepts: dict[str, list[tuple[Value, ...]]] = defaultdict(list)
        for row in rows(dataset.shape_store, _CONCEPTS):
            scheme, _, name = row["concept"].removeprefix(BASE).rpartition("/")
            self.concepts[scheme].append((scheme, name, row["label"], row["meaning"]))
        self.values: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for quad in dataset.quads:
            self.values[lexical(quad.subject)][quad.predicate.value].append(lexical(quad.object))
        self.nodes: dict[str, list[str]] = {name: [] for name in self.layout.keys}
        for node in sorted(self.values):
            types = self.values[node][RDF_TYPE.value]
            tables = sorted({self.layout.table_of.get(cls, "") for cls in types} - {""})
            if tables:
                self.nodes[tables[0]].append(node)

    def tables(self) -> list[Table]:
        order = sorted(self.layout.keys, key=lambda name: (name in self.layout.nested, name))
        return [
            self._all_nodes(),
            *(self._entities(name) for name in order),
            *self._links(),
            Table(
                CONCEPTS,
                "The values of vocabularies, and what they mean.",
                [
                    Column("scheme", "The vocabulary, named for its property.", required=True),
                    Column("name", "The value as it stands in other tables.", required=True),
                    Column("label", "Its name for people.", required=True),
                    Column("definition", "What it means.", required=True),
                ],
                ("scheme", "name"),
                [
                    row
                    for scheme in sorted(self.concepts)
                    for row in sorted(self.concepts[scheme], key=str)
                ],
            ),
        ]

    def _all_nodes(self) -> Table:
        columns = [
            Column("id", f"What follows {BASE} in the IRI of the node.", required=True),
            Column("table", "The table that says more of it.", required=True, choices=tuple(self.nodes)),
            Column("record", "The record to which it belongs.", required=True, target=NODES),
            Column("parent", "The node in which it stands; a record has none.", target=NODES),
        ]
        table = Table(NODES, "Every record, and every node that stands in one.", columns, ("id",))
        for name, nodes in self.nodes.items():
            for node in nodes:
                id_ = node.removeprefix(BASE)
                table.rows.append((id_, name, id_.partition("#")[0], self._parent(node)))
        table.rows.sort(key=lambda row: str(row[0]))
        return table

    def _parent(self, node: str) -> str | None:
        return self.layout.parent[node].removeprefix(BASE) if node in self.layout.parent else None

    def _entities(self, name: str) -> Table:
        classes = sorted(cls for cls, table in self.layout.table_of.items() if table == name)
        columns = [
            Column("id", "The node.", required=True, target=NODES),
            Column("type", "Its class.", required=True),
        ]
        if name in self.layout.nested:
            holders = self.layout.holders(name)
            target = holders.pop() if len(holders) == 1 else NODES
            columns.append(
                Column("parent", "The node in which it stands.", required=True, target=target)
            )
        keys = list(self._columns(name))
        columns += [self._column(key) for key in keys]
        meaning = " ".join(self.meanings.get(cls, "") for cls in classes)
        table = Table(name, meaning, columns, ("id",))
        types = self.dataset.context.name_of_type
        for node in self.nodes[name]:
            own = self.values[node]
            start: list[Value] = [node.removeprefix(BASE)]
            start.append(" ".join(sorted(types.get(cls, cls) for cls in own[RDF_TYPE.value])))
            if name in self.layout.nested:
                start.append(self._parent(node))
            table.rows.append((*start, *(next(self._read(own, key), None) for key in keys)))
        return table

    def _columns(self, table: str) -> Iterator[Key]:
        """The keys that are columns; a date is followed by its days."""
        for key in self.layout.keys[table]:
            if key.single and not self.layout.holds(key):
                yield key
                if key.term.datatype == EDTF:
                    days = (term for term in self.dataset.context.terms.values() if term.iri in DERIVED)
                    yield from (Key(term, single=True) for term in days)

    def _column(self, key: Key) -> Column:
        term = key.term
        kind = _KINDS.get(term.datatype, "string")
        scheme = term.vocabulary.removeprefix(BASE).rstrip("/")
        choices = tuple(sorted(str(row[1]) for row in self.concepts[scheme])) if scheme else ()
        meaning = self.meanings.get(term.iri, "The name by which people know it.")
        return Column(term.key, meaning, kind, key.required, self.layout.target(key), choices)

    def _read(self, own: dict[str, list[str]], key: Key) -> Iterator[Value]:
        """The values of a key as they stand in the files, sorted."""
        term, context = key.term, self.dataset.context
        for value in sorted(set(own.get(term.iri, ()))):
            if term.kind == "key":
                yield context.term_of_iri[value].key
            elif term.kind in ("reference", "concept"):
                yield value.removeprefix(term.vocabulary or BASE)
            else:
                yield value

    def _links(self) -> Iterator[Table]:
        """A table for each key that may have several values, of all the nodes that may."""
        found: dict[str, dict[str, Key]] = defaultdict(dict)
        for owner, keys in self.layout.keys.items():
            for key in keys:
                if not key.single and not self.layout.holds(key):
                    found[key.term.key][owner] = key
        for name in sorted(found, key=self.order.index):
            owners = found[name]
            key = _merge(owners.values())
            column = self._column(key)
            column.required = True
            target = next(iter(owners)) if len(owners) == 1 else NODES
            start = Column("node", "The node that has the value.", required=True, target=target)
            table = Table(f"node_{name}", column.meaning, [start, column], ("node", name))
            for node in sorted(node for owner in owners for node in self.nodes[owner]):
                own = self.values[node]
                table.rows += [(node.removeprefix(BASE), value) for value in self._read(own, key)]
            yield table


def _merge(keys: Iterable[Key]) -> Key:
    """One key for several tables."""
    first, *others = keys
    classes = first.classes.union(*(key.classes for key in others))
    return Key(first.term, ours=first.ours and all(key.ours for key in others), classes=classes)
