"""Level shifts and dumps on constructed series, where it is known what happened and when."""

from __future__ import annotations

import numpy as np
import pytest
from threatcast_forecasting.breaks.shifts import bursts, feed_shifts, level_shifts, shifts

BREAK = 120
SERIES = 120


def counts(
    level: object, dispersion: float = 0.1, series: int = SERIES, seed: int = 5
) -> np.ndarray:
    """Return negative binomial counts a week around a level a week."""
    rng = np.random.default_rng(seed)
    mean = np.broadcast_to(np.asarray(level, dtype=float), (series, np.size(level)))
    return rng.poisson(mean * rng.gamma(1 / dispersion, dispersion, mean.shape)).astype(float)


def stepped(before: float, after: float, weeks: int = 160) -> np.ndarray:
    return np.where(np.arange(weeks) < BREAK, before, after)


def share_noticed(values: np.ndarray, seen: int, evidence: float = 9.0) -> float:
    """Return the share of series whose break is known after `seen` weeks of the new level."""
    start = level_shifts(values[:, : BREAK + seen], evidence)
    return float((np.abs(start - BREAK) <= 3).mean())


@pytest.mark.parametrize(
    ("before", "after"),
    [(10, 50), (50, 10), (20, 0), (100, 400)],
    ids=["five times as many", "a fifth", "gone silent", "four times as many"],
)
def test_a_large_shift_is_noticed_within_three_weeks_after_its_first(
    before: float, after: float
) -> None:
    assert share_noticed(counts(stepped(before, after)), seen=4) >= 0.9


def test_a_list_doubled_is_noticed_within_eight_weeks() -> None:
    assert share_noticed(counts(stepped(100, 200), 0.05), seen=8) >= 0.9


def test_a_sparse_series_that_wakes_is_noticed_within_a_quarter() -> None:
    assert share_noticed(counts(stepped(0.2, 4)), seen=13) >= 0.9


def test_models_forget_after_a_large_shift_and_not_after_a_small_one() -> None:
    assert share_noticed(counts(stepped(50, 10)), seen=8, evidence=20.0) >= 0.9
    assert (level_shifts(counts(stepped(50, 65))) > 0).mean() <= 0.1


@pytest.mark.parametrize("weeks", [1, 2, 3])
def test_a_burst_of_up_to_three_weeks_is_no_level_shift_once_it_is_over(weeks: int) -> None:
    values = counts(np.full(160, 20.0))
    values[:, BREAK : BREAK + weeks] *= 8
    still = level_shifts(values[:, : BREAK + weeks + 4], 9.0)
    assert (np.abs(still - BREAK) <= 3).mean() <= 0.02
    mask = bursts(values)
    assert mask[:, BREAK : BREAK + weeks].mean() >= 0.95
    assert np.delete(mask, np.s_[BREAK : BREAK + weeks], axis=1).mean() <= 0.002


def test_weeks_of_a_new_level_are_no_dumps() -> None:
    assert bursts(counts(stepped(20, 100)))[:, BREAK:].mean() <= 0.01


def test_a_hole_of_three_weeks_is_no_level_shift_once_it_is_over() -> None:
    values = counts(np.full(160, 20.0))
    values[:, BREAK : BREAK + 3] = 0
    assert (np.abs(level_shifts(values[:, : BREAK + 7], 9.0) - BREAK) <= 3).mean() <= 0.02


@pytest.mark.parametrize("level", [0.2, 1, 5, 50, 500])
@pytest.mark.parametrize("dispersion", [0.02, 0.2, 0.6])
def test_ten_years_of_a_steady_series_bring_less_than_one_false_alarm(
    level: float, dispersion: float
) -> None:
    values = counts(np.full(312, level), dispersion, series=100)
    assert len(shifts(values).series) / (100 * 6) * 10 < 1


