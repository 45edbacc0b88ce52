"""The folder of a dataset: which files are its records, and the texts of its other files.

Nothing outside the folder is read: links are not followed.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from mil2mil.document import MAX_BYTES
from mil2mil.finding import DatasetError, Finding, Mark, Severity

RECORD_FILE = re.compile(r"(data/(?!seeds/)[^/.][^/]*|seeds)/[^/.][^/]*[.]yaml")
# What editors and file managers leave beside a file while it is open.
LEFTOVER = re.compile(r"[.].*[.]sw[a-z]|.*~|[.]#.*|#.*#|[.]DS_Store|Thumbs[.]db|desktop[.]ini")
FOLDERS = ("data", "ontology", "seeds", "validation")


def packaged() -> Path:
    """The folder of the dataset that comes with the package, or of the clone it is installed from."""
    here = Path(__file__).resolve()
    inside = here.parent / "dataset"
    return inside if inside.is_dir() else here.parents[2]


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
        """The files in the folders of records, and the links in their place, sorted.

        The findings are about folders that cannot be listed.
        """
        found = []
        findings = []

        def fail(error: OSError) -> None:
            path = Path(error.filename).relative_to(self.root).as_posix()
            message = f"The folder cannot be read: {error.strerror}."
            rule = "reader/unreadable"
            findings.append(Finding(path, Mark(1, 1), Severity.VIOLATION, rule, message))

        for folder in ("data", "seeds"):
            for place, folders, names in os.walk(self.root / folder, onerror=fail):
                links = [name for name in folders if Path(place, name).is_symlink()]
                for name in (*names, *links):
                    if not LEFTOVER.fullmatch(name):
                        found.append(Path(place, name).relative_to(self.root).as_posix())
        return sorted(found), findings

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
