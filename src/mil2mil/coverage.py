"""Coverage: which facts each unit of each article supports, and which units support none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mil2mil.context import BASE, TERMS
from mil2mil.graph import rows

if TYPE_CHECKING:
    import pyoxigraph as ox

_UNITS = f"""PREFIX m2m: <{TERMS}>
SELECT ?article ?unit ?gloss ?reason ?fact ?type {{
  ?article m2m:unit ?unit . ?unit m2m:gloss ?gloss ; m2m:span/m2m:start ?start .
  OPTIONAL {{ ?unit m2m:withoutFact ?reason }}
  OPTIONAL {{ ?fact m2m:evidence ?unit ; a ?type }} }}
ORDER BY ?article ?start ?fact ?type"""

_PAGES = f"""PREFIX m2m: <{TERMS}> SELECT ?source {{
  ?source m2m:address ?address FILTER NOT EXISTS {{ ?source m2m:unit ?unit }} }}"""

_ALL = f"SELECT (COUNT(DISTINCT ?unit) AS ?number) {{ ?article <{TERMS}unit> ?unit"
_COVERED = f"""FILTER(EXISTS {{ ?unit <{TERMS}withoutFact> ?reason }}
  || EXISTS {{ ?fact <{TERMS}evidence> ?unit }})"""


@dataclass(slots=True)
class Unit:
    """A unit of an article: its gloss, the facts that it supports, or why it supports none."""

    iri: str
    gloss: str
    reason: str
    facts: list[tuple[str, str]]  # (id of the record, name of the class)

    @property
    def article(self) -> str:
        """The id of the article's record."""
        return self.iri.removeprefix(BASE).partition("#")[0]

    @property
    def id(self) -> str:
        """The id of the unit within its article, such as s01."""
        return self.iri.partition("#")[2]

    @property
    def covered(self) -> bool:
        return bool(self.facts or self.reason)


def cover(store: ox.Store) -> list[Unit]:
    """The units of all articles, in the order of the text."""
    units: dict[str, Unit] = {}
    for row in rows(store, _UNITS):
        iri = row["unit"]
        if iri not in units:
            units[iri] = Unit(iri, row["gloss"], row["reason"], [])
        if row["fact"]:
            record = row["fact"].removeprefix(BASE).partition("#")[0]
            units[iri].facts.append((record, row["type"].removeprefix(TERMS)))
    return list(units.values())


def count_pages(store: ox.Store) -> int:
    """How many sources are cited by their address alone, and so have no units to cover."""
    return sum(1 for _ in rows(store, _PAGES))


def count_units(store: ox.Store) -> tuple[int, int]:
    """How many units of articles are covered, and how many there are."""
    covered, number = (
        int(next(rows(store, f"{_ALL} {condition} }}"))["number"]) for condition in (_COVERED, "")
    )
    return covered, number
