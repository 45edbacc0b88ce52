"""Whole-graph checks and competency questions: SPARQL in files, each with its title and purpose.

A file is a SPARQL query after lines that start with `#+`, which together are a YAML mapping. A
check selects ?focus, and where it can ?path and ?value; its message may name any variable in
braces. Its `target` is a graph pattern that binds ?focus to whatever the check looks at. Its `reads`
is a property path from ?focus to every other node whose triples have a say in the verdict, so that
after a change only those nodes are looked at whose verdict it can change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mil2mil.context import BASE
from mil2mil.document import Scalar, parse_document, read_text
from mil2mil.finding import DatasetError, Finding, Mark, ReadError, Severity, nearest
from mil2mil.graph import rows, select, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Set
    from pathlib import Path

# The name of a nested node, which tells a person nothing.
_NESTED = re.compile(r"#[A-Za-z]+-[0-9a-f]{12}$")
_CHECK_KEYS = {"title", "severity", "explanation", "message", "help", "target"}
_QUESTION_KEYS = {"title"}
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
_STRING = re.compile(r'"(?:\\.|[^"\\\n])*"')
_IRI = re.compile(r"<([^<>\s]*)>")
_PREFIXED = re.compile(r"(?<![\w?$])([A-Za-z][\w-]*):([A-Za-z][\w-]*)")
_PREFIX = re.compile(r"^PREFIX\s+([\w-]*):\s*<([^>]*)>", re.MULTILINE)
_BODY = re.compile(r"^SELECT\b[^{]*\{", re.MULTILINE)


def bare(query: str) -> str:
    """A query without comments, and with empty strings."""
    return _STRING.sub('""', _COMMENT.sub("", query))


@dataclass(frozen=True, slots=True)
class Check:
    """A query whose every solution is something wrong; `reads` is empty if it reads the focus alone."""

    name: str
    path: str
    title: str
    severity: Severity
    explanation: str
    message: str
    help: str
    target: str
    query: str
    reads: str = ""

    @property
    def names(self) -> frozenset[str]:
        """The IRIs that stand in the query, in `target` and in `reads`, the predicates among them."""
        spaces = dict(_PREFIX.findall(self.query))
        text = bare(self.query) + f" {self.target} {self.reads}"
        names = {spaces.get(prefix, "") + name for prefix, name in _PREFIXED.findall(text)}
        return frozenset(names | set(_IRI.findall(bare(self.query))))

    @property
    def prefixes(self) -> str:
        """The lines of the query that declare prefixes."""
        return "\n".join(line for line in self.query.splitlines() if line.startswith("PREFIX"))


@dataclass(frozen=True, slots=True)
class Hit:
    """A solution of a check: the node, property and value that it is about, and the message."""

    focus: str
    path: str
    value: str
    message: str


@dataclass(frozen=True, slots=True)
class Question:
    """A competency question in words, its SPARQL, and the answer expected, as CSV of SPARQL 1.1."""

    name: str
    title: str
    query: str
    expected: str


def read_checks(folder: Path) -> list[Check]:
    """The checks in a folder by name; raises DatasetError for one that is not well formed."""
    checks = []
    for file in _files(folder, {".rq"}):
        meta, text = _front_matter(file, _CHECK_KEYS, {"reads"})
        if not _BODY.search(text):
            raise DatasetError(f"{file}: a check is a SELECT, and the word starts a line")
        if meta["severity"].upper() not in Severity.__members__:
            raise DatasetError(f"{file}: severity is violation, warning or info")
        severity = Severity[meta.pop("severity").upper()]
        path = f"validation/checks/{file.name}"
        checks.append(Check(file.stem, path, severity=severity, query=text, **meta))
    return checks


def read_questions(folder: Path) -> list[Question]:
    """The questions in a folder by name, none if there is no such folder.

    Raises DatasetError for a question without an answer.
    """
    questions: list[Question] = []
    if not folder.is_dir():
        return questions
    for file in _files(folder, {".rq", ".csv"}):
        if file.suffix == ".csv":
            continue
        meta, text = _front_matter(file, _QUESTION_KEYS)
        answer = file.with_suffix(".csv")
        if not answer.is_file():
            raise DatasetError(f"{file}: the answer is missing; it belongs into {answer.name}")
        expected = answer.read_text(encoding="utf-8")
        questions.append(Question(file.stem, meta["title"], text, expected))
    return questions


def _files(folder: Path, endings: set[str]) -> list[Path]:
    """The files of a folder; DatasetError for one that would be passed over, or if there are none."""
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    for file in files:
        if file.suffix not in endings or not file.is_file() or file.is_symlink():
            raise DatasetError(
                f"{file}: only files that end in {' or '.join(sorted(endings))} belong here"
            )
    if not files:
        raise DatasetError(f"{folder} is empty, so nothing would be checked")
    return files


def _front_matter(
    file: Path, keys: set[str], optional: Set[str] = frozenset()
) -> tuple[dict[str, str], str]:
    try:
        text = read_text(file, str(file))
        lines = [line[2:].removeprefix(" ") for line in text.splitlines() if line.startswith("#+")]
        root = parse_document("\n".join(lines), str(file)).root
    except ReadError as error:
        raise DatasetError(str(error)) from error
    if set(root.entries) - optional != keys:
        more = f", and may have {', '.join(sorted(optional))}" if optional else ""
        raise DatasetError(f"{file}: the lines after #+ have exactly {', '.join(sorted(keys))}{more}")
    meta = {}
    for key, entry in root.entries.items():
        if not isinstance(entry.value, Scalar):
            raise DatasetError(f"{file}: {key} is a line of text")
        meta[key] = str(entry.value.value).strip()
    return meta, text


def run_check(check: Check, store: ox.Store, foci: Iterable[str] | None = None) -> list[Hit]:
    """The solutions of a check, each with its message filled in; of some focus nodes only, if given."""
    hits = []
    query = check.query
    if foci is not None:
        # Inside the body, where the planner starts from it; after the body it would not.
        values = " ".join(f"<{focus}>" for focus in sorted(foci))
        query = _BODY.sub(lambda found: f"{found.group()} VALUES ?focus {{ {values} }}", query, count=1)
    solutions = select(store, query, check.path)
    if "focus" not in {variable.value for variable in solutions.variables}:
        raise DatasetError(f"{check.path}: a check selects ?focus")
    for bound in table(solutions):
        message = check.message
        for name, text in bound.items():
            message = message.replace(f"{{{name}}}", _NESTED.sub("", text.removeprefix(BASE)))
        hits.append(Hit(bound["focus"], bound.get("path", ""), bound.get("value", ""), message))
    return hits


def vacuous(checks: list[Check], store: ox.Store, without_focus: Severity) -> Iterator[Finding]:
    """The checks that find nothing to look at; `without_focus` is the severity of that."""
    for check in checks:
        yield from _unknown(check, store)
        query = f"{check.prefixes}\nSELECT ?focus {{ {check.target} }} LIMIT 1"
        if not any(rows(store, query, check.path)):
            message = "The check has no focus node: nothing in the dataset fits its target."
            rule = "vacuity/no-focus-node"
            yield Finding(check.path, Mark(1, 1), without_focus, rule, message, focus=check.name)


def _unknown(check: Check, store: ox.Store) -> Iterator[Finding]:
    """The terms of a check that neither the ontology nor the dataset has."""
    for iri in sorted(check.names):
        # Else it is a namespace, the ontology of another, or the name of a record.
        if not iri.startswith(BASE) or iri.endswith(("#", "/")):
            continue
        node = ox.NamedNode(iri)
        if not any(store.quads_for_pattern(node, None, None)):
            space = iri[: len(iri) - len(re.split("[#/]", iri)[-1])]
            known = {
                quad.subject.value.removeprefix(space)
                for quad in store.quads_for_pattern(None, None, None)
                if isinstance(quad.subject, ox.NamedNode) and quad.subject.value.startswith(space)
            }
            word = iri.removeprefix(space)
            lines = [
                number for number, line in enumerate(check.query.splitlines(), 1) if f":{word}" in line
            ]
            mark = Mark(lines[0] if lines else 1, 1)
            message = f"Nothing is called '{word}' in <{space}>, so the check passes over what it asks."
            rule = "vacuity/unknown-term"
            help_ = nearest(word, known)
            yield Finding(check.path, mark, Severity.VIOLATION, rule, message, help_, focus=iri)


def answer(question: Question, store: ox.Store) -> str:
    """The answer to a question as CSV of SPARQL 1.1, in the order of the query."""
    solutions = select(store, question.query, question.name)
    data = solutions.serialize(format=ox.QueryResultsFormat.CSV)
    return (data or b"").decode("utf-8").replace("\r\n", "\n")
