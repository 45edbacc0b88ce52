"""Coverage: which facts each unit of each article supports, and which units support none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mil2mil.context import BASE
from mil2mil.graph import TERMS

if TYPE_CHECKING:
    import pyoxigraph as ox

_UNITS = f"""PREFIX m2m: <{TERMS}>
SELECT ?article ?unit ?gloss ?reason ?fact ?type {{
  ?article m2m:unit ?unit . ?unit m2m:gloss ?gloss ; m2m:span/m2m:start ?start .
  OPTIONAL {{ ?unit m2m:withoutFact ?reason }}
  OPTIONAL {{ ?fact m2m:evidence ?unit ; a ?type }} }}
ORDER BY ?article ?start ?fact"""


@dataclass(slots=True)
class Unit:
    """A unit of an article: its gloss, the facts that it supports, or why it supports none."""

    article: str
    id: str
    gloss: str
    reason: str
    facts: list[tuple[str, str]]  # (id of the record, name of the class)

    @property
    def covered(self) -> bool:
        return bool(self.facts or self.reason)


def cover(store: ox.Store) -> list[Unit]:
    """The units of all articles, in the order of the text."""
    units: dict[str, Unit] = {}
    for row in store.query(_UNITS, use_default_graph_as_union=True):
        iri = row["unit"].value
        if iri not in units:
            reason = row["reason"].value if row["reason"] else ""
            article = row["article"].value.removeprefix(BASE)
            units[iri] = Unit(article, iri.partition("#")[2], row["gloss"].value, reason, [])
        if row["fact"]:
            record = row["fact"].value.removeprefix(BASE).partition("#")[0]
            units[iri].facts.append((record, row["type"].value.removeprefix(TERMS)))
    return list(units.values())
