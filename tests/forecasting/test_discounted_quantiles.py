from __future__ import annotations

import numpy as np
import pytest
from count_kit import batch_of, steady
from threatcast_forecasting.models import discounted_quantiles as module
from threatcast_forecasting.models.discounted_quantiles import MODEL, weighted_quantiles
from threatcast_forecasting.quantiles import LEVELS

MEDIAN = LEVELS.index(0.5)


def test_without_a_discount_they_are_plain_sample_quantiles(monkeypatch):
    monkeypatch.setattr(module, "DISCOUNT", 1.0)
    values = steady(1, 77, 6, 0.5, seed=1)[0]
    values[3:9] = np.nan
    expected = np.quantile(values[~np.isnan(values)], LEVELS, method="weibull")
    np.testing.assert_allclose(weighted_quantiles(values), expected)


def test_a_quantile_has_its_level_of_the_weight_below_it():
    values = np.random.default_rng(2).permutation(300).astype(float)
    weights = 0.985 ** np.arange(300)[::-1]
    for level, quantile in zip(LEVELS, weighted_quantiles(values), strict=True):
        below = weights[values <= quantile].sum() / weights.sum()
        assert below == pytest.approx(level, abs=0.02)


def test_a_new_level_is_the_median_after_its_half_life():
    medians = []
    for weeks in (44, 49):
        values = np.concatenate([np.full(400, 10.0), np.full(weeks, 50.0)])
        medians.append(MODEL.predict(batch_of(values), 2, 1).quantiles[0, 0, MEDIAN])
    assert medians == [10, 50]


def test_weeks_older_than_six_years_count_for_nothing():
    old, new = np.full(400, 900.0), steady(1, 312, 5, 0.2, seed=3)[0]
    found = MODEL.predict(batch_of(np.concatenate([old, new])), 3, 1).quantiles[0]
    np.testing.assert_allclose(found, np.tile(weighted_quantiles(new), (3, 1)))
