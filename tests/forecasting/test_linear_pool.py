"""The linear pool: an average of probabilities, not of quantiles."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from threatcast_forecasting.combinations.pool import MASS, linear_pool
from threatcast_forecasting.quantiles import LEVELS, finish

LEVEL = np.array(LEVELS)


def member(mean: float, deviation: float) -> np.ndarray:
    return np.broadcast_to(norm.ppf(LEVEL, mean, deviation), (1, 2, len(LEVELS)))


def test_each_level_lies_in_the_middle_of_its_mass():
    assert MASS.sum() == pytest.approx(1.0)
    assert (MASS > 0).all()
    assert np.cumsum(MASS) - MASS / 2 == pytest.approx(LEVEL)


def test_pool_of_one_is_that_one():
    alone = member(50, 5)
    assert linear_pool([alone], np.ones((1, 1))) == pytest.approx(alone)


def test_pool_of_far_members_is_as_wide_as_they_disagree():
    """The mixture of N(0, 1) and N(20, 1): half of the mass on each side, none between."""
    pooled = linear_pool([member(0, 1), member(20, 1)], np.array([[0.5, 0.5]]))[0, 0]
    assert pooled[LEVELS.index(0.25)] == pytest.approx(0.0, abs=0.1)
    assert pooled[LEVELS.index(0.75)] == pytest.approx(20.0, abs=0.1)


def test_pool_agrees_with_the_distribution_function_of_the_mixture():
    weights = np.array([[0.3, 0.7]])
    pooled = linear_pool([member(10, 4), member(14, 2)], weights)[0, 0]
    mixture = 0.3 * norm.cdf(pooled, 10, 4) + 0.7 * norm.cdf(pooled, 14, 2)
    assert mixture[1:-1] == pytest.approx(LEVEL[1:-1], abs=0.012)


def test_member_without_weight_changes_nothing():
    fine, wild = member(50, 5), member(-900, 4000)
    for place, parts in enumerate(([fine, wild], [wild, fine])):
        weights = np.array([[1.0 - place, float(place)]])
        assert linear_pool(parts, weights) == pytest.approx(linear_pool([fine], np.ones((1, 1))))


def test_each_series_has_its_own_weights_and_levels():
    both = [np.concatenate([part, part]) for part in (member(0, 1), member(100, 1))]
    levels = np.stack([LEVEL, np.full(len(LEVELS), 0.5)])
    pooled = linear_pool(both, np.array([[1.0, 0.0], [0.0, 1.0]]), levels)
    assert pooled[0, 0, 0] == pytest.approx(norm.ppf(0.01), abs=0.05)
    assert pooled[1, 0] == pytest.approx(np.full(len(LEVELS), 100.0), abs=0.05)


def test_quantiles_of_a_pool_do_not_cross():
    rng = np.random.default_rng(4)
    parts = [np.sort(rng.integers(0, 9, (40, 3, len(LEVELS))), axis=-1) for _ in range(4)]
    pooled = linear_pool(parts, rng.dirichlet(np.ones(4), 40))
    assert (np.diff(pooled, axis=-1) >= 0).all()


def test_the_order_of_members_changes_no_count():
    rng = np.random.default_rng(8)
    parts = [np.sort(rng.poisson(3, (60, 2, len(LEVELS))), axis=-1) for _ in range(3)]
    weights = rng.dirichlet(np.ones(3), 60)
    first = finish(linear_pool(parts, weights))
    turned = finish(linear_pool(parts[::-1], weights[:, ::-1]))
    np.testing.assert_array_equal(first, turned)


def test_a_count_ends_where_the_mass_of_all_members_at_it_does():
    """Members with P(0) of about 0.3 and 0.6, of which the second counts three times as much."""
    parts = [(zero < LEVEL).astype(float)[None, None] for zero in (0.3, 0.6)]
    mass_at_0 = 0.25 * MASS[LEVEL <= 0.3].sum() + 0.75 * MASS[LEVEL <= 0.6].sum()
    levels = np.linspace(mass_at_0 - 0.02, mass_at_0 + 0.02, len(LEVELS))
    pooled = finish(linear_pool(parts, np.array([[0.25, 0.75]]), levels[None]))[0, 0]
    np.testing.assert_array_equal(pooled, levels >= mass_at_0)
