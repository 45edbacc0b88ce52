"""Exports: one graph in every format, the same bytes whatever the order, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import pytest
import rdflib
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pyld import jsonld

from conftest import CONTEXT, ROOT
from mil2mil import __version__, describe, export
from mil2mil.graph import lexical
from mil2mil.output import Output, Written, write_all
from test_record import shuffled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mil2mil.dataset import Dataset

rdflib.NORMALIZE_LITERALS = False
FORMATS = {"ttl": "turtle", "nq": "nquads", "trig": "trig"}


@pytest.fixture(scope="module")
def exports(dataset: Dataset) -> dict[str, str]:
    return build(dataset)


def build(dataset: Dataset) -> dict[str, str]:
    documents = export.documents(dataset)
    return {name: b"".join(pieces).decode("utf-8") for name, pieces in documents.items()}


def triples(quads: Iterable[tuple[Any, ...]]) -> set[tuple[str, str, str]]:
    return {(subject.n3(), predicate.n3(), node.n3()) for subject, predicate, node, *_ in quads}


@pytest.fixture(scope="module")
def expected(dataset: Dataset) -> set[tuple[str, str, str]]:
    return {(str(quad.subject), str(quad.predicate), str(quad.object)) for quad in dataset.quads}


@pytest.mark.parametrize("name", FORMATS)
def test_rdflib_reads_the_same_graph(
    name: str, exports: dict[str, str], expected: set[tuple[str, str, str]]
) -> None:
    read = rdflib.Dataset()
    read.parse(data=exports[name], format=FORMATS[name])
    assert triples(read.quads()) == expected
    assert "_:" not in "".join(term for triple in triples(read.quads()) for term in triple[::2])


def test_rdflib_reads_the_same_graph_from_json_ld(
    exports: dict[str, str], expected: set[tuple[str, str, str]]
) -> None:
    read = rdflib.Graph().parse(data=exports["jsonld"], format="json-ld")
    assert triples(read) == expected


def test_pyld_reads_the_same_graph(exports: dict[str, str], expected: set[tuple[str, str, str]]) -> None:
    text = jsonld.to_rdf(json.loads(exports["jsonld"]), {"format": "application/n-quads"})
    read = ox.parse(text, format=ox.RdfFormat.N_QUADS)
    assert {(str(quad.subject), str(quad.predicate), str(quad.object)) for quad in read} == expected


@pytest.mark.parametrize("name", ["nq", "trig"])
def test_every_record_has_a_graph_with_its_provenance(
    name: str, exports: dict[str, str], dataset: Dataset
) -> None:
    read = rdflib.Dataset()
    read.parse(data=exports[name], format=FORMATS[name])
    prov, foaf = rdflib.PROV, rdflib.FOAF
    names = {str(inner.identifier) for inner in read.graphs() if len(inner)}
    for record in dataset.records.values():
        assert record.graph in names
        of_graph = rdflib.URIRef(record.graph)
        assert read.value(of_graph, foaf.primaryTopic) == rdflib.URIRef(record.iri)
        if record.id.startswith(("contacts/", "statements/", "incidents/")):
            sources = [str(source) for source in read.objects(of_graph, prov.wasDerivedFrom)]
            assert sources
            assert all("/seeds/" in source and "#" not in source for source in sources)


def test_json_ld_is_nested_under_our_keys(exports: dict[str, str]) -> None:
    document = json.loads(exports["jsonld"])
    by_id = {record["id"]: record for record in document["@graph"]}
    meeting = by_id["contacts/2017-02-16-azerbaijan"]
    assert meeting["type"] == "Meeting"
    assert meeting["modality"] == "occurred"
    assert meeting["earliest"] == "2017-02-16"
    assert {part["official"] for part in meeting["participants"]} == {
        "officials/joseph-dunford",
        "officials/valery-gerasimov",
    }


def test_description(dataset: Dataset, exports: dict[str, str]) -> None:
    files = {
        f"mil2mil.{name}": Written(len(text.encode()), hashlib.sha256(text.encode()).hexdigest())
        for name, text in exports.items()
    }
    text = export.write("ttl", describe.describe(dataset, dataset.shards.tally, files), dataset.context)
    read = rdflib.Graph().parse(data=text, format="turtle")
    assert b"<//" not in text  # which a person would take for a broken link
    kinds = (ox.RdfFormat.TURTLE, ox.RdfFormat.TRIG, ox.RdfFormat.N_QUADS)
    assert {rdflib.URIRef(kind.iri) for kind in kinds} <= set(read.objects(None, rdflib.DCTERMS.format))
    name = rdflib.URIRef("https://w3id.org/mil2mil/dataset")
    void, dcat = rdflib.VOID, rdflib.DCAT
    spdx = rdflib.Namespace("http://spdx.org/rdf/terms#")
    count = len(rdflib.Graph().parse(data=exports["ttl"], format="turtle"))
    assert str(read.value(name, void.triples)) == str(count)
    assert str(read.value(name, void.entities)) == str(len(dataset.records))
    version = read.value(name, rdflib.URIRef("http://www.w3.org/ns/dcat#hasCurrentVersion"))
    assert str(version) == f"{name}/{__version__}"
    assert read.value(version, rdflib.URIRef("http://www.w3.org/ns/dcat#isVersionOf")) == name
    assert read.value(name, dcat.version) is not None
    checksums = {
        str(read.value(part, rdflib.DCTERMS.title)): str(
            read.value(read.value(part, spdx.checksum), spdx.checksumValue)
        )
        for part in read.objects(name, dcat.distribution)
    }
    assert checksums == {file: written.sha256 for file, written in files.items()}
    sources = {str(source) for source in read.objects(name, rdflib.PROV.wasDerivedFrom)}
    assert sources == {
        record.iri for record in dataset.records.values() if record.id.startswith("seeds/")
    }


BUILD = "import sys; from mil2mil.cli import main; sys.exit(main())"


def test_same_bytes_over_hash_seeds_places_and_orders(tmp_path: Path) -> None:
    """Four processes with four hash seeds, in four folders; two of them with files re-ordered."""
    digests = set()
    for seed in range(4):
        root = tmp_path / f"place {seed}" / "dataset"
        root.mkdir(parents=True)
        for folder in ("data", "seeds", "ontology", "validation"):
            copy(ROOT / folder, root / folder, seed if folder in ("data", "seeds") else 0)
        out = tmp_path / f"out{seed}"
        run = subprocess.run(
            [sys.executable, "-c", BUILD, "build", "--root", str(root), "--output", str(out)],
            env={**os.environ, "PYTHONHASHSEED": str(seed), "TZ": f"UTC{seed:+}"},
            cwd=tmp_path / f"place {seed}",
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        digests.add(
            tuple(
                (file.name, hashlib.sha256(file.read_bytes()).hexdigest())
                for file in sorted(out.iterdir())
            )
        )
    assert len(digests) == 1
    assert len(digests.pop()) == 7


def copy(source: Path, target: Path, seed: int) -> None:
    """Copy a folder; with a seed, write each YAML file with its keys and lists in another order."""
    rng = random.Random(seed)
    for file in sorted(source.rglob("*")):
        place = target / file.relative_to(source)
        if file.is_dir():
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        text = file.read_text(encoding="utf-8")
        if seed >= 2 and file.suffix == ".yaml":
            value = shuffled(yaml.load(text, Loader=yaml.BaseLoader), rng)  # noqa: S506
            text = yaml.safe_dump(unquoted(value), allow_unicode=True, sort_keys=False)
        place.write_text(text, encoding="utf-8")


def unquoted(value: Any) -> Any:
    """Digits as integers, so that the writer does not put them in quotes."""
    if isinstance(value, dict):
        return {key: unquoted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [unquoted(inner) for inner in value]
    return int(value) if value.isdigit() and str(int(value)) == value else value


def test_outputs_are_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_all(tmp_path, {"a": "old", "b": "old"})

    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(OSError, match="No space"):
        write_all(tmp_path, {"a": "new", "b": "new"})
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"a": "old", "b": "old"}


def test_nothing_is_written_where_one_target_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    with pytest.raises(IsADirectoryError):
        write_all(tmp_path, {"a": "new", "b": "new"})
    assert [file.name for file in tmp_path.iterdir()] == ["b"]


def test_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    left, new = tmp_path / ".a.77.tmp", tmp_path / ".a.78.tmp"
    left.write_text("half")
    new.write_text("of a run that goes on")
    os.utime(left, (0, 0))
    write_all(tmp_path, {"a": "new"})
    assert {file.name for file in tmp_path.iterdir()} == {"a", ".a.78.tmp"}


def test_two_runs_into_one_folder(tmp_path: Path) -> None:
    """Another process, of which the number is another, writes the same file at the same time."""
    with Output(tmp_path) as output:
        output.write("a", [b"ours"])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "getpid", lambda: 77)
            write_all(tmp_path, {"a": "theirs"})
        assert (tmp_path / "a").read_text() == "theirs"
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"a": "ours"}


iris = st.from_regex(
    r"https://w3id\.org/mil2mil/[a-z]{1,4}(/[a-z0-9.-]{0,4}){0,2}(#[a-z0-9-]{0,5})?", fullmatch=True
)
nodes = iris.map(ox.NamedNode)
texts = st.text(st.characters(codec="utf-8"), max_size=12)
literals = (
    texts.map(ox.Literal)
    | texts.map(lambda text: ox.Literal(text, language="en"))
    | st.builds(lambda text, kind: ox.Literal(text, datatype=kind), texts, nodes)
)
quads = st.builds(ox.Quad, nodes, nodes, nodes | literals, nodes)


@given(st.lists(quads, max_size=12))
def test_writers_write_what_they_are_given(data: list[ox.Quad]) -> None:
    text = export.write("nq", data, CONTEXT)
    assert set(ox.parse(text, format=ox.RdfFormat.N_QUADS)) == set(data)
    assert export.write("nq", reversed(data), CONTEXT) == text
    read = set(ox.parse(export.write("ttl", data, CONTEXT), format=ox.RdfFormat.TURTLE))
    assert {quad.triple for quad in read} == {quad.triple for quad in data}


def test_lexical_refuses_blank_nodes() -> None:
    with pytest.raises(TypeError):
        lexical(ox.BlankNode("x"))
