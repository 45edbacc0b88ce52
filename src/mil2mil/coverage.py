"""Coverage: which facts each unit of each article supports, and which units support none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mil2mil.context import BASE
from mil2mil.graph import TERMS, rows

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
    for row in rows(store, _UNITS):
        iri = row["unit"]
        if iri not in units:
            article = row["article"].removeprefix(BASE)
            units[iri] = Unit(article, iri.partition("#")[2], row["gloss"], row["reason"], [])
        if row["fact"]:
            record = row["fact"].removeprefix(BASE).partition("#")[0]
            units[iri].facts.append((record, row["type"].removeprefix(TERMS)))
    return list(units.values())
