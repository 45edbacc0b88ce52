"""What the peers do alike: read the records, complete them, and tell what it took.

The reading is the fastest that PyYAML has: the events of libyaml, made into plain values at once.
"""

from __future__ import annotations

import calendar
import functools
import gc
import json
import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

BASE = "https://w3id.org/mil2mil/"
PREFIXES = ("m2m", "rdfs", "xsd", "edtf")
TERMS = f"{BASE}ontology#"
Record = dict[str, Any]

_INT = re.compile(r"0|-?[1-9][0-9]*")  # all else that YAML 1.1 would make a value of stays a text
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?[?~%]?")


class Stages:
    """The seconds of each stage, and the line that a peer prints at its end."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0) + time.perf_counter() - start

    def tell(self, triples: int, results: int) -> None:
        seconds = {name: round(value, 3) for name, value in self.seconds.items()}
        print(json.dumps({"triples": triples, "results": results, "seconds": seconds}))


def spare_collector() -> None:
    """Have Python's collector look at new objects only, and not at the whole graph again and again."""
    gc.set_threshold(50_000, 1_000_000, 1_000_000)


def files(root: Path) -> list[Path]:
    """The files of the records of a dataset."""
    return sorted([*root.glob("data/*/*.yaml"), *root.glob("seeds/*.yaml")])


def read(paths: Iterable[Path]) -> list[Record]:
    """Records as plain values, without their context."""
    records = []
    for path in paths:
        following = yaml.parse(path.read_bytes(), Loader=yaml.CSafeLoader).__next__
        following(), following()  # the starts of stream and document
        record = _value(following(), following)
        del record["@context"]
        records.append(record)
    return records


def _value(event: Any, following: Callable[[], Any]) -> Any:
    kind = type(event)
    if kind is yaml.ScalarEvent:
        text = event.value
        return int(text) if event.implicit[0] and _INT.fullmatch(text) else text
    if kind is yaml.MappingStartEvent:
        mapping = {}
        while type(event := following()) is not yaml.MappingEndEvent:
            mapping[event.value] = _value(following(), following)
        return mapping
    items = []
    while type(event := following()) is not yaml.SequenceEndEvent:
        items.append(_value(event, following))
    return items


def context(root: Path) -> dict[str, Any]:
    """The dataset's JSON-LD context."""
    definitions: dict[str, Any] = json.loads((root / "ontology/context.jsonld").read_bytes())["@context"]
    return definitions


def types(definitions: dict[str, Any], ranges: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The class of what is nested under each key, from pairs of a property and its rdfs:range."""
    classes = {
        term.replace(TERMS, "m2m:"): cls.removeprefix(TERMS)
        for term, cls in ranges
        if cls.startswith(TERMS)
    }
    return {
        key: classes[term["@id"]]
        for key, term in definitions.items()
        if isinstance(term, dict) and term["@id"] in classes
    }


def complete(records: list[Record], classes: dict[str, str], numbers: Iterator[int]) -> None:
    """Give nested nodes their ids and types, and dates their first and last days.

    The ids are numbers in one namespace: rdflib takes ever longer to write Turtle with many of them.
    """
    for record in records:
        _complete(record, classes, numbers)


def _complete(node: Record, classes: dict[str, str], numbers: Iterator[int]) -> None:
    for key, value in list(node.items()):
        if key == "date":
            node.update(days(value))
            continue
        for item in value if type(value) is list else (value,):
            if type(item) is dict:
                if "id" not in item:
                    item["id"] = f"#n{next(numbers)}"
                if "type" not in item:
                    item["type"] = classes[key]
                _complete(item, classes, numbers)


@functools.cache
def days(date: str) -> dict[str, str]:
    """The first and the last day of an EDTF date, each by its key, of the forms that records have."""
    parts = re.split("[/,]", date.strip("[]"))
    found = {}
    if first := _DATE.fullmatch(parts[0]):
        year, month, day = first.groups()
        found["earliest"] = f"{year}-{month or '01'}-{day or '01'}"
    if last := _DATE.fullmatch(parts[-1]):
        year, month, day = last.groups()
        month = month or "12"
        found["latest"] = f"{year}-{month}-{day or calendar.monthrange(int(year), int(month))[1]}"
    return found
