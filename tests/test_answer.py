"""Asking: answers as rows, DataFrames and files; nothing is let out, and nothing is spliced in."""

from __future__ import annotations

import csv
import datetime
import io
import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pandas
import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st
from rdflib.plugins.sparql.results.tsvresults import TSVResultParser

from mil2mil.cli import main
from mil2mil.finding import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

    from mil2mil.dataset import Dataset

MEETING = "contacts/2017-02-16-azerbaijan"
SINCE = "SELECT ?x WHERE { ?x a m2m:Meeting ; m2m:earliest ?day FILTER(?day >= ?from) }"
DAYS = """SELECT ?contact ?day {
  ?contact m2m:modality modality:occurred ; m2m:earliest ?day } ORDER BY ?day ?contact"""


def test_questions_by_name(dataset: Dataset) -> None:
    for question in dataset.questions:
        text = dataset.query(question.name).serialize("csv").replace("\r\n", "\n")
        assert text == question.expected, question.name


def test_rdflib_answers_the_same(dataset: Dataset) -> None:
    graph = dataset.rdflib()
    assert isinstance(graph, rdflib.Dataset)
    triples = {quad.triple for quad in dataset.quads} | set(dataset.ontology)
    assert len({(s, p, o) for s, p, o, _ in graph.quads()}) == len(triples)
    answer = dataset.query(
        "PREFIX m2m: <https://w3id.org/mil2mil/ontology#> SELECT ?a ?b { ?a m2m:place ?b }"
    )
    theirs = graph.query(
        "PREFIX m2m: <https://w3id.org/mil2mil/ontology#> SELECT ?a ?b { ?a m2m:place ?b }"
    )
    assert {(str(a), str(b)) for a, b in theirs} == {(row["a"].value, row["b"].value) for row in answer}  # type: ignore[misc]
    assert len(answer) > 5


def test_rows(dataset: Dataset) -> None:
    answer = dataset.query(DAYS)
    assert answer.variables == ["contact", "day"]
    assert len(answer) == len(list(answer)) > 5
    assert answer[0]["day"].value < answer[-1]["day"].value
    assert answer.table()[0][0].startswith(("contacts/", "incidents/", "occurrences/"))


def test_data_frame(dataset: Dataset) -> None:
    frame = dataset.query("""SELECT ?kind ?contact ?day ?number ?some ?share ?yes ?mixed ?none {
        ?contact a ?kind ; m2m:earliest ?day ; m2m:ordinal/m2m:number ?number .
        OPTIONAL { ?contact m2m:duration ?some } BIND(0.5 AS ?share) BIND(true AS ?yes)
        BIND(IF(?number = 1, ?day, ?number) AS ?mixed) }""").df()
    kinds = frame.dtypes.astype(str).to_dict()
    assert kinds == {
        "kind": "str",
        "contact": "str",
        "day": "datetime64[s]",
        "number": "Int64",
        "some": "str",
        "share": "Float64",
        "yes": "boolean",
        "mixed": "str",
        "none": "str",
    }
    row = frame[frame["contact"] == MEETING].iloc[0]
    assert (row["kind"], row["day"], row["number"]) == ("m2m:Meeting", pandas.Timestamp(2017, 2, 16), 1)
    assert bool(row["yes"]) is True
    assert frame["some"].isna().any()
    assert frame["none"].isna().all()
    assert float((frame["share"] * 2).iloc[0]) == 1.0


def test_data_frame_of_nothing(dataset: Dataset) -> None:
    frame = dataset.query("SELECT ?a ?b { ?a m2m:nothing ?b }").df()
    assert (list(frame.columns), len(frame)) == (["a", "b"], 0)


@pytest.mark.parametrize(
    ("query", "bindings", "rows"),
    [
        ("SELECT ?day { ?contact m2m:earliest ?day }", {"contact": MEETING}, 1),
        (
            "SELECT ?day { ?contact m2m:earliest ?day }",
            {"contact": f"https://w3id.org/mil2mil/{MEETING}"},
            1,
        ),
        (SINCE, {"from": datetime.date(2019, 12, 18)}, 2),
        (SINCE, {"from": "2019-12-18"}, 2),
        ("SELECT ?x { ?x rdfs:label ?name }", {"name": ox.Literal("Baku", language="en")}, 1),
        ("SELECT (COUNT(*) AS ?n) { ?x m2m:number ?number }", {"number": ox.Literal(2)}, 1),
        (
            "SELECT (EXISTS { ?a ?b ?c } AS ?e) ?x # {\n{ ?x rdfs:label ?l FILTER(STR(?l) = ?name) }",
            {"name": "Baku"},
            1,
        ),
    ],
)
def test_bindings(dataset: Dataset, query: str, bindings: dict[str, Any], rows: int) -> None:
    assert len(dataset.query(query, **bindings)) == rows


@given(st.text())
def test_a_bound_text_is_a_value_and_no_part_of_the_query(dataset: Dataset, text: str) -> None:
    answer = dataset.query("SELECT ?text (1 AS ?one) { }", text=ox.Literal(text))
    assert [row["text"].value for row in answer] == [text]


def test_an_id_that_nothing_has(dataset: Dataset) -> None:
    with pytest.raises(DatasetError, match="there is no 'places/bkau'; did you mean 'places/baku'"):
        dataset.query("SELECT ?x { ?x m2m:place ?place }", place="places/bkau")


def test_moments(dataset: Dataset) -> None:
    frame = dataset.query('SELECT ?m { BIND("2017-02-16T10:00:00Z"^^xsd:dateTime AS ?m) }').df()
    assert frame["m"][0] == pandas.Timestamp("2017-02-16T10:00", tz="UTC")


