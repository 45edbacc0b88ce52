"""A record in words: what it says, on what evidence, by whose account, and what refers to it."""

from __future__ import annotations

import html
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mil2mil.context import BASE, TERMS
from mil2mil.document import Mapping, Scalar, items
from mil2mil.finding import DatasetError, nearest
from mil2mil.graph import rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Mapping as Dict

    from mil2mil.context import Term
    from mil2mil.dataset import Dataset
    from mil2mil.document import Node
    from mil2mil.record import Record

_LABELS = """PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?node ?label { ?node rdfs:label|skos:prefLabel ?label } ORDER BY ?node ?label"""

_EVIDENCE = f"""PREFIX m2m: <{TERMS}> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?source ?publisher ?date ?address ?gloss ?start ?end {{
  {{ ?source m2m:unit ?evidence }} UNION {{ ?evidence m2m:address ?own BIND(?evidence AS ?source) }}
  ?source m2m:publisher/rdfs:label ?publisher ; m2m:address ?address .
  OPTIONAL {{ ?source m2m:date ?date }} OPTIONAL {{ ?evidence m2m:gloss ?gloss }}
  OPTIONAL {{ ?evidence m2m:span ?span . ?span m2m:start ?start ; m2m:end ?end }} }}"""

_REFERRING = """SELECT DISTINCT ?node ?property {
  GRAPH ?graph { ?node ?property ?value } FILTER(ISIRI(?node)) } ORDER BY ?node ?property"""

# What is told in a place of its own.
_APART = {"id", "@context", "type", "label", "evidence", "inferred", "sha256"}


@dataclass(slots=True)
class Line:
    """One thing that a record says: under which key, in words, as which id, and on what evidence.

    `evidence` are numbers of the list of evidence; `reason` says why a value that is ours follows.
    """

    key: str
    words: str
    id: str = ""
    evidence: list[int] = field(default_factory=list)
    reason: str = ""
    lines: list[Line] = field(default_factory=list)


@dataclass(slots=True)
class Evidence:
    """What supports a fact: a unit of an article, or a page; its words are the source's or our gloss."""

    id: str
    source: str
    place: str
    words: str
    quoted: bool


