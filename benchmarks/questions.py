"""The competency questions on a made dataset, asked of our store and of rdflib in one process.

    python benchmarks/questions.py
    python benchmarks/questions.py --records 500 --output few.json
    python benchmarks/questions.py --stored --markdown

Both hold the same triples, the ontology among them, in memory. Both are given a question as text, and
the time is that until its rows are a list in Python. The rows have to be the same.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import hashlib
import json
import signal
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import rdflib
from rdflib.plugins.sparql import prepareQuery
from tabulate import tabulate

from generate import PROJECT, generate
from mil2mil.dataset import Dataset
from start import about, figures_of, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RECORDS = 37_000  # which make a million triples
LIMIT = 60.0  # seconds of the processor that rdflib has for a question
LEAST = 20.0  # times as long is what it is to take in the median over the questions
RESULT = PROJECT / "benchmarks" / "results" / "questions.json"
OURS, THEIRS = "mil2mil", "rdflib"
# Of each question there are so many runs, fewer if they have taken so many seconds.
RUNS = {OURS: (9, 4.0), THEIRS: (3, 3.0)}


class LateError(BaseException):
    """Time is up. It is no Exception, since rdflib catches those."""


@dataclass
class Times:
    """The runs of a question on one engine, in seconds: by the clock, and of the processor.

    There is none if it was late. `digest` is a hash of the sorted rows.
    """

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    rows: int = 0
    digest: str = ""


@dataclass
class Question:
    """A question on both engines; `parsing` is the part of rdflib's time that goes into its text."""

    name: str
    engines: dict[str, Times]
    parsing: float
    limit: float

    @property
    def late(self) -> bool:
        return not self.engines[THEIRS].wall

    @property
    def differs(self) -> bool:
        return not self.late and len({times.digest for times in self.engines.values()}) > 1

    def ratio(self, clock: str = "wall", parsing: float = 0.0) -> float:
        """How many times as long rdflib takes; more than that if it was late.

        `parsing` are seconds that are taken off its time.
        """
        ours, theirs = (getattr(self.engines[name], clock) for name in (OURS, THEIRS))
        return float((median(theirs) - parsing if theirs else self.limit) / median(ours))


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupt code that takes more time of the processor; again and again, as it may catch that."""

    def interrupt(*_: object) -> None:
        raise LateError

    before = signal.signal(signal.SIGPROF, interrupt)
    signal.setitimer(signal.ITIMER_PROF, seconds, 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def measure(engine: str, ask: Callable[[], list[Any]], plain: Callable[[Any], str]) -> Times:
    """Ask several times; `plain` gives the words of a term."""
    times = Times()
    runs, seconds = RUNS[engine]
    while len(times.wall) < runs and sum(times.wall) < seconds:
        wall, processor = time.perf_counter(), time.process_time()
        found = ask()
        times.processor.append(round(time.process_time() - processor, 6))
        times.wall.append(round(time.perf_counter() - wall, 6))
    rows = sorted([plain(term) for term in row] for row in found)
    times.rows = len(rows)
    times.digest = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
    return times


def in_rdflib(dataset: Dataset) -> rdflib.Graph:
    """The same triples in rdflib's own store, each literal as it is written."""
    rdflib.NORMALIZE_LITERALS = False
    triples = dict.fromkeys(quad.triple for quad in dataset.store)
    return rdflib.Graph().parse(ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES), format="nt")


