"""Series drawn from processes that we know: steady, wandering, bursty, shifting, on and off, dated.

As the process is known, so is the true predictive distribution: its draws start from the true
hidden state at the origin. No forecast from counts alone can be better than this oracle.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .panel import DRAWS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

START = np.datetime64("2022-01-03")
WEEKS = 208
SERIES = 30
"""A kind."""
SEED = 77
THICKNESS = 10
"""Draws of which one is kept: their order statistics are the equally likely counts."""
PAIRS_A_PART = 100


@dataclass(frozen=True)
class Process:
    """A law for counts; the state is the log of the mean, beside the level it returns to.

    Parameters
    ----------
    name : str
    memory, wander : float
        Autocorrelation of the log mean after a week, and its standard deviation in the long run.
    shift : float
        Chance in a week that the level itself is drawn anew.
    begin, end : float
        Chance in a week that a silent series begins, and that an active one ends.
    burst : float
        Chance in a week that ten times as much happens.
    dated : float
        Factor of a week that holds a second Tuesday.
    """

    name: str
    memory: float = 1.0
    wander: float = 0.0
    shift: float = 0.0
    begin: float = 1.0
    end: float = 0.0
    burst: float = 0.0
    dated: float = 1.0

    def step(self, level: Floats, state: Floats, active: Floats, rng: Any) -> tuple[Floats, ...]:
        """Return level, state and activity a week later."""
        again = rng.random(level.shape) < self.shift
        level = level + np.where(again, rng.normal(0.0, 0.8, level.shape), 0.0)
        noise = self.wander * np.sqrt(1 - self.memory**2) * rng.normal(size=state.shape)
        dice = rng.random(active.shape)
        active = np.where(active > 0, dice >= self.end, dice < self.begin).astype(np.float64)
        return level, self.memory * state + noise, active

    def count(
        self, level: Floats, state: Floats, active: Floats, size: Floats, week: Any, rng: Any
    ) -> Floats:
        """Return the counts of a week."""
        mean = np.exp(np.minimum(level + state, np.log(1e5))) * active
        if is_second_tuesday(week):
            mean = mean * self.dated
        mean = mean * np.where(rng.random(mean.shape) < self.burst, 10.0, 1.0)
        luck = np.where(np.isinf(size), 1.0, rng.gamma(np.minimum(size, 1e6)) / size)
        return np.asarray(rng.poisson(mean * np.where(np.isinf(size), 1.0, luck)), np.float64)


PROCESSES = (
    Process("steady"),
    Process("wandering", memory=0.97, wander=0.5),
    Process("bursty", begin=0.3, end=0.7, burst=0.05),
    Process("shifting", shift=1 / 70),
    Process("spells", memory=0.9, wander=0.3, begin=0.15, end=0.15),
    Process("dated", memory=0.95, wander=0.2, dated=6.0),
)


def is_second_tuesday(week: np.datetime64) -> bool:
    """Return whether a week, named by its Monday, holds the second Tuesday of its month.

    Examples
    --------
    >>> [is_second_tuesday(np.datetime64(day)) for day in ("2026-08-10", "2026-08-03")]
    [True, False]
    """
    tuesday = week + np.timedelta64(1, "D")
    day = (tuesday - tuesday.astype("datetime64[M]").astype("datetime64[D]")).astype(int) + 1
    return bool(8 <= day <= 14)


@dataclass
class History:
    """Hidden states of the series of one process, each of shape (weeks, series)."""

    process: Process
    size: Floats
    states: list[tuple[Floats, ...]] = field(default_factory=list)


def week_at(column: int) -> np.datetime64:
    return START + np.timedelta64(7 * int(column), "D")


def draw(
    process: Process, rng: Any, series: int = SERIES, weeks: int = WEEKS
) -> tuple[Floats, History]:
    """Return counts, shape (series, weeks), and the hidden states they came from."""
    level = np.linspace(np.log(0.1), np.log(500.0), series)
    size = np.where(
        np.arange(series) % 3 == 0, np.inf, np.where(np.arange(series) % 3 == 1, 5.0, 1.5)
    )
    now = (level, process.wander * rng.normal(size=series), np.ones(series))
    history = History(process, size)
    counts = np.zeros((series, weeks))
    for column in range(weeks):
        now = process.step(*now, rng)
        history.states.append(now)
        counts[:, column] = process.count(*now, size, week_at(column), rng)
    return counts, history


@dataclass
class ProcessOracle:
    """The true predictive distribution of each series of `process_panel`."""

    histories: dict[str, History]
    what: str = "knows the process and its hidden state at the origin"

    def draws(
        self, series: NDArray[np.object_], origins: NDArray[np.datetime64], horizon: int
    ) -> Floats:
        columns = (origins.astype("datetime64[D]") - START).astype(int) // 7
        out = np.zeros((len(series), horizon, DRAWS))
        names = np.array([name.split("-")[0] for name in series])
        numbers = np.array([int(name.split("-")[1]) for name in series])
        for name, history in self.histories.items():
            for column in np.unique(columns[names == name]):
                rows = np.flatnonzero((names == name) & (columns == column))
                out[rows] = _ahead(history, numbers[rows], int(column), horizon)
        return out


def _ahead(history: History, numbers: NDArray[np.int64], column: int, horizon: int) -> Floats:
    rng = np.random.default_rng([SEED, 1, column, len(history.process.name)])
    shape = (len(numbers), THICKNESS * DRAWS)
    now = tuple(np.broadcast_to(part[numbers, None], shape) for part in history.states[column])
    size = np.broadcast_to(history.size[numbers, None], shape)
    out = np.zeros((len(numbers), horizon, DRAWS))
    for week in range(1, horizon + 1):
        now = history.process.step(*now, rng)
        counts = history.process.count(*now, size, week_at(column + week), rng)
        out[:, week - 1] = np.sort(counts, axis=1)[:, THICKNESS // 2 :: THICKNESS]
    return out


def process_panel(seed: int = SEED) -> tuple[pd.DataFrame, ProcessOracle]:
    """Return a panel of all processes, target = the kind, and its oracle."""
    import pandas as pd

    frames, histories = [], {}
    for number, process in enumerate(PROCESSES):
        counts, history = draw(process, np.random.default_rng([seed, 0, number]))
        histories[process.name] = history
        series, weeks = counts.shape
        frames.append(
            pd.DataFrame(
                {
                    "series_id": np.repeat(
                        [f"{process.name}-{k:02d}" for k in range(series)], weeks
                    ),
                    "target": process.name,
                    "location": "",
                    "week": np.tile([week_at(k) for k in range(weeks)], series),
                    "value": counts.ravel(),
                }
            )
        )
    return pd.concat(frames, ignore_index=True), ProcessOracle(histories)
