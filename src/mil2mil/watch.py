"""Validation that stays: a saved record is read anew, and what it can touch is looked at again."""

from __future__ import annotations

import logging
import time
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import watchfiles

from mil2mil.finding import DatasetError
from mil2mil.folder import FOLDERS, LEFTOVER
from mil2mil.incremental import Validated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mil2mil.dataset import Dataset
    from mil2mil.finding import Finding

_QUIET = 20  # milliseconds without a further change, after which a save is over
_IDLE = 100  # milliseconds after which the watcher looks whether it should stop


def changes(root: Path) -> Iterator[set[str]]:
    """The files of the dataset that were changed, added or removed together, until interrupted.

    The first set comes at once, and may be empty: from then on no change is missed.
    """

    def matters(_change: watchfiles.Change, path: str) -> bool:
        return not LEFTOVER.fullmatch(Path(path).name)

    logging.getLogger("watchfiles").setLevel(logging.ERROR)  # an interrupt is no news
    for batch in watchfiles.watch(
        *(root / folder for folder in FOLDERS),
        watch_filter=matters,
        step=_QUIET,
        rust_timeout=_IDLE,
        yield_on_timeout=True,
        raise_interrupt=False,
    ):
        yield {Path(path).relative_to(root).as_posix() for _, path in batch}


def watch(
    dataset: Dataset,
    engine: str,
    texts: Path | None,
    show: Callable[[Validated, list[Finding], float], None],
    fail: Callable[[DatasetError], None],
) -> None:
    """Validate, and again after each change; `show` gets what was found, and the seconds it took."""
    batches = changes(dataset.root)
    first = next(batches, set())
    start = time.perf_counter()
    state = Validated(dataset, engine, texts)
    show(state, state.findings, time.perf_counter() - start)
    for paths in chain([first], batches):
        if not paths:
            continue
        start = time.perf_counter()
        try:
            found = state.update(paths)
        except DatasetError as error:
            fail(error)
            continue
        show(state, found, time.perf_counter() - start)