def run(records: int, limit: float, seed: int, queries: Path | None) -> dict[str, Any]:
    """Ask everything of both; the figures as they are stored."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder), records, seed=seed)
        dataset = Dataset(Path(folder), young=True)
        texts = {question.name: question.query for question in dataset.questions}
        graph, size = in_rdflib(dataset), dataset.size
    others = (
        {file.stem: file.read_text(encoding="utf-8") for file in queries.glob("*.rq")} if queries else {}
    )
    texts |= others
    # What is loaded stays: the collector need not walk it again whenever a question makes objects.
    gc.collect()
    gc.freeze()
    for (
        text
    ) in texts.values():  # a first time, so that a question without an answer in time ends this soon
        dataset.query(text, timeout=limit)
    questions = []
    for number, (name, text) in enumerate(texts.items(), 1):
        if sys.stderr.isatty():
            print(f"\r{number} of {len(texts)}", end="", file=sys.stderr)

        def ours(text: str = text) -> list[ox.QuerySolution]:
            return list(dataset.query(text, timeout=limit))

        def theirs(text: str = text) -> list[Any]:
            return list(graph.query(text))

        engines = {OURS: measure(OURS, ours, lambda term: getattr(term, "value", "")), THEIRS: Times()}
        with contextlib.suppress(LateError), time_limit(limit):
            engines[THEIRS] = measure(THEIRS, theirs, lambda term: "" if term is None else str(term))
        start = time.perf_counter()
        prepareQuery(text)
        questions.append(Question(name, engines, round(time.perf_counter() - start, 6), limit))
    return {
        "about": about("mil2mil", "pyoxigraph", "rdflib"),
        "records": size,
        "triples": len(graph),
        "other wording": sorted(others),
        "questions": [asdict(question) for question in questions],
    }


def read(stored: dict[str, Any]) -> list[Question]:
    """The questions of stored figures."""
    questions = []
    for given in stored["questions"]:
        engines = {name: Times(**times) for name, times in given["engines"].items()}
        questions.append(Question(**{**given, "engines": engines}))
    return questions


def report(stored: dict[str, Any], questions: list[Question], style: str) -> str:
    """The figures as a table, and what follows from them."""
    rows = []
    for question in sorted(questions, key=Question.ratio):
        ours, theirs = (question.engines[name] for name in (OURS, THEIRS))
        more = "> " if question.late else ""
        seconds = question.limit if question.late else median(theirs.wall)
        rows.append(
            [
                question.name,
                f"{ours.rows:,}",
                f"{median(ours.wall) * 1000:,.1f}",
                f"{more}{seconds:,.2f}",
                f"{more}{question.ratio():,.0f}",
            ]
        )
    heads = ["question", "rows", "mil2mil, ms", "rdflib, s", "times as long"]
    lines = [
        told(stored["about"]),
        f"{stored['records']:,} records, {stored['triples']:,} triples, {len(questions)} questions.",
        "",
        tabulate(rows, heads, style, colalign=("left", *["right"] * 4), disable_numparse=True),
        "",
        *verdict(questions),
    ]
    if stored["other wording"]:
        lines.append(f"In words other than the dataset's: {', '.join(stored['other wording'])}.")
    return "\n".join(lines)


def verdict(questions: list[Question]) -> list[str]:
    """What the figures say, one sentence a line."""
    middle = median(question.ratio() for question in questions)
    processor = median(question.ratio("processor") for question in questions)
    parsed = median(question.ratio(parsing=question.parsing) for question in questions)
    least = min(questions, key=Question.ratio)
    low = [question.name for question in questions if question.ratio() < LEAST]
    late = [question.name for question in questions if question.late]
    differing = [question.name for question in questions if question.differs]
    return [
        f"In the median, rdflib takes {middle:.1f} times as long; the target is {LEAST:g}.",
        f"In seconds of the processor: {processor:.1f}. Once it has parsed the text: {parsed:.1f}.",
        f"The least is {least.ratio():.1f}: {least.name}.",
        f"Below {LEAST:g} are {len(low)}: {', '.join(low) or 'none'}.",
        f"Not answered by rdflib within {questions[0].limit:g} s: {len(late)}; they count with that.",
        f"Answers that differ: {', '.join(differing) or 'none'}.",
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="Ask the competency questions of both.")
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds for a question")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--queries", type=Path, help="a folder of queries, asked instead of those of their name"
    )
    figures, style = figures_of(
        parser,
        RESULT,
        lambda options: run(options.records, options.limit, options.seed, options.queries),
    )
    questions = read(figures)
    print(report(figures, questions, style))
    return 1 if any(question.differs for question in questions) else 0


if __name__ == "__main__":
    sys.exit(main())
