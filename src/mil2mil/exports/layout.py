"""Which tables a dataset has, and the keys of the records and nodes in each."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from mil2mil.graph import rows
from mil2mil.keys import Key, above, keys_of
from mil2mil.scaffold import kinds
from mil2mil.shapes import SH

if TYPE_CHECKING:
    from mil2mil.dataset import Dataset

NODES = "nodes"  # the table of every node

_NESTED = f"""PREFIX sh: <{SH}> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
  SELECT DISTINCT ?class ?label {{ ?class rdfs:label ?label .
  ?shape sh:targetClass ?class ; sh:pattern ?pattern . FILTER(STRSTARTS(?pattern, "#")) }}"""


class Layout:
    """The tables: their names by class, which of them are of nested nodes, and the keys of each."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        nested = {
            row["class"]: row["label"].replace(" ", "_") + "s"
            for row in rows(dataset.shape_store, _NESTED)
        }
        self.nested = set(nested.values())
        folders = {dataset.context.types[name]: folder for name, folder in kinds(dataset).values()}
        self.table_of = folders | nested
        self.parent: dict[str, str] = {}  # the node in which a nested node stands
        self._held: set[str] = set()  # keys under which nodes stand
        self._referring: set[str] = set()  # keys that have references
        for record in dataset.records.values():
            self._read_parents(record.json)
        self.keys = self._read_keys()

    def _read_parents(self, node: dict[str, object]) -> None:
        for key, value in node.items():
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, dict):
                    self.parent[item["id"]] = str(node["id"])
                    self._held.add(key)
                    self._read_parents(item)
                elif key not in ("id", "type"):
                    self._referring.add(key)

    def _read_keys(self) -> dict[str, list[Key]]:
        """The keys of each table: single or required if they are that in each of its classes."""
        order = list(self._dataset.context.terms)
        below: dict[str, set[str]] = defaultdict(set)
        for cls, classes in above(self._dataset).items():
            for one in classes:
                below[one].add(cls)
        found = keys_of(self._dataset)
        tables: dict[str, list[Key]] = {}
        for table in sorted(set(self.table_of.values())):
            of_classes = [found.get(cls, {}) for cls, name in self.table_of.items() if name == table]
            tables[table] = []
            for name in sorted({name for of in of_classes for name in of}, key=order.index):
                keys = [of[name] for of in of_classes if name in of]
                named = set().union(*(key.classes for key in keys))
                tables[table].append(
                    Key(
                        keys[0].term,
                        len(keys) == len(of_classes) and all(key.required for key in keys),
                        all(key.single for key in keys),
                        keys[0].term.kind == "reference" and all(key.ours for key in keys),
                        classes=named.union(*(below[cls] for cls in named)),
                    )
                )
        return tables

    def holds(self, key: Key) -> bool:
        """Whether nodes stand under the key, and references do not."""
        if key.term.key in self._held | self._referring:
            return key.term.key not in self._referring
        return bool(key.classes) and {self.table_of.get(cls) for cls in key.classes} <= self.nested

    def target(self, key: Key) -> str:
        tables = {self.table_of[cls] for cls in key.classes if cls in self.table_of}
        return tables.pop() if len(tables) == 1 else NODES if key.ours else ""

    def holders(self, nested: str) -> set[str]:
        """The tables of nodes in which the nodes of a table may stand."""
        return {
            table
            for table, keys in self.keys.items()
            for key in keys
            if nested in {self.table_of.get(cls) for cls in key.classes}
            and (key.term.key in self._held or self.holds(key))
        }
