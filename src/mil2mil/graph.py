"""Asking a graph: queries that stay on this machine, and their answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mil2mil.context import TYPE
from mil2mil.finding import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RDF_TYPE = ox.NamedNode(TYPE)

# SERVICE with what may follow it. Where a string, an IRI or a comment starts cannot be told without
# parsing, so they are searched too; only a variable or a local name is let off.
_SERVICE = re.compile(r"""(?<![?$:])SERVICE\s*([<#]|[?$]\w|SILENT|[^\s"'(){}<>/]*:)""", re.IGNORECASE)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_UPDATE = re.compile(
    r"(?:\s*PREFIX\s+[\w-]*:)*\s*(INSERT|DELETE|LOAD|CLEAR|DROP|CREATE|COPY|MOVE|ADD|WITH)\b",
    re.IGNORECASE,
)
_LONG = 160  # characters of what a parser says
# What in a query is not its own words: IRIs, strings and comments.
_NOT_WORDS = re.compile(r"""<[^<>\s]*>|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\#[^\n]*""")


def lexical(term: object) -> str:
    """The IRI of a named node or the lexical form of a literal; there are no other terms here."""
    if not isinstance(term, (ox.NamedNode, ox.Literal)):
        raise TypeError(f"{term!r} is neither a named node nor a literal")
    return term.value


def words(query: str) -> str:
    """A query of the same length in which IRIs, strings and comments are blank."""
    return _NOT_WORDS.sub(lambda found: " " * len(found.group()), query)


def asks_elsewhere(query: str) -> bool:
    """Whether a query may hold a SERVICE, for which this machine would open a connection."""
    plain = _ESCAPE.sub(lambda found: chr(min(int(found[1] or found[2], 16), 0x10FFFF)), query)
    return bool(_SERVICE.search(plain))


def select(
    store: ox.Store, query: str, where: str, prefixes: Mapping[str, str] | None = None
) -> ox.QuerySolutions:
    """Run a SELECT over all graphs; `where` names the query in the DatasetError for a wrong one.

    `prefixes` are those that the query need not declare.
    """
    if asks_elsewhere(query):
        raise DatasetError(f"{where}: SERVICE is refused; no query leaves this machine")
    try:
        result = store.query(query, use_default_graph_as_union=True, prefixes=dict(prefixes or {}))
    except (SyntaxError, ValueError) as error:
        raise DatasetError(f"{where}: {_explain(query, str(error), prefixes or {})}") from error
    if not isinstance(result, ox.QuerySolutions):
        del result  # which must end in the thread that made it, and not with the error's traceback
        raise DatasetError(
            f"{where}: a SELECT is expected; rdflib() and `mil2mil serve` take other forms"
        )
    return result


def _explain(query: str, error: str, prefixes: Mapping[str, str]) -> str:
    """What is wrong with a query, from the parser's words for it."""
    plain = words(query)
    if not plain.strip():
        return "this is not SPARQL: it is empty"
    if found := _UPDATE.match(plain):
        return f"{found[1].upper()} is refused; the dataset is only read"
    declared = {*prefixes, *re.findall(r"PREFIX\s+([\w-]*):", plain, re.IGNORECASE)}
    missing = sorted(set(re.findall(r"(?<![\w?$:])([A-Za-z][\w-]*):", plain)) - declared)
    if missing:
        return f"this is not SPARQL: the prefix '{missing[0]}:' is not declared"
    place = re.match(r"error at ([0-9]+):([0-9]+): ", error)
    if place is None:
        return f"this is not SPARQL: {error}"
    line, column = int(place[1]), int(place[2])
    text = (*query.split("\n"), "")[line - 1].replace("\t", " ")
    expected = error[place.end() :].split("\n")[0]
    what = expected if len(expected) < _LONG else expected[:_LONG] + " …"
    return f"this is not SPARQL, line {line}, column {column}: {what}\n  {text}\n  {' ' * (column - 1)}^"


def rows(store: ox.Store, query: str, where: str = "a query") -> Iterator[dict[str, str]]:
    """The solutions of a SELECT: IRIs and lexical forms by variable, empty where unbound."""
    yield from table(select(store, query, where))


def table(solutions: ox.QuerySolutions) -> Iterator[dict[str, str]]:
    """Solutions as rows gives them."""
    names = [variable.value for variable in solutions.variables]
    for solution in solutions:
        yield {name: str(getattr(solution[name], "value", "")) for name in names}
