"""The endpoint over HTTP, what it refuses and stops, and its page in a browser."""

from __future__ import annotations

import contextlib
import csv
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit
from xml.etree import ElementTree

import pytest

from conftest import ROOT
from mil2mil.endpoint import MAX_ANSWER
from mil2mil.graph import asks_elsewhere
from mil2mil.serve import MAX_BODY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mil2mil.dataset import Dataset

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
NAMES = [file.stem for file in sorted((ROOT / "validation" / "questions").glob("*.rq"))]
FORM = "application/x-www-form-urlencoded"
SPARQL = "application/sparql-query"
JSON = "application/sparql-results+json"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


def start(
    temporary: Path, limit: int = 30, port: int = 0, host: str = "127.0.0.1", root: Path = ROOT
) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "mil2mil", "serve", "--root", str(root), "--host", host]
    command += ["--port", str(port), "--timeout", str(limit)]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment)


class Running:
    """A server in a process of its own, with a folder of its own for what is temporary."""

    def __init__(self, temporary: Path, limit: int = 30, host: str = "127.0.0.1") -> None:
        self.temporary = temporary
        self.process = start(temporary, limit, host=host)
        assert self.process.stdout is not None
        self.said = [self.process.stdout.readline() for _ in range(3)]
        assert self.said[2], self.process.communicate()[1]
        self.page = self.said[0].split()[-1]
        self.port = urlsplit(self.page).port or 0

    def ask(
        self, method: str, path: str, body: bytes | str | None = None, **headers: str
    ) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, named)
            response = connection.getresponse()
            text = response.read().decode()
            return response.status, {key.lower(): value for key, value in response.getheaders()}, text
        finally:
            connection.close()

    def query(self, query: str, accept: str = "text/csv") -> tuple[int, str]:
        status, _, text = self.ask("POST", "/query", query, Content_Type=SPARQL, Accept=accept)
        return status, text.replace("\r\n", "\n")

    def stop(self, number: int = signal.SIGINT) -> str:
        self.process.send_signal(number)
        try:
            _, errors = self.process.communicate(timeout=20)
        finally:
            self.process.kill()
        assert self.process.returncode == 0, errors
        return errors


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("serve"))
    yield running
    assert running.stop() == "", "the server complained"


