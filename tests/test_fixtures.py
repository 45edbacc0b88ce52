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
from mil2mil.context import TERMS
from mil2mil.dataset import Dataset
from mil2mil.document import parse_document
from mil2mil.explain import all_rules, explain
from mil2mil.finding import DatasetError
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
        term.replace(TERMS, "m2m:").replace("https://w3id.org/mil2mil/", "") or "-"
        for term in (finding.focus, finding.path, finding.value)
    ]
    return " | ".join((place, finding.severity.word, finding.rule, *names))


def rules() -> set[str]:
    """The names of all shapes that state a constraint of their own, of all checks, and of the rest.

    The rest are the rules of the package itself.
    """
    names = {f"check-{file.stem}" for file in (ROOT / "validation" / "checks").glob("*.rq")}
    names |= {name.replace("/", "-") for name in package_rules()} - WITHOUT_EXAMPLE
    for file in (ROOT / "validation" / "shapes").glob("*.ttl"):
        names |= {
            "shape-" + quad.subject.value.removeprefix(SHAPES)
            for quad in ox.parse(path=file, format=ox.RdfFormat.TURTLE)
            if quad.predicate.value == f"{SH}message" and isinstance(quad.subject, ox.NamedNode)
        }
    return names


def package_rules() -> set[str]:
    """The names of the rules of the package itself, as they are explained."""
    text = (ROOT / "validation" / "rules.yaml").read_text(encoding="utf-8")
    return set(parse_document(text, "validation/rules.yaml").root.entries)


def test_every_rule_of_the_package_is_explained() -> None:
    source = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "src").rglob("*.py"))
    names = set(re.findall(r'"((?:reader|vacuity)/[a-z0-9-]+)"', source))
    names |= {
        f"reader/{name}"
        for name in re.findall(r'(?:_fail|_report|refuse|finding)\([^"]*?"([a-z0-9-]+)",', source)
    }
    names |= {f"text/{name}" for name in re.findall(r'"((?:no-copy|other-[a-z]+))", message', source)}
    names |= {"vacuity/unknown-class", "vacuity/unknown-property"}
    assert names | {"vacuity/unknown-shacl-term"} == package_rules()


def test_every_rule_has_an_invalid_example() -> None:
    assert rules() == {example.name for example in EXAMPLES}


def test_the_valid_dataset_has_no_findings(tmp_path: Path) -> None:
    valid = Dataset(assemble(tmp_path))
    assert valid.validate(texts=FIXTURES / "texts") == []
    assert valid.validate("pyshacl") == []


def test_the_engines_agree_on_the_dataset(dataset: Dataset) -> None:
    assert dataset.validate() == dataset.validate("pyshacl") == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: str(example.name))
def test_invalid_example(example: Path, tmp_path: Path) -> None:
    invalid = Dataset(assemble(tmp_path, example))
    kind, _, name = example.name.partition("-")
    texts = FIXTURES / "texts" if kind == "text" else None
    findings = invalid.validate(texts=texts)
    assert [line(finding) for finding in findings] == (
        (example / "expected.txt").read_text(encoding="utf-8").splitlines()
    )
    assert f"{kind}/{name}" in {finding.rule for finding in findings}, "it breaks another rule"
    assert all(finding.message for finding in findings)
    assert invalid.validate("pyshacl", texts) == findings, "the engines differ"


def test_every_rule_has_a_page(dataset: Dataset) -> None:
    rules_by_name = all_rules(dataset)
    assert {name.replace("/", "-") for name in rules_by_name} - WITHOUT_EXAMPLE == rules()
    for rule in rules_by_name.values():
        page = explain(dataset, rule.name)
        assert rule.wants in " ".join(page.split())
        assert (dataset.root / rule.file).is_file()
        if rule.name.replace("/", "-") not in WITHOUT_EXAMPLE:
            assert re.search(r"^ {4}[+-]", page, re.MULTILINE), rule.name
            assert re.search(rf"^  .+:\d+:\d+: {rule.severity.word}$", page, re.MULTILINE), rule.name
        assert rule.why or rule.file == "validation/rules.yaml", rule.name


def test_a_rule_that_is_none(dataset: Dataset) -> None:
    with pytest.raises(DatasetError, match="did you mean 'check/unused-record'"):
        explain(dataset, "check/unused-records")
