"""Scripted changes of the real facts: each is found, at the line at which it was made.

Every change is one that a tired curator could make. They are seeded, so that each run makes the same
ones. A change that nothing can know to be wrong is not in the list; those are named in UNDETECTABLE.
"""

from __future__ import annotations

import os
import random
import re
import shutil
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

from conftest import ARTICLES, ROOT
from mil2mil.dataset import Dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UNDETECTABLE = {
    "evidence removed where another stays": (
        "A fact with two sentences as evidence is a fact with one. It is found where the sentence "
        "then supports nothing, or where a quotation stands in it."
    ),
    "an inference removed where a page gives the value": (
        "Then the date has a ground without it. An inference of something else than a date may be "
        "missing from the start."
    ),
    "the date of a page on which only an inference rests": (
        "An announcement may come before its event, and a report after it."
    ),
    "the office of a tenure that no event is in": (
        "Who held which office is known from the tenure alone; with an event in the office it is found."
    ),
    "one plausible value for another": (
        "A modality, an act, a topic, a place or an order that is as good as the right one, or a gloss "
        "that says something else, can be judged only by reading the source."
    ),
    "one known date for another": (
        "An inferred date may be any day that contradicts nothing; a year that puts it outside the "
        "office of those who take part is found."
    ),
    "a span shifted, without the text": (
        "Whether a span within its unit, or between its neighbours, is the right one is known only "
        "from the text; with --text every shift is found."
    ),
}


@dataclass(frozen=True)
class Mutation:
    """A change: its kind, the file, what the file then says, and the lines at which it may be found."""

    kind: str
    path: str
    text: str
    lines: range

    def __str__(self) -> str:
        return f"{self.kind} {self.path}:{self.lines.start}"


# Takes a path and the lines of its file; gives changed lines, and the lines at which to find it.
Mutator: TypeAlias = "Callable[[str, list[str], random.Random], Iterator[tuple[list[str], range]]]"


def line_mutator(pattern: str, change: Callable[[re.Match[str], random.Random], str | None]) -> Mutator:
    """A mutator that changes each line that fits a pattern; no line in its place if None."""

    def mutate(_path: str, lines: list[str], rng: random.Random) -> Iterator[tuple[list[str], range]]:
        for number, line in enumerate(lines):
            match = re.fullmatch(pattern, line)
            if match:
                new = change(match, rng)
                changed = [*lines[:number], *([] if new is None else [new]), *lines[number + 1 :]]
                yield changed, range(number + 1, number + 2)

    return mutate


def misspelt(word: str, rng: random.Random) -> str:
    """A word with two letters exchanged, or one doubled."""
    places = [at for at in range(len(word) - 1) if word[at] != word[at + 1]]
    at = rng.choice(places or [0])
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :] if places else word + word[-1]


def block(lines: list[str], start: int) -> range:
    """The lines (from 0) of the list item or key that starts at a line."""
    indent = len(lines[start]) - len(lines[start].lstrip())
    end = start + 1
    while end < len(lines) and lines[end].strip():
        depth = len(lines[end]) - len(lines[end].lstrip())
        if depth < indent or (
            depth == indent and not (lines[end].lstrip().startswith("- ") and lines[start].endswith(":"))
        ):
            break
        end += 1
    return range(start, end)


def drop_block(pattern: str) -> Mutator:
    """A mutator that drops a key with all that stands under it."""

    def mutate(_path: str, lines: list[str], _rng: random.Random) -> Iterator[tuple[list[str], range]]:
        for number, line in enumerate(lines):
            if re.fullmatch(pattern, line):
                gone = block(lines, number)
                yield [*lines[: gone.start], *lines[gone.stop :]], owner(lines, number)

    return mutate


def owner(lines: list[str], number: int) -> range:
    """The lines (from 1) of the node that holds a line: where a missing key may be reported."""
    indent = len(lines[number]) - len(lines[number].lstrip())
    if indent == 0:
        return range(1, len(lines) + 2)
    start = number
    while start > 0 and not (
        (
            lines[start].lstrip().startswith("- ")
            and len(lines[start]) - len(lines[start].lstrip()) < indent
        )
        or (lines[start].endswith(":") and len(lines[start]) - len(lines[start].lstrip()) < indent)
    ):
        start -= 1
    return range(start + 1, block(lines, start).stop + 1)


def drop_participant(
    path: str, lines: list[str], _rng: random.Random
) -> Iterator[tuple[list[str], range]]:
    if not path.startswith("data/contacts/"):
        return
    for number, line in enumerate(lines):
        if line == "participants:":
            gone = block(lines, number + 1)
            yield [*lines[: gone.start], *lines[gone.stop :]], range(number + 1, number + 2)


def drop_inference(
    path: str, lines: list[str], _rng: random.Random
) -> Iterator[tuple[list[str], range]]:
    if "accounts:" in lines:  # then a page may give the date as well
        return
    for number, line in enumerate(lines):
        if line == "inferred:" and lines[number + 1] == "  - property: date":
            gone = block(lines, number)
            date = next(at for at, other in enumerate(lines) if other.startswith("date: "))
            yield [*lines[: gone.start], *lines[gone.stop :]], range(date + 1, date + 2)


