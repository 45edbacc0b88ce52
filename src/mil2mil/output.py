"""Files for a folder, replaced whole and together, or not at all."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from glob import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from types import TracebackType


_DAY = 24 * 3600.0  # seconds


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written: its size in bytes, and the SHA-256 of its content in hexadecimal."""

    size: int
    sha256: str


class Output:
    """Files for a folder, which are all replaced at the end of the `with`, or none of them.

    Until then they stand beside their targets, under names of this process. A name may lead into a
    folder of the folder, which is made, and unmade if nothing comes of it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ready: dict[Path, Path] = {}
        self._made: list[Path] = []

    def __enter__(self) -> Output:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def write(self, name: str, content: Iterable[bytes]) -> Written:
        """Write a file; raises OSError if something else stands in its place."""
        target = self.folder / name
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        if target.is_dir():
            raise IsADirectoryError(21, "a folder stands in the place of an export", str(target))
        for place in sorted(parent for parent in target.parents if self.folder in parent.parents):
            if place.exists() and not place.is_dir():
                message = "a file stands in the place of a folder of exports"
                raise NotADirectoryError(20, message, str(place))
            if not place.exists():
                place.mkdir()
                self._made.append(place)
        for left in target.parent.glob(f".{escape(target.name)}.*.tmp"):
            if left.stat().st_mtime < time.time() - _DAY:  # of a run that was killed
                left.unlink(missing_ok=True)
        self._ready[temporary] = target
        size, digest = 0, hashlib.sha256()
        with temporary.open("wb") as stream:
            for piece in content:
                stream.write(piece)
                digest.update(piece)
                size += len(piece)
        return Written(size, digest.hexdigest())

    def __exit__(
        self, error: type[BaseException] | None, value: object, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None:
                for temporary, target in self._ready.items():
                    temporary.replace(target)
        finally:
            for temporary in self._ready:
                temporary.unlink(missing_ok=True)
            for place in reversed(self._made):
                if not any(place.iterdir()):
                    place.rmdir()


def bytes_of(content: str | bytes) -> bytes:
    """What is written for the content of a file."""
    return content if isinstance(content, bytes) else content.encode("utf-8")


def write_all(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files into a folder, all or none of them; see Output."""
    with Output(folder) as output:
        for name, content in files.items():
            output.write(name, [bytes_of(content)])
