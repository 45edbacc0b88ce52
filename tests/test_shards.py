"""Shards: the same findings and the same bytes, however many there are and whoever does the work."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import pytest

from conftest import ROOT
from generate import generate
from mil2mil import executor, export
from mil2mil.cli import main
from mil2mil.context import BASE
from mil2mil.dataset import Dataset
from mil2mil.executor import SERIAL, Workers, workers
from mil2mil.finding import DatasetError, Names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from mil2mil.trig import Tally

    Outcome = tuple[list[str], dict[str, bytes], Tally]


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made dataset with many records wrong, in every way that there is."""
    root = tmp_path_factory.mktemp("wrong")
    assert len(set(generate(root, 800, wrong=0.1).values())) > 5
    return root


def outcome(root: Path, team: Workers, shard: int) -> Outcome:
    """The findings, the documents and what is in them."""
    dataset = Dataset(root, young=True, workers=team, shard=shard)
    findings = [repr(finding) for finding in dataset.validate()]
    documents = {name: b"".join(pieces) for name, pieces in export.documents(dataset).items()}
    return findings, documents, dataset.shards.tally


@pytest.fixture(scope="module")
def expected(wrong: Path) -> Outcome:
    """What comes out of one shard, here and now."""
    found = outcome(wrong, SERIAL, 10_000)
    assert len(found[0]) > 50
    return found


@pytest.mark.parametrize("shard", [1, 13, 400])
def test_the_number_of_shards_makes_no_difference(wrong: Path, expected: Outcome, shard: int) -> None:
    assert outcome(wrong, SERIAL, shard) == expected


def test_several_processes_make_no_difference(wrong: Path, expected: Outcome) -> None:
    with workers("processes") as team:
        assert team.executor is not None
        assert outcome(wrong, team, 50) == expected


