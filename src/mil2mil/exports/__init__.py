"""Exports for tools that do not read RDF, or read more of it: one module for each format.

Each module has a function `files` that gives the files of a dataset by name: the same bytes for the
same facts.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from mil2mil.finding import DatasetError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mil2mil.dataset import Dataset

ALL = "all"
# The module of each format; it is imported when the format is wanted.
FORMATS = {
    "tables": "tables",
    "graphml": "graphml",
    "croissant": "croissant",
    "schema.org": "schema_org",
    "rdf12": "rdf12",
}

Files = dict[str, str | bytes]


def export(dataset: Dataset, names: Iterable[str]) -> Files:
    """The files of the named formats, in the order of FORMATS; `all` names every one.

    Raises DatasetError for a name that is none, and where a package that a format needs is missing.
    """
    wanted = set(names)
    for name in sorted(wanted - {ALL, *FORMATS}):
        help_ = nearest(name, [*FORMATS, ALL]) or f"there are {', '.join(FORMATS)} and {ALL}"
        raise DatasetError(f"there is no format '{name}'; {help_}")
    files: Files = {}
    for name, module in FORMATS.items():
        if name in wanted or ALL in wanted:
            files.update(importlib.import_module(f"mil2mil.exports.{module}").files(dataset))
    return files
