"""A store that is kept: the next run looks only at what changed, and finds what a full one finds."""

from __future__ import annotations

import gc
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from edits import Editor
from generate import generate
from mil2mil import incremental
from mil2mil.cli import main
from mil2mil.dataset import Dataset
from mil2mil.finding import DatasetError
from mil2mil.incremental import validated
from mil2mil.shard import Shard
from mil2mil.trig import Tally

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BAKU = "data/places/baku.yaml"


def test_the_findings_are_those_of_a_full_validation(tmp_path: Path) -> None:
    """Random edits of a made dataset, one process after another as far as the folder knows."""
    root, kept = tmp_path / "dataset", tmp_path / "kept"
    root.mkdir()
    generate(root, 400, wrong=0.05)
    validated(Dataset(root, young=True), kept, "shacl", None)
    editor = Editor(root, seed=11)
    narrow = 0
    for _ in range(25):
        editor.edit()
        done = validated(Dataset(root, young=True), kept, "shacl", None)
        full = Dataset(root, young=True).validate()
        assert [str(finding) for finding in done.findings] == [str(finding) for finding in full]
        narrow += done.scope is not None
        del done  # and with it the lock of the store
        gc.collect()
    assert narrow > 10


def edit(root: Path, old: str, new: str) -> None:
    text = (root / BAKU).read_text(encoding="utf-8")
    assert old in text
    (root / BAKU).write_text(text.replace(old, new), encoding="utf-8")


