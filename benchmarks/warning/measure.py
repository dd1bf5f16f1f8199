"""Evidence and rivals on the same series and outbreaks, at the same rate of false alarms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from threatcast_forecasting.warning.budget import A_YEAR, openings
from threatcast_forecasting.warning.unusual import against

from .forecasts import around, every_week
from .rivals import IN_R, SLOW, cusum, from_r, third, three_sigma
from .series import LENGTHS, SIZES, WATCHED, Outbreaks, Panel, with_outbreaks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]
    Asked = Callable[[Floats, Ints, Ints], dict[str, Floats]]

OURS = "evidence"
RATE = A_YEAR["elevated"]
"""False alarms a series-year to which every method is tuned."""
BEFORE = 26
"""Weeks of bets before the first week that is watched."""
AFTER = max(LENGTHS)
YEAR = 52.0
ACTIVITIES = ("busy", "sparse")


@dataclass(frozen=True)
class Statistics:
    """What one method says: clean, shape (series, 52); of each round of outbreaks, (series, 9).

    A round begins with the week before the outbreak.
    """

    clean: Floats
    rounds: list[Floats]


@dataclass(frozen=True)
class Row:
    """How one method did on the series of one activity.

    An outbreak counts as found if an alarm opens in it: one that stood before tells nothing new.
    `standing` is the share of weeks without outbreaks in which an alarm stands, and
    `power_with_standing` what power would be if alarms from before counted too.
    """

    panel: str
    activity: str
    method: str
    series: int
    outbreaks: int
    false_alarms: float
    standing: float
    power: float
    power_with_standing: float
    delay: float
    precision: float
    by_size: tuple[float, ...]
    by_length: tuple[float, ...]


def measure(panel: Panel, rounds: int, slow_series: int, *, with_r: bool) -> list[Row]:
    """Return the rows of all methods on one panel.

    Parameters
    ----------
    rounds : int
        How often an outbreak is put into each series.
    slow_series : int
        Series of each panel that the slowest rival is asked about.
    """
    outbreaks = [with_outbreaks(panel, number) for number in range(rounds)]
    methods = {OURS: _evidence(panel, outbreaks)}
    for name, statistic in (("3 sigma", three_sigma), ("CUSUM", cusum)):
        methods |= _run(panel, outbreaks, lambda *a, n=name, s=statistic: {n: s(*a)})
    if with_r:
        found = _run(panel, outbreaks, lambda *a: from_r(*a, IN_R))
        found["C3"] = Statistics(
            third(found["C2"].clean), [third(one) for one in found["C2"].rounds]
        )
        methods |= {name: found[name] for name in ("C1", "C2", "C3", "glrnb")}
    rows = [row for name, said in methods.items() for row in _rows(panel, name, said, outbreaks)]
    some = _some(panel, slow_series)
    if with_r and some.any():
        part = Panel(panel.name, panel.what, panel.counts[some], panel.groups[some])
        theirs = [_of(one, some) for one in outbreaks]
        said = _run(part, theirs, lambda *a: from_r(*a, (SLOW,)))[SLOW]
        rows += _rows(part, SLOW, said, theirs)
        ours = methods[OURS]
        own = Statistics(ours.clean[some], [one[some] for one in ours.rounds])
        rows += _rows(part, f"{OURS}, series of {SLOW}", own, theirs)
    return rows


def _some(panel: Panel, count: int) -> Mask:
    """Return evenly chosen series, as many of each activity as there may be."""
    chosen = np.zeros(len(panel.counts), dtype=bool)
    for mask in (panel.busy, ~panel.busy):
        rows = np.flatnonzero(mask)
        take = min(count // 2, len(rows))
        chosen[rows[np.linspace(0, len(rows) - 1, take).astype(int)]] = take > 0
    return chosen


def _of(one: Outbreaks, rows: Mask) -> Outbreaks:
    return Outbreaks(one.start[rows], one.length[rows], one.size[rows], one.counts[rows])


def _evidence(panel: Panel, outbreaks: list[Outbreaks]) -> Statistics:
    """Return the logarithm of the evidence for surges, from forecasts made week by week."""
    first = panel.counts.shape[1] - WATCHED - BEFORE
    usual = every_week(panel.counts, first)
    clean = _log_evidence(panel.counts[:, first:], usual)[:, -WATCHED:]
    rounds = []
    for one in outbreaks:
        columns = one.start[:, None] + np.arange(-BEFORE, AFTER)
        counts = np.take_along_axis(one.counts, columns, axis=1)
        forecast = around(usual, first, one, BEFORE, AFTER)
        rounds.append(_log_evidence(counts, forecast)[:, -AFTER - 1 :])
    return Statistics(clean, rounds)


def _log_evidence(counts: Floats, forecast: Floats) -> Floats:
    return np.asarray(np.log(against("surge", counts, forecast).evidence))


def _run(panel: Panel, outbreaks: list[Outbreaks], ask: Asked) -> dict[str, Statistics]:
    """Ask a function of counts, first and last column, which sees outbreaks from the start."""
    weeks = panel.counts.shape[1]
    begin = np.full(len(panel.counts), weeks - WATCHED)
    clean = ask(panel.counts, begin, np.full(len(begin), weeks - 1))
    found = {name: Statistics(values[:, -WATCHED:], []) for name, values in clean.items()}
    for one in outbreaks:
        # the slow rival has no memory: it need not fit weeks that are not looked at
        since = np.where(SLOW in found, np.maximum(one.start - 1, begin), begin)
        said = ask(one.counts, since, one.start + one.length - 1)
        columns = np.minimum(one.start[:, None] + np.arange(-1, AFTER), weeks - 1)
        for name, values in said.items():
            found[name].rounds.append(np.take_along_axis(values, columns, axis=1))
    return found


def _rows(panel: Panel, name: str, said: Statistics, outbreaks: list[Outbreaks]) -> list[Row]:
    masks = {"busy": panel.busy, "sparse": ~panel.busy}
    return [
        _row(panel, activity, name, said, outbreaks, masks[activity])
        for activity in ACTIVITIES
        if masks[activity].any()
    ]


def _row(
    panel: Panel, activity: str, name: str, said: Statistics, outbreaks: list[Outbreaks], rows: Mask
) -> Row:
    clean = said.clean[rows]
    limit = tuned(clean)
    founds, olds, delays, sizes, lengths = [], [], [], [], []
    for one, values in zip(outbreaks, said.rounds, strict=True):
        length = one.length[rows]
        within = np.arange(AFTER) < length[:, None]
        stands = np.nan_to_num(values[rows], nan=-np.inf) >= limit
        opens = openings(stands)[:, 1:] & within
        found = opens.any(axis=1)
        founds.append(found)
        olds.append((stands[:, 1:] & within).any(axis=1))
        delays.append(np.where(found, opens.argmax(axis=1), length))
        sizes.append(one.size[rows])
        lengths.append(length)
    found, size, length = np.concatenate(founds), np.concatenate(sizes), np.concatenate(lengths)
    false = alarms_a_year(clean, limit)
    power = float(found.mean())
    return Row(
        panel.name, activity, name, int(rows.sum()), len(found), false,
        float((np.nan_to_num(clean, nan=-np.inf) >= limit).mean()),
        power, float(np.concatenate(olds).mean()), float(np.concatenate(delays).mean()),
        power / (power + false) if power + false > 0 else 0.0,
        tuple(float(found[size == one].mean()) for one in SIZES),
        tuple(float(found[length == one].mean()) for one in LENGTHS),
    )  # fmt: skip


def alarms_a_year(said: Floats, limit: float) -> float:
    """Return how often a statistic reaches a limit after a week below it, a series-year."""
    alarm = np.nan_to_num(said, nan=-np.inf) >= limit
    return float(openings(alarm).sum() * YEAR / alarm.size)


def tuned(said: Floats, rate: float = RATE) -> float:
    """Return the smallest limit from which on alarms come at most at the rate."""
    values = np.unique(said[np.isfinite(said)])
    low, high = 0, len(values) - 1
    # alarms fall with the limit but for joined ones, which only matter far below the rate
    while low < high:
        middle = (low + high) // 2
        if alarms_a_year(said, values[middle]) <= rate:
            high = middle
        else:
            low = middle + 1
    return float(values[low]) if len(values) else np.inf
