from __future__ import annotations

import numpy as np
from count_kit import batch_of, only, steady
from threatcast_forecasting.models.flat import MODEL
from threatcast_forecasting.quantiles import LEVELS, interval

MEDIAN = LEVELS.index(0.5)


def test_the_median_is_the_last_observed_value_at_every_horizon():
    values = steady(20, 100, mean=30, dispersion=0.2, seed=1)
    values[:, -1] = np.nan
    quantiles = MODEL.predict(batch_of(values), 12, 5).quantiles
    np.testing.assert_allclose(quantiles[:, :, MEDIAN], np.repeat(values[:, -2:-1], 12, axis=1))


def test_steps_of_one_spread_like_a_coin_tossing_walk():
    alternating = 1000 + np.arange(101) % 2
    quantiles = MODEL.predict(batch_of(np.tile(alternating, (200, 1))), 9, 5).quantiles
    upper = quantiles[:, :, LEVELS.index(0.9)].mean(axis=0) - 1000
    # nine tosses: at most 3 heads more than tails with probability 0.91, at most 1 with 0.75
    assert upper[0] == 1
    assert 2.5 <= upper[8] <= 4


def test_intervals_widen_with_the_horizon_and_stop_at_zero():
    values = steady(20, 100, mean=3, dispersion=0.5, seed=2)
    low, high = interval(MODEL.predict(batch_of(values), 12, 5).quantiles, 0.8)
    assert low.min() == 0
    assert (high[:, 11] > high[:, 0]).all()


def test_other_draws_are_made_for_another_seed_and_another_series():
    values = np.tile(steady(1, 100, mean=30, dispersion=0.2, seed=1), (2, 1))
    batch = batch_of(values)
    quantiles = MODEL.predict(batch, 12, 5).quantiles
    assert (quantiles[0] != quantiles[1]).any()
    assert (MODEL.predict(only(batch, 0), 12, 6).quantiles[0] != quantiles[0]).any()


def test_a_single_value_gets_the_spread_of_a_poisson_count():
    quantiles = MODEL.predict(batch_of([[np.nan, 100.0]]), 1, 5).quantiles[0, 0]
    np.testing.assert_allclose(quantiles[[0, MEDIAN, -1]], [90, 100, 110])


def test_nothing_observed_is_said():
    prediction = MODEL.predict(batch_of([[np.nan, np.nan]]), 2, 5)
    assert prediction.states == ("fallback: no observed week",)
    assert not prediction.quantiles.any()