def test_only_what_changed_is_read(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["validate", "--root", str(small), "--store", str(tmp_path / "kept")]
    assert main(command) == 0
    monkeypatch.setattr(Dataset, "_read", lambda _: pytest.fail("all is read"))
    edit(small, "type: Place", "type: Plaice")
    assert main(command) == 1
    assert "did you mean 'Place'?" in capsys.readouterr().out
    edit(small, "type: Plaice", "type: Place\nlabel2: x")
    assert main(command) == 1
    capsys.readouterr()
    edit(small, "\nlabel2: x", "")
    assert main(command) == 0
    assert "1 of " in capsys.readouterr().out
    assert main(command) == 0
    assert "No record has changed since the last time" in capsys.readouterr().out


@pytest.mark.parametrize("file", ["ontology/vocabularies.ttl", "validation/shapes/places.ttl"])
def test_another_rule_means_everything(small: Path, tmp_path: Path, file: str) -> None:
    kept = tmp_path / "kept"
    assert validated(Dataset(small, young=True), kept, "shacl", None).findings == []
    (small / file).write_text(
        (small / file).read_text(encoding="utf-8") + "\n# more\n", encoding="utf-8"
    )
    assert validated(Dataset(small, young=True), kept, "shacl", None).scope is None


def test_a_run_that_is_ended_on_the_way_leaves_nothing_half_true(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"
    validated(Dataset(small, young=True), kept, "shacl", None)
    edit(small, "label: Baku\n", "label: Bako\n")
    with monkeypatch.context() as patch:
        patch.setattr(incremental, "_keep", lambda *_: pytest.exit("killed"))
        with pytest.raises(BaseException, match="killed"):
            validated(Dataset(small, young=True), kept, "shacl", None)
    done = validated(Dataset(small, young=True), kept, "shacl", None)
    assert done.scope is None
    assert done.findings == Dataset(small, young=True).validate()


@pytest.mark.parametrize("lost", ["store", "a table", "the manifest"])
def test_a_damaged_store_means_everything(small: Path, tmp_path: Path, lost: str) -> None:
    kept = tmp_path / "kept"
    validated(Dataset(small, young=True), kept, "shacl", None)
    gc.collect()
    edit(small, "label: Baku\n", "label: B\n")
    store = kept / "store"
    if lost == "store":
        shutil.rmtree(store)
    for file in store.glob("*.sst" if lost == "a table" else "MANIFEST*"):
        file.write_bytes(b"")
    done = validated(Dataset(small, young=True), kept, "shacl", None)
    assert done.scope is None
    assert done.findings == Dataset(small, young=True).validate() != []


def test_two_first_runs_at_once(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one comes when the first has no state yet; it is refused, and spoils nothing."""
    kept = tmp_path / "kept"
    keep = incremental._keep

    def meet(*arguments: Any) -> None:
        with pytest.raises(DatasetError, match="another process"):
            validated(Dataset(small, young=True), kept, "shacl", None)
        keep(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(incremental, "_keep", meet)
        first = validated(Dataset(small, young=True), kept, "shacl", None)
    assert first.findings == []
    del first
    gc.collect()
    scope = validated(Dataset(small, young=True), kept, "shacl", None).scope
    assert scope is not None
    assert not scope.records


def test_what_others_put_into_the_folder_stays(small: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    validated(Dataset(small, young=True), kept, "shacl", None)
    gc.collect()
    (kept / "notes.txt").write_text("mine")
    validated(Dataset(small, young=True), kept, "pyshacl", None)
    assert (kept / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("place", ["data/store", "validation"])
def test_a_store_within_the_dataset(small: Path, place: str) -> None:
    before = sorted(small.rglob("*"))
    with pytest.raises(DatasetError, match="in a folder of the dataset"):
        validated(Dataset(small, young=True), small / place, "shacl", None)
    assert sorted(small.rglob("*")) == before


def test_a_store_that_is_a_file(small: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("mine")
    with pytest.raises(DatasetError, match="is a file"):
        validated(Dataset(small, young=True), tmp_path / "kept", "shacl", None)


def test_a_removed_record_is_said_to_be_removed(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["validate", "--root", str(small), "--store", str(tmp_path / "kept")]
    assert main(command) == 0
    (small / BAKU).unlink()
    assert main(command) == 1
    assert "records, 1 removed, and " in capsys.readouterr().out


def test_a_folder_of_something_else_is_left_alone(small: Path, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters/a.txt").write_text("dear")
    with pytest.raises(DatasetError, match="not a store of mil2mil"):
        validated(Dataset(small, young=True), tmp_path / "letters", "shacl", None)
    assert (tmp_path / "letters/a.txt").read_text() == "dear"


def test_two_runs_at_once_on_one_folder(small: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    first = validated(Dataset(small, young=True), kept, "shacl", None)
    with pytest.raises(DatasetError, match="cannot be opened"):
        validated(Dataset(small, young=True), kept, "shacl", None)
    assert first.findings == []


@pytest.mark.parametrize("state", ["", "{", "[]", '{"rules": 1}'])
def test_a_broken_state_means_everything(small: Path, tmp_path: Path, state: str) -> None:
    kept = tmp_path / "kept"
    validated(Dataset(small, young=True), kept, "shacl", None)
    (kept / "state.json").write_text(state)
    assert validated(Dataset(small, young=True), kept, "shacl", None).scope is None
    assert json.loads((kept / "state.json").read_text())["findings"] == []


WAYS: list[Callable[[bytes], bytes | None]] = [
    lambda _: None,
    lambda _: b"",
    lambda whole: whole[:-40],
    lambda whole: whole + b'"zz" 1-2-3-4\n',
    lambda whole: b"".join(reversed(whole.splitlines(keepends=True))),
]


@pytest.mark.parametrize("way", WAYS)
def test_a_broken_list_of_files_means_everything(
    small: Path, tmp_path: Path, way: Callable[[bytes], bytes | None]
) -> None:
    kept = tmp_path / "kept"
    validated(Dataset(small, young=True), kept, "shacl", None)
    whole = (kept / "files.txt").read_bytes()
    broken = way(whole)
    (kept / "files.txt").unlink()
    if broken is not None:
        (kept / "files.txt").write_bytes(broken)
    (small / "data/places/azerbaijan.yaml").unlink()
    done = validated(Dataset(small, young=True), kept, "shacl", None)
    assert done.scope is None
    assert done.findings == Dataset(small, young=True).validate() != []
    assert len((kept / "files.txt").read_bytes().splitlines()) == whole.count(b"\n") - 1


def test_a_file_that_gets_worse_on_the_way(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could be read when it was looked at first, and then not; what is kept is not spoiled by it."""
    kept = tmp_path / "kept"
    edit(small, "placeKind: city", "placeKind: citty")
    validated(Dataset(small, young=True), kept, "shacl", None)
    gc.collect()
    place = small / "data/places/azerbaijan.yaml"
    text = place.read_text(encoding="utf-8")
    place.write_text("{", encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(incremental, "read", lambda *_: Shard([], [], b"", b"", b"", Tally()))
        done = validated(Dataset(small, young=True), kept, "shacl", None)
        assert [finding.rule for finding in done.findings] == ["reader/yaml-syntax"]
    del done
    gc.collect()
    place.write_text(text, encoding="utf-8")
    done = validated(Dataset(small, young=True), kept, "shacl", None)
    assert done.findings == Dataset(small, young=True).validate() != []


def test_what_does_not_go_together(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for more in (["--since", "HEAD"], ["data"], ["--watch"]):
        assert main(["validate", "--root", str(small), "--store", "kept", *more]) == 2
        assert "--store" in capsys.readouterr().err
