"""The week that runs: what is told early is what the whole week tells, and nothing more."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from threatcast_forecasting.models._counts import negative_binomial_quantiles
from threatcast_forecasting.night.unusual_weeks import unusual_weeks
from threatcast_forecasting.quantiles import LEVELS
from threatcast_forecasting.warning.unusual import NONE, already, detect
from threatcast_forecasting.warning.wagers import LONGEST

SIZE, SERIES, WEEKS, DAYS = 5.0, 3000, 30, 7
RANK = {level: rank for rank, level in enumerate((NONE, "watch", "elevated", "severe"))}


@pytest.mark.parametrize("mean", [0.3, 3.0, 40.0])
def test_nothing_is_told_early_that_the_whole_week_does_not_tell(mean: float) -> None:
    rng = np.random.default_rng([34, int(10 * mean)])
    law = negative_binomial_quantiles(np.array(mean), np.array(mean + mean**2 / SIZE))
    counts = rng.negative_binomial(SIZE, SIZE / (SIZE + mean), (SERIES, WEEKS)).astype(float)
    counts[:200, -1] = np.round(counts[:200, -1] + 6 * np.sqrt(mean) + 4)
    forecast = np.broadcast_to(law, (SERIES, WEEKS, LONGEST, len(LEVELS)))
    whole, _ = detect(counts, counts, forecast)
    so_far = np.zeros(SERIES)
    left = counts[:, -1].astype(int)
    seen_early = 0
    for day in range(DAYS):
        today = rng.binomial(left, 1 / (DAYS - day))
        so_far, left = so_far + today, left - today
        early = already(np.c_[counts[:, :-1], so_far], forecast)
        assert (early.evidence <= whole.evidence * (1 + 1e-9)).all()
        assert all(RANK[a] <= RANK[b] for a, b in zip(early.level, whole.level, strict=True))
        assert not (early.stands_out & ~whole.stands_out).any()
        seen_early += day < DAYS - 1 and int((early.level[:200] == "severe").sum())
    assert (early.level == whole.level).all()
    assert seen_early, "no surge was told before its week was over"


def frames(so_far: float, newest: float = 10.0) -> tuple[pd.DataFrame, ...]:
    """Return counts, forecasts and the running week of a series of ten a week."""
    weeks = pd.date_range("2026-06-08", periods=20, freq="-7D")[::-1]
    counts = pd.DataFrame({"target": "t", "location": "DE", "week": weeks, "low": 10.0})
    counts.loc[counts.index[-1], "low"] = newest
    counts["high"] = counts["low"]
    law = negative_binomial_quantiles(np.array(10.0), np.array(30.0))
    told = pd.DataFrame(
        [
            ("t", "DE", week - pd.Timedelta(days=1), 1, level, value, "archive")
            for week in [*weeks, weeks[-1] + pd.Timedelta(days=7)]
            for level, value in zip(LEVELS, law, strict=True)
        ],
        columns=["target", "location", "reference_date", "horizon", "quantile", "value", "source"],
    )
    running = pd.Timestamp("2026-06-15")
    to_date = pd.DataFrame(
        [("t", "DE", running, so_far)], columns=["target", "location", "week", "low"]
    )
    return counts, told, to_date


def surge(found: pd.DataFrame) -> pd.Series:
    (row,) = found[found["kind"] == "surge"].to_dict("records")
    return pd.Series(row)


def test_count_so_far_that_no_whole_week_should_reach_is_told_as_the_running_week_s() -> None:
    counts, told, to_date = frames(so_far=90.0)
    row = surge(unusual_weeks(counts, told, None, to_date))
    assert row["level"] == "severe"
    assert row["week"] == row["since"] == pd.Timestamp("2026-06-15")
    assert (row["observed"], row["leans"]) == (90.0, 1)
    assert np.isnan(row["observed_upper"])
    assert row["expected_low"] < 10 < row["expected_high"] < 90
    assert len(unusual_weeks(counts, told, None, to_date)) == 2


def test_running_week_ends_no_warning_and_makes_no_drop() -> None:
    counts, told, to_date = frames(so_far=1.0, newest=90.0)
    before = unusual_weeks(counts, told)
    pd.testing.assert_frame_equal(unusual_weeks(counts, told, None, to_date), before)
    assert surge(before)["level"] == "severe"


def test_week_that_does_not_follow_the_newest_watched_one_is_left_out() -> None:
    counts, told, to_date = frames(so_far=900.0)
    gap = counts[counts["week"] < "2026-06-08"]
    found = unusual_weeks(gap, told, None, to_date)
    assert surge(found)["level"] == NONE
