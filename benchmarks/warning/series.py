"""The series to watch, and the outbreaks put into them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from threatcast_feeds.history.file import SHIPPED
from threatcast_forecasting.scores import BUSY

from benchmarks.skill.processes import PROCESSES, draw

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

WATCHED = 52
"""Newest weeks that are watched; those before are history."""
HISTORY = 110
"""Weeks before: two years for the rival that compares with the same weeks of past years."""
SERIES = 60
"""Of each generated process."""
SEED = 20
SIZES = (1, 2, 3, 5, 7, 10)
"""Events of an outbreak in all, in standard deviations of the year before it."""
LENGTHS = (1, 2, 4, 8)
FEWEST_EVENTS = 20


@dataclass(frozen=True)
class Panel:
    """Counts of series, shape (series, weeks), the last `WATCHED` weeks watched."""

    name: str
    what: str
    counts: Floats
    groups: NDArray[np.object_]

    @property
    def busy(self) -> NDArray[np.bool_]:
        """Whether a series had 5 events a week in the year before it was watched."""
        before = self.counts[:, -WATCHED - 52 : -WATCHED]
        return np.asarray(before.mean(axis=1) >= BUSY)


@dataclass(frozen=True)
class Outbreaks:
    """One outbreak a series: first column, weeks, size in standard deviations, counts with it."""

    start: Ints
    length: Ints
    size: Ints
    counts: Floats


def generated(series: int = SERIES) -> Panel:
    """Return series of all processes of the skill benchmark, from 0.1 to 500 events a week."""
    parts = [
        draw(process, np.random.default_rng([SEED, number]), series, HISTORY + WATCHED)[0]
        for number, process in enumerate(PROCESSES)
    ]
    names = np.repeat(np.array([one.name for one in PROCESSES], dtype=object), series)
    what = "Counts drawn from known processes without outbreaks"
    return Panel("generated", what, np.concatenate(parts), names)


def recorded() -> Panel:
    """Return the weekly counts that ship with the package, weeks that nobody watched left out."""
    import pandas as pd

    table = pd.read_parquet(SHIPPED)
    table = table[table["observation"] != "provisional"]
    parts, names = [], []
    for target, rows in table.groupby("target"):
        wide = rows.pivot_table(index="location", columns="week", values="value", dropna=False)
        wide = wide.loc[:, wide.loc["WORLD"].notna()].fillna(0.0).iloc[:, -HISTORY - WATCHED :]
        if wide.shape[1] < HISTORY + WATCHED:
            continue
        counts = wide.to_numpy(np.float64)
        enough = counts[:, -WATCHED - 104 : -WATCHED].sum(axis=1) >= FEWEST_EVENTS
        parts.append(counts[enough])
        names += [target] * int(enough.sum())
    what = "Weekly counts that ship with Threatcast, as they came, whatever happened in them"
    return Panel("recorded", what, np.concatenate(parts), np.array(names, dtype=object))


def with_outbreaks(panel: Panel, number: int) -> Outbreaks:
    """Put one outbreak into each series: a Poisson number of events over one to eight weeks.

    After Noufaily et al. (2013), doi:10.1002/sim.5595, as Bedubourg and Le Strat (2017) did: the
    mean number of events is the size times the standard deviation of the counts before.
    """
    rng = np.random.default_rng([SEED, 2000 + number, len(panel.name)])
    series, weeks = panel.counts.shape
    length, size = rng.choice(LENGTHS, series), rng.choice(SIZES, series)
    start = rng.integers(weeks - WATCHED, weeks - max(LENGTHS) + 1, series)
    counts = panel.counts.copy()
    for row in range(series):
        year = panel.counts[row, start[row] - 52 : start[row]]
        spread = max(float(year.std()), float(np.sqrt(max(year.mean(), 0.1))))
        events = max(1, rng.poisson(size[row] * spread))
        day = rng.integers(0, length[row], events)
        counts[row, start[row] : start[row] + length[row]] += np.bincount(
            day, minlength=length[row]
        )
    return Outbreaks(start, length, size, counts)