@pytest.fixture(scope="module")
def hurried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with a time limit of a second."""
    running = Running(tmp_path_factory.mktemp("hurried"), limit=1)
    yield running
    assert running.stop() == "", "the server complained"


@pytest.fixture(scope="module")
def expected(dataset: Dataset) -> dict[str, list[list[str]]]:
    return {item.name: [*csv.reader(io.StringIO(item.expected))] for item in dataset.questions}


@pytest.mark.parametrize("name", NAMES)
def test_a_client_gets_the_expected_answers(
    name: str, server: Running, dataset: Dataset, expected: dict[str, list[list[str]]]
) -> None:
    from SPARQLWrapper import JSON as AS_JSON
    from SPARQLWrapper import POST, SPARQLWrapper

    query = next(item.query for item in dataset.questions if item.name == name)
    client = SPARQLWrapper(f"{server.page}query", returnFormat=AS_JSON)
    client.setMethod(POST)
    client.setQuery(query)
    answer: Any = client.queryAndConvert()
    header, *rows = expected[name]
    assert answer["head"]["vars"] == header
    found = answer["results"]["bindings"]
    assert [[row.get(key, {}).get("value", "") for key in header] for row in found] == rows


def test_each_way_to_send_a_query(server: Running, dataset: Dataset) -> None:
    form = urlencode({"query": COUNT})
    ways = [
        server.ask("GET", f"/query?{form}", Accept="text/csv"),
        server.ask("POST", "/query", form, Content_Type=FORM, Accept="text/csv"),
        server.ask("POST", "/query", form, Content_Type=f"{FORM}; charset=UTF-8", Accept="text/csv"),
        server.ask("POST", "/query", COUNT, Content_Type=SPARQL, Accept="text/csv"),
    ]
    triples = {(quad.subject, quad.predicate, quad.object) for quad in dataset.store}
    for status, headers, text in ways:
        assert (status, text) == (200, f"n\r\n{len(triples)}\r\n")
        assert headers["content-type"].startswith("text/csv")


def test_graphs_can_be_named(server: Running) -> None:
    graph = "https://w3id.org/mil2mil/graphs/places/baku"
    inside = f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}"
    status, wanted = server.query(inside)
    assert status == 200
    assert wanted > "n\n0\n"
    form = urlencode({"query": COUNT, "default-graph-uri": graph})
    for way in (
        server.ask("POST", "/query", form, Content_Type=FORM, Accept="text/csv"),
        server.ask("GET", f"/query?{form}", Accept="text/csv"),
        server.ask(
            "POST", f"/query?default-graph-uri={graph}", COUNT, Content_Type=SPARQL, Accept="text/csv"
        ),
    ):
        assert (way[0], way[2].replace("\r\n", "\n")) == (200, wanted)


@pytest.mark.parametrize(
    ("accept", "starts"),
    [
        (JSON, '{"head"'),
        ("application/sparql-results+xml", "<?xml"),
        ("text/csv", "label"),
        ("text/tab-separated-values", "?label"),
        (f"text/turtle;q=0.1, {JSON};q=0.9", '{"head"'),
        ("*/*", ""),
        ("", ""),
    ],
)
def test_the_format_that_is_asked_for(accept: str, starts: str, server: Running) -> None:
    query = "SELECT ?label { <https://w3id.org/mil2mil/places/baku> rdfs:label ?label }"
    query = f"PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> {query}"
    headers = {"Accept": accept} if accept else {}
    status, headers, text = server.ask("POST", "/query", query, Content_Type=SPARQL, **headers)
    assert status == 200
    assert text.startswith(starts)
    assert "Baku" in text
    kind = headers["content-type"].partition(";")[0]
    assert kind in accept or accept in ("*/*", "")
    if kind.endswith("xml"):
        ElementTree.fromstring(text)  # noqa: S314


def test_a_graph_and_a_format_that_there_is_not(server: Running) -> None:
    describe = "DESCRIBE <https://w3id.org/mil2mil/places/baku>"
    status, text = server.query(describe, "text/turtle")
    assert status == 200
    assert "Baku" in text
    assert server.query(describe, "text/csv")[0] == 406


def test_the_service_describes_itself(server: Running) -> None:
    status, _, text = server.ask("GET", "/query", Accept="application/n-triples")
    assert status == 200
    assert f"<{server.page}query>" in text


@pytest.mark.parametrize(
    ("method", "path", "body", "kind", "status"),
    [
        ("POST", "/update", "CLEAR ALL", "application/sparql-update", 403),
        ("POST", "/query", "CLEAR ALL", "application/sparql-update", 403),
        ("POST", "/query", "update=CLEAR+ALL", FORM, 403),
        ("GET", "/query?update=CLEAR+ALL", None, FORM, 403),
        ("POST", "/query", "CLEAR ALL", SPARQL, 400),
        ("POST", "/query", "INSERT DATA { <a:a> <a:b> <a:c> }", SPARQL, 400),
        ("POST", "/query", "LOAD <http://127.0.0.1/>", SPARQL, 400),
        ("PUT", "/store", "<a:a> <a:b> <a:c> .", "text/turtle", 403),
        ("DELETE", "/store?default", None, FORM, 403),
        ("DELETE", "/query", None, FORM, 405),
        ("POST", "/", "a", FORM, 405),
        ("POST", "/query", "SELEC", SPARQL, 400),
        ("POST", "/query", "", FORM, 400),
        ("POST", "/query", COUNT, "text/plain", 415),
        ("POST", "/query", b"ASK { ?s ?p '\xff' }", SPARQL, 400),
        ("POST", "/query", b"query=%ff", FORM, 400),
        ("GET", "/query?query=ASK+{}&query=ASK+{}", None, FORM, 400),
        ("POST", "/query?query=ASK+{}", "ASK {}", SPARQL, 400),
        ("GET", "/../pyproject.toml", None, FORM, 404),
        ("GET", "/page/../../../../etc/hostname", None, FORM, 404),
        ("GET", "/..%2fpyproject.toml", None, FORM, 404),
        ("GET", "//etc/hostname", None, FORM, 404),
        ("GET", "/index.html/", None, FORM, 404),
        ("BREW", "/query", None, FORM, 501),
    ],
)
def test_refused(
    method: str, path: str, body: str | bytes | None, kind: str, status: int, server: Running
) -> None:
    before = server.query(COUNT)
    found, headers, text = server.ask(method, path, body, Content_Type=kind)
    assert found == status, text
    assert text.strip(), "it is not said why"
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "access-control-allow-origin" not in headers
    assert server.query(COUNT) == before


def test_bad_sparql_is_told_where(server: Running) -> None:
    status, text = server.query("SELECT * {\n ?s ?p }")
    assert status == 400
    assert text.startswith("error at 2:")


def test_a_body_that_is_too_large(server: Running) -> None:
    comment = "#" * (MAX_BODY - len(COUNT) - 1) + "\n"
    assert server.query(comment + COUNT)[0] == 200
    status, text = server.query("#" + comment + COUNT)
    assert (status, text) == (413, "A query is at most 1024 KiB.\n")
    for length in ("-1", "x", "9" * 30):
        assert server.ask("POST", "/query", COUNT, Content_Length=length)[0] == 411
    assert server.ask("POST", "/query", COUNT, Transfer_Encoding="chunked")[0] == 411


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1.example.org", "localhost.", "", "10.0.0.1"])
def test_another_name_of_the_host(host: str, server: Running) -> None:
    for path in ("/", "/questions.json", f"/query?{urlencode({'query': COUNT})}"):
        assert server.ask("GET", path, Host=f"{host}:{server.port}")[0] == 421


def test_its_own_names(server: Running) -> None:
    for host in ("localhost", "127.0.0.1", "[::1]", "LocalHost", f"localhost:{server.port}"):
        assert server.ask("GET", "/", Host=host)[0] == 200


def test_any_name_once_others_may_reach_it(tmp_path: Path) -> None:
    running = Running(tmp_path, host="0.0.0.0")  # noqa: S104
    try:
        assert running.ask("GET", "/", Host="example.org")[0] == 200
    finally:
        running.stop()


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """The address of a server that is none of ours, and what was asked of it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(500)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as other:
        thread = threading.Thread(target=other.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{other.server_port}/", asked
        other.shutdown()
        thread.join()


# Ways to write a call of another server, some of which hide it from a reader who is not careful.
CALLS = [
    "SELECT * { SERVICE <IRI> { ?s ?p ?o } }",
    "SELECT * { service silent <IRI> { ?s ?p ?o } }",
    "SELECT * { SERVICESILENT<IRI>{ ?s ?p ?o } }",
    'SELECT * { BIND("""x" # """ AS ?a) SERVICE <IRI> { ?s ?p ?o } }',
    "SELECT * { # a comment ends here \r SERVICE <IRI> { ?s ?p ?o } }",
    "PREFIX e: <IRI> SELECT * { SERVICE e:x { ?s ?p ?o } }",
    "PREFIX e: <IRI> SELECT * { SERVICEe:x { ?s ?p ?o } }",
    "PREFIX : <IRI> SELECT * { SERVICE:x { ?s ?p ?o } }",
    "SELECT * { VALUES ?g { <IRI> } ?s ?p ?o FILTER(1<2)SERVICE?g#>\n{ ?a ?b ?c } }",
    "SELECT * { VALUES ?g { <IRI> } SERVICE $g { ?s ?p ?o } }",
    "SELECT * { SERVICE # now\n<IRI> { ?s ?p ?o } }",
    "SELECT * { ?x ?y 1SERVICE<IRI>{ ?s ?p ?o } }",
    "SELECT * { \\u0053ERVICE <IRI> { ?s ?p ?o } }",
    "SELECT * { SERV\\U00000049CE <IRI> { ?s ?p ?o } }",
    "ASK { { SELECT * { ?s ?p ?o FILTER EXISTS { SERVICE <IRI> { ?s ?p ?o } } } } }",
]


@pytest.mark.parametrize("call", CALLS)
def test_no_other_server_is_called(call: str, server: Running, elsewhere: tuple[str, list[str]]) -> None:
    address, asked = elsewhere
    status, text = server.query(call.replace("IRI", address))
    assert (status, "SERVICE is refused" in text) == (403, True)
    assert not asked


def test_nothing_is_fetched(server: Running, elsewhere: tuple[str, list[str]]) -> None:
    address, asked = elsewhere
    for clause in (f"FROM <{address}>", f"FROM NAMED <{address}>"):
        assert server.query(f"SELECT * {clause} {{ ?s ?p ?o }}")[0] == 200
    for key in ("default-graph-uri", "named-graph-uri"):
        form = urlencode({"query": COUNT, key: address})
        assert server.ask("POST", "/query", form, Content_Type=FORM)[0] == 200
    assert server.query(f"LOAD <{address}>")[0] == 400
    assert not asked


@pytest.mark.parametrize(
    "query",
    [
        COUNT,
        'SELECT * { ?s ?p ?o FILTER(CONTAINS(STR(?o), "secret service")) }',
        "SELECT ?service { ?s ?service ?o }",
        "PREFIX dcat: <http://www.w3.org/ns/dcat#> SELECT * { ?s dcat:service ?o }",
        "SELECT * { ?s <http://example.org/service/a> ?o }",
    ],
)
def test_the_word_alone_is_no_call(query: str) -> None:
    assert not asks_elsewhere(query)


NUMBERS = " ".join(map(str, range(40)))
HEAVY = [
    # Stopped by Oxigraph, which reads triples all the time.
    "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c > ?f) }",
    # Not stopped by Oxigraph: they join and sort what was read.
    "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c",
    f"SELECT (SUM(?a * ?b) AS ?n) {{ {' '.join(f'VALUES ?{x} {{ {NUMBERS} }}' for x in 'abcdefg')} }}",
]


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
@pytest.mark.parametrize("heavy", HEAVY)
def test_a_heavy_query_is_stopped(heavy: str, hurried: Running) -> None:
    before = children(hurried.process.pid)
    start = monotonic()
    status, text = hurried.query(heavy)
    assert (status, text) == (504, "The query was stopped after 1 s, the time limit.\n")
    assert monotonic() - start < 5
    assert hurried.query("ASK { ?s ?p ?o }") == (200, "true")
    assert (children(hurried.process.pid) == before) is (heavy is HEAVY[0]), "it may still run"


def test_an_answer_that_is_too_large(server: Running) -> None:
    status, text = server.query("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")
    assert (status, text) == (500, f"The answer is larger than {MAX_ANSWER >> 20} MiB; use LIMIT.\n")


def test_others_are_answered_meanwhile(hurried: Running) -> None:
    """A query that has to be killed takes the child with it, and the others are asked once more."""
    answers: list[tuple[int, str]] = []
    heavy = threading.Thread(target=hurried.query, args=(HEAVY[1],))
    heavy.start()
    while heavy.is_alive():
        answers.append(hurried.query("ASK { ?s ?p ?o }", "text/csv"))
    heavy.join()
    assert len(answers) > 3
    assert set(answers) == {(200, "true")}


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_a_query_whose_child_is_killed_is_asked_again(server: Running) -> None:
    (child,) = children(server.process.pid)
    os.kill(child, signal.SIGSTOP)
    answers: list[tuple[int, str]] = []
    waiting = threading.Thread(target=lambda: answers.append(server.query("ASK {}")))
    waiting.start()
    sleep(0.2)  # so that the query has reached the child
    os.kill(child, signal.SIGKILL)
    waiting.join()
    assert answers == [(200, "true")]
    assert children(server.process.pid) != [child]


def children(process: int) -> list[int]:
    """The processes that a process started, as Linux tells them."""
    return [
        int(number)
        for task in Path(f"/proc/{process}/task").iterdir()
        for number in (task / "children").read_text(encoding="utf-8").split()
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_nothing_is_left_behind(number: int, tmp_path: Path) -> None:
    running = Running(tmp_path)
    assert running.query("ASK {}")[0] == 200
    (child,) = children(running.process.pid)
    assert "serve-read-only" in Path(f"/proc/{child}/cmdline").read_text(encoding="utf-8")
    assert [*tmp_path.iterdir()] != []
    answers: list[int] = []

    def ask() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):  # it may not hear any more
            answers.append(running.query(HEAVY[1])[0])

    busy = threading.Thread(target=ask)
    busy.start()
    sleep(0.1)  # so that a query is under way
    assert running.stop(number) == ""
    busy.join()
    assert answers in ([], [500])
    assert not Path(f"/proc/{child}").exists()
    assert [*tmp_path.iterdir()] == []


def test_what_it_says(server: Running) -> None:
    assert server.said == [
        f"The page to ask from: http://127.0.0.1:{server.port}/\n",
        f"The SPARQL endpoint:  http://127.0.0.1:{server.port}/query\n",
        "Ctrl-C stops it.\n",
    ]


def failure(process: subprocess.Popen[str]) -> str:
    said, errors = process.communicate(timeout=30)
    assert (process.returncode, said) == (2, "")
    assert "Traceback" not in errors
    return errors


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        message = failure(start(tmp_path, port=port))
    expected = f"mil2mil: 127.0.0.1:{port} cannot be served: Address already in use; try another --port"
    assert message.strip() == expected
    assert [*tmp_path.iterdir()] == []


def test_what_else_cannot_be_served(tmp_path: Path) -> None:
    assert "cannot be served" in failure(start(tmp_path, port=70000))
    assert "--timeout is a number of seconds" in failure(start(tmp_path, limit=0))
    assert [*tmp_path.iterdir()] == []


def test_a_dataset_that_cannot_be_read(small: Path, tmp_path: Path) -> None:
    (small / "data/places/baku.yaml").write_text("a: [", encoding="utf-8")
    with start(tmp_path, root=small) as process:
        said, errors = process.communicate(timeout=30)
    assert "--> data/places/baku.yaml:2:1" in said
    assert errors == "mil2mil: serve needs a dataset that can be read\n"


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from mil2mil.endpoint import Engine
    from mil2mil.finding import DatasetError

    monkeypatch.setattr("shutil.which", lambda *_arguments, **_options: None)
    with pytest.raises(DatasetError, match=r"needs an extra: pip install 'mil2mil\[serve\]'"):
        Engine(tmp_path, 1)


def test_the_questions(server: Running, dataset: Dataset) -> None:
    status, _, text = server.ask("GET", "/questions.json")
    assert status == 200
    told = json.loads(text)
    assert [item["title"] for item in told["questions"]] == [item.title for item in dataset.questions]
    assert [item["name"] for item in told["questions"]] == NAMES
    assert not any("#+" in item["query"] for item in told["questions"])
    assert told["prefixes"]["m2m"] == "https://w3id.org/mil2mil/ontology#"


# The page in a browser.


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not (CHROMIUM.exists() and DRIVER.exists()) and "CI" not in os.environ:
        pytest.skip("needs chromium and its driver")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with tempfile.TemporaryDirectory(prefix="browser-") as folder:
        options.add_experimental_option("prefs", {"download.default_directory": folder})
        driver = webdriver.Chrome(options, webdriver.ChromeService(str(DRIVER)))
        driver.folder = Path(folder)  # type: ignore[attr-defined]
        try:
            yield driver
        finally:
            driver.quit()


class Page:
    """The page as a visitor sees it."""

    def __init__(self, driver: Any, server: Running, width: int = 1500) -> None:
        self.driver = driver
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        driver.get("about:blank")
        driver.get(server.page)
        self.until(lambda: self.all("#questions a"))

    def until(self, ready: Callable[[], object]) -> None:
        end = monotonic() + 10
        while not ready():
            assert monotonic() < end, "the page does not come to it"
            sleep(0.02)

    def all(self, selector: str) -> list[Any]:
        found: list[Any] = self.driver.find_elements("css selector", selector)
        return found

    def one(self, selector: str) -> Any:
        (found,) = self.all(selector)
        return found

    def value(self) -> str:
        return str(self.one("#query").get_property("value"))

    def type(self, query: str) -> None:
        self.one("#query").clear()
        self.one("#query").send_keys(query)

    def done(self, *, wrong: bool = False) -> None:
        shown = "#error" if wrong else "#answer"
        self.until(lambda: self.one("#status").text != "Asking…" and self.one(shown).is_displayed())

    def rows(self) -> list[list[str]]:
        cells = "[...row.cells].map(cell => cell.textContent)"
        script = f"return [...document.querySelectorAll('#answer tr')].map(row => {cells})"
        rows: list[list[str]] = self.driver.execute_script(script)
        return rows

    def shows(self, rows: list[list[str]]) -> None:
        self.until(lambda: self.rows() == rows)

    def fits(self) -> None:
        script = "return [document.documentElement.scrollWidth, innerWidth]"
        width, window = self.driver.execute_script(script)
        assert width <= window, "the page runs off the screen"


@pytest.mark.parametrize("width", [390, 1500])
def test_a_visitor_asks_a_question(
    width: int, browser: Any, server: Running, dataset: Dataset, expected: dict[str, list[list[str]]]
) -> None:
    page = Page(browser, server, width)
    page.fits()
    assert [link.get_property("textContent") for link in page.all("#questions a")] == [
        question.title for question in dataset.questions
    ]
    for name in ("readouts-compared", "who-was-in-contact"):
        page.all("#questions a")[NAMES.index(name)].click()
        page.shows(expected[name])
        page.type("ASK {}")
        page.one("#run").click()
        page.until(lambda: page.one("#answer").text == "Yes")
        browser.back()
        page.shows(expected[name])
        assert page.one("#status").text.startswith(f"{len(expected[name]) - 1} rows in ")
        page.fits()
    script = (
        "return performance.getEntries().map(entry => entry.name).filter(name => name.includes(':'))"
    )
    loaded = browser.execute_script(script)
    assert {urlsplit(name).path for name in loaded} >= {"/", "/page.css", "/page.js", "/query"}
    assert all(name.startswith(server.page) for name in loaded), "something came from elsewhere"


def test_an_error_is_shown(browser: Any, server: Running) -> None:
    page = Page(browser, server)
    assert not page.one("#error").is_displayed()
    page.type("SELEC <b>x</b>")
    page.one("#run").click()
    page.done(wrong=True)
    assert page.one("#error").text.startswith("error at 1:")
    assert not page.one("#answer").is_displayed()
    page.type("ASK {}")
    page.one("#run").click()
    page.done()
    assert not page.one("#error").is_displayed()


def test_a_node_is_described_when_clicked(browser: Any, server: Running) -> None:
    page = Page(browser, server)
    baku = "https://w3id.org/mil2mil/places/baku"
    page.type(f"SELECT ?s {{ VALUES ?s {{ <{baku}> <http://www.w3.org/ns/prov#Entity> <a:b> }} }}")
    page.one("#run").click()
    page.shows([["s"], ["places/baku"], ["prov:Entity"], ["a:b"]])
    ours, other = page.all("#answer a")
    assert ours.get_attribute("title") == baku
    assert other.get_attribute("href") == "http://www.w3.org/ns/prov#Entity"
    ours.click()
    page.until(lambda: page.rows()[:1] == [["property", "value", "used_by", "label"]])
    rows = page.rows()
    assert ["rdfs:label", "Baku", "", ""] in rows
    assert ["rdf:type", "m2m:Place", "", "place"] in rows
    assert any(row[0] == "m2m:place" and row[2].startswith("contacts/") for row in rows)
    assert browser.current_url == server.page + "#query=" + quote(page.value(), safe="!'()*-._~")


def test_data_is_never_html(browser: Any, server: Running) -> None:
    page = Page(browser, server)
    text = "<img src=x onerror=document.title=1><b>x</b>"
    page.type(f'SELECT ("{text}" AS ?x) (IRI("javascript:alert(1)") AS ?y) {{}}')
    page.one("#run").click()
    page.shows([["x", "y"], [text, "javascript:alert(1)"]])
    assert page.all("#answer b, #answer img, #answer a") == []
    assert browser.title == "mil2mil: ask"
    assert "HTML" not in server.ask("GET", "/page.js")[2].replace("never as HTML", "")


def test_by_keyboard(browser: Any, server: Running) -> None:
    from selenium.webdriver.common.keys import Keys

    page = Page(browser, server)
    assert page.one("label[for=query]").text == "Query"
    page.type("ASK {}")
    page.one("#query").send_keys(Keys.CONTROL, Keys.ENTER)
    page.until(lambda: page.one("#answer").text == "Yes")
    assert page.value() == "ASK {}"
    page.one("#query").send_keys(Keys.TAB)
    assert browser.switch_to.active_element.get_attribute("id") == "run"


def test_an_answer_is_downloaded(browser: Any, server: Running) -> None:
    page = Page(browser, server)
    page.type("SELECT ?x { VALUES ?x { 1 2 } }")
    page.one("#run").click()
    page.shows([["x"], ["1"], ["2"]])
    starts = {"csv": "x\r\n1\r\n", "tsv": "?x\n1\n", "json": '{"head"', "xml": "<?xml"}
    for button in page.all("#downloads button"):
        button.click()
        ending = button.text.lower()
        file = browser.folder / f"mil2mil.{ending}"
        page.until(file.exists)
        assert file.read_bytes().decode().startswith(starts.pop(ending))
    assert not starts


def test_the_browser_finds_nothing_wrong(browser: Any, server: Running) -> None:
    browser.get_log("browser")
    page = Page(browser, server)
    page.one("#run").click()
    page.done()
    assert len(page.rows()) > 10
    assert browser.get_log("browser") == []
