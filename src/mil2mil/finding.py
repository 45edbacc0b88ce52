"""Findings: what is wrong, how bad it is, and the line and column at which a person wrote it."""

from __future__ import annotations

import enum
from bisect import bisect_left
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_MANY = 500


class Severity(enum.IntEnum):
    """The three severities of SHACL; a lower value is worse."""

    VIOLATION = 1
    WARNING = 2
    INFO = 3

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a file: line and column, both counted from 1, the column in code points."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong.

    `file` is relative to the dataset's root, with forward slashes. `rule` names what found it:
    `reader/NAME`, `shape/NAME`, `check/NAME`, `text/NAME` or `vacuity/NAME`. `focus`, `path` and
    `value` are IRIs or lexical forms, empty where they do not apply.
    """

    file: str
    mark: Mark
    severity: Severity
    rule: str
    message: str
    suggestion: str = ""
    record: str = ""
    focus: str = field(default="", compare=True)
    path: str = ""
    value: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.mark.line}:{self.mark.column}"
        return f"{place}: {self.severity.word}: {self.message} [{self.rule}]"


class ReadError(Exception):
    """A file that cannot be read; carries the finding that says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


class DatasetError(Exception):
    """The work cannot be done at all: a folder is missing, an ontology does not parse."""


class Names:
    """Known names, among which the nearest to a wrong one is found.

    Of ids, the part after the last slash is compared, so that the folder makes none alike. Of very
    many names, only those are compared that begin or end alike, since most slips are single.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self.known = sorted(known)

    @cached_property
    def _full(self) -> dict[str, str]:
        return {name.rpartition("/")[2]: name for name in reversed(self.known)}

    @cached_property
    def _forwards(self) -> list[str]:
        return sorted(self._full)

    @cached_property
    def _backwards(self) -> list[str]:
        return sorted(name[::-1] for name in self._full)

    def closest(self, word: str) -> str:
        """The known name nearest to a word, or nothing."""
        word = word.rpartition("/")[2]
        names = self._forwards
        if len(names) > _MANY:
            names = sorted(
                {*_beside(names, word), *(name[::-1] for name in _beside(self._backwards, word[::-1]))}
            )
        close = get_close_matches(word, names, n=1, cutoff=0.7)
        return self._full[close[0]] if close else ""

    def nearest(self, word: str) -> str:
        """A suggestion, or nothing."""
        closest = self.closest(word)
        return f"did you mean '{closest}'?" if closest else ""


def _beside(names: list[str], word: str) -> list[str]:
    """The names that stand beside a word in their order."""
    place = bisect_left(names, word)
    return names[max(0, place - _MANY // 2) : place + _MANY // 2]


def nearest(word: str, known: Iterable[str]) -> str:
    """A suggestion that names the known word nearest to `word`, or nothing."""
    return Names(known).nearest(word)


def render(
    findings: Iterable[Finding], line_of: Callable[[str, int], str], *, colour: bool = False
) -> str:
    """The findings as text for people, grouped by file, each with its line shown and marked.

    `line_of(file, line)` gives the text of a line, counted from 1, or an empty string.
    """

    def paint(code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if colour else text

    tint = {Severity.VIOLATION: "1;31", Severity.WARNING: "1;33", Severity.INFO: "1;36"}
    out: list[str] = []
    for file, group in groupby(sorted(findings), key=lambda finding: finding.file):
        out.append(paint("1", file))
        for finding in group:
            line, column = finding.mark.line, finding.mark.column
            where = f"{file}:{line}:{column}"
            heading = paint(tint[finding.severity], finding.severity.word)
            out.append(f"  {heading}: {finding.message}")
            gutter = " " * len(str(line))
            out.append(paint("34", f"  {gutter}--> ") + where)
            text = line_of(file, line)
            if text:
                shown, marker = _window(text, column)
                out.append(paint("34", f"  {line} | ") + shown)
                out.append(paint("34", f"  {gutter} | ") + paint(tint[finding.severity], marker))
            if finding.suggestion:
                out.append(paint("34", f"  {gutter} = ") + f"help: {finding.suggestion}")
            out.append(paint("34", f"  {gutter} = ") + f"rule: {finding.rule}")
            out.append("")
    return "\n".join(out)


def _window(text: str, column: int, width: int = 96) -> tuple[str, str]:
    """The part of a line around a column, and a line of carets under the token that stands there."""
    text = text.replace("\t", " ")
    text = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    start = column - 1
    end = len(text)
    token = text[start:]
    if token[:1] in {'"', "'"}:
        close = token.find(token[0], 1)
        end = start + close + 1 if close > 0 else end
    else:
        for stop in (":", " #"):
            at = token.find(stop + " ") if stop == ":" else token.find(stop)
            if at < 0 and stop == ":" and token.endswith(":"):
                at = len(token) - 1
            if at > 0:
                end = min(end, start + at)
    left = max(0, start - width // 3)
    shown = text[left : left + width]
    shown = ("…" if left else "") + shown + ("…" if left + width < len(text) else "")
    offset = start - left + (1 if left else 0)
    carets = max(1, min(end, left + width) - start)
    return shown, " " * offset + "^" * carets
