"""What a reader asks of a forecast: totals, the trend, and the chance of more than usual.

The usual level is the mean of the last 26 observed weeks. The trend compares the mean weekly count
of the next four weeks with it: beyond 15 % and at least one event a week is an increase or a
decrease, beyond 50 % and at least one a large one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_forecasting.errors import ForecastError
from threatcast_forecasting.quantiles import LEVELS
from threatcast_forecasting.totals import DRAWS, couple, deviates, shares, weekly_draws

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

NEAR, WHOLE = 4, 12
"""Weeks of the two totals."""
USUAL_WEEKS = 26
SMALL_CHANGE, LARGE_CHANGE, LEAST_CHANGE = 0.15, 0.50, 1.0
"""Shares of the usual level, and events a week, that a change must exceed or reach."""

TRENDS = ("large_decrease", "decrease", "stable", "increase", "large_increase")
CALMEST_FIRST = (2, 1, 3, 0, 4)
"""Places in `TRENDS`: of two classes equally likely, the calmer one is named."""

USUAL_RHO = 0.3
"""Correlation between weeks where no back-test has measured it."""
LARGEST_RHO = 0.95
PRIOR_ORIGINS = 20
"""How many series and origins the correlation of all targets counts for beside a target's own."""


def dependence(scores: pd.DataFrame) -> pd.DataFrame:
    """Return how strongly misses of one forecast go together from week to week, by target.

    The mean product of two weeks' normal scores over their mean square, where a normal score is
    the normal deviate of the middle of a count's probability range under the forecast. Nought is
    their expected mean, so that a steady bias counts as dependence, which for totals it is. Targets
    with few back-tests are drawn towards all targets' value; results lie between 0 and 0.95.

    Parameters
    ----------
    scores : DataFrame
        One model's back-test: `target, series_id, origin, horizon, pit_low, pit_high`.

    Returns
    -------
    DataFrame
        `target, rho`, one row a target that has two scored weeks of one origin.
    """
    import pandas as pd
    from scipy.special import ndtri

    middle = (scores["pit_low"].astype(float) + scores["pit_high"].astype(float)) / 2
    normal = pd.Series(ndtri(middle.clip(0.005, 0.995).to_numpy()), index=scores.index)
    known = scores.assign(score=normal, square=normal**2).dropna(subset=["score"])
    keys = [known[name].astype(str) for name in ("target", "series_id", "origin")]
    by_origin = known.groupby(keys)[["score", "square"]].agg(["sum", "count"])
    count = by_origin["score", "count"]
    parts = pd.DataFrame(
        {
            "products": by_origin["score", "sum"] ** 2 - by_origin["square", "sum"],
            "pairs": count * (count - 1),
            "squares": by_origin["square", "sum"],
            "weeks": count,
            "origins": 1.0,
        }
    )[count > 1]
    sums = parts.groupby(level="target").sum()
    if sums.empty:
        return pd.DataFrame({"target": pd.Series(dtype=str), "rho": pd.Series(dtype=float)})
    own, every = _correlation(sums), _correlation(sums.sum().to_frame().T).iloc[0]
    shrunk = (sums["origins"] * own + PRIOR_ORIGINS * every) / (sums["origins"] + PRIOR_ORIGINS)
    return shrunk.clip(0.0, LARGEST_RHO).rename("rho").reset_index()


def _correlation(sums: pd.DataFrame) -> pd.Series[float]:
    """Return mean product over mean square; 0 where every score is nought."""
    square = sums["squares"] / sums["weeks"]
    return (sums["products"] / sums["pairs"] / square.where(square > 0)).fillna(0.0)


def outlook(
    forecasts: pd.DataFrame,
    panel: pd.DataFrame,
    *,
    rho_by_target: pd.DataFrame,
    seed: int,
    totals: Mapping[str, Array] | None = None,
) -> pd.DataFrame:
    """Return the outlook of each series that has a forecast.

    Parameters
    ----------
    forecasts : DataFrame
        `series_id, horizon, quantile, value` of one model and origin; at least 12 horizons and
        all levels.
    panel : DataFrame
        `series_id, target, week, value`, ending at the origin.
    rho_by_target : DataFrame
        What `dependence` returned; a target without a row is given 0.3.
    seed : int
    totals : mapping, optional
        What `weeks_together` returned, by series, where the weeks were drawn already; other
        series are drawn one by one.

    Returns
    -------
    DataFrame
        Sorted by `series_id`: `series_id, target, usual_weekly`; `expected_`, `low80_` and
        `high80_` `4w` and `12w` (whole numbers: the median and the 10 % and 90 % quantiles of the
        total); `p_above_usual_4w`, `p_zero_4w`; `trend`; `p_<class>` for each of `TRENDS`, which
        add up to 1. Probabilities have four digits. Without any observed week there is no usual
        level, and what depends on it is null.

    Raises
    ------
    ForecastError
        If a series lacks a week or a level, or is not in the panel.
    """
    import pandas as pd

    ids, quantiles = _quantile_array(forecasts)
    facts = _facts(panel).reindex(ids)
    if facts["target"].isna().any():
        stranger = facts.index[facts["target"].isna()][0]
        raise ForecastError(f"series {stranger}", "it has a forecast but is not in the panel")
    rho = rho_by_target.set_index("target")["rho"]
    normal = deviates(WHOLE, DRAWS, seed)
    coupled: dict[str, Array] = {}
    rows = []
    for place, (target, usual) in enumerate(zip(facts["target"], facts["usual"], strict=True)):
        if target not in coupled:
            coupled[target] = couple(normal, float(rho.get(target, USUAL_RHO)))
        total = (totals or {}).get(ids[place])
        if total is None:
            total = weeks_together(weekly_draws(quantiles[place], coupled[target]))
        row: dict[str, Any] = {"series_id": ids[place], "target": target, "usual_weekly": usual}
        rows.append(row | _totals(total) | _trend(total[:, 0], usual))
    return pd.DataFrame(rows)


