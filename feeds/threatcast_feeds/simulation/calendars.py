"""Days of the simulated world: its first and last, and the days on which feeds are recorded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

# 313 whole weeks, Monday to Sunday
FIRST_DAY = date(2020, 6, 15)
LAST_DAY = date(2026, 6, 14)

WEEK = timedelta(days=7)
# from the Monday that names a week to its last day
SUNDAY = timedelta(days=6)


@cache
def monday(day: date) -> date:
    """Return the Monday of a day's ISO week."""
    return day - timedelta(days=day.weekday())


def every_week(first: date, last: date) -> Iterator[date]:
    """Yield `first` and each seventh day after it, up to `last` inclusive.

    Examples
    --------
    >>> [day.isoformat() for day in every_week(date(2026, 5, 31), date(2026, 6, 14))]
    ['2026-05-31', '2026-06-07', '2026-06-14']
    """
    day = first
    while day <= last:
        yield day
        day += WEEK


def month_ends(first: date, last: date) -> Iterator[date]:
    """Yield the last days of months from `first` to `last` inclusive.

    Examples
    --------
    >>> [day.isoformat() for day in month_ends(date(2024, 1, 1), date(2024, 3, 15))]
    ['2024-01-31', '2024-02-29']
    """
    day = first
    while True:
        following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
        end = following - timedelta(days=1)
        if end > last:
            return
        yield end
        day = following


def sundays(first: date, last: date) -> list[date]:
    """Return the Sundays from `first` to `last` inclusive."""
    return list(every_week(first + timedelta(days=6 - first.weekday()), last))


def recording_days(first: date, weekly_from: date, last: date) -> list[date]:
    """Return month ends from `first` on, and all Sundays from `weekly_from` to `last`."""
    weekly = sundays(weekly_from, last)
    return [day for day in month_ends(first, last) if not weekly or day < weekly[0]] + weekly


def reference_days(first: date, last: date) -> tuple[date, date]:
    """Return the days on which reference data are recorded: the first, and one near the end.

    The first lets every night of the past find them, the second keeps them from being stale.
    """
    return first, last - 2 * WEEK
