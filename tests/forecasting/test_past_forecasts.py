"""What stands in for forecasts that were not published: none that was made from nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
from threatcast_forecasting.grid import Grid, Knowledge
from threatcast_forecasting.night.past_forecasts import informed
from threatcast_forecasting.panels import validate

WEEKS = pd.date_range("2025-01-06", periods=60, freq="7D")


def test_origin_at_which_hardly_anything_was_known_is_left_out() -> None:
    panel = pd.concat(
        pd.DataFrame(
            {"series_id": name, "target": "t", "location": name, "week": WEEKS, "value": 3}
        )
        for name in ("DE", "FR")
    )
    grid = Grid.of(validate(panel))
    # the watch of DE began with the last ten weeks, that of FR was there all along
    known = pd.DataFrame(
        {
            "series_id": "DE",
            "origin": WEEKS[55],
            "week": WEEKS[:56],
            "value": [None] * 46 + [3] * 10,
        }
    )
    series, origins = np.array([0, 0, 1]), np.array([55, 59, 55])
    assert list(informed(Knowledge(grid, known), series, origins)) == [False, True, True]