def weeks_together(drawn: Array) -> Array:
    """Return totals of the next 4 and 12 weeks, shape (draws, 2), from weekly draws."""
    return np.column_stack([drawn[:, :weeks].sum(axis=1) for weeks in (NEAR, WHOLE)])


def _quantile_array(forecasts: pd.DataFrame) -> tuple[list[str], Array]:
    """Return series in order and their quantiles of the first 12 weeks, shape (n, 12, 23)."""
    near = forecasts[forecasts["horizon"] <= WHOLE]
    wide = near.pivot_table(
        index="series_id", columns=["horizon", "quantile"], values="value", observed=True
    )
    if wide.shape[1] != WHOLE * len(LEVELS):
        raise ForecastError(
            "the outlook",
            f"{wide.shape[1]} quantiles a series where {WHOLE} weeks of {len(LEVELS)} are needed",
            f"Forecast at least {WHOLE} weeks ahead, at all levels",
        )
    values = wide.to_numpy(dtype=np.float64)
    lacking = np.isnan(values).any(axis=1)
    if lacking.any():
        raise ForecastError(f"series {wide.index[lacking][0]}", "a quantile is missing")
    return [str(name) for name in wide.index], values.reshape(len(wide), WHOLE, len(LEVELS))


def _facts(panel: pd.DataFrame) -> pd.DataFrame:
    """Return target and usual level of each series of a panel, by `series_id`."""
    labels = panel[["series_id", "target"]].drop_duplicates("series_id").set_index("series_id")
    observed = panel.dropna(subset=["value"]).sort_values(["series_id", "week"])
    recent = observed.groupby("series_id", observed=True).tail(USUAL_WEEKS)
    usual = recent.groupby("series_id", observed=True)["value"].mean()
    return labels.assign(usual=usual.astype(float))


def _totals(totals: Array) -> dict[str, float]:
    """Return median and 80 % interval of the totals, and the chance of none in four weeks."""
    facts: dict[str, float] = {}
    for weeks, total in zip((NEAR, WHOLE), totals.T, strict=True):
        low, middle, high = np.quantile(total, (0.1, 0.5, 0.9), method="inverted_cdf")
        facts |= {
            f"expected_{weeks}w": float(middle),
            f"low80_{weeks}w": float(low),
            f"high80_{weeks}w": float(high),
        }
    return facts | {"p_zero_4w": round(float((totals[:, 0] == 0).mean()), 4)}


def _trend(total: Array, usual: float) -> dict[str, Any]:
    """Return the probabilities of the five classes, the likeliest, and of more than usual."""
    if np.isnan(usual):
        nothing = dict.fromkeys([f"p_{name}" for name in TRENDS], np.nan)
        return {"p_above_usual_4w": np.nan, "trend": None, **nothing}
    classes = np.arange(len(TRENDS)) == trend_class(total / NEAR, usual)[:, None]
    probabilities = shares(classes)
    calmest = np.array(CALMEST_FIRST)
    return {
        "p_above_usual_4w": round(float((total > NEAR * usual).mean()), 4),
        "trend": TRENDS[calmest[probabilities[calmest].argmax()]],
        **{f"p_{name}": float(p) for name, p in zip(TRENDS, probabilities, strict=True)},
    }


def trend_class(weekly: Array, usual: float) -> NDArray[np.intp]:
    """Return the place in `TRENDS` of mean weekly counts against the usual level.

    Examples
    --------
    >>> [TRENDS[place] for place in trend_class(np.array([4.0, 10.0, 11.5, 11.6, 16.0]), 10.0)]
    ['large_decrease', 'stable', 'stable', 'increase', 'large_increase']
    """
    change = weekly - usual
    size = np.abs(change)
    enough = size >= LEAST_CHANGE
    steps = (enough & (size > SMALL_CHANGE * usual)).astype(np.intp)
    steps += enough & (size > LARGE_CHANGE * usual)
    return np.asarray(2 + np.sign(change).astype(np.intp) * steps)
