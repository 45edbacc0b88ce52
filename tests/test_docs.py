"""The documentation: every command in it runs, and what it shows of the dataset is what is there."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import rdflib
from rdflib import RDF, SKOS

from conftest import CONTEXT, ROOT
from mil2mil.shapes import SH, SHAPES

PAGES = ["README.md", "CONTRIBUTING.md"]


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def marked(page: str, name: str) -> str:
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.search(rf"<!-- {re.escape(name)} -->\n(.*?)<!-- end -->", text, re.DOTALL)
    assert found, f"{page} has no part marked {name}"
    return found.group(1)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a user has after cloning: the files that git knows, and nothing else."""
    folder = tmp_path_factory.mktemp("clone")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def environment() -> dict[str, str]:
    here = str(Path(sys.executable).parent)
    return {**os.environ, "PATH": f"{here}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.parametrize("page", PAGES)
def test_every_command_runs(page: str, clone: Path) -> None:
    commands = [line for block in blocks(page, "sh") for line in block.splitlines()]
    assert commands
    for command in commands:
        run = subprocess.run(
            ["bash", "-c", command],
            cwd=clone,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, f"{command}\n{run.stdout}{run.stderr}"


def test_python_runs(tmp_path: Path) -> None:
    (code,) = blocks("README.md", "python")
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "in person | Meeting of Dunford and Gerasimov in Azerbaijan" in run.stdout
    assert re.search(r"Meeting of Milley and Gerasimov in Bern +2019-12-18 +occurred", run.stdout)
    assert "contacts/2019-12-18-bern\nMeeting of Milley" in run.stdout


def test_make_sets_everything_up(clone: Path) -> None:
    """`make`, in what a user has after cloning, with no virtual environment there."""
    run = subprocess.run(
        ["make", f"PYTHON={sys.executable}"], cwd=clone, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "36   of 36 covered" in run.stdout
    assert (clone / "build" / "void.ttl").is_file()


def test_answer_in_the_readme_is_the_answer() -> None:
    lines = marked("README.md", "answer: readouts-compared").strip().splitlines()
    shown = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    file = ROOT / "validation" / "questions" / "readouts-compared.csv"
    expected = list(csv.reader(file.read_text(encoding="utf-8").splitlines()))
    assert [shown[0], *shown[2:]] == expected


def test_example_record_is_the_record() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (path, shown) = re.findall(r"<!-- file: (.*?) -->\n```yaml\n(.*?)```", text, re.DOTALL)[0]
    assert shown == (ROOT / path).read_text(encoding="utf-8")


def test_keys_of_each_kind_are_those_of_the_shapes() -> None:
    shapes = rdflib.Graph()
    for file in (ROOT / "validation" / "shapes").glob("*.ttl"):
        shapes.parse(file)
    sh = rdflib.Namespace(SH)
    keys = CONTEXT.term_of_iri
    expected = {}
    for shape in shapes.subjects(sh.closed):
        required: set[str] = set()
        other: set[str] = set()
        for prop in shapes.objects(shape, sh.property):
            key = keys[str(shapes.value(prop, sh.path))].key
            (required if shapes.value(prop, sh.minCount) else other).add(key)
        expected[str(shape).removeprefix(SHAPES)] = (required, other)
    shown = {}
    for line in marked("CONTRIBUTING.md", "kinds").strip().splitlines()[2:]:
        kind, required_cell, other_cell = (
            set(re.findall(r"`(\w+)`", cell)) for cell in line.split("|")[1:4]
        )
        shown[kind.pop()] = (required_cell, other_cell)
    assert shown == expected


def test_values_are_those_of_the_vocabularies() -> None:
    source = rdflib.Graph().parse(ROOT / "ontology" / "vocabularies.ttl")
    expected = {}
    for term in CONTEXT.terms.values():
        if term.kind == "concept":
            scheme = rdflib.URIRef(term.vocabulary.removesuffix("/"))
            assert (scheme, RDF.type, SKOS.ConceptScheme) in source
            expected[term.key] = {
                str(concept).removeprefix(term.vocabulary)
                for concept in source.subjects(SKOS.inScheme, scheme)
            }
    shown = {}
    for line in marked("CONTRIBUTING.md", "values").strip().splitlines()[2:]:
        key, values = line.split("|")[1:3]
        shown[key.strip(" `")] = set(re.findall(r"`([\w-]+)`", values))
    assert shown == expected


def test_modules_fit_in_the_head() -> None:
    """A module is about 300 lines at most, and says first what it hands on."""
    for file in (ROOT / "src" / "mil2mil").glob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert text.count("\n") <= 300, file.name
        assert text.startswith('"""'), file.name


def test_no_module_knows_the_domain() -> None:
    """Terms of the ontology stand in Python only where that is the module's purpose."""
    ontology = rdflib.Graph().parse(ROOT / "ontology" / "mil2mil.ttl")
    classes = {str(term).rpartition("#")[2] for term in ontology.subjects(RDF.type, rdflib.OWL.Class)}
    for file in (ROOT / "src" / "mil2mil").glob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert not {name for name in classes if f"m2m:{name}" in text}, file.name
