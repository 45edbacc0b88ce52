"""Narrowed validation held against the full one: the same findings always, at what cost.

    python benchmarks/narrowing.py prove --records 10000 --edits 500
    python benchmarks/narrowing.py cost --records 1000 10000 30000

`prove` makes random edits of a made dataset, one after another. After each, what the full validation
finds has to be what the narrowed one finds in its scope, and outside of it what was found before.
`cost` gives, for datasets of several sizes, the median time of a narrowed validation after an edit of
one record, beside reading and full validation in the same process.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from edits import Editor
from generate import generate
from mil2mil.dataset import Dataset
from mil2mil.folder import id_of_path
from mil2mil.scope import scope_of

if TYPE_CHECKING:
    from mil2mil.finding import Finding

REREAD = 25  # after so many edits the full validation starts from the files, not from memory


class DifferenceError(Exception):
    """The narrowed validation has not found what the full one found."""


def prove(root: Path, edits: int, seed: int) -> tuple[int, int]:
    """Make random edits and compare; how many were compared, and how many made a file unreadable.

    Raises DifferenceError with what differs. An edit that makes a file unreadable is taken back, since
    then there is nothing to narrow.
    """
    editor = Editor(root, seed)
    dataset = Dataset(root, young=True)
    old = dataset.validate()
    unreadable = 0
    for number in range(edits):
        paths = editor.edit()
        before = dataset.reread(paths)
        if dataset.unreadable:
            unreadable += 1
            editor.take_back([path for path in paths if path in editor.original])
            dataset.reread(paths)
            old = dataset.validate()
            continue
        scope = scope_of(dataset, map(id_of_path, paths), before)
        if scope is None:
            raise DifferenceError("the scope of an edit is everything")
        found = dataset.validate(scope=scope)
        if number % REREAD == 0:
            dataset = Dataset(root, young=True)
        new = dataset.validate()
        _compare(paths, found, [finding for finding in new if scope.covers(finding)])
        outside = [[finding for finding in all_ if not scope.covers(finding)] for all_ in (old, new)]
        _compare(paths, *(_without_suggestions(findings) for findings in outside))
        old = new
        if sys.stderr.isatty():
            print(f"\r{number + 1} of {edits}", end="", file=sys.stderr)
    return edits - unreadable, unreadable


def _without_suggestions(findings: list[Finding]) -> list[Finding]:
    """A suggestion may name any record, also one that an edit has brought or taken away."""
    return sorted(dataclasses.replace(finding, suggestion="") for finding in findings)


def _compare(paths: list[str], one: list[Finding], other: list[Finding]) -> None:
    differing = set(one) ^ set(other)
    if differing:
        raise DifferenceError(f"{paths}: " + "; ".join(map(str, sorted(differing))))


def cost(root: Path, edits: int, seed: int) -> tuple[int, float, float, float]:
    """The number of records, and seconds: to read all, to validate all, after an edit of one record."""
    start = time.perf_counter()
    dataset = Dataset(root, young=True)
    _ = dataset.store, dataset.checks, dataset.shape_store
    read = time.perf_counter() - start
    start = time.perf_counter()
    dataset.validate()
    full = time.perf_counter() - start
    editor = Editor(root, seed)
    times: list[float] = []
    while len(times) < edits:
        paths = editor.edit()
        start = time.perf_counter()
        before = dataset.reread(paths)
        scope = scope_of(dataset, map(id_of_path, paths), before)
        dataset.validate(scope=scope)
        if len(paths) == 1 and not dataset.unreadable:
            times.append(time.perf_counter() - start)
        editor.take_back([path for path in paths if path in editor.original])
        dataset.reread(paths)
    return len(dataset.records), read, full, median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description="Hold narrowed validation against the full one.")
    parser.add_argument("what", choices=("prove", "cost"))
    parser.add_argument("--records", type=int, nargs="+", default=[10_000])
    parser.add_argument("--edits", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.what == "cost":
        print("| records | reading, s | full validation, s | one edit, ms |\n|---:|---:|---:|---:|")
    for records in options.records:
        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder), records, seed=options.seed, wrong=0.01)
            if options.what == "prove":
                compared, unreadable = prove(Path(folder), options.edits, options.seed)
                print(
                    f"{records} records, {compared} edits: the same findings, always. "
                    f"({unreadable} more made a file unreadable, and were taken back.)"
                )
            else:
                number, read, full, one = cost(Path(folder), options.edits, options.seed)
                print(f"| {number:,} | {read:.2f} | {full:.2f} | {one * 1000:.0f} |", flush=True)


if __name__ == "__main__":
    main()
