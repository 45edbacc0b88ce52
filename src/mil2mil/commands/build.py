"""The main job: facts to validated graph to exports, with a summary."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from mil2mil import __version__
from mil2mil.commands import (
    CONFORMS,
    FINDINGS,
    count,
    dataset_of,
    print_findings,
    validation_of,
    workers_of,
)
from mil2mil.finding import Severity

if TYPE_CHECKING:
    import argparse

    from mil2mil.dataset import Dataset
    from mil2mil.finding import Finding
    from mil2mil.trig import Tally


def build(options: argparse.Namespace) -> int:
    with workers_of(options) as workers:
        dataset = dataset_of(options)
        dataset.workers = workers(dataset)
        return _build(dataset, options)


def _build(dataset: Dataset, options: argparse.Namespace) -> int:
    from mil2mil import describe, export, exports
    from mil2mil.coverage import count_units
    from mil2mil.output import Output, bytes_of

    findings, _ = validation_of(dataset, options)
    print_findings(dataset, findings)
    if any(finding.severity is Severity.VIOLATION for finding in findings):
        print(f"{count(findings)}. Nothing was written; mend the violations and build again.")
        return FINDINGS
    documents = export.documents(dataset, options.only or export.FORMATS)
    tally = dataset.shards.tally
    files = {f"mil2mil.{name}": pieces for name, pieces in documents.items()}
    for name in ("mil2mil.ttl", "vocabularies.ttl"):  # which say what the terms in the facts mean
        text = dataset.ontology_texts[f"ontology/{name}"]
        files[name.replace("mil2mil", "ontology")] = iter([text.encode("utf-8")])
    more = exports.export(dataset, options.formats)
    with Output(options.output) as output:
        written = {name: output.write(name, pieces) for name, pieces in files.items()}
        description = describe.describe(dataset, tally, written)
        more = {"void.ttl": export.write("ttl", description, dataset.context), **more}
        for name, content in more.items():
            written[name] = output.write(name, [bytes_of(content)])
    _summarise(tally, findings, *count_units(dataset.store))
    sizes: Counter[str] = Counter()
    for name, file in written.items():
        folder, inner, _ = name.partition("/")  # a folder has one line, for all that is in it
        sizes[folder + inner] += file.size
    width = len(str(options.output)) + 1 + max(map(len, sizes))
    for name, size in sizes.items():
        print(f"  {f'{options.output}{os.sep}{name}':<{width}}{size:>12,} bytes")
    for name in (f"mil2mil.{name}" for name in export.FORMATS):
        if name not in written and (options.output / name).exists():
            print(f"  {f'{options.output}{os.sep}{name}':<{width}} is of an earlier build")
    return FINDINGS if findings else CONFORMS


def _summarise(tally: Tally, findings: list[Finding], covered: int, units: int) -> None:
    kinds: dict[str, list[tuple[str, int]]] = {}
    for (folder, name), number in sorted(tally.records.items()):
        kinds.setdefault(folder, []).append((name, number))
    total = sum(tally.records.values())
    width = max(6, len(str(tally.triples)))
    print(f"mil2mil {__version__}: contacts between the United States and Russian militaries\n")
    print(f"  {'Records':<16}{total:>{width}}")
    for folder, names in kinds.items():
        parts = ", ".join(f"{number} {name}" for name, number in names)
        note = f"   {parts}" if len(names) > 1 else ""
        print(f"    {folder:<14}{sum(number for _, number in names):>{width}}{note}")
    print(f"  {'Facts':<16}{tally.facts:>{width}}   nodes that name their evidence")
    print(f"  {'Triples':<16}{tally.triples:>{width}}")
    print(f"  {'Sentences':<16}{covered:>{width}}   of {units} covered")
    print(f"  {'Findings':<16}{len(findings):>{width}}   {count(findings)}\n")
