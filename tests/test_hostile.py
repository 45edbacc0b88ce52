"""Odd and hostile datasets: one clear message, and never a traceback, a hang, or a connection."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from conftest import FIXTURES, ROOT
from mil2mil.cli import main
from mil2mil.dataset import Dataset
from mil2mil.days import days_of
from mil2mil.finding import DatasetError
from test_document import REFUSED as REFUSED_TEXTS
from test_record import REFUSED as REFUSED_RECORDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BAKU = "data/places/baku.yaml"


def replace(root: Path, path: str, old: str, new: str) -> None:
    file = root / path
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def context(root: Path, change: Callable[[dict[str, Any]], object]) -> None:
    file = root / "ontology" / "context.jsonld"
    document = json.loads(file.read_text(encoding="utf-8"))
    change(document["@context"])
    file.write_text(json.dumps(document), encoding="utf-8")


def remove(file: Path) -> Path:
    file.unlink()
    return file


def make_pipe(file: Path) -> Path:
    os.mkfifo(remove(file))
    return file


# What cannot run at all: a change of the dataset, and a word of the message.
BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "no context": (lambda root: remove(root / "ontology/context.jsonld"), "context.jsonld"),
    "context not JSON": (lambda root: (root / "ontology/context.jsonld").write_text("{"), "context"),
    "context a list": (lambda root: (root / "ontology/context.jsonld").write_text("[]"), "context"),
    "context null": (
        lambda root: (root / "ontology/context.jsonld").write_text('{"@context": null}'),
        "context",
    ),
    "term without id": (lambda root: context(root, lambda c: c.update(x={"@type": "@id"})), "context"),
    "wrong version": (lambda root: context(root, lambda c: c.update({"@version": 9})), "context"),
    "container": (
        lambda root: context(root, lambda c: c["label"].update({"@container": "@set"})),
        "@container",
    ),
    "default vocabulary": (
        lambda root: context(root, lambda c: c.update({"@vocab": "https://a.b/"})),
        "@vocab",
    ),
    "two words as a key": (
        lambda root: context(root, lambda c: c.update({"a b": {"@id": "m2m:label"}})),
        "not a key",
    ),
    "no IRI": (lambda root: context(root, lambda c: c.update(x={"@id": "m2m:a b"})), "context"),
    "class that is no IRI": (lambda root: context(root, lambda c: c.update(X="Place")), "context"),
    "no language": (
        lambda root: context(root, lambda c: c["label"].update({"@language": "e n"})),
        "not a language",
    ),
    "doubles": (
        lambda root: context(root, lambda c: c["number"].update({"@type": "xsd:double"})),
        "not read",
    ),
    "text without a language": (
        lambda root: context(
            root,
            lambda c: c.update(
                x={"@id": "m2m:x", "@type": "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"}
            ),
        ),
        "not read",
    ),
    "another word for type": (
        lambda root: context(
            root, lambda c: c.update(kind={"@id": "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"})
        ),
        "another word",
    ),
    "no alias": (lambda root: context(root, lambda c: c.pop("id")), "a context has"),
    "context is a pipe": (lambda root: make_pipe(root / "ontology/context.jsonld"), "plain file"),
    "ontology not Turtle": (
        lambda root: (root / "ontology/mil2mil.ttl").write_text("m2m:Place a"),
        "ontology/mil2mil.ttl",
    ),
    "ontology not UTF-8": (
        lambda root: (root / "ontology/mil2mil.ttl").write_bytes(b"# \xe9\n"),
        "not UTF-8",
    ),
    "shapes a link": (
        lambda root: (root / "validation/shapes/x.ttl").symlink_to("/etc/hostname"),
        "links are not followed",
    ),
    "shapes not Turtle": (
        lambda root: (root / "validation/shapes/x.ttl").write_text("a b"),
        "validation/shapes/x.ttl:1",
    ),
    "severity of no kind": (
        lambda root: replace(
            root,
            "validation/shapes/common.ttl",
            "shape:label a sh:PropertyShape ;",
            "shape:label a sh:PropertyShape ; sh:severity <urn:x> ;",
        ),
        "everity",
    ),
    "shapes of another ending": (
        lambda root: (root / "validation/shapes/x.rdf").write_text("x"),
        "belong here",
    ),
    "no shapes": (
        lambda root: [remove(file) for file in (root / "validation/shapes").iterdir()],
        "has no file",
    ),
    "no checks": (
        lambda root: [remove(file) for file in (root / "validation/checks").iterdir()],
        "nothing would be checked",
    ),
    "check of another ending": (
        lambda root: (root / "validation/checks/x.sparql").write_text("x"),
        "belong here",
    ),
    "check without meta": (lambda root: (root / "validation/checks/x.rq").write_text("SELECT"), "x.rq"),
    "check without focus": (
        lambda root: replace(
            root,
            "validation/checks/uncovered-unit.rq",
            "SELECT DISTINCT ?focus {",
            "SELECT DISTINCT ?x {",
        ),
        "?focus",
    ),
    "check not SPARQL": (
        lambda root: replace(root, "validation/checks/uncovered-unit.rq", "FILTER NOT", "FILTRE NOT"),
        "not SPARQL",
    ),
    "check that selects nothing": (
        lambda root: replace(root, "validation/checks/uncovered-unit.rq", "SELECT DISTINCT", "SELEKT"),
        "a check is a SELECT",
    ),
    "check that asks elsewhere": (
        lambda root: replace(
            root,
            "validation/checks/uncovered-unit.rq",
            "?focus a m2m:Unit .\n  FILTER",
            "?focus a m2m:Unit . service silent <http://127.0.0.1:9/> { ?s ?p ?o }\n  FILTER",
        ),
        "SERVICE is refused",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_dataset(case: str, small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change, word = BROKEN[case]
    change(small)
    if case == "severity of no kind":
        replace(small, BAKU, "label: Baku", "label: B")
    assert main(["validate", "--root", str(small)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("mil2mil: ")
    assert word in captured.err


# What passes for a record and is none: the file, its text, and the rules that find it.
HEAD = '"@context": ../../ontology/context.jsonld\n'
SNEAKY = {
    "empty type": ("data/places/q.yaml", f"{HEAD}id: places/q\ntype: []\nlabel: Q\n", "reader/empty"),
    "record in data/seeds": (
        "data/seeds/tass-984550.yaml",
        f"{HEAD}id: seeds/tass-984550\ntype: Page\nlabel: Another\n",
        "reader/not-a-record",
    ),
    "keyword as a value": (
        BAKU,
        f"{HEAD}id: places/baku\ntype: Place\nlabel: Baku\nplaceKind: [city, id]\n",
        "reader/bad-value",
    ),
    "address that is none": (
        BAKU,
        f"{HEAD}id: places/baku\ntype: Place\nlabel: Baku\nplaceKind: city\nsameAs: 'https://[bad'\n",
        "reader/bad-value",
    ),
    "address with a bad escape": (
        BAKU,
        f"{HEAD}id: places/baku\ntype: Place\nlabel: Baku\nplaceKind: city\nsameAs: https://a.b/%zz\n",
        "reader/bad-value",
    ),
    "hidden file": ("data/places/.x.yaml", "x", "reader/not-a-record"),
    "folder in a folder": ("data/a/b/x.yaml", "x", "reader/not-a-record"),
    "line separator": (BAKU, f"{HEAD}id: places/baku\n# \u2028isoCode: AZ\n", "reader/unseen-character"),
    "escaped control": (
        BAKU,
        f'{HEAD}id: places/baku\ntype: Place\nlabel: "\\x1b[31mBaku"\nplaceKind: city\n',
        "reader/unseen-character",
    ),
    "escaped turn": (
        BAKU,
        f'{HEAD}id: places/baku\ntype: Place\nlabel: "\\u202eukaB"\nplaceKind: city\n',
        "reader/unseen-character",
    ),
    "derived key inferred": (
        "data/occurrences/x.yaml",
        f"{HEAD}id: occurrences/x\ntype: Occurrence\nlabel: X\ninferred: {{property: latest}}\n",
        "reader/bad-value",
    ),
    "address as a key": (
        "data/occurrences/x.yaml",
        f"{HEAD}id: occurrences/x\ntype: Occurrence\nlabel: X\ninferred: {{property: 'http://a.b/c'}}\n",
        "reader/bad-value",
    ),
    "nested kind as a record": (
        "data/spans/x.yaml",
        f"{HEAD}id: spans/x\ntype: Span\nstart: 1\nend: 2\n",
        "shape/Span",
    ),
}


@pytest.mark.parametrize("case", SNEAKY)
def test_sneaky_record(case: str, small: Path) -> None:
    path, text, rule = SNEAKY[case]
    file = small / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    findings = Dataset(small).validate()
    assert (path, rule) in {(finding.file, finding.rule) for finding in findings}


@pytest.mark.parametrize(
    "number", ["abc", "1.5", "1 ", "٣", "1_0", "9" * 20, "9" * 5000, "-1", "+1", "01"]
)
def test_numbers_that_are_none(number: str, small: Path) -> None:
    replace(small, "seeds/note.yaml", "      start: 0\n", f'      start: "{number}"\n')
    findings = Dataset(small).validate(texts=FIXTURES / "texts")
    assert {"shape/start"} <= {finding.rule for finding in findings}
    by_reference = Dataset(small).validate("pyshacl")
    assert {"shape/start"} <= {finding.rule for finding in by_reference}


@pytest.mark.parametrize("duration", ["PT", "P1DT", "P1.5D", "-P1D", "P", "6 hours", "PT6h"])
def test_durations_that_are_none(duration: str, small: Path) -> None:
    replace(small, "data/contacts/2017-12-06-call.yaml", "duration: PT50M", f"duration: {duration}")
    for engine in ("shacl", "pyshacl"):
        assert "shape/duration" in {finding.rule for finding in Dataset(small).validate(engine)}


@pytest.mark.parametrize(
    "date",
    ["Y9E99999999", "Y1E1000000", "[" + "2017," * 1000 + "2017]", "2017-02-16 ", " 2017", "2017\n"],
)
def test_dates_that_would_take_long(date: str) -> None:
    start = time.process_time()
    assert days_of(date) is None
    assert time.process_time() - start < 1


def test_many_findings_on_one_line(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = ", ".join(f"key{number}: x" for number in range(3000))
    replace(small, BAKU, "label: Baku", f"label: Baku\ninferred: {{{keys}}}")
    start = time.process_time()
    assert main(["validate", "--root", str(small)]) == 1
    assert time.process_time() - start < 10
    assert "3000 violations" in capsys.readouterr().out


def test_queries_stay_here(dataset: Dataset) -> None:
    for query in (
        "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "SELECT * { ?s ?p 'x' . sErViCe SILENT <http://127.0.0.1:9/> { ?s ?p ?o } }",
    ):
        with pytest.raises(DatasetError, match="SERVICE"):
            dataset.query(query)
    words = 'SELECT * { ?s ?p "no SERVICE here" , <urn:SERVICE> } # SERVICE'
    assert list(dataset.query(words)) == []


def test_a_pipe_without_our_signs() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "mil2mil", "coverage"],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, b"")


def test_validate_here_is_validate_everything(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(small)
    replace(small, BAKU, "placeKind: city\n", "")
    assert main(["validate", "."]) == 1
    assert main(["validate", str(small)]) == 1
    assert "shape/place-kind" in capsys.readouterr().out


CHILD = """
import json, sys, time
def refuse(event, arguments):
    if event.startswith(("socket.", "urllib.", "subprocess.", "os.system", "os.exec")):
        raise SystemExit(f"{event} {arguments}")