@pytest.mark.parametrize(
    ("value", "rows"),
    [("since=2019-12-18", "2"), ('since="2019-12-18"^^<http://www.w3.org/2001/XMLSchema#date>', "2")],
)
def test_bindings_of_the_terminal(
    value: str, rows: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "since.rq"
    file.write_text(
        SINCE.replace("?x WHERE", "(COUNT(*) AS ?n) WHERE").replace("?from", "?since"), encoding="utf-8"
    )
    assert main(["query", str(file), "--bind", value, "--format", "csv"]) == 0
    assert capsys.readouterr().out.split() == ["n", rows]
    assert main(["query", str(file), "--bind", 'since="x']) == 2
    assert "write a term as" in capsys.readouterr().err


REFUSED = {
    "SELECT ?x { SERVICE <http://127.0.0.1:9/> { ?x ?y ?z } }": "SERVICE is refused",
    "SELECT ?x { # comment\n service silent <http://127.0.0.1:9/> { ?x ?y ?z } }": "SERVICE is refused",
    'SELECT * { BIND(""" " """ AS ?a) SERVICE <http://a/> { ?x ?y ?z } # "\n }': "SERVICE is refused",
    "SELECT * { FILTER(?a<?b)SERVICE#\n<http://127.0.0.1:9/>{?x ?y ?z} }": "SERVICE is refused",
    "PREFIX e: <http://127.0.0.1:9/> SELECT * { SERVICE e: { ?x ?y ?z } }": "SERVICE is refused",
    "SELECT * { VALUES ?x { <http://127.0.0.1:9/> } SERVICE ?x { ?x ?y ?z } }": "SERVICE is refused",
    "LOAD <http://127.0.0.1:9/>": "LOAD is refused",
    "PREFIX a: <urn:a>\nDELETE WHERE { ?s ?p ?o }": "DELETE is refused",
    "ASK { ?s ?p ?o }": "a SELECT is expected",
    "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }": "a SELECT is expected",
    "SELECT": "not SPARQL, line 1, column 7",
    " ": "it is empty",
    "SELECT ?x { ?x foo:bar ?y }": "the prefix 'foo:' is not declared",
    "contacts-by-fromat": "question 'contacts-by-fromat'; did you mean 'contacts-by-format'",
}


@pytest.mark.parametrize("query", REFUSED)
def test_refused(dataset: Dataset, query: str) -> None:
    with pytest.raises(DatasetError, match=REFUSED[query]):
        dataset.query(query)


def test_a_variable_or_a_name_is_no_service(dataset: Dataset) -> None:
    assert len(dataset.query("SELECT ?service { VALUES ?service { 1 } }")) == 1
    assert len(dataset.query("SELECT ?x { ?x m2m:service <http://example.org/> }")) == 0


def test_unknown_variable(dataset: Dataset) -> None:
    with pytest.raises(DatasetError, match="no variable \\?contcat"):
        dataset.query(DAYS, contcat=MEETING)


def test_time_limit(dataset: Dataset) -> None:
    endless = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l FILTER(?c < ?f) }"
    with pytest.raises(DatasetError, match=r"more than 0\.2 seconds"):
        dataset.query(endless, timeout=0.2)
    assert len(dataset.query(DAYS)) > 5


def test_drawn_in_a_notebook(dataset: Dataset) -> None:
    html = dataset.query("SELECT (\"<script>alert('x')</script>\" AS ?text) {}")._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_formats(capsys: pytest.CaptureFixture[str]) -> None:
    def run(format_: str) -> str:
        assert main(["query", "contacts-by-format", "--format", format_]) == 0
        return capsys.readouterr().out

    rows = list(csv.reader(io.StringIO(run("csv"))))
    names, cells = rows[0], rows[1:]
    tsv = TSVResultParser().parse(  # type: ignore[no-untyped-call]
        io.BytesIO(run("tsv").encode())
    )
    assert [str(variable) for variable in tsv.vars or ()] == names
    assert len(tsv.bindings) == len(cells)
    read = json.loads(run("json"))
    assert read["head"]["vars"] == names
    found = [
        [row.get(name, {}).get("value", "") for name in names] for row in read["results"]["bindings"]
    ]
    assert found == cells
    space = "{http://www.w3.org/2005/sparql-results#}"
    tree = ElementTree.fromstring(run("xml"))  # noqa: S314 our own
    assert len(tree.findall(f"{space}results/{space}result")) == len(cells)
    markdown = run("md").splitlines()
    assert len(markdown) == len(cells) + 2
    assert all(line.startswith(("| ", "|-")) for line in markdown)
    table = run("table")
    assert f"{len(cells)} rows" in table


def test_table_fits_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    assert main(["query", "readouts-compared"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 72


def test_query_from_file_and_standard_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "days.rq"
    file.write_text("SELECT ?day { ?contact m2m:earliest ?day }", encoding="utf-8")
    given = ["--bind", f"contact={MEETING}", "--format", "csv"]
    assert main(["query", str(file), *given]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(file.read_text(encoding="utf-8")))
    assert main(["query", "-", *given]) == 0
    assert capsys.readouterr().out.split() == ["day", "2017-02-16", "day", "2017-02-16"]
    assert main(["query", str(tmp_path / "none.rq")]) == 2
    assert main(["query", str(file), "--bind", "contact"]) == 2
    assert "NAME=VALUE" in capsys.readouterr().err


def test_list_of_questions(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["query"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [question.name for question in dataset.questions]
