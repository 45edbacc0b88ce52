"""The records of a dataset by id, read one by one: it may have more of them than fit into memory."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from mil2mil.document import read_document
from mil2mil.finding import DatasetError, ReadError
from mil2mil.folder import path_of_id
from mil2mil.record import Record, map_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from mil2mil.context import Context

_KEPT = 1000  # records that stay in memory


class Records(Mapping[str, Record]):
    """The records of a dataset by id, in the order of ids, each read when it is asked for."""

    def __init__(self, root: Path, context: Context, ids: Iterable[str]) -> None:
        self._root = root
        self._context = context
        self._ids = dict.fromkeys(sorted(ids))
        self._read = lru_cache(maxsize=_KEPT)(self._read_anew)

    def __getitem__(self, name: str) -> Record:
        if name not in self._ids:
            raise KeyError(name)
        return self._read(name)

    def __contains__(self, name: object) -> bool:
        return name in self._ids  # where Mapping would read the record

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    def forget(self, names: Iterable[str]) -> None:
        """Take some records out."""
        for name in names:
            self._ids.pop(name, None)
        self._read.cache_clear()

    def add(self, names: Iterable[str]) -> None:
        """Put some records in."""
        if new := set(names) - self._ids.keys():
            self._ids = dict.fromkeys(sorted({*self._ids, *new}))

    def _read_anew(self, name: str) -> Record:
        path = path_of_id(name)
        try:
            document = read_document(self._root / path, path)
        except ReadError as error:  # it could be read when the dataset was
            raise DatasetError(str(error)) from error
        return map_record(document, self._context)[0]
