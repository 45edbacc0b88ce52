"""The commands of `mil2mil`: each takes the options of its call, prints, and returns the exit code."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from mil2mil import __version__
from mil2mil.finding import DatasetError, Severity, render

if TYPE_CHECKING:
    import argparse

    from mil2mil.coverage import Unit
    from mil2mil.dataset import Dataset
    from mil2mil.finding import Finding
    from mil2mil.scaffold import Blank

CONFORMS, FINDINGS = 0, 1


def _dataset(options: argparse.Namespace) -> Dataset:
    from mil2mil.dataset import Dataset, packaged

    if options.root is not None:
        return Dataset(options.root, young=True)
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "ontology" / "context.jsonld").is_file():
            return Dataset(folder)
    return Dataset(packaged())


def _find(dataset: Dataset, options: argparse.Namespace) -> list[Finding]:
    return dataset.validate(options.engine, _texts(options))


def _texts(options: argparse.Namespace) -> Path | None:
    """The folder of articles that the user gives, if any."""
    folder: Path | None = options.text
    if folder is not None and not folder.is_dir():
        raise DatasetError(f"{folder}: there is no such folder of articles")
    return folder


def _print_findings(dataset: Dataset, findings: list[Finding]) -> None:
    if findings:
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        print(render(findings, dataset.line_of, colour=colour))


def _need_readable(dataset: Dataset, command: str) -> None:
    if dataset.unreadable:
        _print_findings(dataset, dataset.unreadable)
        raise DatasetError(f"{command} needs a dataset that can be read")


def _count(findings: list[Finding]) -> str:
    counts = []
    for severity in Severity:
        number = sum(finding.severity == severity for finding in findings)
        plural = "" if number == 1 or severity is Severity.INFO else "s"
        counts.append(f"{number} {severity.word}{plural}")
    return ", ".join(counts)


def validate(options: argparse.Namespace) -> int:
    dataset = _dataset(options)
    everything = findings = _find(dataset, options)
    if options.paths and not dataset.unreadable:
        wanted = [_inside(dataset, path) for path in options.paths]
        findings = [
            finding
            for finding in everything
            if any(PurePosixPath(finding.file).is_relative_to(path) for path in wanted)
        ]
    worst = Severity[options.fail_on.upper()]
    fail = FINDINGS if any(finding.severity <= worst for finding in findings) else CONFORMS
    if options.format != "text":
        from mil2mil.explain import all_rules
        from mil2mil.report import FORMATS

        sys.stdout.write(FORMATS[options.format](findings, all_rules(dataset)))
        return fail
    _print_findings(dataset, findings)
    engine = "" if dataset.unreadable else f" (SHACL by {options.engine})"
    print(f"{len(dataset.records)} records{engine}: {_count(findings)}")
    if dataset.unreadable:
        print("More may follow: shapes and checks run once every file of the dataset can be read.")
    elsewhere = len(everything) - len(findings)
    if elsewhere:
        print(f"{elsewhere} more in other files; `mil2mil validate` shows them.")
    return fail


def new(options: argparse.Namespace) -> int:
    from mil2mil.scaffold import new_article, new_record

    def ask(blank: Blank) -> str:
        print(blank.expected)
        return input(f"{blank.key}: ").strip()

    dataset = _dataset(options)
    if options.kind == "source":
        file = Path(options.name)
        path, text = new_article(dataset, file, options.id or file.stem.lower().replace("_", "-"))
    else:
        on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
        path, text = new_record(dataset, options.kind, options.name, ask if on_terminal else None)
    target = dataset.root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise DatasetError(f"{path} is there already; nothing was written") from error
    print(f"{path} is written. Fill in what is marked …, then: mil2mil validate {path}")
    return CONFORMS


def diff(options: argparse.Namespace) -> int:
    from mil2mil.diff import FORMATS, at_revision, compare

    dataset = _dataset(options)
    old = at_revision(dataset.root, options.old, young=dataset.young)
    new = at_revision(dataset.root, options.new, young=dataset.young) if options.new else dataset
    _need_readable(new, "diff")
    sys.stdout.write(FORMATS[options.format](compare(old, new)))
    return CONFORMS


def schema(options: argparse.Namespace) -> int:
    from mil2mil import schema as editors
    from mil2mil.export import write_all

    dataset = _dataset(options)
    _need_readable(dataset, "schema")
    write_all(options.output.parent, {options.output.name: editors.schema(dataset)})
    print(f"{options.output} is written.")
    return CONFORMS


def explain(options: argparse.Namespace) -> int:
    from mil2mil import explain as pages

    dataset = _dataset(options)
    print(pages.explain(dataset, options.rule) if options.rule else pages.index(dataset), end="")
    return CONFORMS


def _inside(dataset: Dataset, path: Path) -> str:
    """A path given by the user, relative to the dataset's root."""
    for candidate in (path, dataset.root / path):
        if candidate.exists() and candidate.resolve().is_relative_to(dataset.root):
            return candidate.resolve().relative_to(dataset.root).as_posix()
    raise DatasetError(f"{path}: there is no such file or folder in {dataset.root}")


