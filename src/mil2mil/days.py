"""EDTF dates to their first and last day.

EDTF is the Extended Date/Time Format of ISO 8601-2, as the Library of Congress publishes it. The forms
that records mostly have are read here; all others by the library `edtf`, which takes longer to start
than all else that a validation does.
"""

from __future__ import annotations

import calendar
import datetime
import functools
import re

Days = tuple[datetime.date | None, datetime.date | None]

_MAX = 64
# A day, a month or a year, and whether it is uncertain, approximate, or both.
_PLAIN = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?[?~%]?")
_ONE_OF = re.compile(r"\[([0-9,-]+)\]")
_OPEN = {"", ".."}


@functools.lru_cache(maxsize=4096)
def days_of(date: str) -> Days | None:
    """The first and last day of a date, None where it is open or unknown; None if it is not EDTF."""
    if len(date) > _MAX or date.startswith("Y") or any(char.isspace() for char in date):
        return None  # years of more than four digits, or what was never a date
    try:
        days = _plain(date) or by_library(date)
    except ValueError:
        return None
    first, last = days or (None, None)
    return None if first and last and last < first else days


def _plain(date: str) -> Days | None:
    """The days of a date, an interval, or one of several dates; None for another form.

    Raises ValueError for a day that is not of the calendar.
    """
    if found := _ONE_OF.fullmatch(date):
        spans = [_span(part) for part in found[1].split(",")]
        known = [span for span in spans if span]
        if len(known) < len(spans):
            return None
        return min(first for first, _ in known), max(last for _, last in known)
    begin, slash, end = date.partition("/")
    if not slash:
        return _span(date)
    first, last = _span(begin), _span(end)
    if first and (last or end in _OPEN):
        return first[0], last and last[1]
    return (None, last[1]) if last and begin in _OPEN else None


def _span(date: str) -> tuple[datetime.date, datetime.date] | None:
    """The first and last day of a day, month or year, or None if it is none of these."""
    found = _PLAIN.fullmatch(date)
    if found is None:
        return None
    year, month, day = (int(part) if part else 0 for part in found.groups())
    if day:
        return (datetime.date(year, month, day),) * 2
    last = calendar.monthrange(year, month)[1] if month else 31
    return datetime.date(year, month or 1, 1), datetime.date(year, month or 12, last)


def by_library(date: str) -> Days | None:
    """The same of any form, as the library has it; None if it is not EDTF."""
    import edtf  # slow to start, and most dates are plain
    from edtf.parser import EDTFParseException

    try:
        parsed = edtf.parse_edtf(date)
        # The library puts an unknown end ten years off; we know nothing of it.
        first = None if date.startswith("/") else _day(parsed.lower_strict())
        last = None if date.endswith("/") else _day(parsed.upper_strict())
    except (EDTFParseException, ValueError, TypeError, AttributeError, OverflowError):
        return None
    return first, last


def _day(moment: object) -> datetime.date | None:
    """The day of a struct_time; None for an infinity, which stands for an open end."""
    if isinstance(moment, (int, float)):
        return None
    year, month, day = tuple(moment)[:3]  # type: ignore[arg-type, var-annotated]
    return datetime.date(year, month, day)