def shift_span(_path: str, lines: list[str], rng: random.Random) -> Iterator[tuple[list[str], range]]:
    for number, line in enumerate(lines):
        if line.strip() == "span:":
            by = rng.choice((-1, 1, 2, 7))
            changed = list(lines)
            for inner in (number + 1, number + 2):
                key, _, value = lines[inner].partition(": ")
                changed[inner] = f"{key}: {max(0, int(value) + by)}"
            if changed != lines:
                yield changed, range(number - 1, number + 7)


def alter_words(_path: str, lines: list[str], rng: random.Random) -> Iterator[tuple[list[str], range]]:
    for number, line in enumerate(lines):
        head, found, words = line.partition("words: ")
        if found:
            for pair in (("’", "'"), (" ", "\u00a0"), ("e", "a"), (",", "")):
                if pair[0] in words:
                    places = [match.start() for match in re.finditer(re.escape(pair[0]), words)]
                    at = rng.choice(places)
                    other = words[:at] + pair[1] + words[at + 1 :]
                    changed = [*lines[:number], head + found + other, *lines[number + 1 :]]
                    yield changed, range(number + 1, number + 2)


def another_decade(
    path: str, lines: list[str], _rng: random.Random
) -> Iterator[tuple[list[str], range]]:
    in_office = any(line.lstrip().startswith("office: ") for line in lines)
    if not (path.startswith("seeds/thehill-20") or (path.startswith("data/") and in_office)):
        return
    for number, line in enumerate(lines):
        match = re.fullmatch(r"date: 20\d\d(-\d\d-\d\d\??)", line)
        if match:
            changed = [*lines[:number], f"date: 1997{match[1]}", *lines[number + 1 :]]
            yield changed, range(number + 1, number + 2)


def wrong_identifier(
    path: str, lines: list[str], _rng: random.Random
) -> Iterator[tuple[list[str], range]]:
    """The identifier of another record of the same kind."""
    of_kind = {"officials": 36073, "offices": 11696, "places": 227, "organisations": 7184, "states": 159}
    for number, line in enumerate(lines):
        match = re.fullmatch(r"( *(?:- |sameAs: )http://www\.wikidata\.org/entity/Q)\d+", line)
        if match:
            changed = f"{match[1]}{of_kind[path.split('/')[1]]}"
            yield [*lines[:number], changed, *lines[number + 1 :]], range(number + 1, number + 2)


def swap_office(_path: str, lines: list[str], _rng: random.Random) -> Iterator[tuple[list[str], range]]:
    offices = ("offices/us-national-security-adviser", "offices/nato-supreme-allied-commander-europe")
    for number, line in enumerate(lines):
        head, found, office = line.partition("office: ")
        taken = lines[number - 1].lstrip(" -").startswith(("official: ", "speaker: "))
        if found and taken and office not in offices:
            for other in offices:
                changed = [*lines[:number], f"{head}{found}{other}", *lines[number + 1 :]]
                yield changed, range(number + 1, number + 2)


def duplicate_key(
    _path: str, lines: list[str], _rng: random.Random
) -> Iterator[tuple[list[str], range]]:
    for number, line in enumerate(lines):
        if re.fullmatch(r" *[a-z]\w*: \S.*", line):
            yield [*lines[: number + 1], line, *lines[number + 1 :]], range(number + 2, number + 3)


def impossible(match: re.Match[str], rng: random.Random) -> str:
    date = rng.choice(("2017-02-30", "2017-13-01", "16.02.2017", "Thursday", "2017-2-16", "2019/2018"))
    return f"{match[1]}{date}"


FOLDERS = "|".join([*sorted(folder.name for folder in (ROOT / "data").iterdir()), "seeds"])
REFERENCE = rf"( *(?:- )?(?:\w+: )?)((?:{FOLDERS})/[\w.#-]+)"
CONCEPTS = "modality|act|format|role|count|form|mode|rank|placeKind|unitKind|craftKind"
REQUIRED = (
    "format|form|speaker|act|property|reason|number|span|sha256|in|by|relays|unitKind|label|"
    "publisher|address|fileName|length|placeKind|isoCode(?=: (?:US|RU|CN))|type"
)

