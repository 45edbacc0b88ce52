"""Publishing into two real servers: what is sent, what is left after a kill, and what is never told."""

from __future__ import annotations

import argparse
import contextlib
import http.client
import importlib
import itertools
import json
import logging
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pyoxigraph as ox
import pytest

from mil2mil.finding import DatasetError

pytest.importorskip("requests")
import requests

from mil2mil import wire
from mil2mil.commands import publish as command
from mil2mil.dataset import Dataset
from mil2mil.publish import GRAPHS, MANIFEST, PROVENANCE, Graphs, Store, checksum, graphs_of, publish
from mil2mil.wire import Login, Wire, find_login

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

USER, PASSWORD = "dba", "dba"  # what a new Virtuoso has
SECRET = "s3cret/&pass"  # noqa: S105
CHILD = """
import json, pathlib, sys
from mil2mil.wire import Wire, find_login
from mil2mil.publish import Store, publish
url, query, protocol, file = sys.argv[1:]
wire = Wire(url, query, find_login(url))
store = Store(wire.send, wire.url, wire.query, protocol)
print(publish(json.loads(pathlib.Path(file).read_text()), store))
"""
INI = """
[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
[TempDatabase]
DatabaseFile = temporary.db
TransactionFile = temporary.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
DisableUnixSocket = 1
NumberOfBuffers = 4000
MaxDirtyBuffers = 3000
[HTTPServer]
ServerPort = 127.0.0.1:{port}
ServerRoot = .
ServerThreads = 8
Charset = UTF-8
"""
FOREIGN = "https://example.org/foreign"
KINDS = ("oxigraph", "virtuoso")
BOTH = pytest.mark.parametrize("protocol", ["gsp", "update"])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A real server with a folder of its own, that can be killed and started again."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.folder, self.port = kind, folder, free_port()
        if kind == "oxigraph":
            program = shutil.which("oxigraph", path=str(Path(sys.executable).parent))
            bind = f"127.0.0.1:{self.port}"
            arguments = ["serve", "--location", str(folder / "store"), "--bind", bind]
            self.paths = {"gsp": "/store", "update": "/update", "query": "/query"}
            self.login = None
        else:
            program = shutil.which("virtuoso-t")
            (folder / "virtuoso.ini").write_text(INI.format(sql=free_port(), port=self.port))
            arguments = ["+foreground", "+configfile", "virtuoso.ini"]
            auth = "/sparql-auth"
            self.paths = {"gsp": "/sparql-graph-crud-auth", "update": auth, "query": auth}
            self.login = Login(PASSWORD, USER)
        if program is None and "CI" not in os.environ:
            pytest.skip(f"{kind} is not installed")
        assert program is not None, f"{kind} is not installed"
        self.session = requests.Session()
        if self.login:
            self.session.auth = requests.auth.HTTPDigestAuth(USER, PASSWORD)
        self.command = [program, *arguments]
        self.start()

    def start(self) -> None:
        null = subprocess.DEVNULL
        self.process = subprocess.Popen(self.command, cwd=self.folder, stdout=null, stderr=null)
        end = monotonic() + 40
        while monotonic() < end:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            assert self.process.poll() is None, f"{self.kind} ended"
            sleep(0.05)
        raise AssertionError(f"{self.kind} did not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def store(self, protocol: str, port: int = 0) -> Store:
        origin = f"http://127.0.0.1:{port or self.port}"
        url, query = origin + self.paths[protocol], origin + self.paths["query"]
        wire = Wire(url, query, self.login)
        return Store(wire.send, wire.url, wire.query, protocol)

    def ask(self, query: str) -> list[list[str]]:
        store = self.store("gsp")
        form = f"query={quote(query)}"
        data = store._send("POST", store.query, form, "application/x-www-form-urlencoded")
        answer: Any = ox.parse_query_results(data, format=ox.QueryResultsFormat.JSON)
        return [[cell.value for cell in row] for row in answer]

    def dump(self) -> dict[str, frozenset[str]]:
        """Every graph of ours and the foreign one, with the same labels for the same blank nodes."""
        rows = self.ask("SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }")
        names = [name for (name,) in rows if name.startswith(GRAPHS) or name == FOREIGN]
        return {name: canonical(self.graph(name)) for name in names}

    def graph(self, name: str) -> str:
        url = f"http://127.0.0.1:{self.port}{self.paths['gsp']}?graph={quote(name, safe='')}"
        answer = self.session.get(url, headers={"Accept": "application/n-triples"}, timeout=30)
        assert answer.status_code == 200
        return answer.content.decode()


def canonical(text: str) -> frozenset[str]:
    quads = ox.parse(text, format=ox.RdfFormat.N_TRIPLES)
    graph = ox.Dataset(ox.Quad(q.subject, q.predicate, q.object) for q in quads)
    graph.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    lines = {str(quad.triple) for quad in graph}
    for kind in ("nonNegativeInteger", "positiveInteger"):  # which stores keep as integers
        lines = {line.replace(f"XMLSchema#{kind}>", "XMLSchema#integer>") for line in lines}
    return frozenset(lines)


def wanted(graphs: Graphs) -> dict[str, frozenset[str]]:
    return {name: canonical("\n".join(lines) + "\n") for name, lines in graphs.items()}


def differences(
    there: dict[str, frozenset[str]], want: dict[str, frozenset[str]]
) -> dict[str, list[str]]:
    """The lines that are in only one of the two, by graph."""
    none: frozenset[str] = frozenset()
    both = {name: there.get(name, none) ^ want.get(name, none) for name in there.keys() | want.keys()}
    return {name: sorted(lines) for name, lines in both.items() if lines}


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    """Servers by their kind, each started when it is first asked for."""
    running: dict[str, Server] = {}

    def get(kind: str) -> Server:
        if kind not in running:
            running[kind] = Server(kind, tmp_path_factory.mktemp(kind))
        return running[kind]

    yield get
    for server in running.values():
        server.kill()


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """No login of the person who tests, and little patience."""
    for name in ("USER", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"MIL2MIL_{name}", raising=False)
    monkeypatch.setattr(wire, "RETRY", wire.RETRY.new(total=2, backoff_factor=0))


@pytest.fixture(scope="module")
def versions() -> tuple[Graphs, Graphs]:
    """Two versions of the dataset, some ten graphs apart."""
    from conftest import ROOT

    old = graphs_of(Dataset(ROOT))
    names = [name for name in old if name.startswith(GRAPHS)]
    old = {name: old[name] for name in (*names[::16], PROVENANCE, f"{GRAPHS}ontology")}
    new = {name: lines for at, (name, lines) in enumerate(old.items()) if at % 7 != 3}
    for at, name in enumerate(new):
        if at % 4 == 0 or name.endswith("ontology"):
            new[name] = [
                *new[name][:-1],
                f'<{name}> <http://purl.org/dc/terms/title> "né\u2028\\n$"@fr .',
            ]
    extra = {name: lines for name, lines in graphs_of(Dataset(ROOT)).items() if name not in old}
    new |= dict(list(extra.items())[:8])
    assert old[f"{GRAPHS}ontology"] != new[f"{GRAPHS}ontology"]
    return old, new


def fit(server: Server, versions: tuple[Graphs, Graphs]) -> tuple[Graphs, Graphs]:
    """Without xsd:duration for Virtuoso 7.2.5, which refuses it in updates, and else writes it anew."""
    if server.kind != "virtuoso":
        return versions
    old, new = (
        {name: [line for line in lines if "#duration>" not in line] for name, lines in graphs.items()}
        for graphs in versions
    )
    return old, new


class Proxy(ThreadingHTTPServer):
    """Stands before a server, counts what is sent there, and strikes at a given request."""

    daemon_threads = True

    def __init__(self, server: Server, at: int = 0, mode: str = "", strike: Any = None) -> None:
        super().__init__(("127.0.0.1", 0), _Forward)
        self.upstream, self.at, self.mode, self.strike = server, at, mode, strike
        self.sent: list[str] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        """A killed client is no news."""


class _Forward(BaseHTTPRequestHandler):
    server: Proxy
    protocol_version = "HTTP/1.1"

    def forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.sent.append(f"{self.command} {self.path}")
        struck = len(self.server.sent) == self.server.at
        mode = self.server.mode if struck else ""
        if mode == "before":
            self.server.strike()
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.upstream.port, timeout=30)
        with contextlib.closing(upstream):
            if not struck or mode != "before":
                upstream.putrequest(self.command, self.path)
                for name, value in self.headers.items():
                    if name.lower() not in ("host", "connection", "accept-encoding"):
                        upstream.putheader(name, value)
                upstream.endheaders(body[: len(body) // 2] if mode == "cut" else body)
            if mode == "cut":
                self.server.strike()
            if mode in ("before", "cut"):
                self.close_connection = True
                return
            answer = upstream.getresponse()
            data = answer.read()
        if mode == "after":
            self.server.strike()
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name in ("Content-Type", "WWW-Authenticate"):
            if name in answer.headers:
                self.send_header(name, answer.headers[name])
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = forward  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


def writes(sent: list[str]) -> list[str]:
    return [each for each in sent if not each.startswith("POST /query")]


@BOTH
@pytest.mark.parametrize("kind", KINDS)
def test_only_what_changed_is_sent(
    kind: str,
    protocol: str,
    servers: Callable[[str], Server],
    versions: tuple[Graphs, Graphs],
) -> None:
    server = servers(kind)
    old, _ = fit(server, versions)
    server.store(protocol).add(FOREIGN, ["<urn:a> <urn:b> <urn:c> ."])
    server.store("gsp").drop(MANIFEST)
    publish(old, server.store(protocol))
    assert {n: g for n, g in server.dump().items() if n not in (MANIFEST, FOREIGN)} == wanted(old)

    with Proxy(server) as proxy:
        assert not publish(old, server.store(protocol, proxy.port))
        assert len(proxy.sent) <= 3  # two pages of the manifest, and a challenge

    name, gone = list(old)[4], list(old)[5]
    changed = {**old, name: old[name][1:]}
    del changed[gone]
    with Proxy(server) as proxy:
        done = publish(changed, server.store(protocol, proxy.port))
        assert (done.added, done.replaced, done.dropped) == ([], [name], [gone])
        assert len(proxy.sent) <= 14
    dump = server.dump()
    assert dump.pop(FOREIGN) == canonical("<urn:a> <urn:b> <urn:c> .")
    assert len(dump.pop(MANIFEST)) == 2 * len(changed)
    assert not differences(dump, wanted(changed))

    # What another hand changed is mended; a manifest that names what is not ours drops nothing.
    server.store(protocol).add(name, ["<urn:a> <urn:b> <urn:c> ."])
    server.store(protocol).add(
        MANIFEST, [f"<{MANIFEST}> <http://purl.org/dc/terms/hasPart> <{FOREIGN}> ."]
    )
    assert publish(changed, server.store(protocol)).replaced == [name]
    assert FOREIGN in server.dump()


@BOTH
@pytest.mark.parametrize("kind", KINDS)
def test_killed_and_resumed(
    kind: str,
    protocol: str,
    servers: Callable[[str], Server],
    versions: tuple[Graphs, Graphs],
    tmp_path: Path,
) -> None:
    server = servers(kind)
    pair = fit(server, versions)
    want = [wanted(graphs) for graphs in pair]
    sums = [{checksum(graphs[name]): name for name in graphs} for graphs in pair]
    for at, graphs in enumerate(pair):
        (tmp_path / f"{at}.json").write_text(json.dumps(graphs))
    server.store(protocol).add(FOREIGN, ["<urn:a> <urn:b> <urn:c> ."])
    publish(pair[0], server.store(protocol))
    totals = []
    for graphs in (pair[1], pair[0]):
        with Proxy(server) as proxy:
            publish(graphs, server.store(protocol, proxy.port))
            totals.append(len(proxy.sent))
    total = min(totals)
    rng = random.Random(f"{kind} {protocol}")
    moments = [rng.randrange(1 + at * total // 10, 2 + (at + 1) * total // 10) for at in range(10)]
    modes = itertools.cycle(("before", "cut", "after"))
    environment = {**os.environ}
    if server.login:
        environment |= {"MIL2MIL_USER": USER, "MIL2MIL_PASSWORD": PASSWORD}
    killed = 0
    for turn, moment in enumerate(moments):
        target = (turn + 1) % 2
        with Proxy(server, min(moment, total - 2), next(modes)) as proxy:
            origin = f"http://127.0.0.1:{proxy.port}"
            places = [origin + server.paths[protocol], origin + server.paths["query"]]
            child = subprocess.Popen(
                [sys.executable, "-c", CHILD, *places, protocol, str(tmp_path / f"{target}.json")],
                env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            proxy.strike = child.kill
            killed += child.wait(60) == -9
        # Half of a graph may be there, but the manifest vouches for none.
        for name, held in server.store(protocol).held().items():
            for each in held.sums:
                at = next(at for at in (0, 1) if sums[at].get(each) == name)
                assert canonical(server.graph(name)) == want[at][name]
        publish(pair[target], server.store(protocol))
        dump = server.dump()
        assert dump.pop(FOREIGN) == canonical("<urn:a> <urn:b> <urn:c> .")
        assert len(dump.pop(MANIFEST)) == 2 * len(pair[target])
        assert not differences(dump, want[target])
        assert not publish(pair[target], server.store(protocol))
    assert killed == 10


@BOTH
@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_is_killed(
    kind: str, protocol: str, versions: tuple[Graphs, Graphs], tmp_path: Path
) -> None:
    server = Server(kind, tmp_path)
    try:
        old, new = fit(server, versions)
        publish(old, server.store(protocol))
        with Proxy(server, 10, "cut", server.kill) as proxy:
            with pytest.raises(DatasetError, match="cannot be reached, or does not answer") as caught:
                publish(new, server.store(protocol, proxy.port))
            assert len(proxy.sent) >= 10
        assert caught.value.__cause__ is None
        server.start()
        publish(new, server.store(protocol))
        assert {n: g for n, g in server.dump().items() if n != MANIFEST} == wanted(new)
    finally:
        server.kill()


class Canned(ThreadingHTTPServer):
    """Gives the answers that a test wrote, and keeps what it was sent."""

    daemon_threads = True

    def __init__(self, *answers: tuple[int, dict[str, str], str]) -> None:
        super().__init__(("127.0.0.1", 0), _Say)
        self.answers = list(answers)
        self.seen: list[dict[str, str]] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def wire(self, login: Login | None = None) -> Wire:
        return Wire(f"http://127.0.0.1:{self.server_address[1]}/store", None, login)

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Say(BaseHTTPRequestHandler):
    server: Canned
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append(dict(self.headers.items()))
        status, headers, body = self.server.answers.pop(0)
        given = "\n".join(f"{name}: {value}" for name, value in self.headers.items())
        data = body.replace("HEADERS", given).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_PUT  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


def put(wire: Wire) -> bytes:
    return wire.send("PUT", f"{wire.url}?graph=urn%3Ag", "", "text/turtle")


def test_a_busy_server_is_asked_again() -> None:
    busy = (503, {"Retry-After": "0"}, "")
    with Canned(busy, busy, (204, {}, "")) as server:
        put(server.wire())
        assert len(server.seen) == 3
    with Canned(busy, busy, busy) as server, pytest.raises(DatasetError, match="answers 503"):
        put(server.wire())
    with Canned((500, {}, "no\nmore"), (204, {}, "")) as server:
        with pytest.raises(DatasetError, match=r"answers 500: no$"):
            put(server.wire())
        assert len(server.seen) == 1


def test_a_login_goes_as_it_is_asked_for() -> None:
    login = Login(SECRET, "ann")
    asks = (401, {"WWW-Authenticate": 'Basic realm="x"'}, "")
    with Canned(asks, (204, {}, ""), (204, {}, "")) as server:
        wire = server.wire(login)
        put(wire)
        put(wire)
        sent = [each.get("Authorization") for each in server.seen]
        assert sent == [None, f"Basic {login.basic()}", f"Basic {login.basic()}"]
    with Canned((204, {}, "")) as server:
        put(server.wire(Login("token")))
        assert server.seen[0]["Authorization"] == "Bearer token"


def test_nobody_elses_login_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with Canned((204, {}, "")) as server:
        put(server.wire())
        assert "Authorization" not in server.seen[0]


@pytest.mark.parametrize("login", [Login(SECRET, "ann"), Login(SECRET)])
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, "HEADERS"),
        (403, f"not with {SECRET}"),
        (500, "you sent Authorization: x HEADERS"),
        (500, "HEADERS"),
        (500, f"x{Login(SECRET, 'ann').basic()}"),
        (400, f"<p>{SECRET.replace('&', '&amp;')}"),
        (400, quote(SECRET, safe="")),
    ],
)
def test_a_login_is_never_told(
    status: int, body: str, login: Login, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asks = {"WWW-Authenticate": 'Basic realm="x"'}
    with Canned((status, asks, body), (status, asks, body)) as server:
        wire = server.wire(login)
        with pytest.raises(DatasetError) as caught:
            put(wire)
    told = "".join(traceback.format_exception(caught.value)) + caplog.text + repr((wire, login))
    for form in (SECRET, quote(SECRET, safe=""), "&amp;pass", login.basic()):
        assert form not in told


def test_messages_are_short_and_plain() -> None:
    page = "<h1>No\x1b[31m</h1> " + "x" * 999
    with (
        Canned((500, {"Content-Type": "text/html"}, page)) as server,
        pytest.raises(DatasetError) as caught,
    ):
        put(server.wire())
    assert str(caught.value).isprintable()
    assert "No" in str(caught.value)
    assert len(str(caught.value)) < 280


def test_a_redirect_is_not_followed() -> None:
    with Canned() as other:
        place = {"Location": f"http://127.0.0.1:{other.server_address[1]}/store"}
        with Canned((307, place, "")) as server, pytest.raises(DatasetError, match="elsewhere"):
            put(server.wire(Login("token")))
        assert other.seen == []


def test_addresses_that_give_a_login_away_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    login = Login(SECRET, "ann")
    for url in ("http://example.org/store", "http://127.0.0.1.example.org/store"):
        with pytest.raises(DatasetError, match="https only"):
            Wire(url, None, login)
        Wire(url)
    for url in ("https://example.org/store", "http://localhost:1/store", "http://[::1]/store"):
        Wire(url, None, login)
    with pytest.raises(DatasetError, match="same host"):
        Wire("https://example.org/store", "https://example.com/query", login)
    with pytest.raises(DatasetError, match="add --query"):
        Wire("https://example.org/else")
    for url in (f"https://ann:{SECRET}@example.org/store", f"https://example.org/store?key={SECRET}"):
        with pytest.raises(DatasetError, match="without user") as caught:
            Wire(url)
        assert SECRET not in "".join(traceback.format_exception(caught.value))
    for url in (
        "ftp://example.org/store",
        "https:///store",
        "https://a:b/store",
        "store",
        "http://a b/",
    ):
        with pytest.raises(DatasetError, match="is needed"):
            Wire(url)
    port = free_port()
    with pytest.raises(DatasetError, match="cannot be reached") as caught:
        put(Wire(f"http://127.0.0.1:{port}/store", None, login))
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_where_a_login_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ring:
        class errors:  # noqa: N801
            class KeyringError(Exception):
                pass

            class NoKeyringError(KeyringError):
                pass

        asked: tuple[str, str] | None = None

        @classmethod
        def get_password(cls, service: str, name: str) -> str | None:
            cls.asked = (service, name)
            return SECRET

    url = "https://example.org/store"
    real = importlib.import_module
    rings: dict[str, Any] = {}

    def fake(name: str) -> Any:
        if name.startswith("keyring"):
            if not rings:
                raise ModuleNotFoundError(name)
            return rings[name]
        return real(name)

    monkeypatch.setattr(importlib, "import_module", fake)
    assert find_login(url) is None
    rings.update({"keyring": Ring, "keyring.errors": Ring.errors})
    assert find_login(url) == Login(SECRET)
    monkeypatch.setenv("MIL2MIL_USER", "ann")
    assert find_login(url) == Login(SECRET, "ann")
    assert Ring.asked == ("mil2mil", "example.org")
    rings.clear()
    with pytest.raises(DatasetError, match="no keyring has it"):
        find_login(url)
    monkeypatch.setenv("MIL2MIL_PASSWORD", "other")
    assert find_login(url) == Login("other", "ann")
    monkeypatch.setenv("MIL2MIL_PASSWORD", f"{SECRET}\n")
    with pytest.raises(DatasetError, match="cannot be sent") as caught:
        find_login(url)
    assert SECRET not in str(caught.value)
    monkeypatch.setenv("MIL2MIL_TOKEN", "token")
    with pytest.raises(DatasetError, match="set either"):
        find_login(url)


def options(root: Path, url: str, *, dry: bool = False) -> argparse.Namespace:
    return argparse.Namespace(root=root, to=url, protocol="gsp", query=None, dry_run=dry)


def test_the_command(
    small: Path, tmp_path: Path, servers: Callable[[str], Server], capsys: pytest.CaptureFixture[str]
) -> None:
    server = servers("oxigraph")
    url = f"http://127.0.0.1:{server.port}/store"
    server.ask("SELECT * {}")
    before = server.dump()
    assert command.publish(options(small, url, dry=True)) == 0
    assert "would add" in capsys.readouterr().out
    assert server.dump() == before
    assert command.publish(options(small, url)) == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert url in told.out
    assert command.publish(options(small, url)) == 0
    assert "0 added, 0 replaced, 0 dropped" in capsys.readouterr().out

    place = next((small / "data" / "places").glob("*.yaml"))
    place.write_text("type: Place\nlable: x\n")
    before = server.dump()
    assert command.publish(options(small, url)) == 1
    assert "Nothing was published" in capsys.readouterr().out
    assert server.dump() == before


def test_interrupted(
    small: Path, servers: Callable[[str], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    server = servers("oxigraph")
    server.store("gsp").drop(MANIFEST)
    monkeypatch.setattr(command, "_say", stop)
    with pytest.raises(DatasetError, match="publish again"):
        command.publish(options(small, f"http://127.0.0.1:{server.port}/store"))


def test_a_store_that_lies_is_found_out(versions: tuple[Graphs, Graphs]) -> None:
    def send(method: str, url: str, body: str, kind: str) -> bytes:
        return b'{"head": {"vars": ["graph", "sum", "triples"]}, "results": {"bindings": []}}'

    with pytest.raises(DatasetError, match="holds 0 triples"):
        publish(versions[0], Store(send, "http://localhost/store", "http://localhost/query"))
    with pytest.raises(DatasetError, match="no answer to a SPARQL query"):
        Store(lambda *_: b"<html>", "http://localhost/store", "http://localhost/query").held()
