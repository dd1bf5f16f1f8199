"""Nowcasts: what the newest weeks will have counted in the end, given what they count so far.

A week's final count is what is there now, less what will go, and what is still to come. What goes
is beta-binomial. What comes has a negative binomial distribution that follows from the series' own
level, the count so far and the share that has come (a gamma-Poisson model of a thinned count:
England and Verrall 2002, doi:10.1017/S1357321700003809), mixed over how that share differs between
weeks. Delays are estimated as in the nowcasts of Hoehle and an der Heiden (2014,
doi:10.1111/biom.12194) and Guenther et al. (2021, doi:10.1002/bimj.202000112), but by the simpler
chain ladder, pooled over the locations of a target.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.nowcast.delays import Delay, delays

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LOW, MIDDLE, HIGH = 0.1, 0.5, 0.9
LEVEL_WEEKS = 52
"""Weeks from which the level of a series is taken."""

LEVEL_HALF_LIFE = 13
USUAL_SIZE, USUAL_SIZE_WEEKS = 2.0, 4
"""Size of the negative binomial of a series' weeks if nothing is known, and weeks it weighs."""

NODES = 7
"""Shares by which the spread between weeks is represented."""

NEGLIGIBLE = 0.02
"""Events still to come, on average, that are not worth an interval."""

NAMES = ("series_id", "target", "location", "week", "value")


def scope_of(location: str) -> str:
    """Return whose delays a series shares: `world`, `unlocated` or `located`."""
    return {"WORLD": "world", "UNLOCATED": "unlocated"}.get(location, "located")


def nowcast(
    counts: pd.DataFrame,
    triangle: pd.DataFrame,
    day: np.datetime64,
    *,
    seen: Mapping[str, np.datetime64] | None = None,
    levels: Sequence[float] = (LOW, MIDDLE, HIGH),
    weeks: int | None = None,
) -> pd.DataFrame:
    """Return quantiles of the final count of every week that has not settled yet.

    Parameters
    ----------
    counts : DataFrame
        `series_id, target, location, week, value`: counts as known on `day`. Settled weeks set the
        level of a series.
    triangle : DataFrame
        See `delays.delays`. Nothing after `day` is looked at.
    day : datetime64[D]
    seen : mapping, optional
        Last day on which each target's feed was looked at; default: as the triangle shows.
    levels : sequence of float
    weeks : int, optional
        Only so many of the newest weeks before `day`.

    Returns
    -------
    DataFrame
        `series_id, target, location, week, value, arrived, kept, state` and one column of whole
        numbers a level, named by it. A series whose target has no delay, or too little evidence of
        one, has no rows: its counts stand as they are.
    """
    import pandas as pd

    days = counts["week"].to_numpy().astype("datetime64[D]")
    over = np.asarray(days + np.timedelta64(6, "D") <= day)
    counts = counts.assign(week=days).loc[over]
    late = {key: delay for key, delay in delays(triangle, day).items() if not delay.state}
    scopes = counts["location"].map(scope_of)
    parts = []
    for (target, scope), rows in counts.groupby(["target", scopes], observed=True, sort=True):
        delay = late.get((str(target), str(scope)))
        if delay is not None and len(rows):
            last = (seen or {}).get(str(target), delay.seen)
            parts.append(_of_scope(rows, delay, min(last, day), levels, weeks))
    columns = [*NAMES, "arrived", "kept", *levels]
    table = pd.concat(parts) if parts else pd.DataFrame(columns=columns)
    return table[columns].sort_values(["series_id", "week"], ignore_index=True)


