"""The paired test that decides between two models."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from threatcast_forecasting.judging.comparison import paired_ratio

SERIES, ORIGINS, HORIZONS = 12, 8, 3


def scores(values: np.ndarray) -> pd.DataFrame:
    """Return scores of shape (series, origins, horizons) as rows."""
    rows = pd.MultiIndex.from_product(
        [[f"s{at}" for at in range(values.shape[0])], range(values.shape[1]), range(1, 4)],
        names=["series_id", "origin", "horizon"],
    ).to_frame(index=False)
    return rows.assign(scaled_wis=values.ravel())


def drawn(seed: int, series: int = SERIES) -> np.ndarray:
    return np.random.default_rng(seed).gamma(4.0, 0.25, (series, ORIGINS, HORIZONS))


def test_model_against_itself_is_exactly_level() -> None:
    one = scores(drawn(1))
    assert paired_ratio(one, one) == (1.0, 1.0, 1.0)


def test_gain_that_all_pairs_share_is_certain_however_much_scores_differ() -> None:
    theirs = drawn(1) * np.arange(1, SERIES + 1)[:, None, None]
    made = paired_ratio(scores(0.9 * theirs), scores(theirs))
    assert made == pytest.approx((0.9, 0.9, 0.9))


def test_bounds_hold_the_true_ratio_about_nine_times_in_ten() -> None:
    inside = 0
    for seed in range(100):
        made = paired_ratio(scores(drawn(2 * seed)), scores(drawn(2 * seed + 1)), draws=300)
        inside += made.low90 <= 1.0 <= made.high90
    assert 85 <= inside <= 100


def test_origins_that_err_together_across_series_widen_the_bounds() -> None:
    generator = np.random.default_rng(3)
    together = np.exp(generator.normal(0, 0.3, (1, ORIGINS, 1)))
    apart = np.exp(generator.normal(0, 0.3, (SERIES, ORIGINS, HORIZONS)))
    one = np.ones((SERIES, ORIGINS, HORIZONS))
    wide = paired_ratio(scores(one * together), scores(one))
    narrow = paired_ratio(scores(one * apart), scores(one))
    assert wide.high90 - wide.low90 > 2 * (narrow.high90 - narrow.low90)


def test_neighbouring_origins_are_drawn_together() -> None:
    # four bad origins in a row: apart, they would be spread evenly over the draws
    run = np.ones((SERIES, 12, HORIZONS))
    run[:, :4] = 2.0
    one = scores(np.ones((SERIES, 12, HORIZONS)))
    alone = paired_ratio(scores(run), one, block=1)
    blocks = paired_ratio(scores(run), one, block=4)
    assert blocks.high90 - blocks.low90 > 1.2 * (alone.high90 - alone.low90)


def test_bounds_for_few_blocks_seldom_call_chance_a_win() -> None:
    plain = wide = 0
    for seed in range(100):
        generator = np.random.default_rng(seed)
        # one series; what neighbouring origins share makes the plain bounds too narrow
        shocks = generator.normal(0, 0.1, 10)
        shared = (shocks[2:] + shocks[1:-1] + shocks[:-2])[None, :, None]
        noise = np.exp(shared + generator.normal(0, 0.02, (1, ORIGINS, HORIZONS)))
        one = scores(np.ones_like(noise))
        plain += paired_ratio(scores(noise), one, draws=300).high90 < 1
        wide += paired_ratio(scores(noise), one, draws=300, few=True).high90 < 1
    assert plain >= 12
    assert wide <= 8


def test_one_origin_has_no_bounds_for_few_blocks() -> None:
    one, other = scores(drawn(1)[:, :1]), scores(drawn(2)[:, :1])
    made = paired_ratio(one, other, few=True)
    assert made.ratio > 0
    assert np.isnan(made[1:]).all()


def test_series_weigh_alike_however_many_scores_they_have() -> None:
    values = np.ones((2, ORIGINS, HORIZONS))
    values[0] = 3.0
    fewer = scores(values).query("series_id == 's1' or origin >= 6")
    assert paired_ratio(fewer, scores(np.ones_like(values))).ratio == pytest.approx(2.0)


def test_weights_let_families_count_alike() -> None:
    values = np.ones((3, ORIGINS, HORIZONS))
    values[0] = 3.0
    weights = pd.Series({"s0": 1.0, "s1": 0.5, "s2": 0.5})
    made = paired_ratio(scores(values), scores(np.ones_like(values)), weights=weights)
    assert made.ratio == pytest.approx(2.0)


def test_what_only_one_model_scored_counts_for_neither() -> None:
    ours, theirs = scores(drawn(1)), scores(drawn(2))
    ours.loc[ours["origin"] == 7, "scaled_wis"] = 100.0
    theirs.loc[theirs["origin"] == 7, "scaled_wis"] = np.nan
    part = "origin < 7"
    assert paired_ratio(ours, theirs) == paired_ratio(ours.query(part), theirs.query(part))


def test_same_scores_in_another_order_give_the_same_bounds() -> None:
    ours, theirs = scores(drawn(1)), scores(drawn(2))
    mixed = paired_ratio(ours.sample(frac=1, random_state=1), theirs.sample(frac=1, random_state=2))
    assert mixed == pytest.approx(paired_ratio(ours, theirs), rel=1e-12)
    assert paired_ratio(ours, theirs, seed=1) != paired_ratio(ours, theirs, seed=2)


def test_nothing_in_common_or_a_perfect_rival_has_no_ratio() -> None:
    ours = scores(drawn(1))
    other = ours.assign(series_id="elsewhere")
    perfect = ours.assign(scaled_wis=0.0)
    assert np.isnan(paired_ratio(ours, other)).all()
    assert np.isnan(paired_ratio(ours, perfect)).all()


def test_panel_of_twenty_thousand_series_is_compared_in_parts() -> None:
    ours, theirs = scores(drawn(1, 20_000)), scores(drawn(2, 20_000))
    made = paired_ratio(ours, theirs, draws=200)
    assert made.low90 < made.ratio < made.high90
