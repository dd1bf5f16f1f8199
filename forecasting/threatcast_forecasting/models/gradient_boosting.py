"""`gradient_boosting`: one set of regression trees for all series of a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.models._features import ahead_features, level_of, past_features
from threatcast_forecasting.models.card import ModelCard, Prediction
from threatcast_forecasting.quantiles import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from threatcast_forecasting.panels import Batch

    Array = NDArray[np.float64]
    Places = NDArray[np.int64]

FITTED = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
"""Levels that trees are grown for; those between are read off a normal scale."""
LEARNT_WEEKS = 156
LEARNT_AHEAD = 12
"""Trees learn from forecasts up to so many weeks ahead; further ahead they say the same."""
PER_WEEK = 3
"""How many of these horizons each series and past week is an example of."""
LEAST_EXAMPLES = 300
MOST_EXAMPLES = 60_000
"""More examples are thinned evenly; a pool of 130 series reaches this."""
CEILING = 3.0
"""No quantile exceeds the largest count of the last three years times this."""
FOREST = {
    "loss": "quantile",
    "max_iter": 40,
    "max_leaf_nodes": 7,
    "learning_rate": 0.1,
    "min_samples_leaf": 60,
    "max_features": 0.7,
    "max_bins": 63,
    "early_stopping": False,
}

CARD = ModelCard(
    name="gradient_boosting",
    title="Trees over all series",
    description=(
        "Regression trees that learn from all places of a target at once what usually follows "
        "which recent weeks."
    ),
    method=(
        "scikit-learn's histogram trees, 40 of 7 leaves for each of nine quantile levels, the "
        "other levels between them on a normal scale. Learnt are log(1 + count) 1 to 12 weeks "
        "ahead, less the log of the series' mean over 52 weeks, in the three years before the "
        "origin, from the last four weeks, means over 4 to 26 weeks, spread, share of empty "
        "weeks, the same weeks a year before, season, second Tuesday and horizon. Held below "
        "three times the largest count of three years."
    ),
    reference=(
        "Januschowski et al. (2022), Forecasting with trees, doi:10.1016/j.ijforecast.2021.10.004; "
        "the trees: Ke et al. (2017), LightGBM, NeurIPS 30"
    ),
    limits=(
        "A series' forecast depends on the other series of its target. Needs 300 examples in the "
        "pool. Beyond 12 weeks intervals do not widen. Trees see no level that no series had."
    ),
)


@dataclass(frozen=True)
class Examples:
    """Series, the week forecast from, and how many weeks ahead: shape (k,) each."""

    rows: Places
    columns: Places
    ahead: Places


@dataclass(frozen=True)
class GradientBoosting:
    """Quantile trees over all series of a target."""

    card: ModelCard = CARD
    pooled: bool = True
    undivided: bool = True

    def predict(self, batch: Batch, horizon: int, seed: int) -> Prediction:
        """Return quantiles; NaN for series without a level, and for all if the pool is small."""
        values = batch.values
        count = len(values)
        quantiles = np.full((count, horizon, len(LEVELS)), np.nan)
        level = level_of(values)
        past = past_features(values, level)
        learnt = examples(values, level)
        if len(learnt.rows) < LEAST_EXAMPLES:
            state = f"fallback: {len(learnt.rows)} examples in the pool, {LEAST_EXAMPLES} needed"
            return Prediction(quantiles, (state,) * count)
        ready = np.flatnonzero(~np.isnan(level[:, -1]))
        asked = newest(ready, values.shape[1] - 1, horizon)
        after = np.log1p(values)[learnt.rows, learnt.columns + learnt.ahead]
        grown = boosted(
            table(batch, level, past, learnt),
            after - level[learnt.rows, learnt.columns],
            table(batch, level, past, asked),
            seed,
        )
        logs = all_levels(grown) + level[asked.rows, asked.columns][:, None]
        quantiles[ready] = np.expm1(logs).reshape(len(ready), horizon, len(LEVELS))
        top = CEILING * np.nanmax(values[ready, -LEARNT_WEEKS:], axis=1)
        quantiles[ready] = np.clip(quantiles[ready], 0.0, top[:, None, None])
        silent = "fallback: fewer than 8 observed weeks in the last year"
        states = tuple(silent if lost else "" for lost in np.isnan(level[:, -1]))
        return Prediction(quantiles, states)


def examples(values: Array, level: Array) -> Examples:
    """Return what there is to learn from: past weeks with a level and a known week ahead.

    Each series and week is an example of three horizons out of twelve, spread evenly.
    """
    weeks = values.shape[1]
    rows, columns, turns = np.meshgrid(
        np.arange(len(values)),
        np.arange(max(0, weeks - 1 - LEARNT_WEEKS), weeks - 1),
        np.arange(PER_WEEK),
        indexing="ij",
    )
    ahead = 1 + (columns + 5 * rows + turns * (LEARNT_AHEAD // PER_WEEK)) % LEARNT_AHEAD
    inside = columns + ahead < weeks
    rows, columns, ahead = rows[inside], columns[inside], ahead[inside]
    usable = ~np.isnan(level[rows, columns]) & ~np.isnan(values[rows, columns + ahead])
    places = np.flatnonzero(usable)
    if len(places) > MOST_EXAMPLES:
        places = places[np.linspace(0, len(places) - 1, MOST_EXAMPLES).astype(np.int64)]
    return Examples(rows[places], columns[places], ahead[places])


def newest(rows: Places, column: int, horizon: int) -> Examples:
    """Return what is asked: all horizons of some series from the newest week."""
    ahead = np.tile(np.arange(1, horizon + 1), len(rows))
    return Examples(np.repeat(rows, horizon), np.full(len(ahead), column), ahead)


def table(batch: Batch, level: Array, past: Array, which: Examples) -> Array:
    """Return the features of examples, shape (k, 18)."""
    known = past[which.rows, which.columns]
    ahead = ahead_features(batch.values, level, batch.weeks, which.rows, which.columns, which.ahead)
    return np.concatenate([known, ahead], axis=1)


def boosted(learnt: Array, outcome: Array, asked: Array, seed: int) -> Array:
    """Return the fitted levels for each row that is asked, in order, shape (k, 9)."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    def level(quantile: float) -> Array:
        forest = HistGradientBoostingRegressor(
            **FOREST, quantile=quantile, random_state=seed % 2**32
        )
        return np.asarray(forest.fit(learnt, outcome).predict(asked))

    # sums in several threads could differ in the last digit, and processes share the cores
    with threadpool_limits(limits=1):
        return np.sort(np.stack([level(quantile) for quantile in FITTED], axis=1), axis=1)


def all_levels(fitted: Array) -> Array:
    """Return all 23 levels from the fitted nine, straight lines on a normal scale between."""
    from scipy.special import ndtri

    have, want = ndtri(np.array(FITTED)), ndtri(np.array(LEVELS))
    right = np.clip(np.searchsorted(have, want), 1, len(have) - 1)
    share = (want - have[right - 1]) / (have[right] - have[right - 1])
    return np.asarray(fitted[:, right - 1] * (1 - share) + fitted[:, right] * share)


MODEL = GradientBoosting()
