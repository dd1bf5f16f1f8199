"""Series whose newest weeks nobody watched: their forecasts are of weeks so much further ahead."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from panel_kit import batch_of
from threatcast_forecasting import forecast
from threatcast_forecasting.backtesting.engine import MOST_BEHIND, BatchTask, foreseen, run
from threatcast_forecasting.models import base_models
from threatcast_forecasting.models.card import Prediction
from threatcast_forecasting.panels import Batch

NIGHTLY = (
    "calendar", "climatology", "common_level", "discounted_quantiles", "flat",
    "negative_binomial", "pooled_regression", "prophet", "seasonal_naive",
)  # fmt: skip
WEEKS = 170


def counts(seed: int, series: int = 12) -> np.ndarray:
    """Return counts around levels that wander by 5 % a week."""
    rng = np.random.default_rng(seed)
    steps = np.cumsum(rng.normal(0, 0.05, (series, WEEKS)), axis=1)
    level = np.linspace(1, 60, series)[:, None] * np.exp(steps)
    return rng.negative_binomial(6, 6 / (6 + level)).astype(float)


@pytest.mark.parametrize("name", NIGHTLY)
def test_week_after_a_gap_is_forecast_as_so_many_weeks_further_ahead(name: str) -> None:
    values = counts(1)
    behind = np.array([0, 0, 3, 3, 3, 3, 3, 3, 3, 3, 3, 5])
    for row, lag in enumerate(behind):
        values[row, WEEKS - lag :] = np.nan
    batch = batch_of(values.tolist())
    model = base_models()[name]
    shown = foreseen(model, batch, 4, seed=7)
    for lag in (0, 3, 5):
        alone = model.predict(batch.before(lag), 4 + lag, 7)
        mine = behind == lag
        np.testing.assert_allclose(shown.quantiles[mine], alone.quantiles[mine, lag:])


def test_champion_is_as_wide_after_weeks_that_nobody_watched_as_with_them_or_wider() -> None:
    wider = []
    for seed in range(4):
        values = counts(seed)
        whole = widths(values)
        for lag in (1, 2, 4):
            values[:, WEEKS - lag :] = np.nan
            wider.append((lag, widths(values).div(whole)))
    for lag in (1, 2, 4):
        ratio = pd.concat([one for found, one in wider if found == lag]).groupby("horizon").mean()
        assert (ratio >= 1).all(), (lag, ratio)


def widths(values: np.ndarray) -> pd.Series:
    """Return the mean width of champion's 80 % intervals by horizon."""
    series = len(values)
    panel = pd.DataFrame(
        {
            "series_id": np.repeat([f"s{k:02d}" for k in range(series)], WEEKS),
            "week": np.tile(pd.date_range("2022-01-03", periods=WEEKS, freq="W-MON"), series),
            "value": values.ravel(),
        }
    )
    made = forecast(panel, ["champion"], horizon=12).forecasts
    bounds = made[made["quantile"].isin([0.1, 0.9])]
    by = bounds.pivot_table(index="horizon", columns="quantile", values="value")
    return by[0.9] - by[0.1]


def test_flat_line_after_a_gap_is_wider_for_every_series() -> None:
    values = counts(2)
    values[:, WEEKS - 6 :] = values[:, WEEKS - 7, None]
    gap = values.copy()
    gap[:, WEEKS - 6 :] = np.nan
    flat = base_models()["flat"]
    spread = [
        (made.quantiles[:, :, -4] - made.quantiles[:, :, 3])
        for made in (foreseen(flat, batch_of(v.tolist()), 12, seed=3) for v in (values, gap))
    ]
    assert (spread[1] > spread[0]).all()


def test_gap_of_years_costs_no_more_than_half_a_year() -> None:
    values = counts(3, series=2)
    values[1, 40:] = np.nan
    batch = batch_of(values.tolist())
    flat, asked = base_models()["flat"], []

    class Watching:
        card = flat.card

        def predict(self, batch: Batch, horizon: int, seed: int) -> Prediction:
            asked.append((len(batch.weeks), horizon))
            return flat.predict(batch, horizon, seed)

    made = run(BatchTask("watching", Watching(), flat, batch, 12, 1))
    assert made.states == ("", "")
    assert asked == [(WEEKS, 12), (WEEKS - MOST_BEHIND, 12 + MOST_BEHIND)]
