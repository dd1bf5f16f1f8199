"""The champion's own members: calendar, common level and pooled regression."""

from __future__ import annotations

import numpy as np
import pytest
from panel_kit import batch_of
from threatcast_forecasting.models import base_models
from threatcast_forecasting.models.calendar import second_tuesday, tuesday
from threatcast_forecasting.models.common_level import expectations
from threatcast_forecasting.quantiles import LEVELS

MIDDLE = LEVELS.index(0.5)
NAMES = ("calendar", "common_level", "pooled_regression")


def medians(name: str, rows: np.ndarray, horizon: int = 12) -> np.ndarray:
    prediction = base_models()[name].predict(batch_of(rows), horizon, 1)
    assert set(prediction.states) == {""}
    return prediction.quantiles[:, :, MIDDLE]


def poisson(levels: np.ndarray, weeks: int, seed: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).poisson(np.broadcast_to(levels, (len(levels), weeks)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("row", [[0.0] * 120, [4.0], [np.nan] * 60 + [2.0], [1e7] * 120])
def test_strange_series_get_finite_whole_range_forecasts(name, row):
    quantiles = base_models()[name].predict(batch_of([row]), 20, 1).quantiles
    assert quantiles.shape == (1, 20, len(LEVELS))
    assert np.isfinite(quantiles).all()
    top = np.nanmax(row)
    assert (quantiles[:, :, MIDDLE] >= 0).all()
    assert (quantiles[:, :, MIDDLE] <= 2 * top).all()


@pytest.mark.parametrize("name", NAMES)
def test_steady_counts_are_forecast_at_their_level(name):
    middle = medians(name, poisson(np.array([[5.0], [40.0], [300.0]]), 150))
    assert middle == pytest.approx(np.broadcast_to([[5.0], [40.0], [300.0]], (3, 12)), rel=0.2)


def test_second_tuesdays_of_2024():
    weeks = np.arange("2024-01-01", "2025-01-01", 7, dtype="datetime64[D]")
    found = weeks[second_tuesday(weeks) == 1] + 1
    expected = [
        "2024-01-09", "2024-02-13", "2024-03-12", "2024-04-09", "2024-05-14", "2024-06-11",
        "2024-07-09", "2024-08-13", "2024-09-10", "2024-10-08", "2024-11-12", "2024-12-10",
    ]  # fmt: skip
    assert found.astype(str).tolist() == expected


def patch_series(weeks: int = 160) -> tuple[np.ndarray, np.ndarray]:
    """Return a series of 20 on weeks of the second Tuesday, else 1, and the kinds ahead."""
    batch = batch_of([[0.0] * (weeks + 12)])
    kinds = second_tuesday(batch.weeks)
    rates = np.where(kinds == 1, 20.0, 1.0)
    return poisson(rates[None], weeks + 12)[:, :weeks], kinds[weeks:]


def test_calendar_knows_the_second_tuesday_where_the_series_does():
    rows, ahead = patch_series()
    middle = medians("calendar", rows)[0]
    assert (middle[ahead == 1] > 12).all()
    assert (middle[ahead == 0] <= 2).all()


def test_calendar_is_the_recent_level_where_nothing_shows():
    rows = poisson(np.array([[2.0], [30.0]]), 160)
    both = [
        base_models()[n].predict(batch_of(rows), 12, 1) for n in ("calendar", "negative_binomial")
    ]
    np.testing.assert_array_equal(both[0].quantiles, both[1].quantiles)


def test_calendar_gate_opens_for_few_series_without_a_calendar():
    rng = np.random.default_rng(8)
    rows = rng.negative_binomial(1.0, 1 / 6.0, (300, 150)).astype(float)
    both = [
        base_models()[n].predict(batch_of(rows), 12, 1) for n in ("calendar", "negative_binomial")
    ]
    opened = (both[0].quantiles != both[1].quantiles).any(axis=(1, 2))
    assert opened.mean() < 0.03


def test_weeks_are_told_apart_by_their_tuesday():
    weeks = np.array(["2024-01-01", "2024-01-29", "2024-04-29"], dtype="datetime64[D]")
    assert tuesday(weeks).tolist() == [0, 3, 3]  # Tuesdays 2 and 30 January, 30 April


def test_common_level_lets_sparse_series_follow_a_fall_of_all():
    rates = np.ones((30, 130))
    rates[:, 122:] = 0.2
    rates[0] *= 40
    rows = poisson(rates, 130)
    sparse = base_models()["common_level"].predict(batch_of(rows), 12, 1).quantiles[1:, 0]
    alone = base_models()["climatology"].predict(batch_of(rows), 12, 1).quantiles[1:, 0]
    top = LEVELS.index(0.9)
    assert sparse[:, top].mean() < 0.7 * alone[:, top].mean()


def test_common_level_of_one_week_is_expected_from_earlier_weeks_only():
    rows = poisson(np.array([[3.0], [9.0]]), 60).astype(float)
    expected, _ = expectations(rows)
    rows[:, 40:] = 500.0
    again, _ = expectations(rows)
    np.testing.assert_array_equal(again[:, :41], expected[:, :41])


def waves(weeks: int, series: int = 30) -> np.ndarray:
    phase = np.linspace(0, 3, series)[:, None]
    height = np.linspace(20, 200, series)[:, None]
    season = np.exp(1.5 * np.sin(2 * np.pi * (np.arange(weeks) - phase) / 52))
    return height * season


def test_pooled_regression_learns_a_season_that_all_series_share():
    rates = waves(230)
    rows = poisson(rates[:, :218], 218)
    middle = medians("pooled_regression", rows)
    level = medians("negative_binomial", rows)
    error, naive = (
        np.abs(np.log(m + 1) - np.log(rates[:, 218:] + 1)).mean() for m in (middle, level)
    )
    assert error < 0.4 * naive


def test_pooled_regression_leaves_no_series_out_when_one_is_empty():
    rows = poisson(np.array([[5.0], [9.0]]), 120).astype(float)
    rows = np.vstack([rows, np.full(120, np.nan)])
    rows[2, -1] = 3.0
    assert np.isfinite(medians("pooled_regression", rows)).all()