class Told:
    """A record in words; print it, or let a notebook draw it."""

    def __init__(self, dataset: Dataset, name: str, sentences: Dict[str, str] | None = None) -> None:
        name = name.removeprefix(BASE).removesuffix(".yaml").removeprefix("data/")
        record = dataset.records.get(name.partition("#")[0])
        if record is None:
            help_ = nearest(name, dataset.records) or "ids are FOLDER/NAME"
            raise DatasetError(f"there is no record '{name}'; {help_}")
        self._dataset = dataset
        self._sentences = sentences or {}
        self._labels: dict[str, str] = {}
        for row in rows(dataset.store, _LABELS):
            self._labels.setdefault(row["node"], row["label"])
        self.id, iri = name, BASE + name
        if iri not in record.nodes:
            raise DatasetError(
                f"there is no '{name}'; {nearest(name, self._parts(record)) or record.id}"
            )
        root = record.nodes[iri]
        self.label = root.scalar("label") or root.scalar("gloss") or ""
        kinds = rows(dataset.store, f"SELECT DISTINCT ?kind {{ <{iri}> a ?kind }} ORDER BY ?kind")
        self.type = ", ".join(self._label(row["kind"]) for row in kinds)
        self._numbers: dict[str, int] = {}
        self.lines = self._lines(root)
        self.on = self._cite(root)
        if iri in self._sentences:  # of a unit the words themselves, where the text is at hand
            self.lines.insert(0, Line("words", self._sentences[iri]))
        self.evidence = [self._source(name) for name in self._numbers]
        parts = [part for part, node in record.nodes.items() if _holds(root, node)]
        self.referring = list(self._referring(record.id, parts))

    def _label(self, iri: str) -> str:
        return self._labels.get(iri, iri.removeprefix(BASE))

    def _lines(self, node: Mapping) -> list[Line]:
        reasons = {}
        inferred = node.entries.get("inferred")
        for item in items(inferred.value) if inferred else ():
            if isinstance(item, Mapping):
                reasons[item.scalar("property")] = item
        lines = []
        for key, entry in node.entries.items():
            if key in _APART:
                continue
            term = self._dataset.context.terms[key]
            for item in items(entry.value):
                line = self._line(term, item)
                if key in reasons:
                    line.reason = reasons[key].scalar("reason") or ""
                    line.evidence += self._cite(reasons[key])
                lines.append(line)
        return lines

    def _line(self, term: Term, item: Node) -> Line:
        name = self._label(term.iri)
        if isinstance(item, Scalar):
            value = self._dataset.context.expand(term, str(item.value))
            if term.kind in {"reference", "concept", "key"}:
                id_ = value.removeprefix(BASE) if term.kind == "reference" else ""
                return Line(name, self._label(value), "" if id_ == self._label(value) else id_)
            return Line(name, f"“{item.value}”" if term.key == "words" else str(item.value))
        if not isinstance(item, Mapping):
            raise TypeError("a list in a list is not read")
        lines = self._lines(item)
        for place, line in enumerate(lines):
            if line.key in {"gloss", "words"}:
                rest = lines[:place] + lines[place + 1 :]
                id_ = item.scalar("id") or ""
                return Line(name, line.words, id_, self._cite(item), line.reason, rest)
        if term.key == "span":
            return Line(name, "code points " + " to ".join(line.words for line in lines))
        # Without a gloss the plain values say in one line what it is.
        plain = [line for line in lines if not line.lines and not line.reason]
        words = " · ".join(f"{line.words} ({line.id})" if line.id else line.words for line in plain)
        rest = [line for line in lines if line not in plain]
        return Line(name, words, "", self._cite(item), "", rest)

    def _cite(self, node: Mapping) -> list[int]:
        entry = node.entries.get("evidence")
        names = [item for item in items(entry.value) if isinstance(item, Scalar)] if entry else []
        return [self._numbers.setdefault(str(item.value), len(self._numbers) + 1) for item in names]

    def _source(self, name: str) -> Evidence:
        query = _EVIDENCE.replace("?evidence", f"<{BASE}{name}>")
        row = next(iter(rows(self._dataset.store, query)), None)
        if row is None:
            return Evidence(name, "", "", "", quoted=False)
        source = f"{row['publisher']}, {row['date']}" if row["date"] else row["publisher"]
        words = self._sentences.get(BASE + name)
        place = f"code points {row['start']} to {row['end']}" if row["start"] else row["address"]
        return Evidence(name, source, place, words or row["gloss"], quoted=words is not None)

    @staticmethod
    def _parts(record: Record) -> list[str]:
        return [iri.removeprefix(BASE) for iri in record.nodes]

    def _referring(self, record: str, parts: list[str]) -> Iterator[Line]:
        """The other records in which this one, or a part of it, is a value."""
        store = self._dataset.store
        seen: dict[str, set[str]] = {}
        for part in parts:
            for row in rows(store, _REFERRING.replace("?value", f"<{part}>")):
                name = row["node"].removeprefix(BASE).partition("#")[0]
                if name != record and name in self._dataset.records:
                    seen.setdefault(name, set()).add(self._label(row["property"]))
        for name in sorted(seen):
            yield Line(", ".join(sorted(seen[name])), self._label(BASE + name), name)

    def text(self, width: int = 100) -> str:
        """The record as text, its lines no longer than `width` characters where words allow it."""
        out = [self.id, *_fill(f"{self.label} ({self.type})", width, ""), ""]
        out += _fill_all(self.lines, width, "  ")
        if self.on:
            out += ["", f"  The record as a whole: {_marks(self.on)}"]
        if self.evidence:
            out += ["", "Evidence"]
        for number, evidence in enumerate(self.evidence, 1):
            head = f"  [{number}] "
            out += _fill(f"{head}{evidence.id}  {evidence.source}, {evidence.place}", width, head)
            if evidence.words:
                words = f"“{evidence.words}”" if evidence.quoted else f"our gloss: {evidence.words}"
                out += _fill(" " * len(head) + words, width, head)
        if self.referring:
            out += ["", "Referred to by"]
        for line in self.referring:
            out += _fill(f"  {line.id}  {line.words} ({line.key})", width, "      ")
        return "\n".join(out) + "\n"

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<{self.id}: {self.label}>"

    def _repr_html_(self) -> str:
        escape = html.escape

        def items(lines: list[Line]) -> str:
            return "".join(f"<li>{item(line)}</li>" for line in lines)

        def item(line: Line) -> str:
            id_ = f" <code>{escape(line.id)}</code>" if line.id else ""
            ours = f" <em>(ours: {escape(line.reason)})</em>" if line.reason else ""
            inner = f"<ul>{items(line.lines)}</ul>" if line.lines else ""
            text = f"<b>{escape(line.key)}</b> {escape(line.words)}{id_}{ours}"
            return f"{text} {_marks(line.evidence)}{inner}"

        def source(one: Evidence) -> str:
            ours = "" if one.quoted else "our gloss: "
            words = f"<br>{ours}{escape(one.words)}" if one.words else ""
            text = f"<code>{escape(one.id)}</code> {escape(one.source)}, {escape(one.place)}"
            return f"<li>{text}{words}</li>"

        def use(line: Line) -> str:
            return f"<li><code>{escape(line.id)}</code> {escape(line.words)} ({escape(line.key)})</li>"

        parts = [
            f"<h4>{escape(self.label or self.id)}</h4>",
            f"<p><code>{escape(self.id)}</code> {escape(self.type)} {_marks(self.on)}</p>",
            f"<ul>{items(self.lines)}</ul>",
        ]
        if self.evidence:
            parts.append(f"<p>Evidence</p><ol>{''.join(map(source, self.evidence))}</ol>")
        if self.referring:
            parts.append(f"<p>Referred to by</p><ul>{''.join(map(use, self.referring))}</ul>")
        return f'<div style="overflow-wrap: anywhere">{"".join(parts)}</div>'


def _holds(outer: Mapping, inner: Mapping) -> bool:
    """Whether a mapping is another, or stands within it."""
    return outer is inner or any(
        isinstance(item, Mapping) and _holds(item, inner)
        for entry in outer.entries.values()
        for item in items(entry.value)
    )


def _marks(numbers: list[int]) -> str:
    return "".join(f"[{number}]" for number in sorted(set(numbers)))


def _fill_all(lines: list[Line], width: int, indent: str) -> Iterator[str]:
    for line in lines:
        id_ = f" ({line.id})" if line.id else ""
        ours = f" (ours: {line.reason})" if line.reason else ""
        text = f"{indent}{line.key}: {line.words}{id_}{ours} {_marks(line.evidence)}"
        yield from _fill(text.rstrip(), width, indent + "  ")
        yield from _fill_all(line.lines, width, indent + "    ")


def _fill(text: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        subsequent_indent=" " * len(indent),
        break_on_hyphens=False,
        break_long_words=False,
        drop_whitespace=True,
    )
