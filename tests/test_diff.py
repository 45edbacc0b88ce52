"""What changed, in terms of facts: all that a reviewer must know, and nothing for order alone."""

from __future__ import annotations

import json
import random
import shutil
from typing import TYPE_CHECKING

import pytest
import yaml

from conftest import git
from mil2mil.cli import main
from test_export import unquoted
from test_record import shuffled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MEETING = "data/contacts/2017-02-16-azerbaijan.yaml"


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What the command prints."""

    def tell(*arguments: str) -> str:
        assert main(["diff", *(arguments or ("HEAD",))]) == 0
        return capsys.readouterr().out

    return tell


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_nothing(repository: Path, told: Callable[..., str]) -> None:
    assert told() == ""
    assert told("HEAD", "HEAD") == ""
    assert json.loads(told("HEAD", "--format", "json")) == {
        "added": [],
        "removed": [],
        "changed": {},
        "answers": {},
    }


def test_order_and_comments_are_nothing(repository: Path, told: Callable[..., str]) -> None:
    rng = random.Random(1)
    for file in sorted((repository / "data").rglob("*.yaml")):
        value = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506
        text = yaml.safe_dump(unquoted(shuffled(value, rng)), allow_unicode=True, sort_keys=False)
        file.write_text(f"# re-ordered\n{text}", encoding="utf-8")
    assert told() == ""


def test_evidence_gained_and_lost(repository: Path, told: Callable[..., str]) -> None:
    edit(
        repository / MEETING,
        "\nevidence: seeds/note#s02",
        "\nevidence:\n  - seeds/note#s02\n  - seeds/note#s07",
    )
    participant = "    office: offices/us-chairman-joint-chiefs\n    evidence: seeds/note#s02"
    edit(repository / MEETING, participant, participant.replace("s02", "s03"))
    assert told() == (
        "1 record changed\n"
        "  contacts/2017-02-16-azerbaijan\n"
        "    participants (offices/us-chairman-joint-chiefs): evidence gained: seeds/note#s03\n"
        "    participants (offices/us-chairman-joint-chiefs): evidence lost: seeds/note#s02\n"
        "    the record: evidence gained: seeds/note#s07\n"
    )


def test_values_and_answers(repository: Path, told: Callable[..., str]) -> None:
    edit(repository / "data/contacts/2017-12-06-call.yaml", "duration: PT50M", "duration: PT1H")
    text = told()
    assert "    duration: gained: PT1H\n    duration: lost: PT50M\n" in text
    assert "1 competency answers changed\n  How were the sides in touch" in text
    assert "    lost: by telephone,call,Call of Dunford and Gerasimov,occurred,PT50M\n" in text
    assert "    gained: by telephone,call,Call of Dunford and Gerasimov,occurred,PT1H\n" in text


def test_nested_facts_gained_and_lost(repository: Path, told: Callable[..., str]) -> None:
    edit(
        repository / MEETING,
        "accounts:\n",
        "accounts:\n  - gloss: A third account.\n    evidence: seeds/note#s02\n",
    )
    assert "accounts: gained: gloss A third account.; evidence seeds/note#s02\n" in told()


def test_records_added_and_removed(repository: Path, told: Callable[..., str]) -> None:
    shutil.move(repository / "data/groups/reporters.yaml", repository / "data/groups/writers.yaml")
    edit(repository / "data/groups/writers.yaml", "groups/reporters", "groups/writers")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "rename")
    assert told("HEAD~1") == ("1 record added\n  groups/writers\n1 record removed\n  groups/reporters\n")
    assert told("HEAD~1", "HEAD") == told("HEAD~1")
    assert told("HEAD", "HEAD~1").startswith("1 record added\n  groups/reporters\n")
    assert told("HEAD~1", "--format", "md") == (
        "- 1 record added\n  - groups/writers\n- 1 record removed\n  - groups/reporters\n"
    )
    assert json.loads(told("HEAD~1", "--format", "json"))["removed"] == ["groups/reporters"]


@pytest.mark.parametrize("revision", ["nowhere", "--output=stolen", "HEAD~99"])
def test_revision_that_is_none(
    revision: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", "--", revision]) == 2
    assert "there is no such revision" in capsys.readouterr().err
    assert not (repository / "stolen").exists()


def test_revision_that_cannot_be_read(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(repository / MEETING, "label: ", "lable: ")
    git(repository, "commit", "--quiet", "--all", "--message", "wrong")
    edit(repository / MEETING, "lable: ", "label: ")
    assert main(["diff", "HEAD"]) == 2
    assert f"{MEETING}:5:1" in capsys.readouterr().err
    assert main(["diff", "HEAD~1"]) == 0


def test_outside_a_repository(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "HEAD", "--root", str(small)]) == 2
    assert capsys.readouterr().err.startswith("mil2mil: git rev-parse")
