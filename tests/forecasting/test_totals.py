"""Totals over weeks against distributions whose sums are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from threatcast_forecasting.outlook.totals import DRAWS, couple, deviates, shares, weekly_draws
from threatcast_forecasting.quantiles import LEVELS

DEVIATES = deviates(12, DRAWS, seed=1)


@pytest.mark.parametrize("rho", [0.0, 0.4, 0.95])
def test_coupled_numbers_are_standard_normal_with_the_wanted_correlation(rho):
    normal = couple(DEVIATES, rho)
    np.testing.assert_allclose(normal.mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose(normal.std(axis=0), 1, atol=0.05)
    correlation = np.corrcoef(normal.T)[np.triu_indices(12, 1)]
    np.testing.assert_allclose(correlation, rho, atol=0.06)


def test_draws_of_a_week_have_its_quantiles():
    quantiles = np.stack([stats.poisson.ppf(LEVELS, mean) for mean in np.linspace(0.2, 900, 12)])
    drawn = weekly_draws(quantiles, couple(DEVIATES, 0.3))
    found = np.quantile(drawn, LEVELS, axis=0).T
    np.testing.assert_allclose(found, quantiles, atol=1, rtol=0.01)


def test_independent_weeks_add_up_as_poisson_counts_do():
    quantiles = np.tile(stats.poisson.ppf(LEVELS, 20), (12, 1))
    total = weekly_draws(quantiles, couple(DEVIATES, 0.0)).sum(axis=1)
    found = np.quantile(total, [0.1, 0.5, 0.9])
    np.testing.assert_allclose(found, stats.poisson.ppf([0.1, 0.5, 0.9], 240), atol=3)


def test_dependent_weeks_make_totals_less_sure():
    quantiles = np.tile(stats.poisson.ppf(LEVELS, 20), (12, 1))
    spread = [weekly_draws(quantiles, couple(DEVIATES, rho)).sum(axis=1).std() for rho in (0, 0.4)]
    # n equally correlated terms have 1 + (n - 1) rho times the variance of independent ones
    assert spread[1] / spread[0] == pytest.approx(np.sqrt(1 + 11 * 0.4), rel=0.05)


def test_tails_go_beyond_the_outermost_levels_but_never_below_zero():
    quantiles = np.tile(stats.poisson.ppf(LEVELS, 3), (12, 1))
    drawn = weekly_draws(quantiles, couple(DEVIATES, 0.0))
    assert drawn.max() > quantiles.max()
    assert drawn.max() < 3 * quantiles.max()
    assert drawn.min() == 0
    np.testing.assert_array_equal(drawn, np.floor(drawn))


def test_shares_add_up_to_one_in_ten_thousandths():
    rng = np.random.default_rng(2)
    for classes in (3, 5, 7):
        flags = np.eye(classes, dtype=bool)[rng.integers(0, classes, 3001)]
        found = shares(flags.mean(axis=0))
        assert (np.round(found * 10_000) / 10_000 == found).all()
        assert np.round(found * 10_000).sum() == 10_000
        np.testing.assert_allclose(found, flags.mean(axis=0), atol=1e-4)
