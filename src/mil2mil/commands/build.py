"""The main job: facts to validated graph to exports, with a summary."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from mil2mil import __version__
from mil2mil.commands import CONFORMS, FINDINGS, count, dataset_of, print_findings, texts_of
from mil2mil.finding import Severity

if TYPE_CHECKING:
    import argparse

    from mil2mil.dataset import Dataset
    from mil2mil.finding import Finding


def build(options: argparse.Namespace) -> int:
    from mil2mil import describe, export, exports
    from mil2mil.coverage import cover

    dataset = dataset_of(options)
    findings = dataset.validate(options.engine, texts_of(options))
    print_findings(dataset, findings)
    if any(finding.severity is Severity.VIOLATION for finding in findings):
        print(f"{count(findings)}. Nothing was written; mend the violations and build again.")
        return FINDINGS
    files = {
        "mil2mil.ttl": export.turtle(dataset.quads, dataset.context),
        "mil2mil.jsonld": export.jsonld(dataset.quads, dataset.context),
        "mil2mil.nq": export.nquads(dataset.quads),
        "mil2mil.trig": export.trig(dataset.quads, dataset.context),
    }
    for name in ("mil2mil.ttl", "vocabularies.ttl"):  # which say what the terms in the facts mean
        files[name.replace("mil2mil", "ontology")] = dataset.ontology_texts[f"ontology/{name}"]
    files["void.ttl"] = export.turtle(describe.describe(dataset, files), dataset.context)
    written = {**files, **exports.export(dataset, options.formats)}
    export.write_all(options.output, written)
    units = cover(dataset.store)
    _summarise(dataset, findings, sum(unit.covered for unit in units), len(units))
    sizes: Counter[str] = Counter()
    for name, content in written.items():
        file, inner, _ = name.partition("/")  # a folder has one line, for all that is in it
        sizes[file + inner] += len(export.bytes_of(content))
    width = len(str(options.output)) + 1 + max(map(len, sizes))
    for name, size in sizes.items():
        print(f"  {f'{options.output}{os.sep}{name}':<{width}}{size:>12,} bytes")
    return FINDINGS if findings else CONFORMS


def _summarise(dataset: Dataset, findings: list[Finding], covered: int, units: int) -> None:
    kinds: dict[str, Counter[str]] = {}
    for record in dataset.records.values():
        folder = record.id.partition("/")[0]
        types = record.json["type"]
        kinds.setdefault(folder, Counter()).update(types)
    print(f"mil2mil {__version__}: contacts between the United States and Russian militaries\n")
    print(f"  {'Records':<16}{len(dataset.records):>6}")
    for folder in sorted(kinds):
        total = sum(kinds[folder].values())
        parts = ", ".join(f"{number} {name}" for name, number in sorted(kinds[folder].items()))
        note = f"   {parts}" if len(kinds[folder]) > 1 else ""
        print(f"    {folder:<14}{total:>6}{note}")
    facts = dataset.facts()
    triples = len({quad.triple for quad in dataset.quads})
    print(f"  {'Facts':<16}{facts:>6}   nodes that name their evidence")
    print(f"  {'Triples':<16}{triples:>6}")
    print(f"  {'Sentences':<16}{covered:>6}   of {units} covered")
    print(f"  {'Findings':<16}{len(findings):>6}   {count(findings)}\n")
