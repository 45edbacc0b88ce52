"""The exports for other tools, each read by the tools that it is for."""

from __future__ import annotations

import argparse
import hashlib
import importlib
import io
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
import rdflib.compare
from pyld import jsonld

from conftest import ROOT
from mil2mil import exports
from mil2mil.commands.build import build
from mil2mil.context import TERMS
from mil2mil.dataset import Dataset
from mil2mil.exports.rdf12 import _nested as nested_nodes
from mil2mil.exports.relations import relations
from mil2mil.finding import DatasetError
from mil2mil.graph import rows
from mil2mil.output import bytes_of, write_all
from test_export import copy

BASE = "https://w3id.org/mil2mil/"
SCHEMA = "https://schema.org/"
PREFIXES = f"PREFIX m2m: <{TERMS}> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>"


def tool(name: str) -> Any:
    """A module that only these tests need; it may be missing, but not in CI."""
    if "CI" in os.environ:
        return importlib.import_module(name)
    return pytest.importorskip(name)


@pytest.fixture(scope="module")
def built(dataset: Dataset) -> dict[str, bytes]:
    tool("pyarrow")
    return {name: bytes_of(it) for name, it in exports.export(dataset, ["all"]).items()}


@pytest.fixture(scope="module")
def folder(built: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exports")
    write_all(out, dict(built))
    return out


@pytest.fixture(scope="module")
def database(folder: Path) -> Any:
    """The CSV tables in DuckDB, each under its name, with `parquet_` before it the Parquet ones."""
    connection = tool("duckdb").connect()
    for file in sorted((folder / "tables").glob("*.csv")):
        for kind, prefix in (("csv", ""), ("parquet", "parquet_")):
            source = file.with_suffix(f".{kind}")
            connection.execute(f"CREATE TABLE {prefix}{file.stem} AS FROM read_{kind}('{source}')")
    return connection


def count(dataset: Dataset, pattern: str) -> int:
    query = f"{PREFIXES} SELECT (COUNT(*) AS ?count) {{ SELECT DISTINCT * {{ {pattern} }} }}"
    return int(next(rows(dataset.store, query))["count"])


# Tables

# What stands in a table, said once more in SPARQL.
COUNTS = {
    "contacts": "?id a/rdfs:subClassOf* m2m:Contact",
    "incidents": "?id a m2m:Incident",
    "seeds": "?id a/rdfs:subClassOf* m2m:Source",
    "participations": "?x m2m:participant ?id",
    "claims": "?x m2m:claim ?id",
    "units": "?x m2m:unit ?id",
    "reports": "?id a m2m:Report",
    "node_evidence": "?id m2m:evidence ?unit",
    "node_topics": "?id m2m:topic ?topic",
    "node_sameAs": "?id m2m:sameAs ?same",
    "concepts": "?id <http://www.w3.org/2004/02/skos/core#inScheme> ?scheme",
}


@pytest.mark.parametrize("prefix", ["", "parquet_"])
@pytest.mark.parametrize("name", COUNTS)
def test_tables_have_what_the_graph_has(name: str, prefix: str, dataset: Dataset, database: Any) -> None:
    pattern = COUNTS[name].replace(
        "rdfs:subClassOf", "<http://www.w3.org/2000/01/rdf-schema#subClassOf>"
    )
    expected = count(dataset, pattern)
    assert expected
    assert database.execute(f"SELECT count(*) FROM {prefix}{name}").fetchone() == (expected,)  # noqa: S608


def test_every_triple_is_in_the_tables(dataset: Dataset) -> None:
    """What the records say is in a column, a link or a parent: as many values as triples."""
    tables = relations(dataset)
    values = sum(
        value is not None
        for table in tables
        if table.name not in ("nodes", "concepts")
        for row in table.rows
        for column, value in zip(table.columns, row, strict=True)
        if column.name not in ("id", "type", "node", "earliest", "latest", "parent")
    )
    nested = len({node for record in dataset.records.values() for node in record.nodes}) - len(
        dataset.records
    )
    types = sum(
        len(node["type"])
        for record in dataset.records.values()
        for node in [record.json, *(inner for _, inner in nested_nodes(record.json))]
        if "type" in node
    )
    # A report that stands under `relays` has a parent, and is in the column, too.
    twice = count(dataset, "?x m2m:relays ?report . ?report a m2m:Report")
    assert values + nested + types - twice == sum(record.values for record in dataset.records.values())


def test_tables_hold_together(database: Any, built: dict[str, bytes]) -> None:
    """Ids are unique, and references lead to a row: asked of DuckDB, for CSV and for Parquet."""
    package = json.loads(built["tables/datapackage.json"])
    keys = 0
    for resource in package["resources"]:
        for prefix in ("", "parquet_"):
            name = prefix + resource["name"]
            key = ", ".join(f'"{column}"' for column in resource["schema"]["primaryKey"])
            twice = f"SELECT {key} FROM {name} GROUP BY ALL HAVING count(*) > 1"  # noqa: S608
            assert database.execute(twice).fetchall() == []
            for foreign in resource["schema"]["foreignKeys"]:
                keys += 1
                column = f'"{foreign["fields"][0]}"'
                target = prefix + (foreign["reference"]["resource"] or resource["name"])
                lost = f"FROM {name} ANTI JOIN {target} AS other ON {name}.{column} = other.id"
                lost += f" WHERE {column} IS NOT NULL"
                assert database.execute(lost).fetchall() == [], (name, column)
    assert keys > 100


def test_a_query_over_tables_answers_as_the_graph_does(dataset: Dataset, database: Any) -> None:
    """Who took part in which contact, in which office, on which day: by joins, and by SPARQL."""
    found = database.execute(
        """SELECT contacts.id, officials.label, offices.label, parquet_contacts.earliest
        FROM participations JOIN contacts ON parent = contacts.id
        JOIN officials ON official = officials.id
        JOIN parquet_contacts ON parquet_contacts.id = contacts.id
        LEFT JOIN offices ON office = offices.id"""
    ).fetchall()
    query = f"""{PREFIXES} SELECT ?contact ?name ?office ?day {{
      ?contact a/rdfs:subClassOf* m2m:Contact ; m2m:participant ?part .
      ?part m2m:official/rdfs:label ?name . OPTIONAL {{ ?part m2m:office/rdfs:label ?office }}
      OPTIONAL {{ ?contact m2m:earliest ?day }} }}"""
    expected = [tuple(row.values()) for row in rows(dataset.store, query)]
    assert len(expected) > 10
    assert sorted(
        (BASE + id_, name, office or "", str(day or "")) for id_, name, office, day in found
    ) == (sorted(expected))


def test_nodes_lead_to_their_records(dataset: Dataset) -> None:
    nodes = {row[0]: row for row in relations(dataset)[0].rows}
    assert set(nodes) == {
        iri.removeprefix(BASE) for record in dataset.records.values() for iri in record.nodes
    }
    for name, (_, _, record, parent) in nodes.items():
        above = name
        while parent is not None:
            above, parent = parent, nodes[parent][3]
        assert above == record
        assert above in dataset.records


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_pandas_reads_the_tables(kind: str, folder: Path, dataset: Dataset) -> None:
    pandas = tool("pandas")
    file = folder / "tables" / f"contacts.{kind}"
    if kind == "csv":
        frame = pandas.read_csv(file, index_col="id", parse_dates=["earliest", "latest"])
    else:
        frame = pandas.read_parquet(file).set_index("id")
    assert len(frame) == sum(name.startswith("contacts/") for name in dataset.records)
    bern = frame.loc["contacts/2019-12-18-bern"]
    assert (bern["type"], bern["modality"], bern["date"]) == ("Meeting", "occurred", "2019-12-18")
    assert pandas.Timestamp(bern["earliest"]) == pandas.Timestamp(2019, 12, 18)
    geneva = frame.loc["contacts/2014-01-brussels"]
    assert str(pandas.Timestamp(geneva["latest"]).date()) == "2014-01-31"


def test_parquet_has_types_and_meanings(folder: Path) -> None:
    parquet = tool("pyarrow.parquet")
    schema = parquet.read_schema(folder / "tables" / "ordinals.parquet")
    assert str(schema.field("number").type) == "int64"
    assert str(schema.field("earliest").type) == "date32[day]"
    assert not schema.field("id").nullable
    assert schema.field("number").metadata[b"description"] == b"The count: 1 for the first."


def test_the_data_package_is_valid(folder: Path) -> None:
    frictionless = tool("frictionless")
    report = frictionless.validate(str(folder / "tables" / "datapackage.json"))
    assert report.valid, report.flatten(["name", "rowNumber", "message"])[:5]
    assert len(report.tasks) == len(list((folder / "tables").glob("*.csv")))


@pytest.mark.parametrize(
    ("file", "old", "new", "error"),
    [
        ("participations.csv", ",officials/valery-gerasimov,", ",officials/nobody,", "foreign-key"),
        ("contacts.csv", ",occurred,2019-12-18,2019-12-18,", ",occured,2019-12-18,soon,", "type-error"),
    ],
)
def test_the_data_package_finds_what_is_wrong(
    file: str, old: str, new: str, error: str, folder: Path, tmp_path: Path
) -> None:
    """Its schema says enough that a wrong reference, value or type is found."""
    frictionless = tool("frictionless")
    for source in (folder / "tables").iterdir():
        (tmp_path / source.name).write_bytes(source.read_bytes())
    text = (tmp_path / file).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    report = frictionless.validate(str(tmp_path / "datapackage.json"))
    kinds = {kind for (kind,) in report.flatten(["type"])}
    assert error in kinds
    assert ("constraint-error" in kinds) == ("occured" in new)


def test_columns_come_from_the_shapes(dataset: Dataset, small: Path) -> None:
    """A change of a shape changes the tables, without a change of Python."""
    names = {table.name for table in relations(dataset)}
    shapes = small / "validation" / "shapes" / "agreements.ttl"
    text = shapes.read_text(encoding="utf-8")
    start = text.index("shape:made-at a")
    end = text.index(" .\n", start)
    assert "sh:maxCount 1" in text[start:end]
    many = text[start:end].replace("sh:maxCount 1", "sh:maxCount 2")
    shapes.write_text(text[:start] + many + text[end:], encoding="utf-8")
    changed = {table.name: table for table in relations(Dataset(small))}
    assert "node_madeAt" in changed
    assert "node_madeAt" not in names
    assert "madeAt" not in {column.name for column in changed["agreements"].columns}


# GraphML

# What nodes of records refer to; each in another record is an edge.
REFERENCES = f"""SELECT DISTINCT ?node ?property ?value {{ GRAPH ?graph {{ ?node ?property ?value }}
  FILTER(ISIRI(?value)) FILTER(?graph != <{BASE}graphs/ontology>)
  FILTER(!STRSTARTS(STR(?node), "{BASE}graphs/")) }}"""


@pytest.fixture(scope="module")
def network(built: dict[str, bytes]) -> Any:
    return tool("networkx").parse_graphml(built["mil2mil.graphml"].decode("utf-8"))


def test_networkx_reads_the_records(dataset: Dataset, network: Any) -> None:
    assert set(network.nodes) == set(dataset.records)
    for name, attributes in network.nodes(data=True):
        record = dataset.records[name].json
        assert attributes["label"] == record["label"]
        assert attributes["kind"] == record["type"][0]
    assert network.nodes["contacts/2014-01-brussels"]["latest"] == "2014-01-31"
    assert (
        network.nodes["seeds/thehill-2017-02-16"]["length"]
        == dataset.records["seeds/thehill-2017-02-16"].json["length"]
    )


def test_networkx_reads_the_references(dataset: Dataset, network: Any) -> None:
    records = {record.iri for record in dataset.records.values()}
    expected = []
    for row in rows(dataset.store, REFERENCES):
        source, target = (row[end].partition("#")[0] for end in ("node", "value"))
        if source != target and target in records:
            expected.append((source, target, row["value"]))
    assert len(expected) > 500
    found = [(BASE + a, BASE + b, BASE + data["to"]) for a, b, data in network.edges(data=True)]
    assert Counter(found) == Counter(expected)


def test_an_edge_says_in_which_capacity(network: Any) -> None:
    edges = network.get_edge_data("contacts/2017-02-16-azerbaijan", "officials/joseph-dunford")
    by_path = {data["path"]: data for data in edges.values()}
    assert by_path["participants/official"]["office"] == "offices/us-chairman-joint-chiefs"
    assert by_path["participants/official"]["label"] == "participant / official"
    assert by_path["ordinals/scope"]["number"] == 1


# RDF 1.2


@pytest.fixture(scope="module")
def reified(built: dict[str, bytes]) -> set[ox.Quad]:
    """The quads as they are parsed; a store would change the datatypes of numbers."""
    return set(ox.parse(built["mil2mil.rdf12.nq"], format=ox.RdfFormat.N_QUADS))


REIFIES = "http://www.w3.org/1999/02/22-rdf-syntax-ns#reifies"


def test_rdf_12_holds_all_quads_and_only_facts_besides(dataset: Dataset, reified: set[ox.Quad]) -> None:
    assert set(dataset.quads) <= reified
    added = reified - set(dataset.quads)
    assert {quad.predicate.value for quad in added} == {REIFIES, f"{TERMS}evidence"}
    asserted = {quad.triple for quad in dataset.quads}
    triples = [quad.object for quad in added if quad.predicate.value == REIFIES]
    assert len(triples) > 1000
    assert all(isinstance(triple, ox.Triple) and triple in asserted for triple in triples)


def test_every_triple_of_a_fact_leads_to_its_evidence(dataset: Dataset, reified: set[ox.Quad]) -> None:
    """By its reifiers alone, and to what the node and the nodes about it name."""
    units: dict[str, set[str]] = {}
    for quad in reified:
        if quad.predicate.value == f"{TERMS}evidence":
            units.setdefault(str(quad.subject), set()).add(str(quad.object))
    found: dict[tuple[str, str, str], set[str]] = {}
    for quad in reified:
        triple = quad.object
        if isinstance(triple, ox.Triple):
            key = (str(triple.subject), str(triple.predicate), str(triple.object))
            found.setdefault(key, set()).update(units[str(quad.subject)])
    evidence: dict[str, set[str]] = {}
    inferred: dict[tuple[str, str], set[str]] = {}
    for quad in dataset.quads:
        if quad.predicate.value == f"{TERMS}evidence":
            evidence.setdefault(str(quad.subject), set()).add(str(quad.object))
    for row in rows(
        dataset.store,
        f"{PREFIXES} SELECT * {{ ?n m2m:inferred ?i . ?i m2m:property ?p ; m2m:evidence ?e }}",
    ):
        inferred.setdefault((f"<{row['n']}>", f"<{row['p']}>"), set()).add(f"<{row['e']}>")
    inside = {f"<{iri}>" for record in dataset.records.values() for iri in record.nodes if "#" in iri}
    ours = {"type", "label", "evidence", "earliest", "latest"}
    checked = 0
    for quad in dataset.quads:
        node, predicate, value = str(quad.subject), str(quad.predicate), str(quad.object)
        if quad.predicate.value.rpartition("#")[2] in ours or node not in evidence:
            continue
        checked += 1
        own = inferred.get((node, predicate), evidence[node])
        nested = value in inside
        assert found[node, predicate, value] == (evidence.get(value, own) if nested else own)
    assert checked > 500


def test_what_is_inferred_is_not_laid_to_the_source(built: dict[str, bytes]) -> None:
    """Asked in SPARQL 1.2, as a user would."""
    store = ox.Store()
    store.load(built["mil2mil.rdf12.nq"], format=ox.RdfFormat.N_QUADS)
    date = '"2017-02-16"^^<http://id.loc.gov/datatypes/edtf/EDTF>'
    query = f"""PREFIX m2m: <{TERMS}> SELECT ?fact ?unit {{ GRAPH ?graph {{ ?fact m2m:evidence ?unit ;
      <{REIFIES}> <<( <{BASE}contacts/2017-02-16-azerbaijan> m2m:date {date} )>> }} }}"""
    solutions = store.query(query)
    assert isinstance(solutions, ox.QuerySolutions)
    units = {str(unit).strip("<>").removeprefix(BASE) for _, unit in solutions}
    assert units == {"seeds/azertac-637741", "seeds/defense-gov-1084033"}


# schema.org


@pytest.fixture(scope="module")
def described(built: dict[str, bytes]) -> rdflib.Graph:
    text = built["schema-org.jsonld"].decode("utf-8")
    return rdflib.Graph().parse(data=text, format="json-ld")


def of_type(graph: rdflib.Graph, name: str) -> set[str]:
    found = graph.subjects(rdflib.RDF.type, rdflib.URIRef(SCHEMA + name))
    return {str(node).removeprefix(BASE) for node in found}


def test_pyld_and_rdflib_read_the_same_schema_org(
    built: dict[str, bytes], described: rdflib.Graph
) -> None:
    document = json.loads(built["schema-org.jsonld"])
    text = jsonld.to_rdf(document, {"format": "application/n-quads"})
    other = rdflib.Graph().parse(data=text, format="nt")
    assert rdflib.compare.isomorphic(other, described)
    assert {str(p) for p in described.predicates() if not str(p).startswith(SCHEMA)} == {
        str(rdflib.RDF.type)
    }


def test_schema_org_has_the_right_classes(dataset: Dataset, described: rdflib.Graph) -> None:
    ids = list(dataset.records)
    assert of_type(described, "Person") == {name for name in ids if name.startswith("officials/")}
    assert of_type(described, "Place") == {name for name in ids if name.startswith("places/")}
    articles = of_type(described, "NewsArticle")
    assert articles == {name for name in ids if "units" in dataset.records[name].json}
    assert of_type(described, "WebPage") | articles == {n for n in ids if n.startswith("seeds/")}
    assert of_type(described, "Dataset") == {"dataset"}
    assert not of_type(described, "CreativeWork")


def test_schema_org_tells_only_what_occurred(dataset: Dataset, described: rdflib.Graph) -> None:
    query = f"""{PREFIXES} SELECT DISTINCT ?event ?modality {{
      ?event a/rdfs:subClassOf* m2m:Event ; m2m:modality ?modality }}"""
    events = {row["event"]: row["modality"] for row in rows(dataset.store, query)}
    occurred = {event for event, how in events.items() if how.endswith("/occurred")}
    assert set(events) - occurred
    assert {BASE + name for name in of_type(described, "Event")} == occurred
    assert not {str(node) for node in described.all_nodes()} & (set(events) - occurred)


def test_schema_org_has_who_and_where_and_when(described: rdflib.Graph) -> None:
    event = rdflib.URIRef(f"{BASE}contacts/2019-12-18-bern")
    schema = rdflib.Namespace(SCHEMA)
    assert str(described.value(event, schema.startDate)) == "2019-12-18"
    people = {str(node).removeprefix(BASE) for node in described.objects(event, schema.participant)}
    assert {"officials/mark-milley", "officials/valery-gerasimov"} <= people
    place = described.value(event, schema.location)
    assert (place, rdflib.RDF.type, schema.Place) in described
    # A week in which a meeting fell is not how long it took, and a doubtful day is no date.
    assert not set(described.subject_objects(schema.endDate))
    article = rdflib.URIRef(f"{BASE}seeds/thehill-2017-02-16")
    assert described.value(article, schema.datePublished) is None
    assert described.value(described.value(article, schema.publisher), schema.name) is not None
    assert len(list(described.objects(article, schema.name))) == 1


def test_schema_org_follows_the_ontology(small: Path) -> None:
    """Another alignment makes another export, without a change of Python."""
    file = small / "ontology" / "mil2mil.ttl"
    text = file.read_text(encoding="utf-8")
    assert "rdfs:seeAlso schema:participant, sem:hasActor" in text
    text = text.replace("seeAlso schema:participant, sem", "seeAlso schema:attendee, sem")
    file.write_text(text, encoding="utf-8")
    (written,) = exports.export(Dataset(small), ["schema.org"]).values()
    graph = rdflib.Graph().parse(data=written, format="json-ld")
    schema = rdflib.Namespace(SCHEMA)
    assert list(graph.subject_objects(schema.attendee))
    assert not list(graph.subject_objects(schema.participant))


def test_schema_org_refers_to_nothing_that_did_not_occur() -> None:
    """Not even where the ontology would lead there: an outcome does not make its plan an event."""
    dataset = Dataset(ROOT)
    realises, schema = f"{TERMS}realises", rdflib.Namespace(SCHEMA)
    see_also, super_event = map(ox.NamedNode, (str(rdflib.RDFS.seeAlso), str(schema.superEvent)))
    dataset.ontology.append(ox.Triple(ox.NamedNode(realises), see_also, super_event))
    plans = {str(quad.object.value) for quad in dataset.quads if quad.predicate.value == realises}  # type: ignore[union-attr]
    assert plans
    (written,) = exports.export(dataset, ["schema.org"]).values()
    graph = rdflib.Graph().parse(data=str(written), format="json-ld")
    assert not {str(node) for node in graph.all_nodes()} & plans


# Croissant


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_mlcroissant_reads_every_record(folder: Path, built: dict[str, bytes]) -> None:
    croissant = tool("mlcroissant").Dataset(str(folder / "tables" / "croissant.json"))
    issues = croissant.metadata.issues
    assert not issues.errors
    assert not issues.warnings
    package = json.loads(built["tables/datapackage.json"])
    sets = [record_set.id for record_set in croissant.metadata.record_sets]
    assert sets == [resource["name"] for resource in package["resources"]]
    for resource in package["resources"]:
        name = resource["name"]
        expected = built[f"tables/{name}.csv"]
        frame = tool("pandas").read_csv(io.BytesIO(expected))
        records = list(croissant.records(record_set=name))
        assert len(records) == len(frame)
        assert not records or {key.partition("/")[2] for key in records[0]} == set(frame.columns)
    first = next(iter(croissant.records(record_set="ordinals")))
    assert first["ordinals/number"] == 1


# Building


def options(root: Path, output: Path, *formats: str) -> argparse.Namespace:
    more = {"engine": "shacl", "text": None, "executor": None, "store": None, "only": None}
    return argparse.Namespace(root=root, output=output, formats=list(formats), **more)


def files_in(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


def test_build_adds_what_is_named(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, more, all_ = tmp_path / "plain", tmp_path / "more", tmp_path / "all"
    assert build(options(small, plain)) == 0
    assert build(options(small, more, "graphml", "rdf12")) == 0
    assert files_in(more) - files_in(plain) == {"mil2mil.graphml", "mil2mil.rdf12.nq"}
    for name in files_in(plain):
        assert (more / name).read_bytes() == (plain / name).read_bytes()
    tool("pyarrow")
    assert build(options(small, all_, "all")) == 0
    assert {"tables/croissant.json", "tables/contacts.parquet", "schema-org.jsonld"} < files_in(all_)
    out = capsys.readouterr().out
    size = sum(file.stat().st_size for file in (all_ / "tables").iterdir())
    assert f"{all_ / 'tables'}/ " in out
    assert f" {size:,} bytes" in out


def test_a_format_that_is_none(dataset: Dataset) -> None:
    with pytest.raises(DatasetError, match=r"no format 'graphlm'.*graphml"):
        exports.export(dataset, ["graphlm"])


def test_without_pyarrow_it_says_what_to_install(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DatasetError, match=r"mil2mil\[tables\]"):
        exports.export(dataset, ["tables"])
    assert "tables/contacts.csv" in exports.export(dataset, ["croissant"])


RUN = """import hashlib, pathlib, random, sys
from mil2mil import exports
from mil2mil.dataset import Dataset
from mil2mil.output import bytes_of
dataset = Dataset(pathlib.Path(sys.argv[1]))
names = list(dataset.records)
random.Random(sys.argv[2]).shuffle(names)
dataset.records = {name: dataset.records[name] for name in names}
random.Random(sys.argv[2]).shuffle(dataset.quads)
for name, content in exports.export(dataset, ["all"]).items():
    print(name, hashlib.sha256(bytes_of(content)).hexdigest())
"""


@pytest.mark.parametrize("seed", [1, 22])
def test_same_bytes_over_hash_seeds_and_orders(
    seed: int, built: dict[str, bytes], tmp_path: Path
) -> None:
    """In processes with other hash seeds; with records, quads, keys and lists in other orders."""
    for name in ("data", "seeds", "ontology", "validation"):
        copy(ROOT / name, tmp_path / name, seed if name in ("data", "seeds") else 0)
    run = subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path), str(seed)],
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
        capture_output=True,
        text=True,
        check=True,
    )
    expected = {name: hashlib.sha256(content).hexdigest() for name, content in built.items()}
    assert dict(line.split(" ") for line in run.stdout.splitlines()) == expected


def test_nothing_is_left_of_a_folder_where_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_all(tmp_path, {"a": "old", "old/b": b"old"})

    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(OSError, match="No space"):
        write_all(tmp_path, {"a": "new", "old/b": b"new", "new/inner/c": b"new"})
    assert {name: (tmp_path / name).read_text() for name in files_in(tmp_path)} == {
        "a": "old",
        "old/b": "old",
    }
    assert not (tmp_path / "new").exists()


def test_nothing_is_written_where_a_file_stands_in_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "tables").write_text("taken")
    with pytest.raises(NotADirectoryError):
        write_all(tmp_path, {"a": "new", "tables/b": b"new"})
    assert files_in(tmp_path) == {"tables"}