def coverage(options: argparse.Namespace) -> int:
    from mil2mil.coverage import count_pages, cover
    from mil2mil.text import sentences

    dataset = _dataset(options)
    _need_readable(dataset, "coverage")
    units = cover(dataset.store)
    if options.source:
        wanted = options.source.removesuffix(".yaml")
        units = [unit for unit in units if wanted in (unit.article, unit.article.partition("/")[2])]
        if not units:
            raise DatasetError(
                f"there is no article '{options.source}'; write its id, such as seeds/NAME"
            )
    folder = _texts(options)
    words = sentences(dataset.store, folder) if folder else {}
    missing = sorted({unit.article for unit in units if options.text and unit.iri not in words})
    if missing:
        raise DatasetError(
            f"{options.text} has not the very text of {', '.join(missing)}; "
            f"`mil2mil validate --text {options.text}` says what differs"
        )
    article = ""
    for unit in units:
        if unit.article != article:
            article = unit.article
            print(f"\n{article}")
        _show_unit(unit, words.get(unit.iri))
    covered = sum(unit.covered for unit in units)
    reasoned = sum(bool(unit.reason) for unit in units)
    print(
        f"\n{covered} of {len(units)} units covered: {covered - reasoned} support facts, "
        f"{reasoned} say why not."
    )
    print(f"{count_pages(dataset.store)} pages are cited by address, and have no units.")
    if not units:
        print("There is no article, so nothing is covered.")
    return CONFORMS if units and covered == len(units) else FINDINGS


def _show_unit(unit: Unit, words: str | None) -> None:
    """Print a unit in the words of its article, or in ours, with what it supports."""
    width = max(40, min(shutil.get_terminal_size((100, 24)).columns, 120))

    def show(head: str, text: str) -> None:
        indent = " " * len(head)
        print(textwrap.fill(head + text, width, subsequent_indent=indent, break_on_hyphens=False))

    sign = "✓" if unit.facts else "·" if unit.reason else "✗"
    show(f"  {sign} {unit.id}  ", unit.gloss if words is None else words)
    if words is not None:
        show("         gloss: ", unit.gloss)
    supported: dict[str, list[str]] = {}
    for record, kind in unit.facts:
        supported.setdefault(record, []).append(kind)
    for record, kinds in sorted(supported.items()):
        show("         ", f"{record}: {_kinds(kinds)}")
    if unit.reason:
        show("         ", f"no fact: {unit.reason}")
    if not unit.covered:
        show("         ", "bare: name it as evidence of a fact, or write withoutFact")


def _kinds(kinds: list[str]) -> str:
    return ", ".join(
        kind if number == 1 else f"{number} × {kind}" for kind, number in sorted(Counter(kinds).items())
    )


def build(options: argparse.Namespace) -> int:
    from mil2mil import describe, export
    from mil2mil.coverage import cover

    dataset = _dataset(options)
    findings = _find(dataset, options)
    _print_findings(dataset, findings)
    if any(finding.severity is Severity.VIOLATION for finding in findings):
        print(f"{_count(findings)}. Nothing was written; mend the violations and build again.")
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
    export.write_all(options.output, files)
    units = cover(dataset.store)
    _summarise(dataset, findings, sum(unit.covered for unit in units), len(units))
    width = max(map(len, files))
    for name, text in files.items():
        print(
            f"  {options.output / name!s:<{len(str(options.output)) + 1 + width}}"
            f"{len(text.encode()):>12,} bytes"
        )
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
    print(f"  {'Findings':<16}{len(findings):>6}   {_count(findings)}\n")
