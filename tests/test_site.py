"""Pages of the ontology: every term and value is there, and a browser fetches nothing for them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from conftest import ROOT
from mil2mil.graph import TERMS, rows

if TYPE_CHECKING:
    from pathlib import Path

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


def write(folder: Path, **more: str) -> None:
    command = [sys.executable, "-m", "mil2mil", "site", "--root", str(ROOT), "--output", str(folder)]
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
