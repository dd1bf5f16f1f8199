"""What models tell apart of their means: a part is what the mean would lack without it."""

from __future__ import annotations

import numpy as np
import pytest
from panel_kit import FIRST, Failing, batch_of, card
from threatcast_forecasting.backtesting.composition import mean_of
from threatcast_forecasting.backtesting.engine import BatchTask, run
from threatcast_forecasting.errors import ModelError
from threatcast_forecasting.models import base_models
from threatcast_forecasting.models.calendar import second_tuesday
from threatcast_forecasting.models.card import PARTS, Prediction

WEEKS = np.arange(182)
TREND, SEASON = (PARTS.index(name) for name in ("trend", "season"))


def predicted(name: str, rows: list[np.ndarray]) -> Prediction:
    return base_models()[name].predict(batch_of([list(row) for row in rows]), 12, 1)


def seasonal(rate: float = 100.0, seed: int = 1) -> np.ndarray:
    """Counts whose next twelve weeks are the height of the season."""
    turn = np.sin(2 * np.pi * (WEEKS - len(WEEKS) + 1) / 52)
    return np.random.default_rng(seed).poisson(rate * np.exp(0.8 * turn))


def steady(rate: float = 100.0, seed: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).poisson(rate, len(WEEKS))


@pytest.mark.parametrize("name", ["prophet", "pooled_regression", "seasonal_naive"])
def test_height_of_a_season_is_told_as_season_and_not_as_trend(name: str) -> None:
    found = predicted(name, [seasonal(seed=seed) for seed in range(4)])
    means = mean_of(found.quantiles).sum(axis=1)
    parts = found.parts.sum(axis=1)
    assert (parts[:, SEASON] > 0.15 * means).all()
    assert (np.abs(parts[:, TREND]) < 0.1 * means).all()


@pytest.mark.parametrize("name", ["prophet", "calendar"])
def test_steady_series_has_neither_trend_nor_season(name: str) -> None:
    found = predicted(name, [steady()])
    assert np.abs(found.parts.sum(axis=1)).max() < 0.05 * mean_of(found.quantiles).sum()


def test_growth_that_runs_on_is_told_as_trend() -> None:
    growth = np.random.default_rng(3).poisson(10 * np.exp(0.02 * WEEKS))
    parts = predicted("prophet", [growth]).parts.sum(axis=1)[0]
    assert parts[TREND] > 12 * 0.01 * 10 * np.exp(0.02 * len(WEEKS))
    assert parts[SEASON] == 0.0


def test_second_tuesdays_are_told_apart_from_the_level() -> None:
    days = np.datetime64(FIRST) + 7 * np.arange(len(WEEKS) + 12)
    kinds = second_tuesday(days.astype("datetime64[D]"))
    counts = np.random.default_rng(4).poisson(np.where(kinds[: len(WEEKS)] == 1, 60, 10))
    season = predicted("calendar", [counts]).parts[0, :, SEASON]
    assert (np.sign(season) == np.where(kinds[len(WEEKS) :] == 1, 1, -1)).all()


def task_of(model: object) -> BatchTask:
    batch = batch_of([[5.0] * 60, [7.0] * 60], ("a", "b"))
    return BatchTask("x", model, Failing(card("flat")), batch, 3, 1)


def test_series_that_falls_back_has_no_parts_of_the_model_that_failed() -> None:
    class Half:
        card = card("x")

        def predict(self, batch, horizon, seed):
            quantiles = np.full((2, horizon, 23), 9.0)
            quantiles[1] = np.nan
            return Prediction(quantiles, ("", ""), np.ones((2, horizon, len(PARTS))))

    assert run(task_of(Half())).parts.sum(axis=(1, 2)).tolist() == [3 * len(PARTS), 0]


def test_parts_of_another_shape_are_refused() -> None:
    class Odd:
        card = card("x")
        pooled = True

        def predict(self, batch, horizon, seed):
            return Prediction(np.full((2, horizon, 23), 9.0), ("", ""), np.ones((2, horizon)))

    outcome = run(task_of(Odd()))
    assert outcome.parts is None
    assert set(outcome.states) == {f"fallback: x raised {ModelError.__name__}"}
