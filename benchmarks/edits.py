"""Random edits of a dataset, such as people make: wrong ones, right ones, and ones taken back."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path

Places = list[tuple[Any, Any, str]]  # (mapping or list, key or index, name of the key)


class Editor:
    """Edits the records of a dataset on disk; the same seed makes the same edits."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.rng = random.Random(seed)
        self.files = sorted(
            file.relative_to(root).as_posix()
            for pattern in ("data/*/*.yaml", "seeds/*.yaml")
            for file in root.glob(pattern)
        )
        self.original: dict[str, str | None] = {}  # what edited files said at first
        self.values: dict[str, list[Any]] = {}  # what stands under each key, somewhere
        for path in self.rng.sample(self.files, min(len(self.files), 400)):
            for holder, at, key in _places(self._load(path)):
                self.values.setdefault(key, []).append(holder[at])

    def edit(self) -> list[str]:
        """Make an edit of one to three files; their paths."""
        count = self.rng.choice((1, 1, 1, 1, 2, 3))
        return sorted({self._edit_one() for _ in range(count)})

    def take_back(self, paths: list[str]) -> None:
        """Let files say again what they said at first."""
        for path in paths:
            self._write(path, self.original[path])
            del self.original[path]

    def _edit_one(self) -> str:
        if self.original and self.rng.random() < 0.35:
            path = self.rng.choice(sorted(self.original))
            self.take_back([path])
            return path
        path = self.rng.choice([file for file in self.files if (self.root / file).exists()])
        chance = self.rng.random()
        text = (self.root / path).read_text(encoding="utf-8")
        if chance < 0.06:
            self._write(path, None)
        elif chance < 0.12:
            return self._copy(path, text)
        elif chance < 0.16:
            self._write(path, f"# a comment\n{text}")
        else:
            record = self._load(path)
            self._change(record)
            self._write(path, yaml.safe_dump(record, allow_unicode=True, sort_keys=False, width=10**6))
        return path

    def _copy(self, path: str, text: str) -> str:
        """The same record under another id."""
        name = path.removeprefix("data/").removesuffix(".yaml")
        new = f"{name}-again{self.rng.randrange(10**6)}"
        target = path.replace(name, new)
        self._write(target, re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w.-])", new, text))
        return target

    def _change(self, record: dict[str, Any]) -> None:
        places = _places(record)
        holder, at, key = self.rng.choice(places)
        how = self.rng.choice(("other", "other", "other", "other", "drop", "add", "misspell", "date"))
        dates = [place for place in places if place[2] == "date"]
        if how == "date" and dates:
            holder, at, key = self.rng.choice(dates)
            year, month, day = (
                self.rng.randint(2014, 2022),
                self.rng.randint(1, 12),
                self.rng.randint(1, 30),
            )
            holder[at] = f"{year}-{month:02}-{day:02}"
        elif how == "drop":
            del holder[at]
        elif how == "add" and isinstance(holder, list):
            holder.append(self.rng.choice(self.values.get(key, [holder[at]])))
        elif how == "misspell" and isinstance(holder[at], str):
            holder[at] += "x"
        else:
            holder[at] = self.rng.choice(self.values.get(key, [holder[at]]))

    def _load(self, path: str) -> dict[str, Any]:
        text = (self.root / path).read_text(encoding="utf-8")
        record: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506
        return record

    def _write(self, path: str, text: str | None) -> None:
        file = self.root / path
        if path not in self.original:
            self.original[path] = file.read_text(encoding="utf-8") if file.exists() else None
        if text is None:
            file.unlink(missing_ok=True)
        else:
            file.write_text(text, encoding="utf-8")


def _places(node: Any, key: str = "") -> Places:
    """Every place of a value in a record, but those of its id and its context."""
    places: Places = []
    items: list[tuple[Any, Any]] = []
    if isinstance(node, dict):
        items = list(node.items())
    elif isinstance(node, list):
        items = list(enumerate(node))
    for at, value in items:
        name = str(at) if isinstance(node, dict) else key
        if name in {"id", "@context"}:
            continue
        places.append((node, at, name))
        places.extend(_places(value, name))
    return places
