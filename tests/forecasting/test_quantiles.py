"""Levels and what makes quantiles presentable."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from threatcast_forecasting.quantiles import LARGEST, LEVELS, finish, interval, level_index

ANY_ROW = arrays(float, len(LEVELS), elements=st.floats(allow_nan=False))


def test_levels_are_the_23_of_the_contract():
    middle = [round(0.05 * k, 2) for k in range(1, 20)]
    assert list(LEVELS) == [0.01, 0.025, *middle, 0.975, 0.99]
    assert len(LEVELS) == 23
    assert LEVELS[level_index(0.5)] == 0.5


@given(ANY_ROW)
def test_finished_quantiles_are_whole_ordered_finite_and_not_negative(row):
    done = finish(row)
    assert np.isfinite(done).all()
    assert (np.diff(done) >= 0).all()
    assert (done == np.floor(done)).all()
    assert done.min() >= 0
    assert done.max() <= LARGEST


@given(ANY_ROW)
def test_finishing_twice_changes_nothing(row):
    once = finish(row)
    np.testing.assert_array_equal(finish(once), once)


def test_halves_are_rounded_upwards_not_to_even():
    np.testing.assert_array_equal(finish([0.5, 1.5, 2.5]), [1, 2, 3])


def test_row_with_nan_is_nan_whole_and_other_rows_are_not():
    done = finish([[1.0, np.nan, 3.0], [1.0, 2.0, 3.0]])
    assert np.isnan(done[0]).all()
    np.testing.assert_array_equal(done[1], [1, 2, 3])


def test_finish_leaves_what_it_was_given_alone():
    given_values = np.array([3.0, 1.0])
    finish(given_values)
    np.testing.assert_array_equal(given_values, [3.0, 1.0])


@pytest.mark.parametrize(
    ("share", "low", "high"),
    [(0.5, 0.25, 0.75), (0.8, 0.1, 0.9), (0.95, 0.025, 0.975), (0.98, 0.01, 0.99)],
)
def test_central_interval_lies_between_its_two_levels(share, low, high):
    lower, upper = interval(np.array(LEVELS), share)
    assert (lower, upper) == (low, high)
