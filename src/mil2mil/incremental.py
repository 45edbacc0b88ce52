"""Validation that goes on from an earlier one: only what a change can have touched is looked at again.

The earlier one is in memory, while the files are watched, or in a folder, from one run to the next.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from mil2mil import __version__
from mil2mil.dataset import Dataset
from mil2mil.finding import DatasetError, Finding, Mark, Severity
from mil2mil.folder import FOLDERS, RECORD_FILE, id_of_path, path_of_id
from mil2mil.output import write_all
from mil2mil.records import Records
from mil2mil.scope import scope_of
from mil2mil.shard import read

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from mil2mil.scope import Scope

_STATE, _FILES, _NEXT = "state.json", "files.txt", "files.next.txt"
_MARKER = "mil2mil-store"  # a folder without it is not ours, and is not touched


class Validated:
    """A dataset, and all that is wrong with it, kept up to date as its files change."""

    def __init__(
        self, dataset: Dataset, engine: str, texts: Path | None, findings: list[Finding] | None = None
    ) -> None:
        self.dataset = dataset
        self.engine = engine
        self.texts = texts
        self.findings = findings or []
        self.scope: Scope | None = None  # of the last update; None if it was everything
        self._stale = False
        if findings is None:
            self._check(None)

    def update(self, paths: Collection[str]) -> list[Finding]:
        """Take changed files in; returns the findings about what they can touch.

        Raises DatasetError while the dataset cannot be validated; the next update reads all anew.
        """
        if self._stale or not all(RECORD_FILE.fullmatch(path) for path in paths):
            self._stale = True
            self.dataset = Dataset(self.dataset.root, young=self.dataset.young)
            found = self._check(None)
            self._stale = False
            return found
        readable = not self.dataset.unreadable
        before = self.dataset.reread(paths)
        return self._check((paths, before) if readable and not self.dataset.unreadable else None)

    def _check(self, change: tuple[Collection[str], list[ox.Quad]] | None) -> list[Finding]:
        self.scope = None
        if change is not None:
            paths, before = change
            self.scope = scope_of(self.dataset, map(id_of_path, paths), before)
        found = self.dataset.validate(self.engine, self.texts, self.scope)
        kept = [finding for finding in self.findings if self.scope and not self.scope.covers(finding)]
        self.findings = sorted({*kept, *found})
        return found


def validated(dataset: Dataset, folder: Path, engine: str, texts: Path | None) -> Validated:
    """A dataset with all that is wrong with it, and with its store in a folder, which keeps both.

    If the folder has what an earlier run found, only files that changed since are read. Where one of
    those cannot be read, what the folder keeps stays as it was. Raises DatasetError if the folder has
    other things in it, or if another process uses it.
    """
    dataset.store = _open(dataset, folder)
    rules = _rules(dataset, engine)
    state = _state(folder)
    if state.get("rules") != rules or state.get("files") != _digest(folder / _FILES):
        return _anew(dataset, folder, engine, texts, rules)
    changed = _changed(dataset, folder)
    ids, problems = dataset.files
    dataset.records = Records(dataset.root, dataset.context, ids)
    new = (path_of_id(name) for name in changed if name in dataset.records)
    dataset.unreadable = sorted(
        [*problems, *read(dataset.folder.contents(new), dataset.context).findings]
    )
    if dataset.unreadable:
        return Validated(dataset, engine, texts, dataset.unreadable)
    done = Validated(dataset, engine, texts, [_finding(value) for value in state["findings"]])
    # Until the end there is none, so that a run which is ended on the way leaves nothing half true.
    (folder / _STATE).unlink()
    done.update([path_of_id(name) for name in changed])
    if not dataset.unreadable:
        _keep(done, folder, rules)
    return done


def _anew(dataset: Dataset, folder: Path, engine: str, texts: Path | None, rules: str) -> Validated:
    for _ in _noted(dataset, folder):
        pass
    (folder / _STATE).unlink(missing_ok=True)
    dataset.store.clear()
    dataset.fill(dataset.store, dataset.store.bulk_load)
    dataset.store.optimize()  # else each look-up goes through the files of all shards
    done = Validated(dataset, engine, texts)
    if not dataset.unreadable:
        _keep(done, folder, rules)
    return done


def _noted(dataset: Dataset, folder: Path) -> Iterator[tuple[str, bytes]]:
    """The ids of the records, each with a line that is another after each change of its file.

    The lines are put into a file on the way: there may be too many of them for the memory.
    """
    with (folder / _NEXT).open("wb") as stream:
        for name in dataset.files[0]:
            signature = dataset.folder.signature(path_of_id(name))
            line = f"{json.dumps(name)} {signature}\n".encode()
            stream.write(line)
            yield name, line


def _changed(dataset: Dataset, folder: Path) -> list[str]:
    """The ids of which the file is another than at the last run, or is new or gone."""
    changed = []
    with (folder / _FILES).open("rb") as lines:
        then = next(lines, b"")
        for name, line in _noted(dataset, folder):
            while then not in {line, b""} and _name(then) < name:
                changed.append(_name(then))
                then = next(lines, b"")
            if then != line:
                changed.append(name)
            if then == line or (then and _name(then) == name):
                then = next(lines, b"")
        changed.extend(_name(line) for line in (then, *lines) if line)
    return changed


def _name(line: bytes) -> str:
    return str(json.loads(line.rpartition(b" ")[0]))


def _digest(file: Path) -> str:
    """The SHA-256 of a file, or nothing if there is none."""
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


def _open(dataset: Dataset, folder: Path) -> ox.Store:
    """The store in a folder; from here on no other process can open it.

    Where it is missing or damaged, it is a new one, and there is no state of the last run.
    """
    if any(folder.resolve().is_relative_to(dataset.root / name) for name in FOLDERS):
        raise DatasetError(f"{folder} is in a folder of the dataset; name another folder")
    if folder.exists() and not folder.is_dir():
        raise DatasetError(f"{folder} is a file; name a folder")
    if not (folder / _MARKER).is_file():
        if folder.exists() and any(folder.iterdir()):
            raise DatasetError(f"{folder} is not empty, and not a store of mil2mil; name another folder")
        write_all(folder, {_MARKER: "What `mil2mil validate --store` keeps; it can be removed.\n"})
    place = folder / "store"
    try:
        if not (place / "CURRENT").exists():
            (folder / _STATE).unlink(missing_ok=True)
        return ox.Store(place)
    except OSError as error:
        why = "the store cannot be opened; perhaps another process uses it"
        raise DatasetError(f"{folder}: {why} ({error})") from error
    except RuntimeError:  # which is how Oxigraph tells of damaged files
        (folder / _STATE).unlink(missing_ok=True)
        shutil.rmtree(place)
        return ox.Store(place)


def _keep(done: Validated, folder: Path, rules: str) -> None:
    done.dataset.store.flush()
    (folder / _NEXT).replace(folder / _FILES)
    findings = [asdict(finding) for finding in done.findings]
    state = {"rules": rules, "files": _digest(folder / _FILES), "findings": findings}
    write_all(folder, {_STATE: json.dumps(state, separators=(",", ":"))})


def _state(folder: Path) -> dict[str, Any]:
    """What the last run kept, or nothing."""
    try:
        state = json.loads((folder / _STATE).read_bytes())
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def _finding(value: dict[str, Any]) -> Finding:
    mark, severity = Mark(**value.pop("mark")), Severity(value.pop("severity"))
    return Finding(mark=mark, severity=severity, **value)


def _rules(dataset: Dataset, engine: str) -> str:
    """What else the findings depend on: the ontology, the rules and who applies them."""
    digest = hashlib.sha256(f"{__version__} {ox.__version__} {engine} {dataset.young}".encode())
    for folder in ("ontology", "validation/shapes", "validation/checks"):
        for file in sorted((dataset.root / folder).iterdir()):
            digest.update(f"\0{file.name}\0".encode() + file.read_bytes())
    return digest.hexdigest()
