"""ISO weeks named by their Monday."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threatcast_forecasting.weeks import (
    column_of,
    consecutive,
    reference_date,
    reference_week,
    target_week,
    week_of,
    weekday,
)

DAYS = st.dates(dt.date(1960, 1, 1), dt.date(2099, 12, 31))


@given(DAYS)
def test_week_of_a_day_is_the_monday_of_its_iso_week(day):
    monday = week_of(day).item()
    assert monday.isocalendar()[:2] == day.isocalendar()[:2]
    assert monday.weekday() == 0
    assert weekday(day) == day.weekday()


@given(DAYS)
def test_reference_week_is_the_newest_that_ends_by_the_day(day):
    sunday = reference_date(reference_week(day)).item()
    assert sunday <= day < sunday + dt.timedelta(days=7)
    assert sunday.weekday() == 6


def test_horizon_h_ends_seven_h_days_after_the_reference_date():
    origin = np.datetime64("2024-01-01")
    weeks = target_week(origin, [1, 12])
    np.testing.assert_array_equal(reference_date(weeks), reference_date(origin) + np.array([7, 84]))


def test_column_counts_weeks_from_the_start_and_is_negative_before_it():
    start = np.datetime64("2024-01-01")
    np.testing.assert_array_equal(column_of(consecutive(start, 3), start), [0, 1, 2])
    assert column_of(np.datetime64("2023-12-18"), start) == -2


@pytest.mark.parametrize("year_end", ["2020-12-31", "2021-01-03"])
def test_week_53_belongs_to_the_year_in_which_it_began(year_end):
    assert week_of(year_end) == np.datetime64("2020-12-28")
