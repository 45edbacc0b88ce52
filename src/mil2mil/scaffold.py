"""New records to start from: what the shapes require, each marked with what is expected.

Where something must be filled in stands PLACEHOLDER, which the reader reports until it is gone.
"""

from __future__ import annotations

import hashlib
import json
import re
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mil2mil.context import BASE, REFERENCE
from mil2mil.finding import DatasetError, nearest
from mil2mil.graph import rows
from mil2mil.record import PLACEHOLDER
from mil2mil.shapes import SH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pyoxigraph as ox

    from mil2mil.dataset import Dataset

_BRACES = r"\{\w+\}"
_PREFIXES = f"""PREFIX sh: <{SH}> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>"""

# The folder of a class's records, from the pattern of its own or an inherited shape.
_FOLDERS = f"""{_PREFIXES} SELECT ?class ?pattern {{
  ?class rdfs:subClassOf* ?above . ?shape sh:targetClass ?above ; sh:pattern ?pattern .
  FILTER(STRSTARTS(?pattern, "^{BASE}"))
  FILTER NOT EXISTS {{ ?own sh:targetClass ?class ; sh:not ?not }} }} ORDER BY ?class ?pattern"""

_KEYS = f"""{_PREFIXES} SELECT DISTINCT ?path ?min ?message ?nested {{
  <CLASS> rdfs:subClassOf* ?above . ?shape sh:targetClass ?above ; sh:property ?property .
  ?property sh:path ?path ; sh:minCount ?min ; sh:message ?message . FILTER(ISIRI(?path))
  OPTIONAL {{ ?property sh:class ?nested . ?part sh:targetClass ?nested ; sh:pattern "#" }} }}
ORDER BY ?path ?message ?nested"""

_RULE = f"""{_PREFIXES} SELECT ?message {{
  ?shape sh:targetClass <CLASS> ; sh:message ?message ; sh:or|sh:xone ?choice }} ORDER BY ?message"""


@dataclass(frozen=True, slots=True)
class Blank:
    """A key to fill in: what is expected, how often at least, and the keys of what stands in it."""

    key: str
    expected: str
    least: int
    rule: str = ""  # what the nested mapping as a whole must be
    inner: list[Blank] = field(default_factory=list)


def kinds(dataset: Dataset) -> dict[str, tuple[str, str]]:
    """The kinds of records by name in small letters: the name of the type, and the folder."""
    found: dict[str, tuple[str, str]] = {}
    for row in rows(dataset.shape_store, _FOLDERS):
        folder = row["pattern"].removeprefix(f"^{BASE}").partition("/")[0]
        name = dataset.context.name_of_type.get(row["class"])
        if name:
            found[name.lower()] = (name, folder)
    return found


def blanks(dataset: Dataset, type_name: str) -> list[Blank]:
    """The keys that the shapes require of a type, in the order of the context."""
    return _blanks(dataset, dataset.shape_store, dataset.context.types[type_name])


def _blanks(dataset: Dataset, store: ox.Store, cls: str) -> list[Blank]:
    found: dict[str, Blank] = {}
    for row in rows(store, _KEYS.replace("<CLASS>", f"<{cls}>")):
        key = dataset.context.term_of_iri[row["path"]].key
        inner = _blanks(dataset, store, row["nested"]) if row["nested"] else []
        rule = (
            [r["message"] for r in rows(store, _RULE.replace("<CLASS>", f"<{row['nested']}>"))]
            if inner
            else []
        )
        found[key] = Blank(key, row["message"], int(row["min"]), "".join(rule), inner)
    order = list(dataset.context.terms)
    return sorted(found.values(), key=lambda blank: order.index(blank.key))


def new_record(
    dataset: Dataset, kind: str, name: str, ask: Callable[[Blank], str] | None = None
) -> tuple[str, str]:
    """The path and the text of a new record; `ask` gives a value for a blank, or an empty string.

    Raises DatasetError if there is no such kind, or the name is not one for an id.
    """
    known = kinds(dataset)
    if kind.lower() not in known:
        advice = nearest(kind.lower(), known) or f"the kinds are {', '.join(sorted(known))}"
        raise DatasetError(f"there is no kind '{kind}'; {advice}")
    type_name, folder = known[kind.lower()]
    record = f"{folder}/{name}"
    if not REFERENCE.fullmatch(record) or record.count("/") != 1:
        raise DatasetError(f"'{name}' is not a name for an id: small letters, digits, hyphens and dots")
    path = f"{record}.yaml" if folder == "seeds" else f"data/{record}.yaml"
    lines = [*_head(path, record, type_name)]
    for blank in blanks(dataset, type_name):
        lines += _lines(blank, "", ask)
    return path, "\n".join(lines) + "\n"


