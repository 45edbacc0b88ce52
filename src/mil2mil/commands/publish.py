"""Publishing into a SPARQL store, after a validation."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mil2mil.commands import CONFORMS, FINDINGS, count, dataset_of, print_findings
from mil2mil.finding import DatasetError, Severity

if TYPE_CHECKING:
    import argparse


def publish(options: argparse.Namespace) -> int:
    from mil2mil import publish as publishing
    from mil2mil.wire import Wire, find_login

    wire = Wire(options.to, options.query, find_login(options.to))
    store = publishing.Store(wire.send, wire.url, wire.query, options.protocol)
    dataset = dataset_of(options)
    findings = dataset.validate()
    if any(finding.severity is Severity.VIOLATION for finding in findings):
        print_findings(dataset, findings)
        print(f"{count(findings)}. Nothing was published; mend the violations and publish again.")
        return FINDINGS
    graphs = publishing.graphs_of(dataset)
    if options.dry_run:
        todo = publishing.plan(graphs, store.held())
        for word, names in (("add", todo.added), ("replace", todo.replaced), ("drop", todo.dropped)):
            for name in names:
                print(f"would {word} {name}")
        print(f"{len(graphs)} graphs, if published: {todo}")
        return CONFORMS
    try:
        done = publishing.publish(graphs, store, _say)
    except KeyboardInterrupt:
        raise DatasetError("interrupted; publish again, and it goes on from there") from None
    print(f"{len(graphs)} graphs at {wire.url}: {done}")
    return CONFORMS


def _say(done: int, total: int) -> None:
    if sys.stderr.isatty():
        end = "\r" if done < total else "\r\x1b[K"
        print(f"{done} of {total} graphs", end=end, file=sys.stderr, flush=True)
