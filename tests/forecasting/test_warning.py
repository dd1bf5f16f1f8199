"""Early warning: evidence is honest, the budget holds, and what stands out is found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threatcast_forecasting.models._counts import negative_binomial_quantiles
from threatcast_forecasting.warning.budget import (
    A_YEAR,
    DIRECTIONS,
    MEANS,
    openings,
    standing,
    threshold,
)
from threatcast_forecasting.warning.surprise import (
    PAST,
    expected_mean,
    lower_tail,
    recentred,
    upper_tail,
)
from threatcast_forecasting.warning.unusual import against, detect, standing_out
from threatcast_forecasting.warning.wagers import LONGEST, MOST_TOLD, play

SIZE = 5.0


def law(mean: float) -> np.ndarray:
    return negative_binomial_quantiles(np.array(mean), np.array(mean + mean**2 / SIZE))


def right(mean: float, series: int, weeks: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return counts and forecasts that are right."""
    rng = np.random.default_rng([seed, int(mean * 10)])
    counts = rng.negative_binomial(SIZE, SIZE / (SIZE + mean), (series, weeks)).astype(float)
    return counts, np.broadcast_to(law(mean), (series, weeks, LONGEST, 23))


@pytest.mark.parametrize("mean", [0.1, 1.0, 20.0, 400.0])
def test_tails_are_those_of_the_law_behind_the_quantiles(mean: float) -> None:
    from scipy.stats import nbinom

    counts = np.arange(0.0, 6 * mean + 8)
    truth = nbinom(SIZE, SIZE / (SIZE + mean)).sf(counts)
    more, _ = upper_tail(counts, np.broadcast_to(law(mean), (len(counts), 23)))
    far = (truth < 0.05) & (truth > 1e-6)
    assert np.abs(np.log10(more[far] / truth[far])).max() < 1.0
    assert np.abs(more - truth).max() < 0.05


@given(
    st.lists(st.integers(0, 300), min_size=23, max_size=23), st.integers(0, 1000), st.integers(1, 9)
)
@settings(max_examples=150, deadline=None)
def test_tails_are_probabilities_that_fit_together(
    values: list[int], count: int, step: int
) -> None:
    forecast = np.sort(np.array(values, dtype=float))
    more, at_least = upper_tail(float(count), forecast)
    fewer, at_most = lower_tail(float(count), forecast)
    assert 0 <= more <= at_least <= 1
    assert 0 <= fewer <= at_most <= 1
    assert upper_tail(float(count + step), forecast)[0] <= more
    assert lower_tail(float(count + step), forecast)[1] >= at_most


def test_unknown_counts_and_forecasts_have_no_tails() -> None:
    assert np.isnan(upper_tail(np.nan, law(3.0))).all()
    assert np.isnan(lower_tail(3.0, np.full(23, np.nan))).all()
    assert expected_mean(law(3.0)) == pytest.approx(3.0, rel=0.05)


def test_forecasts_that_ran_low_for_a_year_are_moved_up() -> None:
    counts, forecast = right(20.0, 200, 2 * PAST)
    low = np.floor(0.7 * forecast)
    wide = np.repeat(counts[:, :, None], LONGEST, axis=2)
    tails = upper_tail(wide, low)
    moved, _ = recentred(*tails)
    exact, _ = upper_tail(wide, forecast)
    assert tails[0][:, PAST:].mean() < 0.35
    assert moved[:, PAST:].mean() == pytest.approx(exact[:, PAST:].mean(), abs=0.04)


def test_forecasts_learn_nothing_of_errors_made_after_them() -> None:
    counts, forecast = right(20.0, 3, 12)
    outer, inner = upper_tail(np.repeat(counts[:, :, None], LONGEST, axis=2), forecast)
    before, _ = recentred(outer, inner)
    outer[:, 8:], inner[:, 8:] = 1e-6, 1e-5
    after, _ = recentred(outer, inner)
    assert (after[:, :8] == before[:, :8]).all()
    # of week 9 the forecast one week before knows week 8, that of two weeks before does not
    usual, _ = recentred(np.full_like(outer, 0.4), np.full_like(outer, 0.5))
    assert usual[0, 9, 0] > usual[0, 1, 0]
    outer[:, :8], inner[:, :8] = 0.5, 0.5
    moved, _ = recentred(outer, inner)
    assert (moved[:, 9, 0] > outer[:, 9, 0]).all()
    assert moved[:, 9, 1] == pytest.approx(outer[:, 9, 1])


def test_week_without_its_newest_forecast_is_judged_by_the_one_before() -> None:
    outer, inner = np.full((1, 6, LONGEST), 1e-3), np.full((1, 6, LONGEST), 2e-3)
    whole, _ = recentred(outer, inner)
    outer[:, ::2, 0] = inner[:, ::2, 0] = np.nan
    part, _ = recentred(outer, inner)
    assert part[0, 5, 0] == pytest.approx(whole[0, 5, 0])
    assert np.isnan(part[0, ::2, 0]).all()


@pytest.mark.parametrize("mean", [0.3, 4.0, 60.0])
def test_evidence_against_right_forecasts_does_not_grow(mean: float) -> None:
    counts, forecast = right(mean, 3000, 8)
    for side in (upper_tail, lower_tail):
        tails = side(np.repeat(counts[:, :, None], LONGEST, axis=2), forecast)
        newest = play(*tails, np.zeros(len(counts))).evidence[:, -1]
        # heavy right tail: what exceeds 100 is held to Markov's bound instead; 23 levels tell the
        # chance of a nought to within 0.05 only, which gives a little away in sparse series
        assert np.minimum(newest, 100.0).mean() < (1.1 if mean > 1 else 1.3)
        assert (newest >= 20).mean() <= 1 / 20


