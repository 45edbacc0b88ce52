"""What a curator runs beside validate: new, coverage, explain, schema and diff."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from mil2mil.commands import CONFORMS, FINDINGS, dataset_of, need_readable, texts_of
from mil2mil.finding import DatasetError

if TYPE_CHECKING:
    import argparse

    from mil2mil.coverage import Unit
    from mil2mil.scaffold import Blank


def new(options: argparse.Namespace) -> int:
    from mil2mil.scaffold import new_article, new_record

    def ask(blank: Blank) -> str:
        print(blank.expected)
        return input(f"{blank.key}: ").strip()

    dataset = dataset_of(options)
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
    from mil2mil.diff import FORMATS, compare
    from mil2mil.revision import at_revision

    dataset = dataset_of(options)
    old = at_revision(dataset.root, options.old, young=dataset.young)
    new = at_revision(dataset.root, options.new, young=dataset.young) if options.new else dataset
    need_readable(new, "diff")
    sys.stdout.write(FORMATS[options.format](compare(old, new)))
    return CONFORMS


def schema(options: argparse.Namespace) -> int:
    from mil2mil import schema as editors
    from mil2mil.output import write_all

    dataset = dataset_of(options)
    need_readable(dataset, "schema")
    write_all(options.output.parent, {options.output.name: editors.schema(dataset)})
    print(f"{options.output} is written.")
    return CONFORMS


def explain(options: argparse.Namespace) -> int:
    from mil2mil import explain as pages

    dataset = dataset_of(options)
    print(pages.explain(dataset, options.rule) if options.rule else pages.index(dataset), end="")
    return CONFORMS


def coverage(options: argparse.Namespace) -> int:
    from mil2mil.coverage import count_pages, cover
    from mil2mil.text import sentences

    dataset = dataset_of(options)
    need_readable(dataset, "coverage")
    units = cover(dataset.store)
    if options.source:
        wanted = options.source.removesuffix(".yaml")
        units = [unit for unit in units if wanted in (unit.article, unit.article.partition("/")[2])]
        if not units:
            raise DatasetError(
                f"there is no article '{options.source}'; write its id, such as seeds/NAME"
            )
    folder = texts_of(options)
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