sys.addaudithook(refuse)
from pathlib import Path
from mil2mil.dataset import Dataset
from mil2mil.shard import read
root, path = Path(sys.argv[1]), "data/places/baku.yaml"
slowest, silent = [0, ""], []
dataset = Dataset(root)
for text in json.load(sys.stdin):
    (root / path).write_bytes(text.encode("utf-8", "surrogateescape"))
    start = time.process_time()
    findings = read(dataset.folder.contents([path]), dataset.context).findings
    took = time.process_time() - start
    if took > slowest[0]:
        slowest = [took, text[:60]]
    if not findings or any(not finding.message.endswith((".", ")")) for finding in findings):
        silent.append(text[:80])
# Not ru_maxrss, which a child takes over from the process that started it.
status = Path("/proc/self/status")
peak = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM")]
print(json.dumps([slowest, int(peak[0]), silent]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read as Linux has it")
def test_hostile_files_are_refused_in_time_and_space(small: Path) -> None:
    """Every kind of bad record there is a test for, and some that are large: none takes a second."""
    head = f"{HEAD}id: places/baku\ntype: Place\n"
    large = [
        "a: " + "[" * 500_000,
        "a: " + "{b: " * 200_000,
        "a: &a [" + "*a," * 100_000 + "]",
        "- " * 300_000,
        "a: " + "x" * (2 << 20),
        "a: '" + "x" * 1_000_000,
        "? " * 300_000,
        "a: |\n" + " x\n" * 300_000 + "\0",
        "#" * 1_000_000,
        "!" * 500_000,
        "%" * 500_000,
        "a: " + "\udcff" * 1000,
        head + "label: " + "\u202e" * 1000,
        head + "".join(f"key{number}: x\n" for number in range(20_000)),
        head + "partOf: places/" + "../" * 10_000 + "etc/passwd",
        head + "sameAs: [" + ", ".join(f"'https://a.b/{number} c'" for number in range(5_000)) + "]",
    ]
    known = [text for text in REFUSED_TEXTS if text] + [
        f"{HEAD}id: places/baku\n{text}" for text, *_ in REFUSED_RECORDS
    ]
    texts = [*large, *known, *(text for path, text, rule in SNEAKY.values() if path == BAKU)]
    assert len(texts) >= 60
    run = subprocess.run(
        [sys.executable, "-c", CHILD, str(small)],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    slowest, kilobytes, silent = json.loads(run.stdout)
    assert silent == []
    assert slowest[0] < 1, slowest
    assert kilobytes < 200 * 1024


def test_fuzzer_finds_nothing(tmp_path: Path) -> None:
    """A short run, always the same; CONTRIBUTING.md says how to run it for longer."""
    if "CI" not in os.environ:
        pytest.importorskip("atheris")
    for file in ROOT.glob("data/*/*.yaml"):
        shutil.copy(file, tmp_path)
    result = subprocess.run(
        [sys.executable, ROOT / "tests/fuzz.py", "-seed=1", "-runs=20000", "-max_len=4000", tmp_path],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert "Done 20000 runs" in result.stderr
