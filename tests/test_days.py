"""EDTF dates: the days that each allows, as the standard has them, and as the library has them."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mil2mil.days import by_library, days_of

DAYS = {
    "2017-02-16": ("2017-02-16", "2017-02-16"),
    "2017-02-10?": ("2017-02-10", "2017-02-10"),
    "2021-06": ("2021-06-01", "2021-06-30"),
    "2014~": ("2014-01-01", "2014-12-31"),
    "2017-02-06/2017-02-12": ("2017-02-06", "2017-02-12"),
    "2014/..": ("2014-01-01", None),
    "../2014-03": (None, "2014-03-31"),
    "2012-11-09/": ("2012-11-09", None),
    "/2012-11-09": (None, "2012-11-09"),
    "[2020-10-30,2021-01-08]": ("2020-10-30", "2021-01-08"),
    "2016-02~/2017-02": ("2016-02-01", "2017-02-28"),
}


@pytest.mark.parametrize("date", DAYS)
def test_days_of_a_date(date: str) -> None:
    first, last = (text and datetime.date.fromisoformat(text) for text in DAYS[date])
    assert days_of(date) == (first, last)


@pytest.mark.parametrize(
    "date",
    [
        "",
        "Thursday",
        "2017-02-30",
        "2017-13",
        "16.2.2017",
        "2017-2-6",
        "2017-W07-4",
        "2018/2017",
        "20170216",
    ],
)
def test_what_is_no_date(date: str) -> None:
    assert days_of(date) is None


@given(st.dates(), st.dates())
def test_days_of_an_interval(one: datetime.date, other: datetime.date) -> None:
    first, last = sorted((one, other))
    assert days_of(f"{first}/{last}") == (first, last)
    assert (days_of(f"{last}/{first}") is None) == (first != last)


@given(st.text(max_size=30))
def test_any_date_is_read_or_refused(text: str) -> None:
    days = days_of(text)
    assert days is None or days[0] is None or days[1] is None or days[0] <= days[1]


def part(numbers: tuple[int, ...], sign: str) -> str:
    return "-".join(f"{number:0{2 if place else 4}}" for place, number in enumerate(numbers)) + sign


PLAIN = st.builds(
    part,
    st.one_of(
        st.tuples(st.integers(1, 9999)),
        st.tuples(st.integers(1, 9999), st.integers(1, 12)),
        st.dates().map(lambda day: (day.year, day.month, day.day)),
    ),
    st.sampled_from(["", "", "?", "~", "%"]),
)
ENDS = st.one_of(PLAIN, PLAIN, st.sampled_from(["", ".."]))


@given(st.one_of(PLAIN, st.builds("{}/{}".format, ENDS, ENDS)))
@example("[2020-10-30,2021-01-08]")
@example("[2014,2015-03]")
@example("2017-02-29")
@example("0000")
@example("2017-13")
@example("../..")
def test_plain_forms_are_read_as_the_library_reads_them(date: str) -> None:
    theirs = by_library(date)
    if theirs and theirs[0] and theirs[1] and theirs[1] < theirs[0]:
        theirs = None
    assert days_of(date) == theirs
