"""The datasets that tests work on: the project's own, and the small one of tests/fixtures/valid."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mil2mil.dataset import Dataset

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "tests" / "fixtures"
# The keys of records, as the ontology has them.
CONTEXT = Dataset(ROOT).context
# The developers' copies of the articles; a fresh clone has none, and needs none.
ARTICLES = ROOT.parent / "shared" / "seeds"


def git(root: Path, *arguments: str) -> None:
    name = "mil2mil tests"
    who = {"GIT_AUTHOR_NAME": name, "GIT_COMMITTER_NAME": name}
    mail = {"GIT_AUTHOR_EMAIL": "tests@example.org", "GIT_COMMITTER_EMAIL": "tests@example.org"}
    subprocess.run(
        ["git", *arguments], cwd=root, env={**os.environ, **who, **mail}, check=True, capture_output=True
    )


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """The project's own dataset; tests must not change it."""
    return Dataset(ROOT)


def assemble(folder: Path, overlay: Path | None = None) -> Path:
    """Make a dataset in a folder: the valid one, with the files of an overlay over it."""
    for name in ("ontology", "validation"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("questions"))
    shutil.copytree(FIXTURES / "valid", folder, dirs_exist_ok=True)
    if overlay is not None:
        ignore = shutil.ignore_patterns("expected.txt")
        shutil.copytree(overlay, folder, dirs_exist_ok=True, ignore=ignore)
    return folder


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A folder with a copy of the valid dataset, to be changed."""
    return assemble(tmp_path / "dataset")


@pytest.fixture
def edited(small: Path) -> Callable[[str, str, str], Dataset]:
    """Replaces one piece of text in one file of the valid dataset, and reads the result."""

    def edit(path: str, old: str, new: str) -> Dataset:
        file = small / path
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
        file.write_text(text.replace(old, new), encoding="utf-8")
        return Dataset(small)

    return edit


@pytest.fixture
def repository(small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The valid dataset with one competency question, committed."""
    questions = small / "validation" / "questions"
    questions.mkdir()
    for ending in ("rq", "csv"):
        shutil.copy(ROOT / f"validation/questions/contacts-by-format.{ending}", questions)
    git(small, "init", "--quiet")
    git(small, "add", ".")
    git(small, "commit", "--quiet", "--message", "valid")
    monkeypatch.chdir(small)
    return small
