"""How late a feed reports: what share of a week has come, and stays, so long after its end.

Read out of the reporting triangle of a target, up to a day and nothing later: link ratios from one
delay to the next (chain ladder; Mack 1993, doi:10.2143/AST.23.2.2005092), pooled over weeks with
recent ones counting more, and drawn towards "nothing more comes" where there is little to go by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.errors import PanelError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

COLUMNS = ("target", "scope", "week", "delay", "count_day", "as_of_kind", "arrived", "removed")
HALF_LIFE = 13
"""Weeks after which what a week showed counts half."""

ENOUGH = 4
"""Weeks that must show how a week grows, before anything is said."""

ENOUGH_EVENTS = 200
"""Events that copies must have shown at a delay, to tell alone how it goes on from there."""

DOUBT = 1.0
"""Events that are taken to have come and stayed, beside those that were seen."""

COMPLETE = 0.995
"""A target of whose weeks so much is there at once, and stays, is left as it is."""

USUAL_SPREAD, USUAL_WEEKS, MOST_SPREAD = 0.05, 8, 0.15
"""Correlation that is assumed within a week, how many weeks it weighs as much as, and its bound."""


@dataclass(frozen=True)
class Delay:
    """What is to be expected of a target's weeks, by delay 0 ... s; the last is final.

    Parameters
    ----------
    arrived : float array, shape (s + 1,)
        Share of all events of a week that will ever come, that have come.
    kept : float array, shape (s + 1,)
        Share of the events present that will still be there in the end.
    held : float array, shape (s + 1,)
        Share of the events that have come that are still there.
    spread, loss_spread : float
        Correlation of events within a week in coming late, and in going: 0 if weeks differ by
        chance alone.
    weeks : int
        Weeks that showed the step that most was seen of.
    kind : str
        `vintage` or `record_dates`: what knowledge was of on the day.
    seen : datetime64[D]
        Last day up to the day on which the feed was looked at.
    state : str
        Empty, or why there is nothing to correct: `complete` or `too_few_weeks`.
    """

    arrived: Array
    kept: Array
    held: Array
    spread: float
    loss_spread: float
    weeks: int
    kind: str
    seen: np.datetime64
    state: str

    @property
    def settles_after(self) -> int:
        """Return the delay at which a week is final."""
        return len(self.arrived) - 1


def delays(triangle: pd.DataFrame, day: np.datetime64) -> dict[tuple[str, str], Delay]:
    """Return the reporting delay by target and scope, as far as it could be known on a day.

    Parameters
    ----------
    triangle : DataFrame
        `target, scope, week, delay, count_day, as_of_kind, arrived, removed, settles_after`: of
        the events of a week, how many had come and gone on `count_day`. Rows after `day` are left
        out before anything is computed.
    day : datetime64[D]

    Raises
    ------
    PanelError
        If a column is missing.
    """
    lacking = {*COLUMNS, "settles_after"} - set(triangle.columns)
    if lacking:
        raise PanelError("the reporting triangle", f"no column {', '.join(sorted(lacking))}")
    days = triangle["count_day"].to_numpy().astype("datetime64[D]")
    known = triangle[days <= day]
    return {
        (str(target), str(scope)): _delay(rows, day)
        for (target, scope), rows in known.groupby(["target", "scope"], observed=True)
    }


def _delay(rows: pd.DataFrame, day: np.datetime64) -> Delay:
    settles_after = int(rows["settles_after"].iloc[0])
    arrived, removed, is_vintage, age = _matrices(rows, settles_after, day)
    newest = int(np.nanargmin(np.where(np.isnan(arrived), np.inf, age)))
    kind = "vintage" if is_vintage.flat[newest] else "record_dates"
    weights, weeks = _weights(arrived, is_vintage, age, vintage=kind == "vintage")
    grown, lost = _steps(arrived, removed, weights)
    share, kept = _to_the_end(1 / grown), _to_the_end(1 - lost)
    held = np.r_[1.0, np.cumprod(1 - lost)]
    state = ""
    if weeks < ENOUGH:
        state = "too_few_weeks"
    elif min(share[0], kept[0]) >= COMPLETE:
        state = "complete"
    return Delay(
        arrived=share,
        kept=kept,
        held=held,
        spread=_spread(arrived, share, weights),
        loss_spread=_spread(arrived - removed, kept, weights, lost=removed),
        weeks=weeks,
        kind=kind,
        seen=rows["count_day"].to_numpy().astype("datetime64[D]").max(),
        state=state,
    )


def _matrices(
    rows: pd.DataFrame, settles_after: int, day: np.datetime64
) -> tuple[Array, Array, NDArray[np.bool_], Array]:
    """Return came, gone, whether a copy shows it, and weeks ago; each of shape (weeks, s + 1)."""
    weeks, place = np.unique(rows["week"].to_numpy().astype("datetime64[D]"), return_inverse=True)
    delay = rows["delay"].to_numpy(dtype=np.int64)
    shape = (len(weeks), settles_after + 1)
    arrived, removed = np.full(shape, np.nan), np.full(shape, np.nan)
    is_vintage = np.zeros(shape, dtype=bool)
    arrived[place, delay] = rows["arrived"].to_numpy(dtype=float)
    removed[place, delay] = rows["removed"].to_numpy(dtype=float)
    is_vintage[place, delay] = (rows["as_of_kind"] == "vintage").to_numpy()
    ends = (day - weeks).astype(np.int64)[:, None] / 7
    return arrived, removed, is_vintage, ends - np.arange(settles_after + 1)


def _weights(
    arrived: Array, is_vintage: NDArray[np.bool_], age: Array, *, vintage: bool
) -> tuple[Array, int]:
    """Return what each step from delay to delay counts, shape (weeks, s), and weeks of evidence.

    A step between two kinds of knowledge says nothing. Where knowledge is of copies, the records'
    own days help only until enough events were copied: they show neither withdrawals nor places
    filled in later.
    """
    seen = ~np.isnan(arrived[:, :-1]) & ~np.isnan(arrived[:, 1:])
    seen &= is_vintage[:, :-1] == is_vintage[:, 1:]
    weights = np.where(seen, 0.5 ** (np.maximum(age[:, 1:], 0) / HALF_LIFE), 0.0)
    if vintage:
        copied = np.where(seen & is_vintage[:, 1:], arrived[:, 1:], 0.0).sum(axis=0)
        weights *= np.where(is_vintage[:, 1:], 1.0, np.maximum(0.0, 1 - copied / ENOUGH_EVENTS))
    return weights, int((weights > 0).sum(axis=0).max(initial=0))


def _steps(arrived: Array, removed: Array, weights: Array) -> tuple[Array, Array]:
    """Return by what events grow from each delay to the next, and what share goes."""
    before, gone_before = arrived[:, :-1], removed[:, :-1]
    come = _without_outlier(_weighted(weights, np.diff(arrived, axis=1)))
    gone = _without_outlier(_weighted(weights, np.diff(removed, axis=1)))
    grown = 1 + come / (_weighted(weights, before).sum(axis=0) + DOUBT)
    lost = gone / (_weighted(weights, before - gone_before).sum(axis=0) + DOUBT)
    return grown, np.clip(lost, 0.0, 0.9)


def _weighted(weights: Array, values: Array) -> Array:
    return np.where(weights > 0, weights * np.nan_to_num(values), 0.0)


def _without_outlier(amounts: Array) -> Array:
    """Return sums over weeks in which no week counts more than all the others together.

    One record that names seventy countries, a year late, is no habit of the feed.
    """
    total = amounts.sum(axis=0)
    others = total - amounts.max(axis=0, initial=0)
    return np.asarray(np.minimum(total, 2 * np.maximum(others, 0)))


def _to_the_end(steps: Array) -> Array:
    """Return the product of all steps from each delay on; 1 at the last."""
    return np.asarray(np.r_[np.cumprod(steps[::-1])[::-1], 1.0])


def _spread(counts: Array, share: Array, weights: Array, lost: Array | None = None) -> float:
    """Return the correlation within weeks, by moments of the beta-binomial distribution.

    Each week's count at each delay is held against what its newest count and the shares say.
    """
    newest = (counts.shape[1] - 1) - np.argmax(~np.isnan(counts[:, ::-1]), axis=1)
    rows = np.arange(len(counts))
    part = np.clip(share[None, :-1] / share[newest][:, None], 1e-6, 1.0)
    if lost is None:
        total = counts[rows, newest][:, None]
        some = counts[:, :-1]
    else:  # of those present at a delay, how many were still there at the newest look
        total = counts[:, :-1]
        some = total - (lost[rows, newest][:, None] - lost[:, :-1])
    use = (weights > 0) & (np.arange(counts.shape[1] - 1) < newest[:, None]) & (total > 1)
    chance = np.where(use, part * (1 - part), 0.0)
    total, some = np.where(use, total, 0.0), np.where(use, some, 0.0)
    weight = np.where(use, weights, 0.0)
    excess = (weight * ((some - total * part) ** 2 - total * chance)).sum()
    pairs = (weight * chance * total * (total - 1)).sum()
    prior = USUAL_WEEKS * pairs / max(weight[:, 0].sum(), 1.0)
    if pairs <= 0:
        return USUAL_SPREAD
    return float(np.clip((excess + USUAL_SPREAD * prior) / (pairs + prior), 1e-4, MOST_SPREAD))
