"""The competency questions: each has the answer expected, from both engines of SPARQL."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
import rdflib

from conftest import ROOT
from mil2mil import rules
from mil2mil.export import write

if TYPE_CHECKING:
    from mil2mil.dataset import Dataset

rdflib.NORMALIZE_LITERALS = False
NAMES = [file.stem for file in sorted((ROOT / "validation" / "questions").glob("*.rq"))]


@pytest.fixture(scope="module")
def by_rdflib(dataset: Dataset) -> rdflib.Graph:
    """What a downstream user loads: the facts as exported, the ontology and the vocabularies."""
    union = rdflib.Graph().parse(data=write("ttl", dataset.quads, dataset.context), format="turtle")
    for name in ("mil2mil.ttl", "vocabularies.ttl"):
        union.parse(ROOT / "ontology" / name)
    return union


@pytest.fixture(scope="module")
def questions(dataset: Dataset) -> dict[str, rules.Question]:
    return {question.name: question for question in dataset.questions}


def test_there_are_enough_and_no_answer_is_left_over(questions: dict[str, rules.Question]) -> None:
    assert len(questions) >= 30
    answers = {file.stem for file in (ROOT / "validation" / "questions").glob("*.csv")}
    assert answers == set(questions)
    titles = [question.title for question in questions.values()]
    assert len(set(titles)) == len(titles)
    assert all(title.endswith("?") for title in titles)


@pytest.mark.parametrize("name", NAMES)
def test_answer(name: str, questions: dict[str, rules.Question], dataset: Dataset) -> None:
    question = questions[name]
    assert rules.answer(question, dataset.store) == question.expected
    assert question.expected.count("\n") > 1, "the answer is empty"


@pytest.mark.parametrize("name", NAMES)
def test_rdflib_answers_the_same(
    name: str, questions: dict[str, rules.Question], by_rdflib: rdflib.Graph
) -> None:
    result = by_rdflib.query(questions[name].query)
    rows = [["" if term is None else str(term) for term in row] for row in result]  # type: ignore[union-attr]
    header, *expected = csv.reader(io.StringIO(questions[name].expected))
    assert [str(variable) for variable in result.vars or ()] == header
    assert rows == expected
