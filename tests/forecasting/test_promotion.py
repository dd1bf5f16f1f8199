"""The gate: who may take the published model's place, and why not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from threatcast_forecasting.judging.promotion import best_rival, judge

SEED = 7


def scores(*models: tuple[str, float], origins: int = 8, **other: Any) -> pd.DataFrame:
    """Return scores of models whose mean scaled WIS is known; ten series, busy, well covered."""
    rows = pd.MultiIndex.from_product(
        [[f"s{at}" for at in range(10)], range(origins), range(1, 11)],
        names=["series_id", "origin", "horizon"],
    ).to_frame(index=False)
    spread = np.random.default_rng(1).uniform(0.5, 1.5, len(rows))
    parts = []
    for name, wis in models:
        part = rows.assign(model=name, scale=20.0, scaled_wis=wis * spread)
        part["covered_50"] = rows["horizon"] <= 5
        part["covered_80"] = rows["horizon"] <= 8
        part["covered_95"] = rows["horizon"] <= 10
        parts.append(part.assign(**other))
    return pd.concat(parts, ignore_index=True)


def test_challenger_is_the_best_model_that_is_neither_published_nor_flat() -> None:
    rows = scores(("flat", 0.1), ("champion", 0.2), ("b", 0.3), ("a", 0.3), ("c", 0.4))
    assert best_rival(rows, "champion") == "a"
    assert best_rival(rows, "a") == "champion"
    assert best_rival(scores(("flat", 0.1), ("champion", 0.2)), "champion") is None


def test_sure_win_that_keeps_coverage_is_promoted_with_both_scores() -> None:
    verdict = judge(scores(("champion", 0.5), ("rival", 0.45)), "champion", "rival", seed=SEED)
    assert verdict.won
    assert verdict.ratio == pytest.approx((0.9, 0.9, 0.9))
    assert verdict.other["scaled_wis"] / verdict.own["scaled_wis"] == pytest.approx(0.9)
    assert verdict.own["covered_80"] == pytest.approx(0.8)


def test_better_mean_that_may_be_chance_is_refused() -> None:
    rows = scores(("champion", 0.5), ("rival", 0.5))
    # better by far at a single origin, a little worse at all others
    rival = rows["model"] == "rival"
    rows.loc[rival, "scaled_wis"] *= np.where(rows.loc[rival, "origin"] == 3, 0.5, 1.02)
    verdict = judge(rows, "champion", "rival", seed=SEED)
    assert verdict.ratio.ratio < 1
    assert not verdict.won
    assert "does not win on WIS" in verdict.reason


@pytest.mark.parametrize(("horizons", "won"), [(8, True), (9, False), (7, False)])
def test_busy_series_may_not_be_covered_further_from_nominal(horizons: int, won: bool) -> None:
    rows = scores(("champion", 0.5), ("rival", 0.4))
    rival = rows["model"] == "rival"
    rows.loc[rival, "covered_80"] = rows.loc[rival, "horizon"] <= horizons
    verdict = judge(rows, "champion", "rival", seed=SEED)
    assert verdict.won == won
    assert ("loses coverage on series of 5 a week" in verdict.reason) != won


@pytest.mark.parametrize(("lost", "won"), [(1, True), (2, False)])
def test_two_points_further_from_nominal_are_forgiven_on_busy_series(lost: int, won: bool) -> None:
    rows = scores(("champion", 0.5), ("rival", 0.4))
    # one of ten series always covered: 80 % become 82 %; two: 84 %
    over = (rows["model"] == "rival") & rows["series_id"].isin([f"s{at}" for at in range(lost)])
    rows.loc[over, "covered_80"] = True
    assert judge(rows, "champion", "rival", seed=SEED).won == won


@pytest.mark.parametrize(("horizons", "won"), [(10, True), (8, True), (7, False)])
def test_sparse_series_may_be_covered_too_well_but_not_worse(horizons: int, won: bool) -> None:
    rows = scores(("champion", 0.5), ("rival", 0.4), scale=0.5)
    rival = rows["model"] == "rival"
    rows.loc[rival, "covered_80"] = rows.loc[rival, "horizon"] <= horizons
    verdict = judge(rows, "champion", "rival", seed=SEED)
    assert verdict.won == won
    assert ("sparser series" in verdict.reason) != won


def test_too_few_origins_promote_nobody() -> None:
    rows = scores(("champion", 0.5), ("rival", 0.1), origins=5)
    verdict = judge(rows, "champion", "rival", seed=SEED)
    assert not verdict.won
    assert "5 past origins" in verdict.reason


def test_only_weeks_that_both_models_have_are_compared() -> None:
    rows = scores(("champion", 0.5), ("rival", 0.4))
    rows.loc[(rows["model"] == "rival") & (rows["origin"] == 7), "scaled_wis"] = np.nan
    fair = judge(rows, "champion", "rival", seed=SEED)
    rows.loc[(rows["model"] == "champion") & (rows["origin"] == 7), "scaled_wis"] = 1e6
    assert judge(rows, "champion", "rival", seed=SEED) == fair


def test_models_without_a_common_week_are_no_reason_to_change() -> None:
    rows = scores(("champion", 0.5))
    verdict = judge(rows, "champion", "rival", seed=SEED)
    assert (verdict.won, np.isnan(verdict.ratio.ratio)) == (False, True)