def _head(path: str, record: str, type_name: str) -> Iterator[str]:
    up = "../" * path.count("/")
    yield f"# yaml-language-server: $schema={up}build/schema.json"
    yield f'"@context": {up}ontology/context.jsonld'
    yield f"id: {record}"
    yield f"type: {type_name}"


def _lines(blank: Blank, indent: str, ask: Callable[[Blank], str] | None) -> Iterator[str]:
    width = max(40, 100 - len(indent))
    for line in textwrap.wrap(" ".join((blank.expected, blank.rule)).strip(), width):
        yield f"{indent}# {line}"
    if not blank.inner:
        value = ask(blank) if ask and not indent else ""
        yield f"{indent}{blank.key}: {json.dumps(value, ensure_ascii=False) if value else PLACEHOLDER}"
        return
    yield f"{indent}{blank.key}:"
    head = f"{indent}  - "
    for inner in blank.inner:
        first, *more = [line for line in _lines(inner, "", None) if not line.startswith("#")]
        yield f"{head}{first}"
        yield from (f"{indent}    {line}" for line in more)
        head = f"{indent}    "


def new_article(dataset: Dataset, file: Path, name: str) -> tuple[str, str]:
    """The path and the text of a record for an article's file, with its units, ready for glosses.

    Raises DatasetError if the file is not UTF-8 text, or the extra "source" is not installed.
    """
    try:
        data = file.read_bytes()
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{file} is not UTF-8") from error
    units = list(split(text))
    headline = next((text[start:end] for start, end, kind in units if kind == "headline"), "")
    path, scaffold = new_record(dataset, "article", name)
    head = scaffold[: scaffold.index("units:")]
    values = {
        "label": json.dumps(headline, ensure_ascii=False) if headline else PLACEHOLDER,
        "fileName": file.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "length": str(len(text)),
    }
    for key, value in values.items():
        head = re.sub(rf"^{key}: .*$", lambda _, k=key, v=value: f"{k}: {v}", head, flags=re.MULTILINE)  # type: ignore[misc]
    lines = [head.rstrip("\n"), "units:"]
    for number, (start, end, kind) in enumerate(units, 1):
        digest = hashlib.sha256(text[start:end].encode()).hexdigest()
        lines += [
            f"  - id: seeds/{name}#s{number:02}",
            f"    unitKind: {kind}",
            "    span:",
            f"      start: {start}",
            f"      end: {end}",
            f"    sha256: {digest}",
            f"    gloss: {PLACEHOLDER}",
        ]
        if kind in ("furniture", "section-label"):
            lines.append(f"    withoutFact: {PLACEHOLDER}")
    return path, "\n".join(lines) + "\n"


def split(text: str) -> Iterator[tuple[int, int, str]]:
    """The units of a text: start, end and kind, in code points; paragraphs end with their line.

    Lines before the first sentence are section labels, but for the last of them, which is the
    headline. A later line that is no sentence, and a placeholder in braces, is furniture. Sentences
    are found by syntok (extra "source"); what it splits wrongly is for the curator to correct.
    """
    try:
        from syntok import segmenter
    except ImportError as error:
        raise DatasetError("splitting a text needs an extra: pip install 'mil2mil[source]'") from error
    pieces: list[tuple[int, int, bool]] = []  # start, end, and whether it is a sentence
    for match in re.finditer(rf"{_BRACES}|(?:(?!{_BRACES})[^\n])+", text):
        if re.fullmatch(_BRACES, match.group()):
            pieces.append((match.start(), match.end(), False))
            continue
        for paragraph in segmenter.analyze(match.group()):
            for sentence in paragraph:
                start = match.start() + sentence[0].offset
                end = match.start() + sentence[-1].offset + len(sentence[-1].value.rstrip())
                pieces.append((start, end, bool(re.search(r"[.!?…][”’\"')\]]*$", text[start:end]))))
    first = next((number for number, piece in enumerate(pieces) if piece[2]), len(pieces))
    for number, (start, end, is_sentence) in enumerate(pieces):
        end = start + len(text[start:end].rstrip())
        start = end - len(text[start:end].lstrip())
        if start == end:
            continue
        if is_sentence:
            yield start, end, "body"
        elif number < first:
            yield start, end, "headline" if number == first - 1 else "section-label"
        else:
            yield start, end, "furniture"
