"""What others put into their continuous integration: tested by running what it runs."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import ROOT, git

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


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_workflows_are_of_the_form_that_github_reads() -> None:
    assert WORKFLOWS
    for schema, files in (
        ("vendor.github-workflows", WORKFLOWS),
        ("vendor.github-actions", [ROOT / "action.yml"]),
        ("vendor.dependabot", [ROOT / ".github" / "dependabot.yml"]),
    ):
        names = " ".join(shlex.quote(str(file)) for file in files)
        result = run(f"check-jsonschema --builtin-schema {schema} {names}", ROOT)
        assert result.returncode == 0, result.stdout


def test_workflows_are_safe(tmp_path: Path) -> None:
    """Pinned by hash, of least privilege, without inputs in scripts: so zizmor, another judge."""
    audit = "zizmor --offline --persona pedantic --no-progress ."
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    shutil.copy(ROOT / "action.yml", tmp_path)
    result = run(audit, tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    for old, new in (
        ("actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0", "actions/checkout@v5"),
        ("contents: read", "contents: write"),
        ('mil2mil diff "$BASE"', "mil2mil diff ${{ github.head_ref }}"),
    ):
        text = (ROOT / ".github/workflows/check.yml").read_text(encoding="utf-8")
        assert old in text
        (tmp_path / ".github/workflows/check.yml").write_text(text.replace(old, new), encoding="utf-8")
        assert run(audit, tmp_path).returncode > 10, f"{new} should be found"


def steps(name: str, job: str) -> dict[str, dict[str, Any]]:
    workflow = read(f".github/workflows/{name}")
    return {
        step["name"]: step for step in workflow["jobs"][job]["steps"] if "run" in step and "name" in step
    }


@pytest.mark.parametrize("wrong", [False, True])
def test_workflow_that_checks(repository: Path, tmp_path: Path, wrong: bool) -> None:
    if wrong:
        spoil(repository)
        git(repository, "commit", "--quiet", "--all", "--message", "wrong")
    tell, validate = (steps("check.yml", "facts")[name] for name in ("Tell", "Validate"))
    summary = tmp_path / "summary"
    assert set(tell["env"]) == {"BASE"}
    base = "HEAD~1" if wrong else "HEAD"
    told = run(tell["run"], repository, BASE=base, GITHUB_STEP_SUMMARY=str(summary))
    assert told.returncode == 0, told.stderr
    change = (repository / "told/change.md").read_text(encoding="utf-8")
    assert ("places/baku" in change) == wrong
    assert summary.read_text(encoding="utf-8") == change
    sarif = json.loads((repository / "told/findings.sarif").read_text(encoding="utf-8"))
    rules = [result["ruleId"] for result in sarif["runs"][0]["results"]]
    assert rules == (["shape/label"] if wrong else [])
    assert run(validate["run"], repository).returncode == int(wrong)


def test_workflow_that_checks_tells_of_a_dataset_that_cannot_be_read(
    repository: Path, tmp_path: Path
) -> None:
    (repository / BAKU).write_text("a: [", encoding="utf-8")
    tell = steps("check.yml", "facts")["Tell"]
    told = run(tell["run"], repository, BASE="HEAD", GITHUB_STEP_SUMMARY=str(tmp_path / "summary"))
    assert told.returncode == 0, told.stderr
    assert "cannot be read" in (repository / "told/change.md").read_text(encoding="utf-8")
    sarif = json.loads((repository / "told/findings.sarif").read_text(encoding="utf-8"))
    assert [result["ruleId"] for result in sarif["runs"][0]["results"]] == ["reader/yaml-syntax"]


GH = """#!/usr/bin/env bash
printf '%s\\n' "$*" >> "$CALLS"
if test "$1" = api; then echo "$FOUND"; else cat "${@: -3:1}" >> "$CALLS"; fi
"""


@pytest.mark.parametrize("found", ["17", ""])
def test_workflow_that_reports(tmp_path: Path, found: str) -> None:
    """With a stand-in for `gh`: what it is asked, and that the comment is the file as it is."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gh").write_text(GH, encoding="utf-8")
    (tmp_path / "bin/gh").chmod(0o755)
    calls, output = tmp_path / "calls", tmp_path / "output"
    output.touch()
    environment = {"CALLS": str(calls), "FOUND": found, "GITHUB_OUTPUT": str(output), "GH_TOKEN": "none"}
    find = steps("report.yml", "find")["Find"]
    event = {"REPOSITORY": "o/r", "OWNER": "someone", "BRANCH": "$(touch x)", "COMMIT": "abc"}
    script = f'export PATH="{tmp_path}/bin:$PATH"\n'
    assert set(find["env"]) == {*event, "EVENT", "GH_TOKEN"}
    assert (
        run(script + find["run"], tmp_path, EVENT="pull_request", **event, **environment).returncode == 0
    )
    assert not (tmp_path / "x").exists(), "the name of a branch is no command"
    assert "head=someone:$(touch x)" in calls.read_text(encoding="utf-8")
    if not found:
        assert output.read_text(encoding="utf-8") == ""
        return
    assert output.read_text(encoding="utf-8") == "number=17\nref=refs/pull/17/head\n"
    (tmp_path / "told").mkdir()
    (tmp_path / "told/change.md").write_text("$(touch y) `touch y`\n" + "x" * 70_000, encoding="utf-8")
    comment = steps("report.yml", "comment")["Comment"]
    assert set(comment["env"]) == {"NUMBER", "GH_REPO", "GH_TOKEN"}
    assert run(script + comment["run"], tmp_path, NUMBER=found, **environment).returncode == 0
    assert not (tmp_path / "y").exists()
    said = calls.read_text(encoding="utf-8")
    assert "pr comment 17 --body-file comment.md" in said
    assert len((tmp_path / "comment.md").read_bytes()) == 60_000


def test_workflow_that_reports_a_push(tmp_path: Path) -> None:
    output = tmp_path / "output"
    find = steps("report.yml", "find")["Find"]
    run(find["run"], tmp_path, EVENT="push", BRANCH="main", GITHUB_OUTPUT=str(output))
    assert output.read_text(encoding="utf-8") == "ref=refs/heads/main\n"
