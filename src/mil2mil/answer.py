"""Queries to answers: rows that can be looked at, counted, plotted, and written in the standard formats.

A query runs in a thread of its own, so that its time can be limited. One that has run out of time is
left alone: it is stopped as soon as it writes a row.
"""

from __future__ import annotations

import datetime
import functools
import io
import re
import threading
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from mil2mil import graph
from mil2mil.context import BASE, REFERENCE
from mil2mil.finding import DatasetError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas

    from mil2mil.context import Context
    from mil2mil.dataset import Dataset

TIME = 60.0  # seconds that a query may take
FORMATS = {
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
}
Term = ox.NamedNode | ox.Literal
Value = str | int | float | bool | datetime.date | Term

_PREFIXES = {
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_XSD = _PREFIXES["xsd"]
# How pandas holds values of a datatype, where all values of a column have it.
_DTYPES = {
    "date": "datetime64[s]",
    "dateTime": "datetime64[ns, UTC]",
    **dict.fromkeys(("integer", "positiveInteger", "nonNegativeInteger"), "Int64"),
    **dict.fromkeys(("decimal", "double", "float"), "Float64"),
    "boolean": "boolean",
}


def ask(dataset: Dataset, query: str, bindings: Mapping[str, Value], timeout: float) -> Answer:
    """The answer to a SELECT, or to the competency question of that name.

    Raises DatasetError if it is neither, if it would leave this machine, or if it takes too long.
    """
    if _NAME.fullmatch(query):
        known = {question.name: question for question in dataset.questions}
        if query not in known:
            help_ = nearest(query, known) or "`mil2mil query` lists them"
            raise DatasetError(f"there is no competency question '{query}'; {help_}")
        query = known[query].query
    if bindings:
        terms = {name: term_of(value) for name, value in bindings.items()}
        for term in terms.values():
            _known(dataset, term)
        query = _bind(query, terms)
    prefixes = prefixes_of(dataset.context)
    solve = functools.partial(graph.select, dataset.store, query, "the query", prefixes)
    return Answer(_within(solve, timeout), prefixes)


def prefixes_of(context: Context) -> dict[str, str]:
    """The IRIs of the prefixes that queries may use without declaring them: also one for each list."""
    lists = {term.vocabulary for term in context.terms.values() if term.vocabulary}
    named = {iri.rstrip("/").rpartition("/")[2]: iri for iri in sorted(lists)}
    return {**named, **context.prefixes, **_PREFIXES}


def term_of(value: Value) -> Term:
    """A value of Python as a term: an id or an address is a node, a day is a date, all else a literal.

    A text without a language is not the same as one with: bind ox.Literal("Bern", language="en").
    """
    if isinstance(value, (ox.NamedNode, ox.Literal)):
        return value
    if isinstance(value, str) and _DAY.fullmatch(value):
        return ox.Literal(value, datatype=ox.NamedNode(f"{_XSD}date"))
    if isinstance(value, str) and REFERENCE.fullmatch(value):
        return ox.NamedNode(BASE + value)
    if isinstance(value, str) and re.fullmatch(r"https?://[^\s<>\"{}|\\^`]+", value):
        return ox.NamedNode(value)
    if isinstance(value, (bool, int, float, str)):
        return ox.Literal(value)
    if isinstance(value, datetime.date):
        kind = "dateTime" if isinstance(value, datetime.datetime) else "date"
        return ox.Literal(value.isoformat(), datatype=ox.NamedNode(_XSD + kind))
    raise DatasetError(f"{value!r} cannot be bound: give a text, a number, a day, an id or a term")


def _known(dataset: Dataset, term: Term) -> None:
    """Raise DatasetError for an id of the dataset that nothing has: no row would say why."""
    if isinstance(term, ox.NamedNode) and term.value.startswith(BASE) and not dataset.describes(term):
        name = term.value.removeprefix(BASE)
        help_ = nearest(name, dataset.records) or "`mil2mil show` tells what an id stands for"
        raise DatasetError(f"there is no '{name}'; {help_}")


def _bind(query: str, bindings: Mapping[str, Term]) -> str:
    """The query with values for variables: a VALUES that stands first in its body."""
    for name in bindings:
        if not re.search(rf"[?$]{re.escape(name)}\b", graph.words(query)):
            raise DatasetError(f"the query has no variable ?{name}")
    depth = 0
    for place, char in enumerate(graph.words(query)):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "{" and not depth:
            names = " ".join(f"?{name}" for name in bindings)
            terms = " ".join(str(term) for term in bindings.values())
            return f"{query[: place + 1]} VALUES ({names}) {{ ({terms}) }}{query[place + 1 :]}"
    raise DatasetError("the query: this is not SPARQL: it has no body in braces")


class _Sink(io.BytesIO):
    """Takes the rows of an answer until it is closed to them."""

    late = False

    def write(self, data: Any) -> int:
        if self.late:
            raise TimeoutError
        return super().write(data)


def _within(solve: functools.partial[ox.QuerySolutions], seconds: float) -> bytes:
    """The solutions as SPARQL 1.1 Query Results JSON; DatasetError if that takes too long."""
    sink = _Sink()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            solve().serialize(sink, format=ox.QueryResultsFormat.JSON)
        except BaseException as error:  # noqa: BLE001 raised again, where it can be seen
            failures.append(error)

    thread = threading.Thread(target=run, name="query", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        sink.late = True
        raise DatasetError(f"the query took more than {seconds:g} seconds and was given up")
    if failures:
        raise failures[0]
    return sink.getvalue()


class Answer:
    """The rows of a query: each gives a term, or None, by the name of a variable.

    In a notebook it draws itself as a table.
    """

    def __init__(self, data: bytes, prefixes: Mapping[str, str]) -> None:
        self._data = data
        self._prefixes = {BASE: "", **{iri: f"{prefix}:" for prefix, iri in prefixes.items()}}
        solutions = self._solutions()
        self.variables = [variable.value for variable in solutions.variables]
        self._rows = list(solutions)

    def _solutions(self) -> ox.QuerySolutions:
        solutions = ox.parse_query_results(self._data, format=ox.QueryResultsFormat.JSON)
        if not isinstance(solutions, ox.QuerySolutions):
            raise TypeError("an answer is one of a SELECT")
        return solutions

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[ox.QuerySolution]:
        return iter(self._rows)

    def __getitem__(self, place: int) -> ox.QuerySolution:
        row: ox.QuerySolution = self._rows[place]
        return row

    def serialize(self, format: str) -> str:  # noqa: A002 as rdflib calls it
        """The answer in a format of SPARQL 1.1: csv, tsv, json or xml."""
        return (self._solutions().serialize(format=FORMATS[format]) or b"").decode("utf-8")

    def short(self, term: object) -> str:
        """A term for people: the id of a record, a name with its prefix, or the words of a literal."""
        if isinstance(term, ox.NamedNode):
            for iri in sorted(self._prefixes, key=len, reverse=True):
                if term.value.startswith(iri):
                    return self._prefixes[iri] + term.value.removeprefix(iri)
        return str(getattr(term, "value", ""))

    def table(self) -> list[list[str]]:
        """The rows for people, without the head."""
        return [[self.short(term) for term in row] for row in self._rows]

    def df(self) -> pandas.DataFrame:
        """The answer as a pandas DataFrame; needs the extra `notebook`.

        Days and moments are datetime64, numbers are Int64 or Float64, IRIs are short; what is
        unbound is missing. A column of several datatypes holds words.
        """
        try:
            import pandas
        except ModuleNotFoundError as error:
            raise DatasetError("df() needs an extra: pip install 'mil2mil[notebook]'") from error
        columns = {}
        for place, name in enumerate(self.variables):
            terms = [row[place] for row in self._rows]
            kinds = {_kind(term) for term in terms if term is not None}
            values = [None if term is None else self.short(term) for term in terms]
            dtype = _DTYPES.get(kinds.pop(), "str") if len(kinds) == 1 else "str"
            if dtype == "boolean":
                values = [None if value is None else value in {"true", "1"} for value in values]  # type: ignore[misc]
            if dtype.startswith("datetime64"):
                moments = pandas.to_datetime(pandas.Series(values), utc=dtype.endswith("UTC]"))
                columns[name] = pandas.Series(moments, dtype=dtype)
            elif dtype in {"Int64", "Float64"}:
                columns[name] = pandas.Series(pandas.to_numeric(pandas.Series(values)), dtype=dtype)
            else:
                columns[name] = pandas.Series(values, dtype=dtype)
        return pandas.DataFrame(columns, columns=self.variables)

    def __repr__(self) -> str:
        from tabulate import tabulate

        return tabulate(self.table(), self.variables, disable_numparse=True)

    def _repr_html_(self) -> str:
        from tabulate import tabulate

        html = tabulate(self.table(), self.variables, "html", disable_numparse=True)
        for cell in ("th", "td"):  # which a notebook would set to the right
            html = html.replace(f"<{cell}>", f'<{cell} style="text-align: left">')
        return f'<div style="overflow-x: auto">{html}</div>'


def _kind(term: object) -> str:
    return term.datatype.value.removeprefix(_XSD) if isinstance(term, ox.Literal) else ""
