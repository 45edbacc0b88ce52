"""A read-only SPARQL 1.1 endpoint on one's own machine, with a page to ask from.

A gate stands in front of the server that answers. It lets queries through, as the SPARQL 1.1
Protocol has them, and serves the page; all else is refused.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import re
import signal
import socket
import socketserver
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pyoxigraph as ox

from mil2mil.context import BASE
from mil2mil.endpoint import TEXT, Engine, Response, refusal
from mil2mil.finding import DatasetError
from mil2mil.graph import asks_elsewhere

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mil2mil.dataset import Dataset

MAX_BODY = 1 << 20
_DRAIN = 8 << 20  # of a body that is too large: a client that still sends would not hear why
_PAGE = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
}
_KEYS = ("query", "default-graph-uri", "named-graph-uri")
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_MORE_PREFIXES = {
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
}


def serve(dataset: Dataset, host: str, port: int, limit: int, say: Callable[[str], None]) -> None:
    """Serve a dataset until interrupted; `say` gets the address of the page once it answers.

    Raises DatasetError if the address cannot be had or Oxigraph's server is not installed.
    """
    with _until_interrupted(), tempfile.TemporaryDirectory(prefix="mil2mil-") as folder:
        engine = Engine(Path(folder), limit)
        with contextlib.closing(engine), Gate(host, port, _files(dataset), engine) as gate:
            _fill(dataset, folder)
            try:
                engine.start()
            except ConnectionError as error:
                raise DatasetError(f"the server of Oxigraph cannot be used: {error}") from error
            say(gate.address)
            gate.serve_forever()


@contextlib.contextmanager
def _until_interrupted() -> Iterator[None]:
    """Ends with the first signal to stop; further ones do not disturb what is then cleared away."""
    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]

    def stop(_number: int, _frame: object) -> None:
        for name in names:
            signal.signal(getattr(signal, name), signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {name: signal.signal(getattr(signal, name), stop) for name in names}
    try:
        with contextlib.suppress(KeyboardInterrupt):
            yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _fill(dataset: Dataset, folder: str) -> None:
    """Write the whole graph into a store on disk, and let go of it."""
    store = ox.Store(folder)
    store.bulk_extend(dataset.store)
    store.optimize()
    store.flush()


def _files(dataset: Dataset) -> dict[str, Response]:
    """What can be had besides answers, by path: the page, and what it needs to know."""
    folder = Path(__file__).parent / "page"
    files = {
        path: Response(200, (folder / name).read_bytes(), kind) for path, (name, kind) in _PAGE.items()
    }
    questions = [
        {
            "name": question.name,
            "title": question.title,
            "query": re.sub(r"^#[+].*\n", "", question.query, flags=re.MULTILINE).strip() + "\n",
        }
        for question in dataset.questions
    ]
    prefixes = {**_MORE_PREFIXES, **dataset.context.namespaces}
    told = json.dumps({"base": BASE, "prefixes": prefixes, "questions": questions}, ensure_ascii=False)
    return {**files, "/questions.json": Response(200, told.encode(), "application/json")}


class Gate(socketserver.ThreadingTCPServer):
    """The server that others see: the page, and the way to the engine."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, host: str, port: int, files: dict[str, Response], engine: Engine) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.files = files
        self.engine = engine
        # On loopback a page of another site could reach us under its own name (DNS rebinding).
        local = host in ("localhost", "::1") or host.startswith("127.")
        self.names = {"localhost", "127.0.0.1", "[::1]", host} if local else None
        try:
            super().__init__((host, port), _Handler)
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise DatasetError(f"{host}:{port} cannot be served: {why}; try another --port") from error
        shown = f"[{host}]" if ":" in host else host
        self.address = f"http://{shown}:{self.server_address[1]}/"

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), OSError):  # a visitor who has gone is no news
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Gate
    timeout = 30  # seconds without a byte from the visitor
    error_content_type = TEXT
    error_message_format = "%(code)d %(message)s\n"

    def _handle(self) -> None:
        body = self._body()
        answer = body if isinstance(body, Response) else self._answer(body)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.type)
        self.send_header("Content-Length", str(len(answer.body)))
        if answer.allow:
            self.send_header("Allow", answer.allow)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _handle  # noqa: N815

    def _body(self) -> bytes | Response:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not re.fullmatch("[0-9]{1,18}", length):
            return refusal(411, "The length of the body is needed.")
        if int(length) <= MAX_BODY:
            return self.rfile.read(int(length))
        left = min(int(length), _DRAIN)
        while left > 0 and (piece := self.rfile.read(min(left, 1 << 16))):
            left -= len(piece)
        return refusal(413, f"A query is at most {MAX_BODY >> 10} KiB.")

    def _answer(self, body: bytes) -> Response:
        hosts = self.headers.get_all("Host", [""])
        names = self.server.names
        if names is not None and {re.sub(":[0-9]*$", "", host).lower() for host in hosts} - names:
            return refusal(421, f"This is {self.server.address}, and answers to no other name.")
        path, _, parameters = self.path.partition("?")
        if path == "/query":
            if self.command not in ("GET", "POST"):
                return refusal(405, "A query comes by GET or POST.", "GET, POST")
            return self._query(parameters, body)
        if path in ("/update", "/store"):
            return refusal(403, "This endpoint is read-only.")
        if path not in self.server.files:
            return refusal(404, "There is nothing here; queries go to /query.")
        if self.command not in ("GET", "HEAD"):
            return refusal(405, "This can only be read.", "GET, HEAD")
        return self.server.files[path]

    def _query(self, parameters: str, body: bytes) -> Response:
        """Read a query as the protocol has it; the engine gets only what was understood here."""
        try:
            form = parse_qs(parameters, keep_blank_values=True, errors="strict")
            if self.command == "POST":
                kind = self.headers.get_content_type()
                if kind == "application/x-www-form-urlencoded":
                    form = parse_qs(body.decode(), keep_blank_values=True, errors="strict")
                elif kind == "application/sparql-query":
                    form["query"] = [*form.get("query", []), body.decode()]
                elif kind == "application/sparql-update":
                    return refusal(403, "This endpoint is read-only.")
                else:
                    return refusal(415, f"A query is not sent as {kind}.")
        except ValueError:
            return refusal(400, "This is not UTF-8, or has too many parts.")
        if "update" in form:
            return refusal(403, "This endpoint is read-only.")
        form = {key: form[key] for key in _KEYS if key in form}
        described = self.command == "GET" and not form  # the protocol's description of the service
        if not described and len(form.get("query", [])) != 1:
            return refusal(400, "Exactly one query is needed.")
        if any(map(asks_elsewhere, form.get("query", []))):
            return refusal(403, "SERVICE is refused: no query leaves this machine.")
        accept = ", ".join(self.headers.get_all("Accept", ["*/*"]))
        return self.server.engine.ask(form, {"Accept": accept, "Host": self.headers.get("Host", "")})

    def end_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def version_string(self) -> str:
        return "mil2mil"

    def log_message(self, *_arguments: object) -> None:
        """Say nothing of each request."""
