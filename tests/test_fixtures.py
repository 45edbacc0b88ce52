"""Every shape and every check finds what its invalid example breaks, there and nowhere else.

An example is a folder tests/fixtures/invalid/KIND-NAME with the files that differ from the valid
dataset, and expected.txt, which has each finding on a line. The examples are found by their names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from conftest import FIXTURES, ROOT, assemble
from mil2mil import graph
from mil2mil.dataset import Dataset
from mil2mil.shapes import SH, SHAPES

if TYPE_CHECKING:
    from pathlib import Path

    from mil2mil.finding import Finding

EXAMPLES = sorted((FIXTURES / "invalid").iterdir())


def line(finding: Finding) -> str:
    """A finding as expected.txt has it."""
    place = f"{finding.file}:{finding.mark.line}:{finding.mark.column}"
    names = [
        term.replace(graph.TERMS, "m2m:").replace("https://w3id.org/mil2mil/", "") or "-"
        for term in (finding.focus, finding.path, finding.value)
    ]
    return " | ".join((place, finding.severity.word, finding.rule, *names))


def rules() -> set[str]:
    """The names of all shapes that state a constraint of their own, and of all checks."""
    names = {f"check-{file.stem}" for file in (ROOT / "validation" / "checks").glob("*.rq")}
    for file in (ROOT / "validation" / "shapes").glob("*.ttl"):
        names |= {
            "shape-" + quad.subject.value.removeprefix(SHAPES)
            for quad in ox.parse(path=file, format=ox.RdfFormat.TURTLE)
            if quad.predicate.value == f"{SH}message" and isinstance(quad.subject, ox.NamedNode)
        }
    return names


def test_every_rule_has_an_invalid_example() -> None:
    assert rules() == {example.name for example in EXAMPLES if not example.name.startswith("vacuity")}


def test_the_valid_dataset_has_no_findings(tmp_path: Path) -> None:
    valid = Dataset(assemble(tmp_path))
    assert valid.validate(texts=FIXTURES / "texts") == []
    assert valid.validate("pyshacl") == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: str(example.name))
def test_invalid_example(example: Path, tmp_path: Path) -> None:
    invalid = Dataset(assemble(tmp_path, example))
    findings = invalid.validate()
    assert [line(finding) for finding in findings] == (
        (example / "expected.txt").read_text(encoding="utf-8").splitlines()
    )
    kind, _, name = example.name.partition("-")
    assert f"{kind}/{name}" in {finding.rule for finding in findings}, "it breaks another rule"
    assert all(finding.message for finding in findings)
    assert invalid.validate("pyshacl") == findings, "the engines differ"
