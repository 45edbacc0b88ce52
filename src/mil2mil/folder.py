"""The folder of a dataset: which files are its records, and the texts of its other files.

Nothing outside the folder is read: links are not followed.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mil2mil.document import MAX_BYTES, read_bytes
from mil2mil.finding import DatasetError, Finding, Mark, ReadError, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

# The names of graphs are no records.
RECORD_FILE = re.compile(r"(data/(?!(seeds|graphs)/)[^/.][^/]*|seeds)/[^/.][^/]*[.]yaml")
# What editors and file managers leave beside a file while it is open.
LEFTOVER = re.compile(r"[.].*[.]sw[a-z]|.*~|[.]#.*|#.*#|[.]DS_Store|Thumbs[.]db|desktop[.]ini")
FOLDERS = ("data", "ontology", "seeds", "validation")


def id_of_path(path: str) -> str:
    """The id of the record in a file: data/places/baku.yaml is places/baku, seeds/x.yaml is seeds/x."""
    return path.removeprefix("data/").removesuffix(".yaml")


def path_of_id(name: str) -> str:
    """The file of a record."""
    return f"{name}.yaml" if name.startswith("seeds/") else f"data/{name}.yaml"


def packaged() -> Path:
    """The folder of the dataset that comes with the package, or of the clone it is installed from."""
    here = Path(__file__).resolve()
    inside = here.parent / "dataset"
    return inside if inside.is_dir() else here.parents[2]


def _problem(path: str, *, plain: bool) -> Finding | None:
    if plain and RECORD_FILE.fullmatch(path):
        return None
    message = (
        "A record's file is data/KIND/NAME.yaml or seeds/NAME.yaml, and no KIND is seeds or graphs; "
        "move other files elsewhere."
        if plain
        else "A record is a plain file; links are not followed."
    )
    return Finding(path, Mark(1, 1), Severity.VIOLATION, "reader/not-a-record", message)


class Folder:
    """A folder with the layout of a dataset; paths are relative to it, with forward slashes."""

    def __init__(self, root: Path) -> None:
        """Raises DatasetError if a folder of the layout is missing."""
        self.root = root.resolve()
        missing = [name for name in FOLDERS if not (self.root / name).is_dir()]
        if missing:
            raise DatasetError(
                f"{root} is not a dataset: it has no folder {', '.join(missing)}; "
                f"a dataset has the folders {', '.join(FOLDERS)}"
            )
        self._lines: dict[str, list[str]] = {}

    def records(self) -> tuple[list[str], list[Finding]]:
        """The ids of the records that have files, sorted; and what is wrong with other files there."""
        found = []
        findings = []
        folders = ["data", "seeds"]
        while folders:
            folder = folders.pop()
            try:
                with os.scandir(self.root / folder) as entries:
                    for entry in entries:
                        path = f"{folder}/{entry.name}"
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(path)
                        elif LEFTOVER.fullmatch(entry.name):
                            pass
                        elif problem := _problem(path, plain=entry.is_file(follow_symlinks=False)):
                            findings.append(problem)
                        else:
                            found.append(id_of_path(path))
            except OSError as error:
                message = f"The folder cannot be read: {error.strerror}."
                rule = "reader/unreadable"
                findings.append(Finding(folder, Mark(1, 1), Severity.VIOLATION, rule, message))
        found.sort()
        return found, findings

    def problem(self, path: str) -> Finding | None:
        """What is wrong with a file in a folder of records, before it is read."""
        return _problem(path, plain=self.is_plain(path))

    def signature(self, path: str) -> str:
        """What a file has that is another after each change: its size, times and place on the disk.

        It is empty where there is no file.
        """
        try:
            stat = os.lstat(f"{self.root}/{path}")
        except OSError:
            return ""
        return f"{stat.st_size}-{stat.st_mtime_ns}-{stat.st_ctime_ns}-{stat.st_ino}"

    def contents(self, paths: Iterable[str]) -> list[tuple[str, bytes | Finding]]:
        """Some files of records by their paths, each with its content, or why there is none."""
        contents: list[tuple[str, bytes | Finding]] = []
        for path in paths:
            try:
                contents.append((path, read_bytes(f"{self.root}/{path}", path)))
            except ReadError as error:
                contents.append((path, error.finding))
        return contents

    def is_plain(self, path: str) -> bool:
        """Whether a path is a file in the dataset, and not a link, a device or a way out."""
        file = self.root / path
        return file.is_file() and file.resolve() == file

    def text(self, path: str) -> str:
        """The text of a file; raises DatasetError if it is none, or not UTF-8."""
        if not self.is_plain(path):
            raise DatasetError(f"{path} is not a plain file; links are not followed")
        try:
            return (self.root / path).read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise DatasetError(f"{path} is not UTF-8") from error

    def texts(self, folder: str, ending: str) -> dict[str, str]:
        """The texts of the files in a folder by path; DatasetError if another file is there, or none."""
        names = sorted(os.listdir(self.root / folder) if (self.root / folder).is_dir() else [])
        paths = [f"{folder}/{name}" for name in names if name.endswith(ending)]
        if not paths:
            raise DatasetError(f"{folder} has no file that ends in {ending}")
        if others := set(names) - {path.rpartition("/")[2] for path in paths} - {"context.jsonld"}:
            raise DatasetError(f"{folder}/{min(others)}: only files that end in {ending} belong here")
        return {path: self.text(path) for path in paths}

    def line(self, path: str, line: int) -> str:
        """A line of a file of the dataset, counted from 1; empty where there is none."""
        if path not in self._lines:
            self._lines[path] = []
            if self.is_plain(path):
                with contextlib.suppress(OSError), (self.root / path).open("rb") as stream:
                    self._lines[path] = stream.read(MAX_BYTES).decode("utf-8", "replace").split("\n")
        lines = self._lines[path]
        return lines[line - 1].rstrip("\r") if 0 < line <= len(lines) else ""

    def forget(self, path: str) -> None:
        """Take the lines of a file from the disk again."""
        self._lines.pop(path, None)
