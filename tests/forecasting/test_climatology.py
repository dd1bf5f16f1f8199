from __future__ import annotations

import numpy as np
import pytest
from count_kit import batch_of
from threatcast_forecasting.models.climatology import MODEL
from threatcast_forecasting.models.discounted_quantiles import MODEL as DISCOUNTED
from threatcast_forecasting.quantiles import LEVELS


def test_only_the_last_52_observed_weeks_count():
    values = np.concatenate([np.full(100, 900.0), np.arange(1, 52), [np.nan, 52]])
    quantiles = MODEL.predict(batch_of(values), 3, 1).quantiles[0]
    np.testing.assert_allclose(quantiles[:, LEVELS.index(0.5)], 26.5)
    assert quantiles.max() <= 52


def test_all_horizons_are_alike():
    quantiles = MODEL.predict(batch_of(np.arange(60.0)), 12, 1).quantiles[0]
    assert (quantiles == quantiles[0]).all()


@pytest.mark.parametrize("model", [MODEL, DISCOUNTED])
def test_seven_weeks_are_too_few_and_eight_are_enough(model):
    values = np.full((2, 60), np.nan)
    values[0, -7:], values[1, -8:] = 4, 4
    prediction = model.predict(batch_of(values), 2, 1)
    assert prediction.states == ("fallback: 7 observed weeks, 8 needed", "")
    assert np.isnan(prediction.quantiles[0]).all()
    assert (prediction.quantiles[1] == 4).all()
