"""Means of scores: over a series first, so that one with more origins does not outweigh."""

from __future__ import annotations

import pandas as pd
from threatcast_forecasting.judging.means import means_over_series

SCORES = pd.DataFrame(
    [("DE", 1, 1.0), ("DE", 1, 3.0), ("DE", 2, None), ("DE", 2, 5.0), ("FR", 1, 8.0)],
    columns=["location", "horizon", "scaled_wis"],
).assign(model="flat")


def test_every_series_weighs_the_same() -> None:
    means = means_over_series(SCORES, ["scaled_wis"], series=["location"], by="model")
    assert means["scaled_wis"].to_dict() == {"flat": (3.0 + 8.0) / 2}


def test_means_by_several_columns() -> None:
    means = means_over_series(SCORES, ["scaled_wis"], series=["location"], by=["horizon", "model"])
    assert means["scaled_wis"].to_dict() == {(1, "flat"): (2.0 + 8.0) / 2, (2, "flat"): 5.0}
