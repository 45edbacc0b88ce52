"""Every shape and every check finds what its invalid example breaks, there and nowhere else.

An example is a folder tests/fixtures/invalid/KIND-NAME with the files that differ from the valid
dataset, and expected.txt, which has each finding on a line. The examples are found by their names.
"""

from __future__ import annotations

import re
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

# A file of a megabyte, and one that may not be read, are made by other tests.
WITHOUT_EXAMPLE = {"reader-too-large", "reader-unreadable"}
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
    """The names of all shapes that state a constraint of their own, of all checks, and of the rest.

    The rest are the rules of the package, which stand in it as reader/NAME and vacuity/NAME.
    """
    names = {f"check-{file.stem}" for file in (ROOT / "validation" / "checks").glob("*.rq")}
    names |= {f"reader-{name}" for name in package_rules("reader")} - WITHOUT_EXAMPLE
    names |= {f"vacuity-{name}" for name in package_rules("vacuity")}
    for file in (ROOT / "validation" / "shapes").glob("*.ttl"):
        names |= {
            "shape-" + quad.subject.value.removeprefix(SHAPES)
            for quad in ox.parse(path=file, format=ox.RdfFormat.TURTLE)
            if quad.predicate.value == f"{SH}message" and isinstance(quad.subject, ox.NamedNode)
        }
    return names


def package_rules(kind: str) -> set[str]:
    """The names of the rules of a kind that the package's source has."""
    source = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "src").rglob("*.py"))
    names = set(re.findall(rf'"{kind}/([a-z0-9-]+)"', source))
    if kind == "reader":
        names |= set(re.findall(r'_(?:fail|report)\([^"]*?"([a-z0-9]+(?:-[a-z0-9]+)*)",', source))
    else:
        names |= {"unknown-shacl-term", "unknown-class", "unknown-property"}
    return names


def test_every_rule_has_an_invalid_example() -> None:
    assert rules() == {example.name for example in EXAMPLES}


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
