"""What others put into their continuous integration: tested by running what it runs."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import ROOT

BAKU = "data/places/baku.yaml"


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def run(command: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, **more}
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def spoil(root: Path) -> None:
    file = root / BAKU
    file.write_text(
        file.read_text(encoding="utf-8").replace("label: Baku", "label: B"), encoding="utf-8"
    )


def test_pre_commit_hook(small: Path) -> None:
    (hook,) = read(".pre-commit-hooks.yaml")
    assert hook["pass_filenames"] is False, "one file cannot be judged without the others"
    assert run(hook["entry"], small).returncode == 0
    spoil(small)
    result = run(hook["entry"], small)
    assert result.returncode == 1
    assert f"{BAKU}:5:8" in result.stdout
    scripts = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"\n{shlex.split(hook['entry'])[0]} = " in scripts


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runner's folder, which keeps the virtual environment from one run to the next."""
    return tmp_path_factory.mktemp("runner")


def test_action(small: Path, temporary: Path) -> None:
    action = read("action.yml")
    (step,) = action["runs"]["steps"]
    assert "${{" not in step["run"], "an input in a script could become a part of it"
    inputs = {name: value["default"] for name, value in action["inputs"].items()}
    environment = {
        "ROOT": inputs["root"],
        "FAIL_ON": inputs["fail-on"],
        "ACTION": str(ROOT),
        "RUNNER_TEMP": str(temporary),
    }
    assert set(step["env"]) == {"ROOT", "FAIL_ON", "ACTION"}
    result = run(step["run"], small, **environment)
    assert (result.returncode, result.stdout) == (0, ""), result.stderr
    spoil(small)
    result = run(step["run"], small.parent, **{**environment, "ROOT": small.name})
    assert result.returncode == 1
    assert result.stdout.startswith(f"::error file={BAKU},line=5,col=8,title=shape/label::")
