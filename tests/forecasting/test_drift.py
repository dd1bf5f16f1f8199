"""Drift: promises that are kept are left alone, broken ones are found in time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri
from threatcast_forecasting.judging.drift import STATES, WITHHOLD, assess
from threatcast_forecasting.roles import DEFAULT_PUBLISHED

FIRST = pd.Timestamp("2026-01-04")
HORIZON = 12


def steps(weeks: int) -> tuple[np.ndarray, np.ndarray]:
    """Return reference week and horizon of all forecasts of `weeks` settled target weeks."""
    pairs = [(t - h, h) for t in range(weeks) for h in range(1, HORIZON + 1)]
    return np.array([r for r, _ in pairs]), np.array([h for _, h in pairs])


def scored(
    places: int,
    weeks: int,
    rng: np.random.Generator,
    *,
    held: float = 0.8,
    worse: float = 1.0,
    drifting_level: bool = False,
    level: str = "country",
) -> pd.DataFrame:
    """Return scores of the champion and its rivals at places whose truths are independent.

    Parameters
    ----------
    held
        Share of weeks that an interval holds which promises 80 %; the 95 % one misses as it does.
    worse
        The champion's errors by those of the rivals.
    drifting_level
        Whether the truth is a random walk, so that errors of nearby forecasts go together; else
        all horizons of a week hit or miss together.
    """
    reference, horizon = steps(weeks)
    if drifting_level:
        walk = rng.normal(size=(places, weeks + HORIZON)).cumsum(axis=1)
        walk = np.concatenate([np.zeros((places, 1)), walk], axis=1)
        start = reference + HORIZON
        error = (walk[:, start + horizon] - walk[:, start]) / np.sqrt(horizon)
    else:
        error = rng.normal(size=(places, weeks))[:, reference + horizon]
    size = -ndtri((1 - held) / 2)
    wide = 1.0 if held == 0.8 else 0.75
    frames = []
    for model, factor in ((DEFAULT_PUBLISHED, worse), ("comb_two", 1.0)):
        noise = np.exp(rng.normal(0, 0.2, size=error.shape))
        frame = pd.DataFrame(
            {
                "target": "claims",
                "location": np.repeat([f"P{at:04d}" for at in range(places)], len(horizon)),
                "location_level": level,
                "model": model,
                "reference_date": FIRST + pd.to_timedelta(7 * np.tile(reference, places), unit="D"),
                "horizon": np.tile(horizon, places),
                "scaled_wis": (factor * noise * (0.2 + np.abs(error))).ravel(),
                "covered_80": (np.abs(error) <= size).ravel(),
                "covered_95": (np.abs(error) <= 1.96 * wide).ravel(),
            }
        )
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def places_of(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["scope"] == "location"]


@pytest.fixture(scope="module")
def backtest() -> pd.DataFrame:
    return scored(40, 8, np.random.default_rng(1))


@pytest.mark.parametrize("drifting_level", [False, True])
def test_a_calibrated_model_is_withheld_at_less_than_one_place_in_a_hundred(
    backtest, drifting_level
):
    rng = np.random.default_rng(2)
    live = scored(1000, 20, rng, drifting_level=drifting_level)
    table = assess(live, backtest)
    share = (places_of(table)["state"].value_counts() / 1000).reindex(STATES).fillna(0)
    assert share["withhold"] < 0.01
    assert share["fallback"] < 0.01
    assert share["warn"] < 0.05
    assert set(table.loc[table["scope"] == "level", "state"]) == {"ok"}


@pytest.mark.parametrize("drifting_level", [False, True])
def test_nine_of_ten_lone_places_that_hold_40_percent_are_withheld_within_30_weeks(
    backtest, drifting_level
):
    live = scored(100, 30, np.random.default_rng(3), held=0.4, drifting_level=drifting_level)
    alone = live.assign(location_level=live["location"])  # no level speaks for its places
    settled = alone["reference_date"] + pd.to_timedelta(7 * alone["horizon"], unit="D")
    shares = [
        (places_of(assess(alone[settled < FIRST + pd.Timedelta(weeks=weeks)], backtest))["state"]
         == "withhold").mean()
        for weeks in (4, 30)
    ]  # fmt: skip
    assert shares[0] < 0.01, "four weeks say too little"
    assert shares[1] > 0.9


def test_places_of_a_level_that_fails_together_are_withheld_in_twelve_weeks(backtest):
    live = scored(40, 12, np.random.default_rng(4), held=0.4)
    found = places_of(assess(live, backtest))
    assert (found["state"] == "withhold").mean() > 0.85
    assert found.loc[found["state"] == "withhold", "covered_80"].max() < 2 / 3


def test_place_that_holds_is_not_withheld_with_its_level(backtest):
    rng = np.random.default_rng(5)
    failing = scored(40, 20, rng, held=0.4)
    sound = scored(1, 20, rng).assign(location="SOUND", covered_80=True, covered_95=True)
    table = places_of(assess(pd.concat([failing, sound]), backtest))
    states = table.set_index("place")["state"]
    assert states["SOUND"] == "ok"
    assert (states.drop("SOUND") == "withhold").mean() > 0.9


def test_model_with_twice_the_baselines_errors_falls_back_within_twelve_weeks(backtest):
    table = places_of(assess(scored(50, 12, np.random.default_rng(6), worse=2.0), backtest))
    assert set(table["state"]) == {"fallback"}
    assert table["reason"].str.contains("times those of comb_two, which stands in").all()


def test_place_is_withheld_where_the_baseline_that_would_stand_in_was_left_out(backtest):
    live = scored(50, 12, np.random.default_rng(6), worse=2.0)
    there = assess(live, backtest, without_rival={"listings"})
    pd.testing.assert_frame_equal(there, assess(live, backtest))
    table = places_of(assess(live, backtest, without_rival={"claims"}))
    assert set(table["state"]) == {"withhold"}
    assert table["reason"].str.endswith("stands in; comb_two, which would stand in, was left out "
                                        "tonight").all()  # fmt: skip


def test_model_a_little_worse_than_the_baseline_does_not_fall_back(backtest):
    table = places_of(assess(scored(50, 26, np.random.default_rng(7), worse=1.05), backtest))
    assert "fallback" not in set(table["state"])


def test_model_that_lost_what_the_back_test_promised_is_warned_of():
    rng = np.random.default_rng(8)
    promised = scored(10, 8, rng, worse=0.6)
    table = places_of(assess(scored(10, 26, rng), promised))
    assert set(table["state"]) == {"warn"}
    assert table["reason"].str.contains("in the back-test 0.6").sum() > 5


def test_failing_intervals_are_withheld_even_if_the_baseline_errs_less(backtest):
    table = places_of(assess(scored(5, 26, np.random.default_rng(9), held=0.2, worse=3), backtest))
    assert set(table["state"]) == {"withhold"}


def test_another_published_model_is_judged_in_the_champions_place(backtest):
    live = scored(3, 20, np.random.default_rng(10), worse=2.0)
    table = places_of(assess(live, backtest, {"claims": "comb_two"}))
    assert set(table["model"]) == {"comb_two"}
    assert set(table["state"]) == {"ok"}, "the baseline does not fall back to itself"


def test_without_a_baseline_coverage_alone_is_judged(backtest):
    live = scored(5, 26, np.random.default_rng(11), held=0.3)
    table = places_of(assess(live[live["model"] == DEFAULT_PUBLISHED], backtest))
    assert set(table["state"]) == {"withhold"}
    assert table["relative_to_comb_two"].isna().all()


def test_nothing_scored_gives_an_empty_table(backtest):
    table = assess(backtest.head(0), backtest)
    assert table.empty
    assert list(table) == list(assess(backtest, backtest))


def test_order_of_rows_and_missing_scores_change_nothing(backtest):
    live = scored(8, 20, np.random.default_rng(12), held=0.5)
    missing = live.head(3).assign(scaled_wis=np.nan, covered_80=None, covered_95=None, location="X")
    mixed = pd.concat([live, missing]).sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(assess(mixed, backtest), assess(live, backtest))


def test_evidence_of_one_game_is_the_product_of_its_stakes():
    """One place, horizon 12, one reference date: the capital can be told by hand."""
    row = {
        "target": "claims", "location": "DE", "location_level": "country",
        "model": DEFAULT_PUBLISHED,
        "reference_date": FIRST, "horizon": 12, "scaled_wis": 1.0, "covered_80": False,
        "covered_95": False,
    }  # fmt: skip
    one = pd.DataFrame([row])
    table = places_of(assess(one, one))
    weight = 1 / 12 / 12 / sum(1 / h for h in range(1, 13))
    # a miss multiplies by 1 + 1.875 * 0.8 and by 1 + (0.2 / 0.0475) * 0.95
    expected = 1 + weight * ((2.5 + 5.0) / 2 - 1)
    assert table["coverage_evidence"].item() == pytest.approx(expected)
    assert expected < WITHHOLD