MUTATORS: dict[str, tuple[int, Mutator]] = {
    "key misspelt": (
        60,
        line_mutator(r"( *(?:- )?)([a-z]\w{2,})(:.*)", lambda m, rng: m[1] + misspelt(m[2], rng) + m[3]),
    ),
    "reference broken": (
        60,
        line_mutator(REFERENCE, lambda m, rng: m[1] + m[2][:-3] + misspelt(m[2][-3:], rng) + "x"),
    ),
    "concept misspelt": (
        30,
        line_mutator(
            rf"( *(?:- )?(?:{CONCEPTS}): )([\w-]+)",
            lambda m, rng: m[1] + misspelt(m[2], rng),
        ),
    ),
    "type misspelt": (12, line_mutator(r"( *type: )(\w+)", lambda m, rng: m[1] + misspelt(m[2], rng))),
    "date impossible": (30, line_mutator(r"( *date: )(\S.*)", impossible)),
    "date of another decade": (60, another_decade),
    "participant dropped": (20, drop_participant),
    "evidence removed": (120, drop_block(r" *evidence:.*")),
    "required key removed": (
        40,
        drop_block(rf" *(?:{REQUIRED}):.*|(?:tenures|claims):"),
    ),
    "modality removed": (20, drop_block(r"modality:.*")),
    "inference removed": (30, drop_inference),
    "reports removed": (20, drop_block(r"reports:")),
    "office swapped": (40, swap_office),
    "quotation altered": (30, alter_words),
    "duplicate key": (30, duplicate_key),
    "id changed": (12, line_mutator(r"(id: )(.*)", lambda m, _: f"{m[1]}{m[2]}-2")),
    "context changed": (
        6,
        line_mutator(r'("@context": )(.*)', lambda m, _: f"{m[1]}https://schema.org/"),
    ),
    "value truncated": (
        12,
        line_mutator(r"( *(?:- )?(?:sha256|isoCode|duration): )(.*).", lambda m, _: m[1] + m[2]),
    ),
    "wrong identifier": (40, wrong_identifier),
    "tab for spaces": (8, line_mutator(r"  ( *\w+: .*)", lambda m, _: "\t" + m[1])),
    "number for a word": (
        8,
        line_mutator(r"( *(?:label|gloss|reason): )(.*)", lambda m, _: m[1] + "2017"),
    ),
}
if ARTICLES.is_dir():  # a shifted span is known only from the text
    MUTATORS["span shifted"] = (30, shift_span)


def mutations() -> list[Mutation]:
    """The changes: of each kind as many as it says, drawn from all that the facts allow."""
    rng = random.Random(20170216)
    files = sorted(
        p.relative_to(ROOT).as_posix() for f in ("data", "seeds") for p in (ROOT / f).rglob("*.yaml")
    )
    chosen: list[Mutation] = []
    for kind, (number, mutate) in MUTATORS.items():
        possible = []
        for path in files:
            before = (ROOT / path).read_text(encoding="utf-8").split("\n")
            for lines, where in mutate(path, before, rng):
                if lines != before:
                    possible.append(Mutation(kind, path, "\n".join(lines), where))
        chosen += rng.sample(possible, min(number, len(possible)))
    return chosen


_root: Path


def start(folder: str) -> None:
    """Give a worker a copy of the dataset to change."""
    global _root
    _root = Path(folder) / str(os.getpid())
    for name in ("data", "seeds", "ontology", "validation"):
        shutil.copytree(ROOT / name, _root / name)


def check(mutation: Mutation) -> str:
    """Why a change counts as missed, or nothing."""
    file = _root / mutation.path
    before = file.read_text(encoding="utf-8")
    file.write_text(mutation.text, encoding="utf-8")
    try:
        findings = Dataset(_root).validate(texts=ARTICLES if ARTICLES.is_dir() else None)
    finally:
        file.write_text(before, encoding="utf-8")
    if not findings:
        return f"{mutation}: not found"
    record = mutation.path.removeprefix("data/").removesuffix(".yaml")
    if not any(
        (f.file == mutation.path and f.mark.line in mutation.lines)
        or record in f.message  # two records contradict each other, and one of them is marked
        or (f.file == mutation.path and "(1997-" in f.message)  # so do a date and an office
        for f in findings
    ):
        return f"{mutation}: found elsewhere, {findings[0]}"
    return ""


def test_every_change_is_found_at_its_line(tmp_path: Path) -> None:
    chosen = mutations()
    assert len(chosen) >= 300
    assert {mutation.kind for mutation in chosen} == set(MUTATORS), "a kind that changes nothing"
    with ProcessPoolExecutor(os.cpu_count(), initializer=start, initargs=(str(tmp_path),)) as pool:
        missed = [why for why in pool.map(check, chosen, chunksize=8) if why]
    assert missed == []


def disagree(mutation: Mutation) -> str:
    """Where the two engines of SHACL find different things in a changed dataset, or nothing."""
    file = _root / mutation.path
    before = file.read_text(encoding="utf-8")
    file.write_text(mutation.text, encoding="utf-8")
    try:
        ours, reference = Dataset(_root).validate(), Dataset(_root).validate("pyshacl")
    finally:
        file.write_text(before, encoding="utf-8")
    return "" if ours == reference else f"{mutation}: {set(ours) ^ set(reference)}"


def test_the_engines_agree_on_changed_facts(tmp_path: Path) -> None:
    """On a sample, of the kinds of change that reach the shapes."""
    kinds = {
        "required key removed",
        "evidence removed",
        "value truncated",
        "modality removed",
        "participant dropped",
    }
    chosen = random.Random(4).sample([m for m in mutations() if m.kind in kinds], 30)
    with ProcessPoolExecutor(os.cpu_count(), initializer=start, initargs=(str(tmp_path),)) as pool:
        assert [why for why in pool.map(disagree, chosen) if why] == []


@pytest.mark.parametrize("kind", UNDETECTABLE)
def test_what_cannot_be_found_has_a_reason(kind: str) -> None:
    assert UNDETECTABLE[kind].endswith(".")
