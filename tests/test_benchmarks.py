"""The benchmarks run, and measure what they say; their figures are not looked at."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from conftest import ROOT
from generate import WAYS, generate
from growth import KINDS, grow
from mil2mil.dataset import Dataset
from run import BUILD, RunError, measure

if TYPE_CHECKING:
    from pathlib import Path


def digest(root: Path) -> str:
    files = sorted(file for file in root.rglob("*") if file.is_file())
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def test_the_same_seed_makes_the_same_dataset(tmp_path: Path) -> None:
    made = {}
    for name, seed in (("one", 3), ("again", 3), ("other", 4)):
        (tmp_path / name).mkdir()
        generate(tmp_path / name, 600, seed=seed, wrong=0.05)
        made[name] = digest(tmp_path / name)
    assert made["one"] == made["again"] != made["other"]


def test_what_is_made_wrong_is_found(tmp_path: Path) -> None:
    broken = generate(tmp_path, 1200, seed=1, wrong=0.05)
    found = {(finding.file, finding.rule) for finding in Dataset(tmp_path, young=True).validate()}
    assert set(broken.values()) == set(WAYS)
    assert set(broken.items()) <= found


def test_growth(tmp_path: Path) -> None:
    BUILD.mkdir(parents=True, exist_ok=True)
    found = dict(grow(250, 0, tmp_path))
    assert tuple(found) == KINDS
    assert all(figures.seconds > 0 and figures.megabytes > 20 for figures in found.values())
    assert (tmp_path / "output/mil2mil.ttl").stat().st_size > 100_000


def test_a_command_that_fails_is_not_measured() -> None:
    BUILD.mkdir(parents=True, exist_ok=True)
    with pytest.raises(RunError, match="no luck"):
        measure([sys.executable, "-c", "raise SystemExit('no luck')"], 60)


def test_questions(tmp_path: Path) -> None:
    output = tmp_path / "few.json"
    command = [sys.executable, "benchmarks/questions.py", "--records", "250", "--output", str(output)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    names = {question["name"] for question in json.loads(output.read_text())["questions"]}
    assert names == {file.stem for file in (ROOT / "validation/questions").glob("*.rq")}
