"""Scores against the formula, an independent package, slow twins and known distributions."""

from __future__ import annotations

import numpy as np
import pytest
import scoringrules
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from threatcast_forecasting.quantiles import LEVELS
from threatcast_forecasting.scores import (
    covered,
    cumulative,
    log_score,
    pit_bounds,
    scale_of,
    score_table,
    weighted_interval_score,
)

LEVEL_ARRAY = np.array(LEVELS)
COUNTS = st.integers(0, 60)
FORECAST = arrays(int, len(LEVELS), elements=COUNTS).map(np.sort)


def interval_formula(y: float, q: np.ndarray) -> float:
    """WIS as Bracher et al. (2021) write it: median and eleven intervals with weights alpha/2."""
    total = 0.5 * abs(y - q[11])
    for k in range(11):
        alpha, low, high = 2 * LEVELS[k], q[k], q[22 - k]
        penalty = 2 / alpha * (max(low - y, 0) + max(y - high, 0))
        total += alpha / 2 * (high - low + penalty)
    return total / 11.5


@given(COUNTS, FORECAST)
def test_wis_is_the_interval_formula(y, q):
    assert weighted_interval_score(y, q) == pytest.approx(interval_formula(y, q))


@given(COUNTS, FORECAST)
def test_wis_is_the_mean_of_twice_the_quantile_score_of_scoringrules(y, q):
    independent = np.mean(
        [2 * scoringrules.quantile_score(y, v, a) for v, a in zip(q, LEVELS, strict=True)]
    )
    assert weighted_interval_score(y, q) == pytest.approx(independent)


def test_true_distribution_scores_better_on_average_than_any_other():
    y = np.random.default_rng(2).poisson(20, 4000).astype(float)

    def mean_score(shift: float, stretch: float) -> float:
        q = 20 + shift + stretch * (stats.poisson.ppf(LEVEL_ARRAY, 20) - 20)
        return float(weighted_interval_score(y, np.tile(q, (len(y), 1))).mean())

    others = [(1.5, 1.0), (-1.5, 1.0), (0.0, 0.6), (0.0, 1.6)]
    assert mean_score(0.0, 1.0) < min(mean_score(*other) for other in others)


def test_perfect_and_certain_forecast_scores_zero():
    assert weighted_interval_score(7.0, np.full(23, 7.0)) == 0
    assert log_score(7.0, np.full(23, 7.0)) == 0


def test_log_score_is_the_wis_of_log1p():
    y, q = 9.0, np.arange(23.0)
    assert log_score(y, q) == pytest.approx(interval_formula(np.log1p(y), np.log1p(q)))


def test_interval_covers_its_bounds_and_nothing_beyond():
    q = np.arange(23.0)  # the 50 % interval reaches from 6 to 16
    inside = covered([5.0, 6.0, 16.0, 17.0, np.nan], np.tile(q, (5, 1)), 0.5)
    np.testing.assert_array_equal(inside, [0, 1, 1, 0, np.nan])


def cumulative_slowly(count: int, q: np.ndarray) -> float:
    if count < 0:
        return 0.0
    if count > q[-1]:
        return 1.0
    if count == q[-1]:
        return 0.995
    before = (-0.5, 0.0)
    for value, level in zip(q, LEVELS, strict=True):
        if value > count:
            share = (count + 0.5 - before[0]) / (value - before[0])
            return before[1] + share * (level - before[1])
        before = (value, level)
    raise AssertionError("the highest quantile was dealt with above")


@given(st.integers(-1, 65), FORECAST)
def test_cumulative_is_the_line_through_quantiles_half_a_count_further(count, q):
    assert cumulative(float(count), q) == pytest.approx(cumulative_slowly(count, q))


@given(COUNTS, FORECAST)
def test_pit_bounds_are_ordered_probabilities(y, q):
    low, high = pit_bounds(float(y), q)
    assert 0 <= low <= high <= 1


@pytest.mark.parametrize("mean", [0.4, 3.0, 40.0])
def test_randomised_pit_of_right_forecasts_is_uniform(mean):
    rng = np.random.default_rng(5)
    y = rng.poisson(mean, 20_000).astype(float)
    q = np.tile(stats.poisson.ppf(LEVEL_ARRAY, mean), (len(y), 1))
    low, high = pit_bounds(y, q)
    u = rng.uniform(low, high)
    assert stats.kstest(u, "uniform").statistic < 0.03
    assert u.mean() == pytest.approx(0.5, abs=0.01)


def test_unknown_count_has_no_score_and_no_warning():
    table = score_table(np.array([[np.nan, 1.0]]), np.ones((1, 2, 23)), np.array([2.0]))
    for name in set(table) - {"scale"}:
        assert np.isnan(table[name][0, 0]), name
        assert np.isfinite(table[name][0, 1]), name


def test_scale_is_the_mean_of_the_last_52_observed_weeks():
    values = np.r_[np.full(100, 1000.0), np.full(52, 4.0)]
    assert scale_of(values[None]) == 4
    gaps = np.r_[values[:120], np.full(30, np.nan), values[120:]]
    assert scale_of(gaps[None]) == 4


def test_scale_is_at_least_a_tenth_and_unknown_without_an_observed_week():
    np.testing.assert_array_equal(scale_of([[0.0, 0.0], [np.nan, np.nan]]), [0.1, np.nan])


def test_scale_does_not_depend_on_empty_weeks_before():
    values = np.random.default_rng(3).poisson(1e6, (4, 60)) / 7
    padded = np.hstack([np.full((4, 33), np.nan), values])
    np.testing.assert_array_equal(scale_of(values), scale_of(padded))


def test_scaled_wis_is_wis_over_scale():
    table = score_table(np.array([[3.0]]), np.ones((1, 1, 23)), np.array([4.0]))
    assert table["scaled_wis"] == table["wis"] / 4
