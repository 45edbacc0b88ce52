"""The dataset, and records of it, as they were at a revision of the git repository that holds it."""

from __future__ import annotations

import io
import subprocess
import tarfile
import weakref
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mil2mil.dataset import Dataset
from mil2mil.document import decode, parse_document
from mil2mil.finding import DatasetError, ReadError
from mil2mil.folder import FOLDERS, RECORD_FILE, id_of_path
from mil2mil.record import map_record
from mil2mil.scope import scope_of
from mil2mil.shard import shard_of
from mil2mil.trig import head

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mil2mil.scope import Scope


_PATHS = ("--", *FOLDERS)


def at_revision(root: Path, revision: str, *, young: bool) -> Dataset:
    """The dataset as it was at a revision.

    Raises DatasetError if there is no such revision, or the dataset could not be read then.
    """
    archive = _git(root, "archive", "--format=tar", _commit(root, revision), *FOLDERS)
    folder = TemporaryDirectory()
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder.name, filter="data")
    dataset = Dataset(Path(folder.name), young=young)
    weakref.finalize(dataset, folder.cleanup)  # it is read as it is asked
    if dataset.unreadable:
        raise DatasetError(f"at {revision} the dataset cannot be read: {dataset.unreadable[0]}")
    return dataset


def is_kept(root: Path) -> bool:
    """Whether git keeps the folder, with one revision at least."""
    try:
        _commit(root, "HEAD")
    except DatasetError:
        return False
    return True


def changed_since(root: Path, revision: str) -> list[str]:
    """The files of the dataset that were changed, added or removed since a revision, or git has not.

    They are relative to the root, sorted. Raises DatasetError if there is no such revision.
    """
    commit = _commit(root, revision)
    changed = _git(
        root, "diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--relative", commit, *_PATHS
    )
    added = _git(root, "ls-files", "--others", "-z", *_PATHS)
    return sorted({name.decode("utf-8", "replace") for name in (changed + added).split(b"\0") if name})


def scope_since(dataset: Dataset, revision: str, paths: Collection[str] | None = None) -> Scope | None:
    """The scope of what changed since a revision, or None if it is everything.

    If `paths` of record files are given, they count as changed, with all that they say, and no others.
    """
    changed = changed_since(dataset.root, revision) if paths is None else paths
    changed = [path for path in changed if not path.startswith("validation/questions/")]
    if not all(RECORD_FILE.fullmatch(path) for path in changed):
        return None
    before = said_at(dataset, revision, changed)
    if before is None:
        return None
    return scope_of(dataset, map(id_of_path, changed), before, wholly=paths is not None)


def said_at(dataset: Dataset, revision: str, paths: Sequence[str]) -> list[ox.Quad] | None:
    """What records said at a revision, as a store has it; nothing of those that were not there.

    None if one of them could not be read then.
    """
    commit = _commit(dataset.root, revision)
    records = []
    for path, data in zip(paths, _contents(dataset.root, commit, paths), strict=True):
        if data is None:
            continue
        try:
            document = parse_document(decode(data, path), path)
        except ReadError:
            return None
        record, findings = map_record(document, dataset.context)
        if findings:
            return None
        records.append(record)
    store = ox.Store()
    trig = head(dataset.context) + shard_of(records, dataset.context).trig
    store.load(trig, format=ox.RdfFormat.TRIG)
    return list(store)


def _contents(root: Path, commit: str, paths: Sequence[str]) -> list[bytes | None]:
    """The contents of files at a commit, None for one that was not there."""
    names = "".join(f"{commit}:./{path}\n" for path in paths)
    answer = _git(root, "cat-file", "--batch", given=names.encode())
    contents: list[bytes | None] = []
    place = 0
    for _ in paths:
        head, _, _ = answer[place:].partition(b"\n")
        place += len(head) + 1
        if head.endswith(b" missing"):
            contents.append(None)
            continue
        size = int(head.rpartition(b" ")[2])
        contents.append(answer[place : place + size])
        place += size + 1
    return contents


def _commit(root: Path, revision: str) -> str:
    name = f"{revision}^{{commit}}"
    return _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", name).decode().strip()


def _git(root: Path, *arguments: str, given: bytes = b"") -> bytes:
    command = ["git", "-C", str(root), *arguments]
    try:
        run = subprocess.run(command, input=given, capture_output=True, check=False)  # noqa: S603
    except FileNotFoundError as error:
        raise DatasetError("revisions need git, which is not installed") from error
    if run.returncode:
        reason = run.stderr.decode(errors="replace").strip() or "there is no such revision"
        raise DatasetError(f"git {arguments[0]} {arguments[-1]}: {reason}")
    return run.stdout
