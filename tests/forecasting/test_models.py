"""What holds for every base model."""

from __future__ import annotations

import numpy as np
import pytest
from count_kit import batch_of, held, only, steady
from threatcast_forecasting.models import base_models
from threatcast_forecasting.quantiles import LEVELS, finish

MODELS = base_models()
NAMES = ("climatology", "flat", "negative_binomial", "prophet", "seasonal_naive")
WEEKS = 200
MISSING = np.nan


def hard_cases() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    usual = rng.poisson(6, WEEKS).astype(float)
    burst, shift, gap, holes = usual.copy(), usual.copy(), usual.copy(), usual.copy()
    burst[-3] = 5000
    shift[-10:] = rng.poisson(80, 10)
    gap[-30:] = MISSING
    holes[::2] = MISSING
    short, single = np.full(WEEKS, MISSING), np.full(WEEKS, MISSING)
    short[-5:], single[-1] = usual[-5:], 5
    return {
        "zeros": np.zeros(WEEKS),
        "constant": np.full(WEEKS, 7.0),
        "usual": usual,
        "burst": burst,
        "shift": shift,
        "ten million": rng.poisson(1e7, WEEKS).astype(float),
        "growth": np.floor(1.05 ** np.arange(WEEKS)),
        "silent since long": np.concatenate([usual[:100], np.zeros(100)]),
        "newest half year missing": gap,
        "every other week missing": holes,
        "five weeks": short,
        "one week": single,
        "nothing": np.full(WEEKS, MISSING),
    }


CASES = hard_cases()
SHORT = ("five weeks", "one week", "nothing")
GAPPY = ("every other week missing",)


def test_the_models_tested_here_are_found():
    assert set(NAMES) <= set(MODELS)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", NAMES)
def test_quantiles_are_finite_ordered_and_not_negative_or_a_fallback_is_stated(name, case):
    prediction = MODELS[name].predict(batch_of(CASES[case]), 12, 3)
    assert prediction.quantiles.shape == (1, 12, len(LEVELS))
    if prediction.states[0]:
        assert case in SHORT
        assert prediction.states[0].startswith("fallback: ")
    else:
        assert np.isfinite(prediction.quantiles).all()
        assert (prediction.quantiles >= 0).all()
        assert (np.diff(prediction.quantiles, axis=2) >= -1e-9).all()


@pytest.mark.parametrize("case", [case for case in CASES if case not in SHORT])
@pytest.mark.parametrize("name", NAMES)
def test_long_series_get_the_model_itself_and_medians_that_do_not_run_away(name, case):
    prediction = MODELS[name].predict(batch_of(CASES[case]), 12, 3)
    assert prediction.states == ("",)
    medians = prediction.quantiles[0, :, LEVELS.index(0.5)]
    assert medians.max() <= 3 * np.nanmax(CASES[case][-156:])


@pytest.mark.parametrize("name", NAMES)
def test_a_series_of_zeros_is_forecast_as_zeros(name):
    assert not finish(MODELS[name].predict(batch_of(CASES["zeros"]), 12, 3).quantiles).any()


@pytest.mark.parametrize("name", NAMES)
def test_ten_million_a_week_stays_ten_million_a_week(name):
    prediction = MODELS[name].predict(batch_of(CASES["ten million"]), 12, 3)
    assert prediction.quantiles.min() > 0.95e7
    assert prediction.quantiles.max() < 1.05e7


@pytest.mark.parametrize("name", NAMES)
def test_a_series_gets_the_same_numbers_alone_and_in_any_company(name):
    together = batch_of(np.stack(list(CASES.values())))
    quantiles = MODELS[name].predict(together, 6, 3).quantiles
    for place in range(len(CASES)):
        alone = MODELS[name].predict(only(together, place), 6, 3).quantiles
        np.testing.assert_array_equal(finish(alone)[0], finish(quantiles)[place])


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_numbers(name):
    batch = batch_of(CASES["usual"])
    first, second = (MODELS[name].predict(batch, 12, 3).quantiles for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_week_is_not_a_zero(name):
    holes = CASES["every other week missing"]
    filled = np.where(np.isnan(holes), 0, holes)
    upper = LEVELS.index(0.75)
    with_holes, with_zeros = (
        MODELS[name].predict(batch_of(values), 12, 3).quantiles[0, :, upper].mean()
        for values in (holes, filled)
    )
    assert with_holes >= 6
    assert with_zeros != with_holes


@pytest.mark.parametrize("horizon", [1, 60])
@pytest.mark.parametrize("name", NAMES)
def test_horizons_of_a_week_and_of_more_than_a_year_are_served(name, horizon):
    quantiles = MODELS[name].predict(batch_of(CASES["usual"]), horizon, 3).quantiles
    assert quantiles.shape == (1, horizon, len(LEVELS))
    assert np.isfinite(quantiles).all()


@pytest.mark.parametrize("weeks", [1, 2, 40])
@pytest.mark.parametrize("name", NAMES)
def test_panels_shorter_than_a_year_raise_nothing(name, weeks):
    prediction = MODELS[name].predict(batch_of(CASES["usual"][:weeks]), 12, 3)
    assert prediction.states[0] or np.isfinite(prediction.quantiles).all()


@pytest.mark.parametrize(
    ("name", "series"),
    [("climatology", 300), ("negative_binomial", 300), ("seasonal_naive", 300), ("prophet", 40)],
)
def test_intervals_hold_what_they_promise_on_a_steady_busy_level(name, series):
    values = steady(series, 172, mean=25, dispersion=0.15, seed=11)
    assert 0.75 <= held(MODELS[name], values, 12, 0.8) <= 0.87
    assert 0.92 <= held(MODELS[name], values, 12, 0.95) <= 0.98


@pytest.mark.parametrize(
    ("name", "series"),
    [("climatology", 300), ("negative_binomial", 300), ("seasonal_naive", 300), ("prophet", 40)],
)
def test_intervals_hold_at_least_what_they_promise_on_a_sparse_level(name, series):
    values = steady(series, 172, mean=0.6, dispersion=0.5, seed=12)
    assert held(MODELS[name], values, 12, 0.8) >= 0.79
    assert held(MODELS[name], values, 12, 0.95) >= 0.94
