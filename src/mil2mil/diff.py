"""What changed between two revisions, in terms of facts: for the person who reviews a pull request.

Records are compared as what they say, so the order of keys and lists, comments and the names of
nested nodes make no difference.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from mil2mil import rules
from mil2mil.context import BASE, TERMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mil2mil.dataset import Dataset

Node = dict[str, Any]


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One change in a record: where in it, what happened, and what it is about.

    `what` is gained, lost, or evidence gained, evidence lost.
    """

    where: str
    what: str
    text: str


@dataclass(slots=True)
class Difference:
    """Ids of records added and removed; changes by record; rows lost and gained by question."""

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    changed: dict[str, list[Change]] = field(default_factory=dict)
    answers: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.answers)


def compare(old: Dataset, new: Dataset) -> Difference:
    """The difference between two datasets."""
    evidence = new.context.term_of_iri[f"{TERMS}evidence"].key
    difference = Difference(
        added=sorted(new.records.keys() - old.records.keys()),
        removed=sorted(old.records.keys() - new.records.keys()),
    )
    for name in sorted(old.records.keys() & new.records.keys()):
        changes = sorted(_compare(old.records[name].json, new.records[name].json, "", evidence))
        if changes:
            difference.changed[name] = changes
    before = {question.name: rules.answer(question, old.store) for question in old.questions}
    for question in new.questions:
        if question.name in before:
            lost, gained = _rows(before[question.name]), _rows(rules.answer(question, new.store))
            if lost != gained:
                difference.answers[question.title] = sorted(lost - gained), sorted(gained - lost)
    return difference


def _rows(answer: str) -> set[str]:
    return set(answer.splitlines()[1:])


def _compare(old: Node, new: Node, where: str, evidence: str) -> Iterator[Change]:
    for key in sorted((old.keys() | new.keys()) - {"id"}):
        inside = f"{where} › {key}" if where else key
        was, now = _plain(old.get(key)), _plain(new.get(key))
        prefix = "evidence " if key == evidence else ""
        place = (where or "the record") if prefix else inside
        yield from (Change(place, f"{prefix}lost", text) for text in was - now)
        yield from (Change(place, f"{prefix}gained", text) for text in now - was)
        yield from _compare_nested(_nested(old.get(key)), _nested(new.get(key)), inside, evidence)


def _compare_nested(old: list[Node], new: list[Node], where: str, evidence: str) -> Iterator[Change]:
    """Nodes that say the same are compared by their evidence; of the others, one is held to one."""
    rest: list[Node] = []
    left = list(old)
    for node in new:
        twin = next((other for other in left if _says(other, evidence) == _says(node, evidence)), None)
        if twin is None:
            rest.append(node)
        else:
            left.remove(twin)
            yield from _compare(twin, node, f"{where} ({_short(node)})", evidence)
    if len(left) == len(rest) == 1:
        yield from _compare(left[0], rest[0], f"{where} ({_short(rest[0])})", evidence)
        return
    yield from (Change(where, "lost", _long(node)) for node in left)
    yield from (Change(where, "gained", _long(node)) for node in rest)


def _values(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _plain(value: Any) -> set[str]:
    return {str(item).removeprefix(BASE) for item in _values(value) if not isinstance(item, dict)}


def _nested(value: Any) -> list[Node]:
    return [item for item in _values(value) if isinstance(item, dict)]


def _says(node: Node, evidence: str) -> str:
    """What a node says, without its name, its evidence and any order."""
    said = {
        key: (sorted(_plain(value)), sorted(_says(inner, evidence) for inner in _nested(value)))
        for key, value in node.items()
        if key not in ("id", evidence)
    }
    return json.dumps(said, sort_keys=True)


def _short(node: Node) -> str:
    """A few words that tell one node of a record from its siblings."""
    text = node.get("gloss") or next(iter(sorted(_plain(list(node.values())[1:]))), "")
    return text if len(text) <= 40 else f"{text[:39]}…"


def _long(node: Node) -> str:
    parts = []
    for key, value in node.items():
        if key != "id":
            inner = [*sorted(_plain(value)), *(f"({_long(item)})" for item in _nested(value))]
            parts.append(f"{key} {', '.join(inner)}")
    return "; ".join(parts)


def as_text(difference: Difference) -> str:
    """The difference for a terminal; nothing if there is none."""
    return "".join(f"{'  ' * depth}{line}\n" for depth, line in _lines(difference))


def as_markdown(difference: Difference) -> str:
    """The difference as nested lists, such as for a comment on a pull request."""
    lines = ((depth, line.replace("<", "&lt;").replace("`", "'")) for depth, line in _lines(difference))
    return "".join(f"{'  ' * depth}- {line}\n" for depth, line in lines)


def as_json(difference: Difference) -> str:
    """The difference as a JSON object with the fields of Difference."""
    return json.dumps(asdict(difference), ensure_ascii=False, indent=1) + "\n"


def _lines(difference: Difference) -> Iterator[tuple[int, str]]:
    for word, records in (("added", difference.added), ("removed", difference.removed)):
        if records:
            yield 0, f"{len(records)} {_records(len(records))} {word}"
            yield from ((1, name) for name in records)
    if difference.changed:
        yield 0, f"{len(difference.changed)} {_records(len(difference.changed))} changed"
        for name, changes in difference.changed.items():
            yield 1, name
            yield from ((2, f"{change.where}: {change.what}: {change.text}") for change in changes)
    if difference.answers:
        yield 0, f"{len(difference.answers)} competency answers changed"
        for title, (lost, gained) in difference.answers.items():
            yield 1, title
            yield from ((2, f"lost: {row}") for row in lost)
            yield from ((2, f"gained: {row}") for row in gained)


def _records(number: int) -> str:
    return "record" if number == 1 else "records"


FORMATS = {"text": as_text, "md": as_markdown, "json": as_json}
