from __future__ import annotations

import numpy as np
from count_kit import batch_of, seasonal
from threatcast_forecasting.models.seasonal_naive import MODEL
from threatcast_forecasting.quantiles import LEVELS

MEDIAN = LEVELS.index(0.5)


def test_a_perfect_season_is_repeated_exactly():
    year = np.arange(52.0)
    quantiles = MODEL.predict(batch_of(np.tile(year, 3)), 60, 1).quantiles[0]
    np.testing.assert_array_equal(quantiles, np.tile(year, 2)[:60, None] * np.ones(23))


def test_the_spread_is_that_of_changes_over_a_year_in_both_directions():
    values = np.concatenate([np.full(52, 100.0), np.full(52, 110.0)])
    quantiles = MODEL.predict(batch_of(values), 1, 1).quantiles[0, 0]
    np.testing.assert_allclose(quantiles[[0, MEDIAN, -1]], [100, 110, 120])


def test_a_week_missing_a_year_before_is_the_median_of_the_year():
    values = seasonal(1, 156, seed=4)
    values[0, -52] = np.nan
    quantiles = MODEL.predict(batch_of(values), 2, 1).quantiles[0]
    assert quantiles[0, MEDIAN] == np.nanmedian(values[0, -53:])
    assert quantiles[1, MEDIAN] == values[0, -51]


def test_too_few_pairs_of_weeks_a_year_apart_are_said():
    prediction = MODEL.predict(batch_of(np.ones(52 + 25)), 2, 1)
    assert prediction.states == ("fallback: 25 pairs of weeks a year apart, 26 needed",)
    assert np.isnan(prediction.quantiles).all()
