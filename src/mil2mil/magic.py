"""A cell magic: after `%load_ext mil2mil.magic`, cells that start with `%%sparql [NAME]` are queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mil2mil.dataset import Dataset, load

if TYPE_CHECKING:
    from mil2mil.answer import Answer


def load_ipython_extension(shell: Any) -> None:
    """Called by IPython. A cell asks the notebook's `dataset`, if it has one, or else the package's."""

    def sparql(line: str, cell: str) -> Answer:
        """The answer to the cell, which also gets the name that stands after %%sparql."""
        dataset = shell.user_ns.get("dataset")
        answer = (dataset if isinstance(dataset, Dataset) else load()).query(cell)
        if line.strip():
            shell.user_ns[line.strip()] = answer
        return answer

    shell.register_magic_function(sparql, "cell")
