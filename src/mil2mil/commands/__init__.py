"""The commands of `mil2mil`: each takes the options of its call, prints, and returns the exit code."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mil2mil.finding import DatasetError, Severity, render

if TYPE_CHECKING:
    import argparse

    from mil2mil.dataset import Dataset
    from mil2mil.finding import Finding

CONFORMS, FINDINGS = 0, 1


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
