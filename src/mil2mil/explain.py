"""What each rule wants and why, with a valid and an invalid example."""

from __future__ import annotations

import difflib
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mil2mil.document import Scalar, read_document
from mil2mil.finding import DatasetError, ReadError, Severity, nearest
from mil2mil.graph import rows
from mil2mil.shapes import SH, SHAPES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mil2mil.dataset import Dataset

RULES = "validation/rules.yaml"
EXAMPLES = "tests/fixtures"

_SHAPES = f"""PREFIX sh: <{SH}> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?shape ?message ?severity ?term ?why {{
  ?shape sh:message ?message . FILTER(ISIRI(?shape))
  OPTIONAL {{ ?shape sh:severity ?severity }}
  OPTIONAL {{ ?shape sh:description ?why }}
  OPTIONAL {{ ?shape sh:path|sh:targetClass ?term FILTER(ISIRI(?term)) }} }} ORDER BY ?shape ?term"""

_DEFINITIONS = """PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?term ?label ?definition { ?term rdfs:label ?label ; skos:definition ?definition }"""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its name, such as check/NAME, what it wants, why, and the file in which it stands."""

    name: str
    wants: str
    why: str
    severity: Severity
    file: str


def all_rules(dataset: Dataset) -> dict[str, Rule]:
    """Every rule of a dataset by name: of its shapes, of its checks, and of the package itself."""
    rules = {rule.name: rule for rule in (*_of_package(dataset), *_of_shapes(dataset))}
    for check in dataset.checks:
        name = f"check/{check.name}"
        rules[name] = Rule(name, f"{check.title}.", check.explanation, check.severity, check.path)
    return rules


def _of_package(dataset: Dataset) -> Iterator[Rule]:
    try:
        root = read_document(dataset.root / RULES, RULES).root
    except ReadError as error:
        raise DatasetError(str(error)) from error
    for name, entry in root.entries.items():
        text = str(entry.value.value) if isinstance(entry.value, Scalar) else ""
        wants, _, why = text.partition(". ")
        yield Rule(name, f"{wants.removesuffix('.')}.", why, Severity.VIOLATION, RULES)


def _of_shapes(dataset: Dataset) -> Iterator[Rule]:
    definitions = {row["term"]: row for row in rows(dataset.store, _DEFINITIONS)}
    for path, text in dataset.shape_texts.items():
        store = ox.Store()
        store.bulk_load(text.encode(), format=ox.RdfFormat.TURTLE)
        for row in rows(store, _SHAPES):
            meaning = definitions.get(row["term"])
            why = f"{meaning['label']}: {meaning['definition']}" if meaning else row["why"]
            severity = Severity[(row["severity"].removeprefix(SH) or "violation").upper()]
            name = "shape/" + row["shape"].removeprefix(SHAPES)
            yield Rule(name, row["message"], why, severity, path)


def explain(dataset: Dataset, name: str) -> str:
    """The page of a rule, as text, or a competency question with its query.

    The name of a rule may lack the part before the slash.

    Raises DatasetError, with a suggestion, if there is no such rule, or several.
    """
    for question in dataset.questions:
        if question.name == name:
            return f"{question.title}\n\n{question.query.partition(chr(10))[2].strip()}\n"
    rules = all_rules(dataset)
    found = [rule for rule in rules.values() if name in (rule.name, rule.name.partition("/")[2])]
    if len(found) != 1:
        several = ", ".join(rule.name for rule in found)
        advice = f"there are several: {several}" if several else nearest(name, rules)
        raise DatasetError(f"there is no one rule '{name}'; {advice or 'findings name theirs'}")
    (rule,) = found
    page = [f"{rule.name} ({rule.severity.word})", "", _fill(rule.wants)]
    if rule.why:
        page += ["", _fill(rule.why)]
    page += ["", f"It stands in {rule.file}."]
    example = dataset.root / EXAMPLES / "invalid" / rule.name.replace("/", "-")
    if example.is_dir():
        page += [
            "",
            "An example. Lines with - are right; without them, or with + in their place, it is wrong:",
            "",
        ]
        page += _difference(dataset.root / EXAMPLES / "valid", example)
        page += ["", *_expected(example, rule.name)]
    return "\n".join(page) + "\n"


def index(dataset: Dataset) -> str:
    """All rules, a line each, with what they want."""
    rules = all_rules(dataset)
    width = max(map(len, rules))
    return "".join(f"{name:<{width}}  {rules[name].wants}\n" for name in sorted(rules))


def _fill(text: str) -> str:
    return textwrap.fill(text, 88, break_on_hyphens=False, break_long_words=False)


def _difference(valid: Path, example: Path) -> Iterator[str]:
    for file in sorted(example.rglob("*")):
        if file.is_file() and file.name != "expected.txt":
            path = file.relative_to(example)
            old = _lines(valid / path) if (valid / path).is_file() else []
            yield f"  {path.as_posix()}"
            for line in list(difflib.unified_diff(old, _lines(file), lineterm="", n=1))[2:]:
                yield f"    {line}" if not line.startswith("@@") else "    …"


def _lines(file: Path) -> list[str]:
    text = file.read_text(encoding="utf-8", errors="replace")
    shown = "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text)
    return shown.split("\n")


def _expected(example: Path, name: str) -> Iterator[str]:
    for line in (example / "expected.txt").read_text(encoding="utf-8").splitlines():
        place, severity, rule, *_ = line.split(" | ")
        if rule == name:
            yield f"  {place}: {severity}"
