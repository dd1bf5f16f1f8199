"""Dates inside texts: ISO days and times, and the names of dated lists."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


def day_in(text: str | None) -> date | None:
    """Return the first ISO day of a text; None if there is none, or it never was.

    >>> day_in("2026-08-21T14:55:56+00:00"), day_in("Not available"), day_in("2026-02-30")
    (datetime.date(2026, 8, 21), None, None)
    """
    match = _DAY.search(text or "")
    if match is None:
        return None
    try:
        return date(*map(int, match.groups()))
    except ValueError:
        return None


def with_day(text: str, day: date) -> str:
    """Return a text with another day in the place of its first one.

    >>> with_day("2026-08-21T14:55:56+00:00", date(2025, 1, 2))
    '2025-01-02T14:55:56+00:00'
    """
    return _DAY.sub(day.isoformat(), text, count=1)


def moved(text: str | None, days: int) -> str:
    """Return a text whose day is so many days later; one without a day as it is."""
    day = day_in(text)
    return (text or "") if day is None else with_day(text or "", day + timedelta(days=days))


def moved_hours(text: str, hours: int) -> str:
    """Return an ISO time so many hours later, written as it was; a bare day as it is.

    >>> moved_hours("2026-08-21T20:55:56+00:00", 8), moved_hours("2026-08-21", 8)
    ('2026-08-22T04:55:56+00:00', '2026-08-21')
    """
    match = re.match(r"(\d{4}-\d\d-\d\d)([T ])(\d\d)(:.*)", text or "", re.DOTALL)
    if match is None:
        return text
    moment = datetime.fromisoformat(f"{match[1]}T{match[3]}:00:00") + timedelta(hours=hours)
    return f"{moment.date()}{match[2]}{moment:%H}{match[4]}"


def next_sunday(day: date) -> date:
    """Return the first Sunday six days after a day or later.

    >>> next_sunday(date(2026, 8, 22)), next_sunday(date(2026, 8, 24))
    (datetime.date(2026, 8, 30), datetime.date(2026, 8, 30))
    """
    late = day + timedelta(days=6)
    return late + timedelta(days=6 - late.weekday())