class Losing(Workers):
    """Workers of whom one is lost while the work goes on."""

    def __init__(self, team: Workers, lose: Callable[[], None]) -> None:
        super().__init__(team.executor, team.number)
        self.lose = lose

    def each(self, do: Any, work: Iterable[Any]) -> Iterator[Any]:
        for number, result in enumerate(super().each(do, work)):
            if number == 2:
                self.lose()
            yield result


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler of Dask with two workers, each a process of its own; its address, and the workers."""
    place = tmp_path / "scheduler.json"
    command = [sys.executable, "-W", "ignore", "-m", "distributed.cli.dask_"]
    common = ["--scheduler-file", str(place), "--no-dashboard"]

    def start(kind: str, *more: str) -> subprocess.Popen[bytes]:
        arguments = [*command[:-1], command[-1] + kind, *common, *more]
        return subprocess.Popen(arguments, stderr=subprocess.DEVNULL, cwd=tmp_path)

    scheduler = start("scheduler", "--host", "127.0.0.1", "--port", "0")
    deadline = time.monotonic() + 60
    while not place.exists() or not place.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    team = [start("worker", "--no-nanny", "--nthreads", "1", "--host", "127.0.0.1") for _ in range(2)]
    try:
        yield json.loads(place.read_text())["address"].removeprefix("tcp://"), team
    finally:
        for process in (*team, scheduler):
            process.kill()
            process.wait()


def test_a_cluster_that_loses_a_worker_makes_no_difference(
    wrong: Path,
    expected: Outcome,
    cluster: tuple[str, list[subprocess.Popen[bytes]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address, processes = cluster
    monkeypatch.setattr(executor, "_PATIENCE", 60)
    with workers(f"dask:{address}") as team:
        client = team.executor._client  # type: ignore[union-attr]
        client.wait_for_workers(2, timeout=60)

        def lose() -> None:
            processes[0].kill()
            processes[0].wait()

        assert outcome(wrong, Losing(team, lose), 20) == expected
        assert processes[0].returncode == -signal.SIGKILL
        assert len(client.scheduler_info()["workers"]) == 1
    processes[1].kill()
    processes[1].wait()
    monkeypatch.setattr(executor, "_PATIENCE", 1)
    with pytest.raises(DatasetError, match="has no workers"), workers(f"dask:{address}"):
        pass


def test_a_worker_process_that_is_lost_is_told(wrong: Path) -> None:
    with workers("processes") as team:

        def lose() -> None:
            for pid in team.executor._processes:  # type: ignore[union-attr]
                os.kill(pid, signal.SIGKILL)

        dataset = Dataset(wrong, young=True, workers=Losing(team, lose), shard=5)
        with pytest.raises(DatasetError, match="ended from outside"):
            dataset.validate()


@pytest.mark.parametrize(
    ("name", "message"),
    [("threads", "is no executor"), ("", "is no executor"), ("dask:127.0.0.1:1", "Dask")],
)
def test_an_executor_that_is_none(
    name: str,
    message: str,
    small: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(executor, "_PATIENCE", 1)
    assert main(["validate", "--root", str(small), "--executor", name]) == 2
    assert message in capsys.readouterr().err


def test_a_shape_that_reads_far_sees_the_whole_graph(small: Path) -> None:
    """Who refers to a node stands in other shards, so then shapes are asked of all at once."""
    with (small / "validation/shapes/places.ttl").open("a", encoding="utf-8") as stream:
        stream.write(
            "\nshape:placeUsed sh:targetClass m2m:Place ; sh:property [ sh:path [ sh:inversePath "
            'm2m:partOf ] ; sh:maxCount 0 ; sh:message "It has parts." ] .\n'
        )
    whole = [repr(finding) for finding in Dataset(small, young=True).validate()]
    assert sum("It has parts" in finding for finding in whole) == 1
    assert [repr(finding) for finding in Dataset(small, young=True, shard=1).validate()] == whole


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
def test_how_a_context_shortens_makes_no_difference(small: Path, engine: str) -> None:
    """Prefixes for records and graphs; a property that sorts before rdf:type; one named like a class."""
    baku = small / "data/places/baku.yaml"
    text = re.sub(r"(?m)^label: .*\n", "", baku.read_text(encoding="utf-8"))
    baku.write_text(text, encoding="utf-8")
    plain = [repr(finding) for finding in Dataset(small, young=True).validate(engine)]
    assert sum("shape/label" in finding for finding in plain) == 1
    file = small / "ontology/context.jsonld"
    context = json.loads(file.read_text(encoding="utf-8"))
    context["@context"] |= {
        "places": f"{BASE}places/",
        "g": f"{BASE}graphs/places/",
        "title": {"@id": "http://purl.org/dc/terms/title"},
        "office2": {"@id": "m2m:Office", "@type": "@id"},
    }
    file.write_text(json.dumps(context), encoding="utf-8")
    baku.write_text(f"{text}title: Baku\noffice2: seeds/note\n", encoding="utf-8")
    dataset = Dataset(small, young=True)
    findings = [repr(finding) for finding in dataset.validate(engine)]
    closed = [finding for finding in findings if "does not belong here" in finding]
    assert len(closed) == 2
    assert [finding for finding in findings if finding not in closed] == plain
    turtle = b"".join(export.documents(dataset)["ttl"])
    assert len(set(ox.parse(turtle, format=ox.RdfFormat.TURTLE))) == len(set(dataset.quads))


def test_only_what_is_asked_for_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "--root", str(ROOT), "--output", str(tmp_path), "--only", "ttl"]) == 0
    names = {file.name for file in tmp_path.iterdir()}
    assert names == {"mil2mil.ttl", "ontology.ttl", "vocabularies.ttl", "void.ttl"}
    assert "earlier build" not in capsys.readouterr().out
    assert main(["build", "--root", str(ROOT), "--output", str(tmp_path), "--only", "nq"]) == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "earlier build" in line)
    assert line.split()[0].endswith("mil2mil.ttl")


def test_the_nearest_of_very_many_names() -> None:
    names = Names(f"places/{'abcdefghij'[number % 10]}{number:05}x" for number in range(20_000))
    assert names.nearest("places/a00120x") == "did you mean 'places/a00120x'?"
    for slip in ("a00120", "q00120x", "a00120y"):
        assert "00120x" in names.nearest(slip), slip
    assert names.nearest("nothing like it") == ""