def _of_scope(
    rows: pd.DataFrame,
    delay: Delay,
    seen: np.datetime64,
    levels: Sequence[float],
    weeks: int | None,
) -> pd.DataFrame:
    import pandas as pd

    ids, row = np.unique(rows["series_id"].to_numpy(dtype=object), return_inverse=True)
    mondays, column = np.unique(rows["week"].to_numpy(), return_inverse=True)
    values = np.full((len(ids), len(mondays)), np.nan)
    values[row, column] = rows["value"].to_numpy(dtype=float)
    ages = np.maximum((seen - mondays.astype("datetime64[D]")).astype(np.int64) - 6, 0) / 7
    steps = np.arange(delay.settles_after + 1)
    shares = [np.interp(ages, steps, s) for s in (delay.arrived, delay.kept, delay.held)]
    level, size = _levels(values, shares[0] * shares[2], ages)
    named = rows.drop_duplicates("series_id").set_index("series_id").loc[ids]
    open_weeks = np.flatnonzero(ages < delay.settles_after)[-weeks if weeks else 0 :]
    counted = [np.flatnonzero(~np.isnan(values[:, place])) for place in open_weeks]
    found = [
        _quantiles(
            values[here, place],
            level[here],
            size[here],
            (shares[0][place], shares[1][place], shares[2][place]),
            delay,
            levels,
        )
        for place, here in zip(open_weeks, counted, strict=True)
    ]
    places = np.repeat(open_weeks, [len(here) for here in counted])
    series = np.concatenate([np.empty(0, dtype=np.intp), *counted])
    told = {
        "series_id": ids[series],
        "target": named["target"].to_numpy()[series],
        "location": named["location"].to_numpy()[series],
        "week": mondays[places],
        "value": values[series, places],
        "arrived": shares[0][places],
        "kept": shares[1][places],
    }
    columns = np.concatenate([np.empty((0, len(levels))), *found])
    return pd.concat([pd.DataFrame(told), pd.DataFrame(columns, columns=list(levels))], axis=1)


def _levels(values: Array, exposure: Array, ages: Array) -> tuple[Array, Array]:
    """Return the events a week that come to each series, and the size of their distribution.

    The level is what was counted over the share that could be (Cape Cod; Buehlmann 1983); sizes by
    moments, drawn towards a usual one.
    """
    weight = np.where(ages < LEVEL_WEEKS, 0.5 ** (ages / LEVEL_HALF_LIFE), 0.0)
    weights = np.where(np.isnan(values), 0.0, weight)
    counts = np.nan_to_num(values)
    seen = (weights * exposure).sum(axis=1)
    level = (weights * counts).sum(axis=1) / np.maximum(seen, 1e-9)
    mean = level[:, None] * exposure
    square = (weights * mean**2).sum(axis=1)
    excess = (weights * ((counts - mean) ** 2 - mean)).sum(axis=1)
    prior = USUAL_SIZE_WEEKS * square / np.maximum(weights.sum(axis=1), 1e-9)
    dispersion = (excess + prior / USUAL_SIZE) / np.maximum(square + prior, 1e-9)
    return level, 1 / np.clip(dispersion, 0.01, 10.0)


def _quantiles(
    now: Array,
    level: Array,
    size: Array,
    share: tuple[float, float, float],
    delay: Delay,
    levels: Sequence[float],
) -> Array:
    """Return quantiles of final counts, shape (n, levels)."""
    arrived, kept, held = share
    shares = _shares(arrived, delay.spread)
    result = np.repeat(now[:, None], len(levels), axis=1)
    moving = (level * (1 - arrived) > NEGLIGIBLE) | (now * (1 - kept) > NEGLIGIBLE)
    moving |= now * (1 - arrived) > NEGLIGIBLE
    for row in np.flatnonzero(moving):
        come = newcomers(int(now[row]), level[row], size[row], shares, kept, held)
        go = leavers(int(now[row]), 1 - kept, delay.loss_spread)
        chance = np.cumsum(np.convolve(come, go[::-1]))
        place = np.searchsorted(chance / chance[-1], np.asarray(levels) - 1e-12)
        result[row] = now[row] + place - (len(go) - 1)
    return result


def _shares(arrived: float, spread: float) -> Array:
    """Return equally likely shares that have come, of a beta distribution."""
    from scipy.special import betaincinv

    middle = min(max(arrived, 1e-4), 1 - 1e-6)
    strength = 1 / spread - 1
    levels = (np.arange(NODES) + 0.5) / NODES
    found = betaincinv(middle * strength, (1 - middle) * strength, levels)
    return np.asarray(np.clip(found, 1e-4, 1.0))