def test_block_is_worth_less_if_its_errors_hang_together() -> None:
    outer, inner = np.full((1, 4, LONGEST), 0.02), np.full((1, 4, LONGEST), 0.03)
    alone, together = (play(outer, inner, np.array([part])).evidence for part in (0.0, 0.6))
    assert alone[0, -1] > 1.5 * together[0, -1]
    assert alone[0, 0] == pytest.approx(together[0, 0], rel=0.02)


def test_evidence_rests_where_nothing_is_known() -> None:
    nothing = np.full((2, 6, LONGEST), np.nan)
    assert np.allclose(play(nothing, nothing, np.zeros(2)).evidence, 1.0)


def test_outbreak_is_found_with_the_week_it_began_and_a_fall_is_a_drop() -> None:
    counts, forecast = right(20.0, 4, 30, seed=3)
    counts[:] = 20.0
    counts[1, 26:], counts[2, 26:] = 60.0, 1.0
    surge, drop = detect(counts, counts, forecast)
    assert list(surge.level) == ["", "severe", "", ""]
    assert list(drop.level) == ["", "", "severe", ""]
    assert surge.since[1] == 26
    assert drop.since[2] == 26
    assert list(surge.stands_out) == [False, True, False, False]


def test_evidence_stays_a_number_whatever_comes() -> None:
    forecast = np.zeros((2, 12, LONGEST, 23))
    counts = np.array([[0.0] * 8 + [1e6] * 4, [0.0] * 12])
    for direction in DIRECTIONS:
        evidence = against(direction, counts, forecast).evidence
        assert np.isfinite(evidence).all()
        assert evidence.max() <= MOST_TOLD


def test_burst_of_one_week_is_over_two_months_later() -> None:
    counts, forecast = right(20.0, 1, 60)
    counts[:] = 20.0
    counts[0, -9] = 2000.0
    burst = against("surge", counts, forecast).evidence[0]
    assert burst[-9] > 1e5
    assert burst[-5] > 1.5 > burst[-1]


def test_weak_evidence_of_many_weeks_grows_to_a_warning() -> None:
    counts, forecast = right(20.0, 1, 30)
    counts[:] = 20.0
    one, many = counts.copy(), counts.copy()
    one[0, -1], many[0, -8:] = 33.0, 33.0
    assert detect(many, many, forecast)[0].evidence > 10 * detect(one, one, forecast)[0].evidence


def test_week_that_still_fills_up_is_no_drop() -> None:
    counts, forecast = right(20.0, 1, 30)
    counts[:] = 20.0
    so_far, final = counts.copy(), counts.copy()
    so_far[0, -3:], final[0, -3:] = 1.0, 22.0
    assert detect(so_far, so_far, forecast)[1].level[0] == "severe"
    assert detect(so_far, final, forecast)[1].level[0] == ""


def test_bounds_that_cross_and_shapes_that_differ_are_refused() -> None:
    counts, forecast = right(2.0, 2, 5)
    with pytest.raises(ValueError, match="lower bound"):
        detect(counts + 1, counts, forecast)
    with pytest.raises(ValueError, match="shapes differ"):
        detect(counts, counts[:, 1:], forecast)


def test_e_bh_keeps_few_of_many_that_are_nothing_and_finds_what_is() -> None:
    rng = np.random.default_rng(1)
    # e-values with mean 1 that hang together as closely as can be
    shared = np.where(rng.random((4000, 1)) < 0.01, 100.0, 0.0) * np.ones((4000, 50))
    false = np.array([standing_out(night).any() for night in shared])
    assert false.mean() < 0.1
    assert standing_out(np.r_[np.full(98, 1.0), 600.0, 600.0]).sum() == 2
    assert not standing_out(np.full(30, np.nan)).any()


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40))
@settings(max_examples=100, deadline=None)
def test_more_evidence_never_loses_a_series_its_place(values: list[float]) -> None:
    before = standing_out(values)
    more = np.array(values)
    more[0] = 2 * more[0] + 1
    after = standing_out(more)
    assert (after | ~before).all()


def test_thresholds_rise_with_the_level_and_lie_within_what_markov_allows() -> None:
    for direction in DIRECTIONS:
        levels = [threshold(direction, name, MEANS) for name in A_YEAR]
        assert (levels[0] < levels[1]).all()
        assert (levels[1] < levels[2]).all()
        assert all(len(level) == len(MEANS) for level in levels)
        assert threshold(direction, "severe", MEANS[2]) == pytest.approx(levels[2][2])


def test_false_warnings_are_within_a_fifth_of_the_budget_where_forecasts_are_right() -> None:
    # 4 x 1,000 series-years: about 4,000 elevated openings are expected, so that 5 % could be told
    years, weeks, before = dict.fromkeys(A_YEAR, 0.0), 104, 26
    means = (0.3, 1.0, 10.0, 100.0)
    for mean in means:
        counts, forecast = right(mean, 500, weeks + before, seed=9)
        for direction in DIRECTIONS:
            evidence = against(direction, counts, forecast).evidence
            for name in years:
                opens = threshold(direction, name, np.full(len(counts), mean))
                opened = openings(standing(evidence, opens))[:, before:]
                years[name] += opened.sum() / (opened.size / 52) / len(means)
    assert years["watch"] == pytest.approx(A_YEAR["watch"], rel=0.2)
    assert years["elevated"] == pytest.approx(A_YEAR["elevated"], rel=0.2)
    assert years["severe"] == pytest.approx(A_YEAR["severe"], rel=0.2)
