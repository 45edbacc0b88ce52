"""Validation that stays: a saved record is read anew, and what it can touch is looked at again."""

from __future__ import annotations

import logging
import time
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import watchfiles

from mil2mil.dataset import Dataset
from mil2mil.finding import DatasetError
from mil2mil.folder import FOLDERS, LEFTOVER, RECORD_FILE
from mil2mil.record import id_of_path
from mil2mil.scope import scope_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from mil2mil.finding import Finding
    from mil2mil.record import Record

_QUIET = 20  # milliseconds without a further change, after which a save is over
_IDLE = 100  # milliseconds after which the watcher looks whether it should stop


class Watch:
    """A dataset in memory, and all that is wrong with it, kept up to date as files change."""

    def __init__(self, dataset: Dataset, engine: str, texts: Path | None) -> None:
        self.dataset = dataset
        self.engine = engine
        self.texts = texts
        self.findings: list[Finding] = []
        self._stale = False
        self._check(None)

    def update(self, paths: Collection[str]) -> list[Finding]:
        """Take changed files in; returns the findings about what they can touch.

        Raises DatasetError while the dataset cannot be validated; the next update reads all anew.
        """
        if self._stale or not all(RECORD_FILE.fullmatch(path) for path in paths):
            self._stale = True
            self.dataset = Dataset(self.dataset.root, young=self.dataset.young)
            found = self._check(None)
            self._stale = False
            return found
        readable = not self.dataset.unreadable
        before = self.dataset.reread(paths)
        return self._check((paths, before) if readable and not self.dataset.unreadable else None)

    def _check(self, change: tuple[Collection[str], list[Record]] | None) -> list[Finding]:
        scope = None
        if change is not None:
            paths, before = change
            scope = scope_of(self.dataset, map(id_of_path, paths), before)
        found = self.dataset.validate(self.engine, self.texts, scope)
        kept = [finding for finding in self.findings if scope and not scope.covers(finding)]
        self.findings = sorted({*kept, *found})
        return found


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
    show: Callable[[Watch, list[Finding], float], None],
    fail: Callable[[DatasetError], None],
) -> None:
    """Validate, and again after each change; `show` gets what was found, and the seconds it took."""
    batches = changes(dataset.root)
    first = next(batches, set())
    start = time.perf_counter()
    state = Watch(dataset, engine, texts)
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
