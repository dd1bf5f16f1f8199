"""The level model: what it follows, how sure it is, and a slow twin of its arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from count_kit import batch_of, steady
from scipy import stats
from threatcast_forecasting.models._counts import DISPERSIONS, LEAST_MEAN
from threatcast_forecasting.models.negative_binomial import (
    DISCOUNTS,
    MEMORY,
    MODEL,
    PULL,
    WARM_UP,
    component_weights,
    levels,
    mixture,
)
from threatcast_forecasting.quantiles import LEVELS, interval

MEDIAN = LEVELS.index(0.5)


def slow_levels(row, discount):
    """Return the level after each week of one series, week by week."""
    found = []
    for end in range(1, len(row) + 1):
        seen = [(end - 1 - week, row[week]) for week in range(end) if not np.isnan(row[week])]
        total = sum(discount**age * count for age, count in seen)
        weight = sum(discount**age for age, _ in seen)
        long_run = np.mean([count for _, count in seen]) if seen else 0
        found.append((total + PULL * long_run) / (weight + PULL))
    return np.array(found)


def slow_weights(row):
    """Return the weight of each discount and dispersion of one series, from log densities."""
    scores = np.zeros((len(DISCOUNTS), len(DISPERSIONS)))
    for d, discount in enumerate(DISCOUNTS):
        level = slow_levels(row, discount)
        for week in range(1, len(row)):
            if np.isnan(row[week]) or (~np.isnan(row[:week])).sum() < WARM_UP:
                continue
            mean, size = max(level[week - 1], LEAST_MEAN), 1 / DISPERSIONS
            density = stats.nbinom.logpmf(row[week], size, size / (size + mean))
            scores[d] += MEMORY ** (len(row) - 1 - week) * density
    weights = np.exp(scores - scores.max())
    return weights / weights.sum()


@pytest.fixture
def values():
    found = steady(5, 70, mean=4, dispersion=0.6, seed=3)
    found[0, :20] = np.nan
    found[1, 30:36] = np.nan
    found[2] = 0
    found[3, -1] = 60
    return found


def test_levels_equal_those_of_a_loop_over_weeks(values):
    observed = ~np.isnan(values)
    means, _ = levels(np.where(observed, values, 0), observed)
    for n, row in enumerate(values):
        for d, discount in enumerate(DISCOUNTS):
            np.testing.assert_allclose(means[:, n, d], slow_levels(row, discount), atol=1e-12)


def test_weights_equal_those_of_a_loop_over_weeks(values):
    observed = ~np.isnan(values)
    means, _ = levels(np.where(observed, values, 0), observed)
    weights = component_weights(values, observed, means)
    for row, found in zip(values, weights, strict=True):
        np.testing.assert_allclose(found, slow_weights(row), rtol=1e-3, atol=1e-6)


def test_mixture_has_the_moments_of_draws_from_its_components():
    rng = np.random.default_rng(2)
    level, weeks = np.array([[2.0, 3, 4, 5, 6]]), np.array([[3.0, 6, 12, 30, 80]])
    weights = rng.dirichlet(np.ones(65)).reshape(1, 5, 13)
    mean, variance = mixture(level, weeks, weights, 1)
    picked = rng.choice(65, size=400_000, p=weights.ravel())
    centre = level[0, picked // 13]
    size = 1 / DISPERSIONS[picked % 13]
    draws = rng.negative_binomial(size, size / (size + centre))
    assert mean[0, 0] == pytest.approx(draws.mean(), rel=0.02)
    assert variance[0, 0] == pytest.approx(draws.var(), rel=0.1)


def test_ten_weeks_after_a_lasting_shift_most_of_it_is_followed_and_its_weeks_are_held():
    values = steady(40, 150, mean=5, dispersion=0.1, seed=4)
    values[:, -10:] = steady(40, 10, mean=80, dispersion=0.1, seed=5)
    quantiles = MODEL.predict(batch_of(values), 4, 1).quantiles
    assert 45 <= quantiles[:, :, MEDIAN].mean() <= 90
    low, high = interval(quantiles, 0.95)
    ahead = steady(40, 4, mean=80, dispersion=0.1, seed=6)
    assert ((ahead >= low) & (ahead <= high)).mean() >= 0.9


def test_a_single_burst_does_not_become_the_level():
    values = steady(40, 150, mean=5, dispersion=0.1, seed=4)
    values[:, -3] = 500
    medians = MODEL.predict(batch_of(values), 4, 1).quantiles[:, :, MEDIAN]
    assert medians.mean() <= 15


def test_a_steady_poisson_level_gets_nearly_poisson_intervals():
    values = np.random.default_rng(6).poisson(100, (50, 200)).astype(float)
    low, high = interval(MODEL.predict(batch_of(values), 1, 1).quantiles, 0.8)
    poisson = np.diff(stats.poisson.ppf([0.1, 0.9], 100))[0]
    assert poisson <= (high - low).mean() <= 1.35 * poisson


def test_a_wandering_level_is_less_sure_further_ahead_and_after_missing_weeks():
    rng = np.random.default_rng(7)
    level = np.exp(4 + np.cumsum(rng.normal(0, 0.15, (30, 150)), axis=1))
    values = rng.poisson(level).astype(float)
    stale = np.concatenate([values, np.full((30, 8), np.nan)], axis=1)
    fresh, old = (
        np.subtract(*interval(MODEL.predict(batch_of(rows), 12, 1).quantiles, 0.8)[::-1])
        for rows in (values, stale)
    )
    assert fresh[:, 11].mean() > 1.2 * fresh[:, 0].mean()
    assert old[:, 11].mean() > 1.2 * fresh[:, 11].mean()
