"""A feed that reports late, with known delays: its triangle, and what was counted on any day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

FIRST = np.datetime64("2024-01-01")
SHARES = np.array([0.5, 0.7, 0.8, 0.9, 0.95, 1.0])
"""Of a week's events, what share has come by delay; the last settles it."""


@dataclass(frozen=True)
class LateFeed:
    """Events of some places: the week, the delay with which each comes and goes (99: never)."""

    place: np.ndarray
    week: np.ndarray
    comes: np.ndarray
    goes: np.ndarray
    weeks: int
    target: str = "claims"
    settles_after: int = len(SHARES) - 1

    def end(self, week: int) -> np.datetime64:
        """Return the Sunday that ends a week."""
        return FIRST + 7 * week + 6

    def triangle(self, kind: str = "vintage") -> pd.DataFrame:
        """Return what was known of all events together, up to the last week's end."""
        rows = []
        for week in range(self.weeks):
            here = self.week == week
            for delay in range(min(self.settles_after, self.weeks - 1 - week) + 1):
                came = int((here & (self.comes <= delay)).sum())
                went = int((here & (self.goes <= delay)).sum())
                day = self.end(week) + 7 * delay
                rows.append((FIRST + 7 * week, delay, day, came, went))
        names = ["week", "delay", "count_day", "arrived", "removed"]
        table = pd.DataFrame(rows, columns=names)
        return table.assign(
            target=self.target, scope="world", as_of_kind=kind, settles_after=self.settles_after
        )

    def counts(self, last: int | None = None) -> pd.DataFrame:
        """Return the counts of each place as known at the end of week `last`; default: finally."""
        until = self.weeks + 99 if last is None else last
        delay = np.minimum(until - self.week, self.settles_after)
        known = (self.comes <= delay) & (self.goes > delay)
        rows = []
        for place in np.unique(self.place):
            for week in range(min(until, self.weeks - 1) + 1):
                value = int((known & (self.place == place) & (self.week == week)).sum())
                rows.append((f"{self.target}|{place}", FIRST + 7 * week, float(value)))
        table = pd.DataFrame(rows, columns=["series_id", "week", "value"])
        return table.assign(target=self.target, location="WORLD")


def late_feed(
    mean: float,
    weeks: int = 80,
    places: int = 1,
    shares: np.ndarray = SHARES,
    leaving: float = 0.0,
    spread: float = 0.0,
    seed: int = 1,
) -> LateFeed:
    """Return a feed of Poisson weeks.

    `leaving`: chance that an event goes in a step after it came; `spread`: correlation, within a
    week, of coming at once.
    """
    rng = np.random.default_rng(seed)
    counts = rng.poisson(mean, (places, weeks))
    place, week = (
        np.repeat(axis, counts.ravel()) for axis in np.indices(counts.shape).reshape(2, -1)
    )
    steps = np.tile(np.diff(shares, prepend=0.0), (weeks, 1))
    if spread:
        strength = 1 / spread - 1
        first = rng.beta(shares[0] * strength, (1 - shares[0]) * strength, weeks)
        steps[:, 1:] *= ((1 - first) / (1 - shares[0]))[:, None]
        steps[:, 0] = first
    comes = (rng.random(len(week))[:, None] > steps.cumsum(axis=1)[week]).sum(axis=1)
    wait = rng.geometric(leaving, len(week)) if leaving else np.full(len(week), 99)
    return LateFeed(place, week, comes, comes + wait, weeks)
