"""The commands of `mil2mil`: each takes the options of its call, prints, and returns the exit code."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mil2mil.finding import DatasetError, Severity, render

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from mil2mil.dataset import Dataset
    from mil2mil.executor import Workers
    from mil2mil.finding import Finding
    from mil2mil.scope import Scope

CONFORMS, FINDINGS = 0, 1
_MANY = 5000  # records, from which on several processes are faster than one


def dataset_of(options: argparse.Namespace) -> Dataset:
    from mil2mil.dataset import Dataset
    from mil2mil.folder import packaged

    if options.root is not None:
        return Dataset(options.root, young=True)
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "ontology" / "context.jsonld").is_file():
            return Dataset(folder)
    return Dataset(packaged())


@contextmanager
def workers_of(options: argparse.Namespace) -> Iterator[Callable[[Dataset], Workers]]:
    """Who reads and checks a dataset: those of --executor; else processes, if it is large."""
    from mil2mil.executor import SERIAL, workers

    with ExitStack() as stack:

        def choose(dataset: Dataset) -> Workers:
            name = options.executor
            if name is None and dataset.size < _MANY:
                return SERIAL
            return stack.enter_context(workers("processes" if name is None else name))

        yield choose


def validation_of(dataset: Dataset, options: argparse.Namespace) -> tuple[list[Finding], Scope | None]:
    """All that is wrong; and what had to be looked at for it, None if that was everything."""
    if options.store is None:
        return dataset.validate(options.engine, texts_of(options)), None
    from mil2mil.incremental import validated

    done = validated(dataset, options.store, options.engine, texts_of(options))
    return done.findings, done.scope


def texts_of(options: argparse.Namespace) -> Path | None:
    """The folder of articles that the user gives, if any."""
    folder: Path | None = options.text
    if folder is not None and not folder.is_dir():
        raise DatasetError(f"{folder}: there is no such folder of articles")
    return folder


def print_findings(dataset: Dataset, findings: list[Finding]) -> None:
    if findings:
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        print(render(findings, dataset.folder.line, colour=colour))


def need_readable(dataset: Dataset, command: str) -> None:
    if dataset.unreadable:
        print_findings(dataset, dataset.unreadable)
        raise DatasetError(f"{command} needs a dataset that can be read")


def count(findings: list[Finding]) -> str:
    counts = []
    for severity in Severity:
        number = sum(finding.severity == severity for finding in findings)
        plural = "" if number == 1 or severity is Severity.INFO else "s"
        counts.append(f"{number} {severity.word}{plural}")
    return ", ".join(counts)
