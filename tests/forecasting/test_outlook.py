"""Outlooks: totals, trend and chances of series whose future is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from threatcast_forecasting.errors import ForecastError
from threatcast_forecasting.outlook.answers import TRENDS, answers, named_trend, outlook
from threatcast_forecasting.quantiles import LEVELS

NO_RHO = pd.DataFrame({"target": [], "activity": [], "rho": []})
CHANCES = [f"p_{name}" for name in TRENDS]


def panel_of(**series) -> pd.DataFrame:
    weeks = pd.date_range("2024-01-01", periods=60, freq="W-MON")
    return pd.concat(
        pd.DataFrame(
            {"series_id": name, "target": "claims", "week": weeks, "value": np.resize(values, 60)}
        )
        for name, values in series.items()
    )


def forecasts_of(horizon: int = 12, **series) -> pd.DataFrame:
    """Return the same quantiles for each week, as a number or a row of 23."""
    return pd.DataFrame(
        [
            (name, week, level, float(value))
            for name, values in series.items()
            for week in range(1, horizon + 1)
            for level, value in zip(LEVELS, np.resize(values, len(LEVELS)), strict=True)
        ],
        columns=["series_id", "horizon", "quantile", "value"],
    )


def rho_is(rho: float) -> pd.DataFrame:
    return pd.DataFrame({"target": "claims", "activity": ["busy", "sparse"], "rho": [rho, rho]})


def one(usual, quantiles, rho=NO_RHO) -> pd.Series:
    return outlook(forecasts_of(a=quantiles), panel_of(a=usual), rho_by_target=rho, seed=1).iloc[0]


@pytest.mark.parametrize(
    ("usual", "ahead", "trend"),
    [
        (10, 10, "stable"),
        (10, 11, "stable"),
        (10, 12, "increase"),
        (10, 15, "increase"),
        (10, 16, "large_increase"),
        (10, 8, "decrease"),
        (10, 4, "large_decrease"),
        (0, 0, "stable"),
        (0, 1, "large_increase"),
        (1, 0, "large_decrease"),
        ([0, 1], 0, "stable"),
        ([0, 1], 1, "stable"),
    ],
)
def test_a_certain_future_has_one_trend(usual, ahead, trend):
    row = one(usual, ahead)
    assert row["trend"] == trend
    assert row[f"p_{trend}"] == 1
    assert row[CHANCES].sum() == 1
    assert row["p_above_usual_4w"] == float(ahead > np.mean(usual))
    assert row["p_zero_4w"] == float(ahead == 0)
    assert (row["expected_4w"], row["low80_12w"], row["high80_12w"]) == (
        4 * ahead, 12 * ahead, 12 * ahead,
    )  # fmt: skip


def test_the_usual_level_is_the_mean_of_the_last_26_observed_weeks():
    values = np.concatenate([np.full(31, 900.0), np.full(26, 4.0), [np.nan] * 3])
    assert one(values, 4)["usual_weekly"] == 4


def test_totals_of_independent_poisson_weeks_are_poisson():
    row = one(20, stats.poisson.ppf(LEVELS, 20), rho_is(0.0))
    for weeks in (4, 12):
        expected = stats.poisson.ppf([0.1, 0.5, 0.9], 20 * weeks)
        found = row[[f"low80_{weeks}w", f"expected_{weeks}w", f"high80_{weeks}w"]].astype(float)
        np.testing.assert_allclose(found, expected, atol=3)
    assert row["p_above_usual_4w"] == pytest.approx(stats.poisson.sf(80, 80), abs=0.03)


def test_the_chance_of_no_event_is_that_of_four_empty_weeks():
    row = one(1, stats.poisson.ppf(LEVELS, 0.4), rho_is(0.0))
    assert row["p_zero_4w"] == pytest.approx(np.exp(-1.6), abs=0.06)


def test_dependence_widens_totals():
    narrow, wide = (one(20, stats.poisson.ppf(LEVELS, 20), rho_is(rho)) for rho in (0.0, 0.6))
    assert wide["high80_12w"] - wide["low80_12w"] > 2 * (narrow["high80_12w"] - narrow["low80_12w"])


def test_numbers_are_whole_ordered_and_chances_add_up():
    rng = np.random.default_rng(3)
    names = [f"s{k}" for k in range(40)]
    usual = {name: rng.poisson(rng.gamma(1, 20), 60) for name in names}
    ahead = {name: stats.nbinom.ppf(LEVELS, 2, 2 / (2 + rng.gamma(1, 20))) for name in names}
    found = outlook(forecasts_of(**ahead), panel_of(**usual), rho_by_target=NO_RHO, seed=1)
    for weeks in ("4w", "12w"):
        low, middle, high = (found[f"{part}_{weeks}"] for part in ("low80", "expected", "high80"))
        assert ((low >= 0) & (low <= middle) & (middle <= high)).all()
        assert (middle == middle.round()).all()
    assert (np.round(found[CHANCES].to_numpy() * 10_000).sum(axis=1) == 10_000).all()
    likeliest = found[CHANCES].max(axis=1)
    assert all(row[f"p_{row['trend']}"] == likeliest[place] for place, row in found.iterrows())
    assert found["trend"].nunique() >= 3


def test_a_series_gets_the_same_outlook_in_any_company():
    ahead = stats.poisson.ppf(LEVELS, 7)
    together = outlook(forecasts_of(z=3, a=ahead), panel_of(z=5, a=7), rho_by_target=NO_RHO, seed=1)
    assert list(together["series_id"]) == ["a", "z"]
    pd.testing.assert_series_equal(together.iloc[0], one(7, ahead))


@pytest.mark.parametrize(
    ("totals", "named"),
    [
        ([40, 48], "stable"),
        ([32, 40], "stable"),
        ([48, 64], "increase"),
        ([16, 64], "large_decrease"),
    ],
)
def test_of_two_classes_equally_likely_the_calmer_is_named(totals, named):
    drawn = np.repeat(np.array(totals, dtype=float), 500)
    found = answers(np.stack([drawn, 3 * drawn], axis=1)[None], np.array([10.0]))
    assert named_trend(found["trend_4w"][0])["trend"] == named


def test_growth_is_an_increase_of_either_size_and_each_draw_may_have_its_own_usual_level():
    near = np.array([[40.0, 48.0, 64.0, 16.0], [0.0, 0.0, 4.0, 4.0]])
    totals = np.stack([near, near], axis=2)
    found = answers(totals, np.array([[10.0] * 4, [0.0, 3.0, 1.0, 0.0]]))
    assert found["growth_4w"].tolist() == [0.5, 0.25]
    assert found["above_usual_4w"].tolist() == [0.5, 0.25]
    assert found["zero_4w"].tolist() == [0.0, 0.5]
    assert found["trend_4w"].tolist() == [[0.25, 0, 0.25, 0.25, 0.25], [0.25, 0, 0.5, 0, 0.25]]
    assert found["total_4w"][0].tolist() == [16, 40, 64]


def test_nothing_observed_leaves_null_what_needs_a_usual_level():
    row = one(np.nan, 3)
    assert row["expected_4w"] == 12
    assert row[["usual_weekly", "p_above_usual_4w", "trend", *CHANCES]].isna().all()


def test_fewer_than_twelve_weeks_ahead_are_refused():
    with pytest.raises(ForecastError, match="at least 12 weeks"):
        outlook(forecasts_of(11, a=1), panel_of(a=1), rho_by_target=NO_RHO, seed=1)


def test_a_missing_quantile_and_an_unknown_series_are_named():
    whole = forecasts_of(a=1, b=1)
    with pytest.raises(ForecastError, match="series b: a quantile is missing"):
        outlook(whole[:-1], panel_of(a=1, b=1), rho_by_target=NO_RHO, seed=1)
    with pytest.raises(ForecastError, match="series b: it has a forecast but is not in the panel"):
        outlook(whole, panel_of(a=1), rho_by_target=NO_RHO, seed=1)
