"""The command: exit codes, what is printed and where, and never a traceback."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from conftest import FIXTURES, ROOT
from mil2mil.cli import main
from mil2mil.finding import Finding, Mark, Severity, render

if TYPE_CHECKING:
    from pathlib import Path

BAKU = "data/places/baku.yaml"


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, small: Path) -> Path:
    monkeypatch.chdir(small)
    return small


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_validate_conforms(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--text", str(FIXTURES / "texts")]) == 0
    assert capsys.readouterr().out == "47 records (SHACL by shacl): 0 violations, 0 warnings, 0 info\n"


def test_validate_shows_the_line_and_marks_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(here / BAKU, "partOf: places/azerbaijan", "partOf: places/azerbajan")
    assert main(["validate"]) == 1
    assert capsys.readouterr().out == (
        "data/places/baku.yaml\n"
        "  violation: There is no 'places/azerbajan'.\n"
        "   --> data/places/baku.yaml:7:9\n"
        "  7 | partOf: places/azerbajan\n"
        "    |         ^^^^^^^^^^^^^^^^\n"
        "    = help: did you mean 'places/azerbaijan'?\n"
        "    = rule: reader/dangling-reference\n"
        "\n"
        "47 records (SHACL by shacl): 1 violation, 0 warnings, 0 info\n"
    )


def test_a_file_that_cannot_be_read(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(here / BAKU, "label: Baku", "label: Baku\nlabel: Baku")
    assert main(["validate"]) == 1
    out = capsys.readouterr().out
    assert "data/places/baku.yaml:6:1" in out
    assert "More may follow: shapes and checks run once every file of the dataset can be read." in out
    assert "violation: " in out
    assert out.count("violation: ") == 1, "no finding follows from the missing record"
    assert main(["validate", "--format", "json"]) == 1
    assert "More may follow" in capsys.readouterr().err


def test_paths_hide_no_file_that_cannot_be_read(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(here / BAKU, "label: Baku", "labell: Baku")
    assert main(["validate", "data/contacts"]) == 1
    assert "data/places/baku.yaml:5:1" in capsys.readouterr().out


def test_path_outside(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "/etc/hosts"]) == 2
    assert "there is no such file or folder" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["build", "validate", "coverage"])
def test_root_that_is_no_dataset(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--root", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("mil2mil: ")
    assert "is not a dataset" in captured.err


def test_text_that_is_no_folder(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--text", "nowhere"]) == 2
    assert "no such folder" in capsys.readouterr().err


def test_build_writes_its_files_and_a_summary(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build"]) == 0
    names = sorted(file.name for file in (here / "build").iterdir())
    facts = ["mil2mil.jsonld", "mil2mil.nq", "mil2mil.trig", "mil2mil.ttl"]
    assert names == [*facts, "ontology.ttl", "vocabularies.ttl", "void.ttl"]
    out = capsys.readouterr().out
    for words in ("contacts", "Facts", "8   of 8 covered", "0 violations", "mil2mil.trig", "bytes"):
        assert words in out


def test_build_writes_nothing_with_violations(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(here / BAKU, "placeKind: city\n", "")
    assert main(["build"]) == 1
    assert not (here / "build").exists()
    assert "Nothing was written" in capsys.readouterr().out


def test_build_leaves_the_old_files_with_violations(here: Path) -> None:
    assert main(["build"]) == 0
    before = (here / "build" / "mil2mil.ttl").read_bytes()
    edit(here / BAKU, "label: Baku", "label: Baki\nlabel: Baku")
    assert main(["build"]) == 1
    assert (here / "build" / "mil2mil.ttl").read_bytes() == before


def test_build_where_it_may_not_write(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "taken").write_text("a file", encoding="utf-8")
    assert main(["build", "--output", "taken"]) == 2
    assert "taken" in capsys.readouterr().err


def test_coverage(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["coverage"]) == 0
    out = capsys.readouterr().out
    assert "36 of 36 units covered: 31 support facts, 5 say why not." in out
    assert "contacts/2021-09-stability-talks-second-round" in out


def test_coverage_below_100(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(here / "data/statements/note.yaml", "      - seeds/note#s01\n", "")
    assert main(["coverage"]) == 1
    out = capsys.readouterr().out
    assert "✗ s01" in out
    assert "7 of 8 units covered" in out


def test_coverage_in_the_words_of_the_article(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(here / "data/statements/note.yaml", "      - seeds/note#s01\n", "")
    assert main(["coverage", "note", "--text", str(FIXTURES / "texts")]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "  ✗ s01  Two generals, three seas: a note" in lines
    assert "         bare: name it as evidence of a fact, or write withoutFact" in lines
    assert "         gloss: Dunford met Gerasimov in Azerbaijan, in February 2017." in lines
    assert "4 pages are cited by address, and have no units." in lines


def test_coverage_with_another_text(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "note.txt").write_text("another", encoding="utf-8")
    assert main(["coverage", "--text", str(tmp_path)]) == 2
    assert "has not the very text of seeds/note" in capsys.readouterr().err


def test_coverage_of_an_article_that_is_none(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["coverage", "notes"]) == 2
    assert "there is no article 'notes'" in capsys.readouterr().err


def test_coverage_of_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "seeds/note.yaml").unlink()
    assert main(["coverage"]) == 1
    assert "nothing is covered" in capsys.readouterr().out


def test_a_young_dataset_is_warned_of_rules_without_focus(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(here / "data" / "incidents")
    shutil.rmtree(here / "data" / "policies")
    edit(
        here / "data/contacts/2017-02-16-azerbaijan.yaml",
        "policies/2014-suspension",
        "contacts/2017-12-06-call",
    )
    for name in ("joseph-dunford", "us-european-command"):
        edit(here / f"data/statements/{name}.yaml", "incidents/2017-02-10-black-sea", "places/black-sea")
    young = ["validate", "validation", "--root", str(here)]
    assert main(young) == 1
    out = capsys.readouterr().out
    assert "warning: The shape has no focus node" in out
    assert "validation/shapes/events.ttl" in out
    assert "violation:" not in out
    assert main(["validate", "validation"]) == 1
    assert "violation: The shape has no focus node" in capsys.readouterr().out


def test_interrupted_pipe() -> None:
    """`mil2mil coverage | head -1` ends without a traceback."""
    command = f"{sys.executable} -m mil2mil coverage | head -n 1"
    run = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.stderr == ""


def test_an_interrupt_is_told_in_a_line() -> None:
    code = (
        "from mil2mil import cli\nfrom mil2mil.commands import validate\n"
        "def interrupted(options): raise KeyboardInterrupt\n"
        "validate.validate = interrupted\ncli.main(['validate'])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (130, "mil2mil: interrupted\n")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom mil2mil.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = ('yaml', 'pyoxigraph', 'rdflib', 'pyshacl', 'shacl', 'edtf')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.endswith("[]\n")


def test_validate_does_not_start_rdflib() -> None:
    code = (
        "import sys\nfrom mil2mil.cli import main\nmain(['validate'])\n"
        "print([name for name in ('rdflib', 'pyshacl') if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.endswith("[]\n")


@pytest.mark.parametrize(
    ("text", "column", "shown", "carets"),
    [
        ("  label: Baku # x", 10, "  label: Baku # x", "         ^^^^"),
        ("  label: Baku", 3, "  label: Baku", "  ^^^^^"),
        ('a: "b: c" # d', 4, 'a: "b: c" # d', "   ^^^^^^"),
        ("participants:", 1, "participants:", "^^^^^^^^^^^^"),
        ("", 1, "", ""),
        ("a: b\x1b[2J", 4, "a: b\ufffd[2J", "   ^^^^^"),
    ],
)
def test_the_mark_under_a_line(text: str, column: int, shown: str, carets: str) -> None:
    finding = Finding("f", Mark(7, column), Severity.WARNING, "r", "m.")
    lines = render([finding], lambda _file, _line: text).split("\n")
    if text:
        assert lines[3] == f"  7 | {shown}"
        assert lines[4] == f"    | {carets}"
    else:
        assert lines[3] == "    = rule: r"


def test_a_long_line_is_cut_around_the_mark() -> None:
    text = "gloss: " + "x" * 300 + " here " + "y" * 300
    finding = Finding("f", Mark(1, 309), Severity.VIOLATION, "r", "m.")
    lines = render([finding], lambda _file, _line: text).split("\n")
    assert len(lines[3]) < 110
    assert lines[3][lines[4].index("^")] == "h"
