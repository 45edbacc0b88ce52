"""The command `mil2mil`: build, validate, explain, coverage.

Exit codes are those of pySHACL's command: 0 conforms, 1 findings, 2 could not run.
"""

from __future__ import annotations

import argparse
import io
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
    from collections.abc import Sequence

    from mil2mil.coverage import Unit
    from mil2mil.dataset import Dataset
    from mil2mil.finding import Finding

CONFORMS, FINDINGS, CANNOT_RUN = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    if isinstance(
        sys.stdout, io.TextIOWrapper
    ):  # a pipe may not have our signs: lose the sign, not the run
        sys.stdout.reconfigure(errors="replace")
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
        print(end="", flush=True)
    except DatasetError as error:
        print(f"mil2mil: {error}", file=sys.stderr)
        return CANNOT_RUN
    except OSError as error:
        if isinstance(error, BrokenPipeError):  # the reader of a pipe, such as head, has gone
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        else:
            place = f"{error.filename}: " if error.filename else ""
            print(f"mil2mil: {place}{error.strerror}", file=sys.stderr)
        return CANNOT_RUN
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mil2mil",
        description="Contacts between the United States and Russian militaries, as a knowledge graph.",
        epilog="Exit codes: 0 conforms, 1 findings, 2 could not run.",
    )
    parser.add_argument("--version", action="version", version=f"mil2mil {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    build = commands.add_parser("build", help="validate, then write the exports and a summary")
    build.add_argument(
        "--output",
        type=Path,
        default=Path("build"),
        metavar="DIR",
        help="where the exports go (default: build)",
    )
    build.set_defaults(run=_build)

    validate = commands.add_parser("validate", help="say what is wrong, and at which line")
    validate.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="show only findings in these files and folders (default: all)",
    )
    validate.add_argument(
        "--format",
        choices=("text", "json", "github", "sarif", "junit"),
        default="text",
        help="how findings are written (default: text, for people)",
    )
    validate.add_argument(
        "--fail-on",
        choices=[severity.word for severity in Severity],
        default=Severity.INFO.word,
        metavar="SEVERITY",
        help="exit with 1 on findings as bad as this: violation, warning or info (default: info)",
    )
    validate.set_defaults(run=_validate)

    coverage = commands.add_parser("coverage", help="show what each sentence of each article supports")
    coverage.add_argument("source", nargs="?", metavar="SOURCE", help="only this article (default: all)")
    coverage.set_defaults(run=_coverage)

    explain = commands.add_parser("explain", help="say what a rule wants and why, with an example")
    explain.add_argument("rule", metavar="RULE", help="the name of the rule, as a finding has it")
    explain.set_defaults(run=_explain)

    for command in (build, validate, explain, coverage):
        command.add_argument(
            "--root",
            type=Path,
            metavar="DIR",
            help="another dataset of the same layout (default: the one around this folder, "
            "else the one that comes with the package)",
        )
    for command in (build, validate, coverage):
        command.add_argument(
            "--text",
            type=Path,
            metavar="DIR",
            help="a folder with the articles: to verify against them, or to show their words",
        )
    for command in (build, validate):
        command.add_argument(
            "--engine",
            choices=("shacl", "pyshacl"),
            default="shacl",
            help="the SHACL engine (default: shacl, compiled; pyshacl is the reference)",
        )
    return parser


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


def _count(findings: list[Finding]) -> str:
    counts = []
    for severity in Severity:
        number = sum(finding.severity == severity for finding in findings)
        plural = "" if number == 1 or severity is Severity.INFO else "s"
        counts.append(f"{number} {severity.word}{plural}")
    return ", ".join(counts)


def _validate(options: argparse.Namespace) -> int:
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


def _explain(options: argparse.Namespace) -> int:
    from mil2mil.explain import explain

    print(explain(_dataset(options), options.rule), end="")
    return CONFORMS


def _inside(dataset: Dataset, path: Path) -> str:
    """A path given by the user, relative to the dataset's root."""
    for candidate in (path, dataset.root / path):
        if candidate.exists() and candidate.resolve().is_relative_to(dataset.root):
            return candidate.resolve().relative_to(dataset.root).as_posix()
    raise DatasetError(f"{path}: there is no such file or folder in {dataset.root}")


def _coverage(options: argparse.Namespace) -> int:
    from mil2mil.coverage import count_pages, cover
    from mil2mil.text import sentences

    dataset = _dataset(options)
    if dataset.unreadable:
        _print_findings(dataset, dataset.unreadable)
        raise DatasetError("coverage needs a dataset that can be read")
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


def _build(options: argparse.Namespace) -> int:
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
        text = (dataset.root / "ontology" / name).read_text(encoding="utf-8")
        files[name.replace("mil2mil", "ontology")] = text
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
