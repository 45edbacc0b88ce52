"""Watching: each save is answered, with the same findings as a full validation."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from edits import Editor
from generate import generate
from mil2mil.cli import main
from mil2mil.dataset import Dataset
from mil2mil.finding import DatasetError
from mil2mil.incremental import Validated

if TYPE_CHECKING:
    from pathlib import Path

BAKU = "data/places/baku.yaml"


def test_all_findings_are_kept_up_to_date(tmp_path: Path) -> None:
    generate(tmp_path, 190)
    editor = Editor(tmp_path, seed=5)
    state = Validated(Dataset(tmp_path, young=True), "shacl", None)
    unreadable = 0
    for _ in range(30):
        state.update(editor.edit())
        full = Dataset(tmp_path, young=True).validate()
        assert [str(finding) for finding in state.findings] == [str(finding) for finding in full]
        unreadable += bool(state.dataset.unreadable)
    assert 0 < unreadable < 30  # readable or not: both ways, and back


def test_a_rule_that_breaks_and_is_mended(small: Path) -> None:
    state = Validated(Dataset(small, young=True), "shacl", None)
    clean = state.findings
    check = "validation/checks/uncovered-unit.rq"
    text = (small / check).read_text(encoding="utf-8")
    (small / check).write_text(text.replace("FILTER", "FILTRE"), encoding="utf-8")
    with pytest.raises(DatasetError, match="not SPARQL"):
        state.update([check])
    with pytest.raises(DatasetError, match="not SPARQL"):
        state.update([BAKU])
    (small / check).write_text(text, encoding="utf-8")
    (small / BAKU).write_text(
        (small / BAKU).read_text(encoding="utf-8") + "population: 2\n", encoding="utf-8"
    )
    assert [finding.rule for finding in state.update([check])] == ["reader/unknown-key"]
    (small / BAKU).write_text(
        (small / BAKU).read_text(encoding="utf-8").replace("population: 2\n", ""), encoding="utf-8"
    )
    state.update([BAKU])
    assert state.findings == clean


@pytest.mark.parametrize("more", [[BAKU], ["--since", "HEAD"], ["--format", "json"]])
def test_what_does_not_go_with_watching(
    more: list[str], small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", "--watch", "--root", str(small), *more]) == 2
    assert "leave PATH, --since, --store and --format out" in capsys.readouterr().err


def test_command(small: Path) -> None:
    command = [sys.executable, "-m", "mil2mil", "validate", "--watch", "--root", str(small)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ}
    ) as process:
        assert process.stdout is not None

        def answer() -> str:
            lines = []
            for line in process.stdout or ():
                lines.append(line)
                if line.rstrip().endswith("ms)"):
                    break
            return "".join(lines)

        try:
            assert "0 violations" in answer()
            good = (small / BAKU).read_text(encoding="utf-8")
            (small / BAKU).with_name(".baku.yaml.swp").write_text("an editor's own", encoding="utf-8")
            (small / BAKU).write_text(good.replace("label: Baku", "label: B"), encoding="utf-8")
            wrong = answer()
            assert f"{BAKU}:5:8" in wrong
            assert "1 violation" in wrong
            (small / BAKU).write_text(good, encoding="utf-8")
            assert "0 violations" in answer()
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
        finally:
            process.kill()