def test_a_slow_trend_is_no_level_shift() -> None:
    weeks = np.arange(312)
    values = counts(10 * 4 ** (weeks / 312), series=100)
    assert len(shifts(values).series) / (100 * 6) * 10 < 1


def test_a_season_is_no_level_shift_once_two_years_are_known() -> None:
    weeks = np.arange(312)
    values = counts(20 * np.exp(0.55 * np.sin(2 * np.pi * weeks / 52)), series=100)
    late = shifts(values).noticed >= 104
    assert late.sum() / (100 * 4) * 10 < 1


def test_missing_weeks_around_a_break_delay_it_by_no_more_than_they_last() -> None:
    values = counts(stepped(50, 5))
    values[:, BREAK - 2 : BREAK + 2] = np.nan
    start = level_shifts(values[:, : BREAK + 2 + 4], 9.0)
    assert (np.abs(start - BREAK) <= 3).mean() >= 0.9


def test_a_shift_says_what_the_level_was_and_is() -> None:
    found = shifts(counts(stepped(50, 10)))
    assert np.median(found.before) == pytest.approx(50, rel=0.1)
    assert np.median(found.ratio) == pytest.approx(0.2, rel=0.15)


def test_no_later_week_changes_what_was_noticed_of_the_same_weeks() -> None:
    values = counts(stepped(20, 100), series=10)
    other = values.copy()
    other[:, BREAK + 6 :] = 0
    before = [level_shifts(part[:, : BREAK + 6], 9.0) for part in (values, other)]
    assert (before[0] == before[1]).all()
    noticed = shifts(values, 9.0)
    for row, at in zip(noticed.series, noticed.noticed, strict=True):
        assert level_shifts(values[[row], : at + 1], 9.0)[0] > 0
        assert (
            level_shifts(values[[row], :at], 9.0)[0] < level_shifts(values[[row], : at + 1], 9.0)[0]
        )


def test_a_series_is_judged_alike_alone_and_among_others() -> None:
    values = counts(stepped(20, 80), series=20)
    values[3, 10:40] = np.nan
    values[4] = np.nan
    values[5] = 0
    alone = [level_shifts(values[[row]])[0] for row in range(len(values))]
    assert level_shifts(values).tolist() == alone


def test_series_without_values_have_no_shift() -> None:
    assert level_shifts(np.full((2, 5), np.nan)).tolist() == [0, 0]
    assert len(shifts(np.zeros((0, 9))).series) == 0
    assert not bursts(np.zeros((2, 3))).any()


def places(values: np.ndarray) -> tuple[np.ndarray, list[str], list[str]]:
    """Return a world sum on top of its countries, as a panel of one target."""
    names = [f"{chr(65 + k // 26)}{chr(65 + k % 26)}" for k in range(len(values))]
    both = np.vstack([values.sum(axis=0), values])
    return both, ["hosts"] * len(both), ["WORLD", *names]


def test_a_shift_of_most_countries_at_once_is_the_feeds() -> None:
    found = feed_shifts(*places(counts(stepped(10, 2), series=20)))
    at_break = np.abs(found.start - BREAK) <= 2
    assert at_break.sum() >= 15
    assert set(found.scope[at_break]) == {"feed"}


def test_a_shift_of_one_country_is_not_the_feeds_even_if_the_world_moves_with_it() -> None:
    values = counts(np.full(160, 10.0), series=20)
    values[0] = counts(stepped(200, 1000), 0.05, series=1)[0]
    found = feed_shifts(*places(values))
    at_break = np.abs(found.start - BREAK) <= 2
    assert set(found.series[at_break]) == {0, 1}, "the world and the country"
    assert set(found.scope[at_break]) == {"series"}


def test_a_shift_of_a_target_that_is_known_for_the_world_alone_is_the_feeds() -> None:
    found = feed_shifts(counts(stepped(50, 10), series=1), ["flaws"], ["WORLD"])
    assert np.abs(found.start - BREAK).min() <= 2
    assert set(found.scope) == {"feed"}
