"""What a reader asks of a forecast: totals, the trend, and the chance of more than usual.

The usual level is the mean of the last 26 observed weeks. The trend compares the mean weekly count
of the next four weeks with it: beyond 15 % and at least one event a week is an increase or a
decrease, beyond 50 % and at least one a large one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_forecasting.errors import ForecastError
from threatcast_forecasting.outlook.dependence import activity, rho_of
from threatcast_forecasting.outlook.totals import DRAWS, couple, deviates, shares, weekly_draws
from threatcast_forecasting.quantiles import LEVELS
from threatcast_forecasting.scores import SCALE_WEEKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

NEAR, WHOLE = 4, 12
"""Weeks of the two totals."""
MARKS = (0.1, 0.5, 0.9)
"""Levels of the totals that are shown: an 80 % interval and the median."""
USUAL_WEEKS = 26
SMALL_CHANGE, LARGE_CHANGE, LEAST_CHANGE = 0.15, 0.50, 1.0
"""Shares of the usual level, and events a week, that a change must exceed or reach."""

TRENDS = ("large_decrease", "decrease", "stable", "increase", "large_increase")
CALMEST_FIRST = (2, 1, 3, 0, 4)
"""Places in `TRENDS`: of two classes equally likely, the calmer one is named."""
COLUMNS = (
    *(f"{name}_{weeks}w" for weeks in (NEAR, WHOLE) for name in ("expected", "low80", "high80")),
    "p_zero_4w",
    "p_above_usual_4w",
    "trend",
    *(f"p_{name}" for name in TRENDS),
)
"""What `columns_of` returns, in order."""


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
        What `dependence.dependence` returned.
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

    rows = []
    for name, target, usual, total in drawn(
        forecasts, panel, rho_by_target=rho_by_target, seed=seed, totals=totals
    ):
        found = answers(total[None], np.array([usual]))
        row: dict[str, Any] = {"series_id": name, "target": target, "usual_weekly": usual}
        rows.append(row | columns_of({name: values[0] for name, values in found.items()}))
    return pd.DataFrame(rows)


def drawn(
    forecasts: pd.DataFrame,
    panel: pd.DataFrame,
    *,
    rho_by_target: pd.DataFrame,
    seed: int,
    totals: Mapping[str, Array] | None = None,
) -> Iterator[tuple[str, str, float, Array]]:
    """Yield each series in order: name, target, usual weekly level, draws of its totals.

    Parameters and errors are those of `outlook`; draws have the shape (draws, 2).
    """
    ids, quantiles = _quantile_array(forecasts)
    facts = _facts(panel).reindex(ids)
    if facts["target"].isna().any():
        stranger = facts.index[facts["target"].isna()][0]
        raise ForecastError(f"series {stranger}", "it has a forecast but is not in the panel")
    rho = rho_of(rho_by_target, facts["target"], activity(facts["scale"]))
    normal = deviates(WHOLE, DRAWS, seed)
    for place, (target, usual) in enumerate(zip(facts["target"], facts["usual"], strict=True)):
        total = (totals or {}).get(ids[place])
        if total is None:
            total = total_draws(quantiles[place : place + 1], couple(normal, rho[place]))[0]
        yield ids[place], target, float(usual), total


def weeks_together(weekly: Array) -> Array:
    """Return totals of the next 4 and 12 weeks, shape (..., draws, 2), from weekly draws."""
    return np.stack([weekly[..., :weeks].sum(axis=-1) for weeks in (NEAR, WHOLE)], axis=-1)


def total_draws(quantiles: Array, normal: Array) -> Array:
    """Return totals of 4 and 12 weeks, shape (n, draws, 2), from quantiles, shape (n, 12, 23)."""
    return weeks_together(weekly_draws(quantiles, normal))


def answers(totals: Array, usual: Array) -> dict[str, Array]:
    """Return what draws of totals say to each question of an outlook.

    Parameters
    ----------
    totals : float array, shape (n, draws, 2)
        Totals of 4 and of 12 weeks.
    usual : float array, shape (n,) or (n, draws)
        Usual weekly level; NaN where there is none, and so no answer that needs one.

    Returns
    -------
    dict of float arrays
        `above_usual_4w`, `zero_4w`, `growth_4w` (an increase or a large one): probabilities, shape
        (n,); `trend_4w`: those of the classes of `TRENDS`, shape (n, 5); `total_4w`, `total_12w`:
        10 %, 50 % and 90 % quantiles, shape (n, 3).
    """
    near, level = totals[..., 0], usual.reshape(len(usual), -1)
    known = ~np.isnan(level).any(axis=1)
    classes = trend_class(near / NEAR, np.where(np.isnan(level), 0.0, level))
    trend = np.stack([(classes == place).mean(axis=1) for place in range(len(TRENDS))], axis=1)
    trend[~known] = np.nan
    above = np.where(known, (near > NEAR * level).mean(axis=1), np.nan)
    quantiles = np.quantile(totals, MARKS, axis=1, method="inverted_cdf")
    return {
        "above_usual_4w": above,
        "zero_4w": (near == 0).mean(axis=1),
        "growth_4w": trend[:, 3:].sum(axis=1),
        "trend_4w": trend,
        "total_4w": quantiles[:, :, 0].T,
        "total_12w": quantiles[:, :, 1].T,
    }


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


def usual_levels(panel: pd.DataFrame, weeks: int = USUAL_WEEKS) -> pd.Series[float]:
    """Return the mean of the last observed weeks of each series, by `series_id`.

    `panel` has the columns `series_id, week, value`; a series without an observed week is left out.
    """
    observed = panel.dropna(subset=["value"]).sort_values(["series_id", "week"])
    newest = observed.groupby("series_id", observed=True).tail(weeks)
    means: pd.Series[float] = (
        newest.groupby("series_id", observed=True)["value"].mean().astype(float)
    )
    return means


def _facts(panel: pd.DataFrame) -> pd.DataFrame:
    """Return target, usual level and mean of the last year of each series, by `series_id`."""
    labels = panel[["series_id", "target"]].drop_duplicates("series_id").set_index("series_id")
    return labels.assign(usual=usual_levels(panel), scale=usual_levels(panel, SCALE_WEEKS))


def columns_of(found: Mapping[str, Array]) -> dict[str, Any]:
    """Return one series' answers as the columns of the table, rounded for readers.

    `found` is what `answers` returned, of one series: without its first axis. See `outlook` for
    what `COLUMNS` say.
    """
    facts: dict[str, Any] = {}
    for weeks in (NEAR, WHOLE):
        low, middle, high = (float(value) for value in found[f"total_{weeks}w"])
        facts |= {f"expected_{weeks}w": middle, f"low80_{weeks}w": low, f"high80_{weeks}w": high}
    facts["p_zero_4w"] = round(float(found["zero_4w"]), 4)
    facts["p_above_usual_4w"] = round(float(found["above_usual_4w"]), 4)
    if np.isnan(found["trend_4w"]).any():
        return facts | {"trend": None} | dict.fromkeys([f"p_{name}" for name in TRENDS], np.nan)
    return facts | named_trend(found["trend_4w"])


def named_trend(exact: Array) -> dict[str, Any]:
    """Return the likeliest class by name, and the probabilities of all in four digits.

    Examples
    --------
    >>> named_trend(np.array([0.0, 0.0, 0.4, 0.4, 0.2]))["trend"]
    'stable'
    """
    probabilities = shares(exact)
    calmest = np.array(CALMEST_FIRST)
    return {
        "trend": TRENDS[calmest[probabilities[calmest].argmax()]],
        **{f"p_{name}": float(p) for name, p in zip(TRENDS, probabilities, strict=True)},
    }


def trend_class(weekly: Array, usual: Array | float) -> NDArray[np.intp]:
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
