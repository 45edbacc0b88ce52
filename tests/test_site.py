"""Pages of the ontology: every term and value is there, and a browser fetches nothing for them."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from conftest import ROOT
from mil2mil.context import TERMS
from mil2mil.finding import DatasetError
from mil2mil.graph import rows
from mil2mil.site import redirects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mil2mil.dataset import Dataset

SKOS = "http://www.w3.org/2004/02/skos/core#"

if "CI" not in os.environ or sys.version_info >= (3, 12):
    pytest.importorskip("pylode")


class Page(HTMLParser):
    """The links, the things that a browser fetches by itself, and the words of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in {"script", "img", "iframe", "link", "object", "embed"}:
            address = given.get("src") or given.get("href") or given.get("data") or ""
            if address and not address.startswith("data:"):
                self.fetched.append(address)
        if tag == "a":
            self.links.append(given.get("href") or "")

    def handle_data(self, data: str) -> None:
        self.words += data


def write(folder: Path, *arguments: str, **more: str) -> None:
    command = [sys.executable, "-m", "mil2mil", "site", "--root", str(ROOT), "--output", str(folder)]
    command += arguments
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **more})


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    folder = tmp_path_factory.mktemp("site")
    write(folder)
    return {file.name: Page(file.read_text(encoding="utf-8")) for file in folder.iterdir()}


def test_a_page_for_each_list(dataset: Dataset, pages: dict[str, Page]) -> None:
    query = f"SELECT ?list {{ ?list a <{SKOS}ConceptScheme> }}"
    schemes = {row["list"].rpartition("/")[2] for row in rows(dataset.store, query)}
    assert schemes
    assert set(pages) == {"index.html", "ontology.html", *(f"{name}.html" for name in schemes)}
    assert {link for link in pages["index.html"].links if not link.startswith("http")} == set(pages) - {
        "index.html"
    }


def test_every_value_with_its_uses(dataset: Dataset, pages: dict[str, Page]) -> None:
    query = f"""PREFIX skos: <{SKOS}> SELECT ?list ?label ?definition {{
        ?value skos:inScheme ?list ; skos:prefLabel ?label ; skos:definition ?definition }}"""
    for row in rows(dataset.store, query):
        words = pages[row["list"].rpartition("/")[2] + ".html"].words
        assert row["label"] in words
        assert row["definition"] in words
    planned = ox.NamedNode("https://w3id.org/mil2mil/modality/planned")
    uses = sum(quad.object == planned for quad in dataset.quads)
    text = (ROOT / "ontology/vocabularies.ttl").read_text(encoding="utf-8")
    definition = re.search(r"<modality/planned>.*?skos:definition \"(.*?)\"", text, re.DOTALL)
    assert definition
    assert f"plannedplanned{definition[1]}{uses}" in pages["modality.html"].words.replace("\n", "")


def test_every_term_of_the_ontology(dataset: Dataset, pages: dict[str, Page]) -> None:
    query = f"""PREFIX owl: <http://www.w3.org/2002/07/owl#> SELECT ?term {{
        VALUES ?kind {{ owl:Class owl:ObjectProperty owl:DatatypeProperty }}
        ?term a ?kind FILTER(STRSTARTS(STR(?term), "{TERMS}")) }}"""
    terms = [row["term"] for row in rows(dataset.store, query)]
    assert len(terms) > 80
    for term in terms:
        assert term in pages["ontology.html"].words, term


def test_nothing_is_fetched(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        assert page.fetched == [], name


def test_same_bytes(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        write(tmp_path / seed, PYTHONHASHSEED=seed)
    names = sorted(file.name for file in (tmp_path / "1").iterdir())
    assert len(names) > 10
    for name in names:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes(), name


CONFIGURATION = """
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {folder}/pid
ErrorLog {folder}/log
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule rewrite_module {modules}/mod_rewrite.so
DocumentRoot {folder}/root
<Directory {folder}/root>
  AllowOverride All
  Require all granted
</Directory>
"""
APACHE, MODULES = Path("/usr/sbin/apache2"), Path("/usr/lib/apache2/modules")
AT = "https://example.org/mil2mil"


@pytest.fixture(scope="module")
def apache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The server that w3id.org runs, with our redirects."""
    if not APACHE.is_file() and "CI" not in os.environ:
        pytest.skip("needs apache2")
    folder = tmp_path_factory.mktemp("apache")
    write(folder / "site", "--at", AT)
    shutil.copytree(folder / "site" / "w3id", folder / "root" / "mil2mil")
    folder.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    text = CONFIGURATION.format(port=port, folder=folder, modules=MODULES)
    (folder / "conf").write_text(text, encoding="utf-8")
    with subprocess.Popen([APACHE, "-X", "-f", str(folder / "conf")]) as process:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield port
        process.terminate()


def ask(connection: http.client.HTTPConnection, path: str, accept: str) -> http.client.HTTPResponse:
    connection.request("GET", f"/mil2mil/{path}", headers={"Accept": accept})
    return connection.getresponse()


@pytest.mark.parametrize(
    ("path", "accept", "target"),
    [
        ("", "text/html", "/"),
        ("ontology", "text/html", "/ontology.html"),
        ("ontology", "text/turtle", "/ontology.ttl"),
        ("ontology/0.1.0", "text/turtle", "/ontology.ttl"),
        ("dataset", "text/turtle", "/void.ttl"),
        ("dataset/0.1.0", "text/html", "/void.ttl"),
        ("act", "text/html", "/act.html"),
        ("act/rules-out", "text/html", "/act.html#rules-out"),
        ("act/rules-out", "text/turtle", "/vocabularies.ttl"),
        ("contacts/2017-02-16-azerbaijan", "text/turtle", "/mil2mil.ttl"),
        ("seeds/thehill-2017-02-16", "application/ld+json", "/mil2mil.jsonld"),
        ("elsewhere", "text/html", None),
        ("act/a/b", "text/html", None),
    ],
)
def test_redirects(apache: int, path: str, accept: str, target: str | None) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", apache, timeout=10)
    with contextlib.closing(connection), contextlib.closing(ask(connection, path, accept)) as response:
        answer = response.status, response.getheader("Location")
    expected = (404, None) if target is None else (303, AT + target)
    assert answer == expected


@pytest.mark.parametrize(
    "at", ["http://example.org", "https://example.org/ [R]", "https://a/%{HTTP_HOST}"]
)
def test_an_address_that_apache_would_read_otherwise(dataset: Dataset, at: str) -> None:
    with pytest.raises(DatasetError, match="write an address"):
        redirects(dataset, at)
