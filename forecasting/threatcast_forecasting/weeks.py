"""ISO weeks, named by their Monday; no clock: every day comes from the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

DAYS = 7
HORIZON = 12
"""Weeks ahead that are forecast unless the caller says otherwise."""

EARLIEST = np.datetime64("1970-01-05")
LATEST = np.datetime64("2099-12-28")
"""Bounds on plausible weeks: one mistyped year must not make a panel of a million columns."""

NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def week_of(days: ArrayLike) -> NDArray[np.datetime64]:
    """Return the Mondays of the ISO weeks in which days lie.

    Examples
    --------
    >>> week_of("2024-01-07")
    np.datetime64('2024-01-01')
    """
    day = np.asarray(days, dtype="datetime64[D]")
    return _moved(day, -weekday(day))


def weekday(days: ArrayLike) -> NDArray[np.int64]:
    """Return days of the week, 0 for Monday to 6 for Sunday (1970-01-01 was a Thursday)."""
    numbers = np.asarray(days, dtype="datetime64[D]").astype(np.int64)
    return np.asarray((numbers + 3) % DAYS)


def reference_week(as_of: ArrayLike) -> NDArray[np.datetime64]:
    """Return the newest week that is complete at the end of a day.

    Examples
    --------
    >>> reference_week("2024-01-14"), reference_week("2024-01-13")
    (np.datetime64('2024-01-08'), np.datetime64('2024-01-01'))
    """
    return _moved(week_of(_moved(as_of, 1)), -DAYS)


def reference_date(weeks: ArrayLike) -> NDArray[np.datetime64]:
    """Return the Sundays that end weeks."""
    return _moved(weeks, DAYS - 1)


def target_week(origins: ArrayLike, horizons: ArrayLike) -> NDArray[np.datetime64]:
    """Return the Mondays of the weeks that lie `horizons` weeks after `origins`."""
    return _moved(origins, DAYS * np.asarray(horizons, dtype=np.int64))


def _moved(days: ArrayLike, by: ArrayLike) -> NDArray[np.datetime64]:
    """Return days moved by numbers of days; a scalar for scalars."""
    moved = np.asarray(days, dtype="datetime64[D]") + np.asarray(by, dtype=np.int64)
    result: NDArray[np.datetime64] = np.asarray(moved)[()]
    return result


def consecutive(first: np.datetime64, count: int) -> NDArray[np.datetime64]:
    """Return `count` Mondays, the first of them `first`."""
    return target_week(first, np.arange(count))


def column_of(weeks: ArrayLike, start: np.datetime64) -> NDArray[np.int64]:
    """Return how many weeks lie between `start` and each week; negative before it."""
    days = np.asarray(weeks, dtype="datetime64[D]") - start
    return np.asarray(days.astype(np.int64) // DAYS)


def read_days(column: pd.Series[Any]) -> NDArray[np.datetime64]:
    """Return a column of dates or ISO 8601 texts as days; NaT where it is neither.

    Times of day are cut off only if they are midnight; any other time gives NaT, since a week has
    none.
    """
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column):
        return np.full(len(column), np.datetime64("NaT"), dtype="datetime64[D]")
    stamps = pd.to_datetime(column, errors="coerce", format="ISO8601", utc=True)
    exact = stamps.dt.tz_localize(None).to_numpy()
    days = exact.astype("datetime64[D]")
    days[days != exact] = np.datetime64("NaT")
    return np.asarray(days)


def week_problem(day: np.datetime64) -> str | None:
    """Return what is wrong with a week, as a clause, or None."""
    if np.isnat(day):
        return "the week is not a date"
    if weekday(day) != 0:
        return f"the week {day} is a {NAMES[int(weekday(day))]}"
    if not EARLIEST <= day <= LATEST:
        return f"the week {day} is not between {EARLIEST} and {LATEST}"
    return None


def wrong_weeks(days: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Return a mask of days that `week_problem` would refuse."""
    with np.errstate(invalid="ignore"):
        odd = (weekday(days) != 0) | (days < EARLIEST) | (days > LATEST)
    return np.asarray(np.isnat(days) | odd)
