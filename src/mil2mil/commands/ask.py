"""Asking from the terminal: query, and show, which leads from an answer to what supports it."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mil2mil.commands import CONFORMS, dataset_of, need_readable, texts_of
from mil2mil.finding import DatasetError

if TYPE_CHECKING:
    import argparse

    from mil2mil.answer import Answer, Value
    from mil2mil.dataset import Dataset

_LEAST = 12  # characters that a column keeps


def query(options: argparse.Namespace) -> int:
    dataset = dataset_of(options)
    need_readable(dataset, "query")
    if options.query is None:
        _list(dataset)
        return CONFORMS
    answer = dataset.query(
        _text(options.query), timeout=options.timeout, **dict(map(_binding, options.bind))
    )
    if options.format == "table":
        print(_table(answer))
        print(f"\n{len(answer)} row{'' if len(answer) == 1 else 's'}")
    elif options.format == "md":
        from tabulate import tabulate

        rows = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in answer.table()]
        print(tabulate(rows, answer.variables, "github", disable_numparse=True))
    else:
        text = answer.serialize(options.format)
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
    return CONFORMS


def _list(dataset: Dataset) -> None:
    """Print the competency questions."""
    width = max((len(question.name) for question in dataset.questions), default=0)
    for question in dataset.questions:
        print(f"{question.name:<{width}}  {question.title}")
    if not dataset.questions:
        print("The dataset has no competency questions.")


def _text(given: str) -> str:
    """The query itself, if a file or standard input is given; else the name of a question."""
    if given == "-":
        return sys.stdin.read()
    file = Path(given)
    if not file.is_file():
        if "{" not in given and (file.suffix or len(file.parts) > 1):
            raise DatasetError(f"{given}: there is no such file")
        return given
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{given} is not UTF-8") from error


def _binding(given: str) -> tuple[str, Value]:
    name, equals, value = given.partition("=")
    if not equals or not name.isidentifier():
        raise DatasetError(f"'{given}': write NAME=VALUE, such as event=contacts/2017-02-16-azerbaijan")
    if value.startswith(('"', "<")):  # a term as SPARQL writes it, such as "Bern"@en
        try:
            (triple,) = ox.parse(f"<urn:s> <urn:p> {value} .", format=ox.RdfFormat.N_TRIPLES)
        except (SyntaxError, ValueError) as error:
            raise DatasetError(f"'{given}': write a term as \"Bern\"@en or <https://…>") from error
        if isinstance(triple.object, (ox.NamedNode, ox.Literal)):
            return name, triple.object
    return name, int(value) if re.fullmatch(r"-?[0-9]{1,15}", value) else value


def _table(answer: Answer) -> str:
    """The answer as a table that is as wide as the terminal at most, its cells wrapped."""
    from tabulate import tabulate

    rows = answer.table()
    columns = list(zip(answer.variables, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    room = max(shutil.get_terminal_size((100, 24)).columns - 2 * (len(widths) - 1), 0)
    while sum(widths) > room and max(widths) > _LEAST:
        widths[widths.index(max(widths))] -= 1
    return tabulate(rows, answer.variables, "simple", maxcolwidths=widths, disable_numparse=True)


def show(options: argparse.Namespace) -> int:
    dataset = dataset_of(options)
    need_readable(dataset, "show")
    width = max(40, min(shutil.get_terminal_size((100, 24)).columns, 120))
    print(dataset.record(options.id, texts_of(options)).text(width), end="")
    return CONFORMS
