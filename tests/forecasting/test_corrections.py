"""A correction's mean score, and the mean of what it corrects, rest on the same weeks."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from threatcast_forecasting.judging.corrections import corrected_scores

DAY = date(2026, 3, 1)


def scored(*rows: tuple[str, int, int, float]) -> pd.DataFrame:
    """Return scores of one target and model: location, horizon, number, scaled WIS."""
    frame = pd.DataFrame(rows, columns=["location", "horizon", "number", "scaled_wis"])
    is_first = frame["number"] == 0
    return frame.assign(target="claims", model="champion", reference_date=DAY, is_first=is_first)


def test_means_are_over_the_weeks_that_both_have() -> None:
    found = corrected_scores(
        scored(("DE", 1, 0, 1.0), ("DE", 2, 0, 3.0), ("FR", 1, 0, 9.0), ("DE", 1, 2, 2.0),
               ("DE", 2, 2, 6.0), ("TO", 1, 2, 7.0))
    )  # fmt: skip
    assert found.to_dict("records") == [
        {
            "target": "claims", "reference_date": DAY, "number": 2, "model": "champion",
            "scored": 2, "scaled_wis_first": 2.0, "scaled_wis": 4.0,
        }
    ]  # fmt: skip


def test_unknown_score_is_no_zero() -> None:
    found = corrected_scores(
        scored(("DE", 1, 0, np.nan), ("DE", 2, 0, 3.0), ("DE", 1, 1, np.nan), ("DE", 2, 1, np.nan))
    )
    assert found["scored"].tolist() == [2]
    assert found["scaled_wis_first"].tolist() == [3.0]
    assert np.isnan(found["scaled_wis"].to_numpy()).all()


def test_nothing_corrected_gives_no_row() -> None:
    found = corrected_scores(scored(("DE", 1, 0, 1.0)))
    assert found.empty
    assert {"scored", "scaled_wis_first", "scaled_wis"} <= set(found)


def test_mean_does_not_depend_on_the_order_of_rows() -> None:
    rng = np.random.default_rng(7)
    rows = [
        (f"P{place:03d}", horizon, number, float(rng.lognormal()))
        for place in range(50)
        for horizon in range(1, 13)
        for number in (0, 1)
    ]
    one = corrected_scores(scored(*rows))
    rng.shuffle(rows)
    other = corrected_scores(scored(*[(p, int(h), int(n), float(v)) for p, h, n, v in rows]))
    pd.testing.assert_frame_equal(one, other, check_exact=True)
