"""What the dataset as a whole is called, from the ontology: title, version, licence and the like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mil2mil.context import BASE
from mil2mil.graph import rows

if TYPE_CHECKING:
    from mil2mil.dataset import Dataset

IRI = f"{BASE}dataset"

_ABOUT = f"""PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX owl: <http://www.w3.org/2002/07/owl#>
SELECT ?title ?description ?version ?creator ?created ?licence {{ <{BASE}ontology> dcterms:title ?title ;
  dcterms:description ?description ; owl:versionInfo ?version ; dcterms:creator ?creator ;
  dcterms:created ?created ; dcterms:license ?licence }} ORDER BY ?title ?description LIMIT 1"""


@dataclass(frozen=True, slots=True)
class About:
    title: str
    description: str
    version: str
    creator: str
    created: str
    licence: str


def about(dataset: Dataset) -> About:
    """What the ontology says of itself, which is released with the dataset, under one version."""
    return About(**next(rows(dataset.shape_store, _ABOUT)))
