"""Spans, hashes and quotations held against the text of the articles, for those who have a copy."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from mil2mil.context import TERMS
from mil2mil.graph import rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyoxigraph as ox

_ARTICLES = f"""PREFIX m2m: <{TERMS}>
SELECT ?article ?file ?sha ?length {{
  ?article m2m:fileName ?file ; m2m:sha256 ?sha ; m2m:length ?length }}
ORDER BY ?article"""

_SPANS = f"""PREFIX m2m: <{TERMS}>
SELECT ?article ?node ?span ?sha ?words ?start ?end {{
  {{ ?article m2m:unit ?node }} UNION {{ ?article m2m:unit/^m2m:in ?node }}
  ?node m2m:span ?span ; m2m:sha256 ?sha . ?span m2m:start ?start ; m2m:end ?end .
  OPTIONAL {{ ?node m2m:words ?words }} }} ORDER BY ?start ?end ?node"""

_NUMBER = re.compile(r"[0-9]{1,15}")
Mismatch = tuple[str, str, str, str, str]  # focus, path, value, rule, message


def verify(store: ox.Store, folder: Path) -> Iterator[Mismatch]:
    """What differs between the records and the article files in a folder.

    Each mismatch is (focus IRI, property IRI, value, rule, message).
    """
    texts: dict[str, str] = {}
    for row in rows(store, _ARTICLES):
        article, name, sha, length = row["article"], row["file"], row["sha"], row["length"]
        data = _copy(folder, name)
        if data is None:
            message = f"The folder of texts has no file '{name}'."
            yield article, f"{TERMS}fileName", name, "no-copy", message
            continue
        if hashlib.sha256(data).hexdigest() != sha:
            message = "The text is not the one that was read: its SHA-256 is another."
            yield article, f"{TERMS}sha256", sha, "other-text", message
        text = texts[article] = data.decode("utf-8", errors="replace")
        if str(len(text)) != length:
            message = f"The text has {len(text)} code points, not {length}."
            yield article, f"{TERMS}length", length, "other-length", message
    for row in rows(store, _SPANS):
        # A number that is none is found by the shapes.
        if row["article"] in texts and all(_NUMBER.fullmatch(row[key]) for key in ("start", "end")):
            yield from _compare(row, texts[row["article"]])


def sentences(store: ox.Store, folder: Path) -> dict[str, str]:
    """The words of each unit by its IRI, of the articles of which the folder has the very text."""
    texts = {
        row["article"]: data.decode("utf-8")
        for row in rows(store, _ARTICLES)
        if (data := _copy(folder, row["file"])) and hashlib.sha256(data).hexdigest() == row["sha"]
    }
    return {
        row["node"]: texts[row["article"]][int(row["start"]) : int(row["end"])]
        for row in rows(store, _SPANS)
        if row["article"] in texts
    }


def _copy(folder: Path, name: str) -> bytes | None:
    """The bytes of a file directly in a folder, or None."""
    file = folder / name
    if "/" in name or "\\" in name or len(name) > 200 or not file.is_file():
        return None
    return file.read_bytes()


def _compare(row: dict[str, str], text: str) -> Iterator[Mismatch]:
    start, end = row["start"], row["end"]
    stretch = text[int(start) : int(end)]
    if hashlib.sha256(stretch.encode()).hexdigest() != row["sha"]:
        message = f"The text from {start} to {end} is not the one whose SHA-256 is recorded."
        yield row["node"], f"{TERMS}span", row["span"], "other-span", message
    elif row["words"] not in ("", stretch):
        message = "The words are not those that stand in the text at the span."
        yield row["node"], f"{TERMS}words", row["words"], "other-words", message
