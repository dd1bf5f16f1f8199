"""Calibration: what past PITs say of how wide intervals should be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import nbinom, norm
from threatcast_forecasting.combinations.calibration import (
    GRID,
    calibrated_levels,
    pit_distribution,
)
from threatcast_forecasting.quantiles import LEVELS

LEVEL = np.array(LEVELS)


def normal_pits(deviation: float, shift: float = 0.0, count: int = 20_000) -> np.ndarray:
    """Return PITs of N(0, 1) forecasts where the truth is N(shift, deviation)."""
    return norm.cdf(np.random.default_rng(2).normal(shift, deviation, count))


def learnt(pits: np.ndarray) -> np.ndarray:
    return calibrated_levels(pits, pits, np.ones(len(pits)))


def test_calibrated_forecasts_are_left_alone():
    assert learnt(normal_pits(1.0)) == pytest.approx(LEVEL, abs=0.01)


def test_counts_judged_by_their_bounds_are_left_alone():
    """A plain PIT of a sparse count is far from uniform; between its bounds it is."""
    counts = nbinom(0.5, 0.6).rvs(20_000, random_state=1)
    low, high = nbinom(0.5, 0.6).cdf(counts - 1), nbinom(0.5, 0.6).cdf(counts)
    assert calibrated_levels(low, high, np.ones(len(low))) == pytest.approx(LEVEL, abs=0.01)


def test_too_narrow_intervals_are_read_further_out():
    levels = learnt(normal_pits(2.0))
    assert levels[LEVELS.index(0.1)] < 0.05
    assert levels[LEVELS.index(0.9)] > 0.95


def test_too_wide_intervals_are_read_further_in_by_about_what_was_seen():
    levels = learnt(normal_pits(0.5))
    seen = norm.cdf(norm.ppf(0.9) / 2)
    assert levels[LEVELS.index(0.5)] == pytest.approx(0.5, abs=1e-3)
    assert seen < levels[LEVELS.index(0.9)] < 0.88


def test_past_bias_is_not_projected():
    levels = learnt(normal_pits(1.0, shift=0.5))
    assert levels + levels[::-1] == pytest.approx(np.ones(len(LEVELS)), abs=0.01)


def test_few_pits_change_nothing_and_more_change_more():
    few, some, many = (learnt(normal_pits(3.0, count=n))[2] for n in (20, 100, 20_000))
    assert few == LEVELS[2]
    assert few > some > many


def test_levels_stay_in_order_and_inside():
    levels = learnt(np.full(500, 0.5))
    assert (np.diff(levels) >= 0).all()
    assert (levels > 0).all()
    assert (levels < 1).all()


def test_distribution_of_uniform_pits_is_the_diagonal():
    edges = np.linspace(0, 1, 101)
    spread = pit_distribution(edges[:-1], edges[1:], np.ones(100))
    assert spread == pytest.approx(GRID, abs=1e-6)
