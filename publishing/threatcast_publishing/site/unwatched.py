"""Weeks of a target that nobody watched: how many, of how many, and which runs they make."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threatcast_publishing.source import ReleaseContext

_WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Unwatched:
    """The world's weeks of one target that have no count.

    Attributes
    ----------
    weeks : int
        Weeks of the series, watched or not.
    missing : int
        Weeks among them that nobody watched.
    runs : sequence of (date, date)
        First and last day of each run of them, the newest first.
    """

    weeks: int
    missing: int
    runs: Sequence[tuple[date, date]]


def unwatched_weeks(release: ReleaseContext) -> Mapping[str, Unwatched]:
    """Return by target which weeks of the world have no count."""
    import pyarrow.compute as pc

    data = release.tables["activity_weekly"].data.select(["target", "location", "week", "value"])
    weeks: dict[str, list[date]] = defaultdict(list)
    missing: dict[str, list[date]] = defaultdict(list)
    for row in data.filter(pc.equal(data["location"], "WORLD")).to_pylist():
        weeks[row["target"]].append(row["week"])
        if row["value"] is None:
            missing[row["target"]].append(row["week"])
    return {
        target: Unwatched(len(own), len(missing[target]), runs_of(missing[target]))
        for target, own in weeks.items()
    }


def runs_of(mondays: Sequence[date]) -> Sequence[tuple[date, date]]:
    """Return the first and the last day of each run of weeks, the newest run first.

    Examples
    --------
    >>> runs_of([date(2026, 6, 1), date(2026, 6, 8), date(2026, 6, 22)])[1]
    (datetime.date(2026, 6, 1), datetime.date(2026, 6, 14))
    """
    runs: list[tuple[date, date]] = []
    for monday in sorted(mondays):
        last = monday + _WEEK - timedelta(days=1)
        if runs and runs[-1][1] + timedelta(days=1) == monday:
            runs[-1] = (runs[-1][0], last)
        else:
            runs.append((monday, last))
    return runs[::-1]
