"""Narrowed validation: what a check says it reads is all that it reads, and no finding is missed."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest
from rdflib import URIRef
from rdflib.paths import Path as PropertyPath

import algebra
from conftest import ROOT, git
from generate import generate
from mil2mil import scope
from mil2mil.cli import main
from mil2mil.dataset import Dataset
from mil2mil.rules import Check, read_checks
from narrowing import DifferenceError, prove

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHECKS = {check.name: check for check in read_checks(ROOT / "validation" / "checks")}
BAKU = "data/places/baku.yaml"
MEETING = "data/contacts/2017-02-16-azerbaijan.yaml"


def unread(check: Check, reads: str) -> set[str]:
    """The variables of a check whose triples it reads, and to which the path does not lead."""
    missed: set[str] = set()
    for match in algebra.matches(check.query):
        store = ox.Store()
        store.load(algebra.n3(match.triples).encode(), format=ox.RdfFormat.N_TRIPLES)
        led = {"focus"}
        if reads:
            query = f"{check.prefixes}\nSELECT ?node {{ <urn:focus> {reads} ?node }}"
            solutions = store.query(query)
            assert isinstance(solutions, ox.QuerySolutions)
            led |= {str(row["node"].value).removeprefix("urn:") for row in solutions}
        missed |= match.read - led
    return missed


@pytest.mark.parametrize("name", CHECKS)
def test_check_says_all_that_it_reads(name: str) -> None:
    assert unread(CHECKS[name], CHECKS[name].reads) == set()


@pytest.mark.parametrize("name", [name for name, check in CHECKS.items() if check.reads])
def test_every_part_of_what_a_check_says_it_reads_is_needed(name: str) -> None:
    check = CHECKS[name]
    assert unread(check, "")
    for part in re.findall(r"m2m:\w+", check.reads):
        assert unread(check, check.reads.replace(part, "m2m:nothing", 1)), part


@pytest.mark.parametrize("name", CHECKS)
def test_predicates_of_a_check(name: str) -> None:
    found = scope._predicates(CHECKS[name])
    predicates = {
        str(step)
        for match in algebra.matches(CHECKS[name].query)
        for _, step, _ in match.triples
        if isinstance(step, URIRef)
    }
    variable = any(
        not isinstance(step, (URIRef, PropertyPath))
        for match in algebra.matches(CHECKS[name].query)
        for _, step, _ in match.triples
    )
    assert predicates
    if variable:
        assert found is None
    else:
        assert found is not None
        assert predicates <= found


def test_no_finding_is_missed_over_random_edits(tmp_path: Path) -> None:
    generate(tmp_path, 300, seed=1, wrong=0.02)
    compared, _ = prove(tmp_path, 60, seed=3)
    assert compared > 40


@pytest.mark.parametrize(("name", "seed"), [("unused-record", 6), ("participant-not-in-office", 4)])
def test_a_check_that_hides_what_it_reads_is_found_out(tmp_path: Path, name: str, seed: int) -> None:
    generate(tmp_path, 190)
    file = tmp_path / "validation" / "checks" / f"{name}.rq"
    file.write_text(
        re.sub(r"(?m)^#\+ reads.*\n", "", file.read_text(encoding="utf-8")), encoding="utf-8"
    )
    with pytest.raises(DifferenceError, match=name):
        prove(tmp_path, 400, seed=seed)


def replace(root: Path, path: str, old: str, new: str) -> None:
    file = root / path
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def run(root: Path, *arguments: str | Path) -> int:
    return main(["validate", "--root", str(root), *map(str, arguments)])


def cases() -> Iterator[tuple[str, str, str, str]]:
    yield BAKU, "label: Baku", "label: B", "shape/label"
    yield BAKU, "", "", "reader/dangling-reference"  # removed
    yield MEETING, "date: 2017-02-16", "date: 2018-02-16", "check/id-of-another-day"


@pytest.mark.parametrize(("path", "old", "new", "rule"), list(cases()))
def test_since_finds_what_the_full_run_finds(
    repository: Path,
    capsys: pytest.CaptureFixture[str],
    path: str,
    old: str,
    new: str,
    rule: str,
) -> None:
    if old:
        replace(repository, path, old, new)
    else:
        (repository / path).unlink()
    assert run(repository, "--format", "json") == 1
    full = capsys.readouterr().out
    assert rule in full
    assert run(repository, "--since", "HEAD", "--format", "json") == 1
    assert capsys.readouterr().out == full
    git(repository, "commit", "--quiet", "--all", "--message", "wrong")
    assert run(repository, "--since", "HEAD~1", "--format", "json") == 1
    assert capsys.readouterr().out == full


def test_since_without_a_change_looks_at_nothing(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(repository, "--since", "HEAD", "--fail-on", "violation") == 0
    assert "No record has changed since HEAD." in capsys.readouterr().out


def test_what_was_wrong_before_and_is_elsewhere_is_left_out(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replace(repository, BAKU, "label: Baku", "label: B")
    git(repository, "commit", "--quiet", "--all", "--message", "wrong")
    replace(repository, MEETING, "label: ", "label: The ")
    assert run(repository, "--since", "HEAD", "--fail-on", "violation") == 0
    assert "shape/label" not in capsys.readouterr().out
    assert run(repository, BAKU, "--fail-on", "violation") == 1
    assert "shape/label" in capsys.readouterr().out


def test_a_file_that_git_does_not_know_is_a_change(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (repository / BAKU).read_text(encoding="utf-8").replace("places/baku", "places/guba")
    (repository / "data/places/guba.yaml").write_text(text, encoding="utf-8")
    assert run(repository, "--since", "HEAD") == 1
    assert "check/unused-record" in capsys.readouterr().out


@pytest.mark.parametrize("what", ["a rule", "the ontology", "a record that could not be read"])
def test_what_can_touch_everything(
    repository: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    if what == "a record that could not be read":
        replace(repository, MEETING, "date: 2017-02-16", "date:")
        git(repository, "commit", "--quiet", "--all", "--message", "unreadable")
        replace(repository, MEETING, "date:\n", "date: 2017-02-16\n")
    elif what == "a rule":
        replace(repository, "validation/checks/uncovered-unit.rq", "#+ title", "#\n#+ title")
    else:
        replace(repository, "ontology/mil2mil.ttl", "@prefix m2m:", "# a comment\n@prefix m2m:")
    run(repository, "--since", "HEAD")
    assert "since what changed can touch any of them" in capsys.readouterr().out


def test_without_git_a_path_means_everything(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(small, BAKU)
    assert "since what changed can touch any of them" in capsys.readouterr().out
    assert run(small, "--since", "HEAD") == 2
    assert capsys.readouterr().err.startswith("mil2mil: git ")


def test_a_record_can_be_named_by_its_id(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(repository, "places/baku", "--fail-on", "violation") == 0
    assert "1 of " in capsys.readouterr().out


def test_path_of_no_file(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(repository, "data/places/nowhere.yaml") == 2
    assert "use --since" in capsys.readouterr().err


@pytest.mark.parametrize(
    "turtle",
    [
        "sh:property [ sh:path [ sh:inversePath m2m:place ] ; sh:minCount 1 ]",
        "sh:property [ sh:path m2m:partOf ; sh:node [ sh:property [ sh:path m2m:partOf ] ] ]",
        "sh:targetObjectsOf m2m:place",
    ],
)
def test_shapes_that_look_further_are_not_narrowed(repository: Path, turtle: str) -> None:
    shapes = repository / "validation/shapes/places.ttl"
    with shapes.open("a", encoding="utf-8") as stream:
        stream.write(
            f'\nshape:Far a sh:NodeShape ; sh:targetClass m2m:Place ; {turtle} ; sh:message "far"@en .\n'
        )
    dataset = Dataset(repository, young=True)
    assert scope.scope_of(dataset, [], []) is None
    shutil.copy(ROOT / "validation/shapes/places.ttl", shapes)
    assert scope.scope_of(Dataset(repository, young=True), [], []) is not None
