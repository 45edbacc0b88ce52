"""Validation from the terminal: of everything, of what changed, and again whenever a file is saved."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mil2mil.commands import (
    CONFORMS,
    FINDINGS,
    count,
    dataset_of,
    print_findings,
    texts_of,
    validation_of,
    workers_of,
)
from mil2mil.finding import DatasetError, Severity
from mil2mil.folder import path_of_id

if TYPE_CHECKING:
    import argparse

    from mil2mil.dataset import Dataset
    from mil2mil.finding import Finding
    from mil2mil.incremental import Validated
    from mil2mil.scope import Scope


_MORE = "More may follow: shapes and checks run once every file of the dataset can be read."


def validate(options: argparse.Namespace) -> int:
    with workers_of(options) as workers:
        dataset = dataset_of(options)
        dataset.workers = workers(dataset)
        return _validate(dataset, options)


def _validate(dataset: Dataset, options: argparse.Namespace) -> int:
    if options.watch:
        if options.paths or options.since is not None or options.store or options.format != "text":
            message = "--watch checks everything; leave PATH, --since, --store and --format out"
            raise DatasetError(message)
        return _watch(dataset, options)
    if options.store is not None:
        if options.paths or options.since is not None:
            raise DatasetError("--store knows what changed; leave PATH and --since out")
        findings, scope = validation_of(dataset, options)
    else:
        scope = None if dataset.unreadable else _scope(dataset, options)
        findings = dataset.validate(options.engine, texts_of(options), scope)
    worst = Severity[options.fail_on.upper()]
    fail = FINDINGS if any(finding.severity <= worst for finding in findings) else CONFORMS
    if options.format != "text":
        from mil2mil.explain import all_rules
        from mil2mil.report import FORMATS

        sys.stdout.write(FORMATS[options.format](findings, all_rules(dataset)))
        if dataset.unreadable:
            print(_MORE, file=sys.stderr)
        return fail
    print_findings(dataset, findings)
    if dataset.unreadable:
        print(f"{len(dataset.records)} records: {count(findings)}")
        print(_MORE)
        return fail
    print(f"{_extent(dataset, scope, options)} (SHACL by {options.engine}): {count(findings)}")
    return fail


def _scope(dataset: Dataset, options: argparse.Namespace) -> Scope | None:
    """What the options leave to be validated; None if that is everything."""
    if options.since is None and not options.paths:
        return None
    from mil2mil.revision import is_kept, scope_since

    paths = sorted({path for given in options.paths for path in _record_files(dataset, given)})
    if options.since is None and not is_kept(dataset.root):
        return None  # what the records said before, and what hung on that, cannot be known
    return scope_since(dataset, options.since or "HEAD", paths or None)


def _record_files(dataset: Dataset, path: Path) -> list[str]:
    """The files of records at a path given by the user, relative to the dataset's root."""
    for candidate in (
        path,
        dataset.root / path,
        dataset.root / f"{path}.yaml",
        dataset.root / f"data/{path}.yaml",
    ):
        if candidate.exists() and candidate.resolve().is_relative_to(dataset.root):
            inside = candidate.resolve().relative_to(dataset.root)
            files = map(path_of_id, dataset.records)
            return [file for file in files if Path(file).is_relative_to(inside)] or [inside.as_posix()]
    raise DatasetError(
        f"{path}: there is no such file or folder in {dataset.root}; "
        "to check what a removed record leaves behind, use --since"
    )


def _extent(dataset: Dataset, scope: Scope | None, options: argparse.Namespace) -> str:
    total = f"{len(dataset.records)} records"
    if scope is None:
        asked = options.since is not None or options.paths
        return f"All {total}, since what changed can touch any of them" if asked else total
    if not scope.records:
        when = options.since or "the last time"
        return f"No record has changed since {when}. {total}"
    others = {record.id for record in dataset.records_of(scope.in_sight())} - scope.records
    gone = len(scope.records - dataset.records.keys())
    removed = f", {gone} removed" if gone else ""
    changed = len(scope.records) - gone
    return f"{changed} of {total}{removed}, and {len(others)} more that they can touch"


def _watch(dataset: Dataset, options: argparse.Namespace) -> int:
    """Validate, and again whenever a file of the dataset is saved, until interrupted."""
    try:
        from mil2mil.watch import watch
    except ModuleNotFoundError as error:
        raise DatasetError("--watch needs an extra: pip install 'mil2mil[watch]'") from error

    def show(state: Validated, found: list[Finding], seconds: float) -> None:
        print_findings(state.dataset, found)
        elsewhere = len(state.findings) - len(found)
        more = f", {elsewhere} of them elsewhere" if elsewhere else ""
        total = f"{len(state.dataset.records)} records: {count(state.findings)}{more}"
        print(f"{time.strftime('%H:%M:%S')} {total} ({seconds * 1000:.0f} ms)", flush=True)
        if state.dataset.unreadable:
            print(_MORE, flush=True)

    def fail(error: DatasetError) -> None:
        print(f"mil2mil: {error}", file=sys.stderr, flush=True)

    print("Checking again whenever a file is saved; Ctrl-C stops it.", flush=True)
    with contextlib.suppress(KeyboardInterrupt):  # which is how it ends, wherever it comes
        watch(dataset, options.engine, texts_of(options), show, fail)
    return CONFORMS