def newcomers(
    count: int, level: float, size: float, shares: Array, kept: float, held: float
) -> Array:
    """Return the probabilities of 0, 1, 2 ... further events that come and stay.

    Parameters
    ----------
    count : int
        Events there so far.
    level, size : float
        Mean and size of the negative binomial of a week's events.
    shares : float array
        Equally likely shares of a week's events that have come.
    kept, held : float
        Shares of events present that will stay, and of those come that are there.
    """
    from scipy.special import gammaln

    level = max(level, 1e-6)
    seen = shares * held
    # which share is how likely, given the count: the negative binomial of the thinned week
    mean = level * seen
    log_weight = count * np.log(mean) - (size + count) * np.log(size + mean)
    weight = np.exp(log_weight - log_weight.max())
    # of the events still to come: a negative binomial again
    to_come = (size + count) * (1 - shares) * kept / (size / level + seen)
    total = size + count
    deviation = np.sqrt(to_come + to_come**2 / total)
    number = np.arange(int(np.ceil((to_come + 8 * deviation).max())) + 6)[:, None]
    chance = np.maximum(to_come / (total + to_come), 1e-300)
    logs = gammaln(total + number) - gammaln(total) - gammaln(number + 1)
    logs = logs + total * np.log1p(-chance) + number * np.log(chance)
    return np.asarray((np.exp(logs) * weight).sum(axis=1) / weight.sum())


def leavers(count: int, share: float, spread: float) -> Array:
    """Return the probabilities that 0, 1, 2 ... of `count` events go; beta-binomial."""
    from scipy.special import betaln, gammaln

    if count == 0 or share <= 1e-6:
        return np.ones(1)
    strength = 1 / spread - 1
    most = min(count, int(np.ceil(count * share + 8 * np.sqrt(count * share) + count * spread * 8)))
    number = np.arange(most + 1)
    logs = gammaln(count + 1) - gammaln(number + 1) - gammaln(count - number + 1)
    logs = logs + betaln(number + share * strength, count - number + (1 - share) * strength)
    chances = np.exp(logs - betaln(share * strength, (1 - share) * strength))
    return np.asarray(chances / chances.sum())


def corrected(
    counts: pd.DataFrame,
    triangle: pd.DataFrame,
    day: np.datetime64,
    seen: Mapping[str, np.datetime64] | None = None,
) -> pd.DataFrame:
    """Return counts with the median nowcast in the place of each week that has not settled."""
    found = nowcast(counts, triangle, day, seen=seen, levels=(MIDDLE,))
    counts = counts.assign(week=counts["week"].to_numpy().astype("datetime64[D]"))
    joined = counts.merge(
        found[["series_id", "week", MIDDLE]], on=["series_id", "week"], how="left"
    )
    values = joined[MIDDLE].to_numpy(dtype=float)
    return counts.assign(value=np.where(np.isnan(values), counts["value"].to_numpy(), values))


def training_values(
    panel: pd.DataFrame,
    known: pd.DataFrame,
    triangle: pd.DataFrame,
    day: np.datetime64,
    seen: Mapping[str, np.datetime64] | None = None,
) -> pd.DataFrame:
    """Return what models learn from: `known` with nowcasts, and so for the newest origin.

    The panel itself stays as counted: it is the truth of the scores.

    Parameters
    ----------
    panel : DataFrame
        `series_id, target, location, week, value`, as known on `day`.
    known : DataFrame
        `series_id, origin, week, value`, as known at the end of each origin's week.
    triangle, day, seen
        See `nowcast`. For a past origin only what was known at its end is looked at.
    """
    import pandas as pd

    if triangle.empty or panel.empty:
        return known
    names = panel[["series_id", "target", "location"]].drop_duplicates()
    parts = list(_origins(known.merge(names, on="series_id"), triangle))
    newest = corrected(panel, triangle, day, seen)
    moved = np.abs(newest["value"].to_numpy() - panel["value"].to_numpy()) > 0
    changed = newest["series_id"].isin(newest.loc[moved, "series_id"])
    last = newest[changed].assign(origin=newest["week"].max())
    columns = ["series_id", "origin", "week", "value"]
    learnt: pd.DataFrame = pd.concat([part[columns] for part in [*parts, last]], ignore_index=True)
    return learnt


def _origins(known: pd.DataFrame, triangle: pd.DataFrame) -> Iterator[pd.DataFrame]:
    origins = known["origin"].to_numpy().astype("datetime64[D]")
    for origin in np.unique(origins):
        yield corrected(known[origins == origin].reset_index(drop=True), triangle, origin + 6)
