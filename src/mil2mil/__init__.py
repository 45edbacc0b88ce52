"""mil2mil: a knowledge graph of contacts between the United States and Russian militaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from mil2mil.dataset import Dataset

__version__ = "0.1.0"
__all__ = ["load"]


def load(root: str | os.PathLike[str] | None = None) -> Dataset:
    """The dataset of the installed package, or of another folder of the same layout.

    Needs no network. Raises mil2mil.finding.DatasetError if the folder is not a dataset, or if a
    record in it cannot be read.
    """
    from mil2mil.dataset import load as load_dataset  # so that `import mil2mil` costs nothing

    return load_dataset(root)
