"""The champion: nested weights by pool and series, the pool itself, its calibration and bounds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from panel_kit import (
    Centred,
    Everything,
    Failing,
    Watching,
    card,
    make_panel,
    one_series,
    registry,
)  # fmt: skip
from threatcast_forecasting import backtest, forecast
from threatcast_forecasting.backtesting.origins import INNER_ORIGINS, INNER_STEP
from threatcast_forecasting.combinations.members import CHAMPION
from threatcast_forecasting.combinations.weights import member_weights
from threatcast_forecasting.errors import ModelError
from threatcast_forecasting.models import base_models

SOUND = np.ones((3, 2), dtype=bool)


def weights_of(means, counts=200.0, sound=None):
    means = np.array(means, dtype=float)
    counts = np.broadcast_to(counts, len(means)).astype(float)
    sound = np.ones(means.shape, dtype=bool) if sound is None else np.array(sound)
    return member_weights(means * counts[:, None], counts, sound)


def test_members_that_did_alike_count_alike():
    assert weights_of([[1.0, 1.0]] * 3) == pytest.approx(np.full((3, 2), 0.5))


def test_member_that_did_half_again_as_badly_counts_for_nothing():
    assert (weights_of([[1.0, 1.5]] * 3)[:, 1] < 0.001).all()


def test_small_lead_of_a_pool_moves_weights_a_little():
    weights = weights_of([[1.0, 1.02]] * 3)
    assert ((weights[:, 0] > 0.55) & (weights[:, 0] < 0.7)).all()


def test_series_own_scores_count_beside_those_of_its_pool():
    weights = weights_of([[1.0, 1.5], [1.5, 1.0], [1.25, 1.25]])
    assert weights[0, 0] > 0.85
    assert weights[1, 0] < 0.15
    assert weights[2] == pytest.approx([0.5, 0.5])


def test_without_scores_members_count_alike():
    assert weights_of([[0.0, 0.0]] * 3, counts=0.0) == pytest.approx(np.full((3, 2), 0.5))


def test_few_scored_weeks_move_weights_less_than_many():
    few, many = (weights_of([[1.0, 1.1]] * 3, counts=n)[0, 1] for n in (2.0, 200.0))
    assert 0.5 > few > many


def test_member_that_fell_back_counts_for_nothing_unless_all_did():
    sound = [[True, False], [False, False], [True, True]]
    weights = weights_of([[1.0, 1.0]] * 3, sound=sound)
    assert weights == pytest.approx(np.array([[1.0, 0.0], [0.5, 0.5], [0.5, 0.5]]))


def test_scores_of_nought_give_finite_weights():
    weights = weights_of([[0.0, 0.0], [0.0, 2.0], [0.0, 0.001]])
    assert np.isfinite(weights).all()
    assert weights.sum(axis=1) == pytest.approx(np.ones(3))


def steady(level: float, weeks: int = 110, name: str = "a", target: str = "t") -> pd.DataFrame:
    values = np.random.default_rng(int(level)).poisson(level, weeks).astype(float)
    return one_series(list(values), name).assign(target=target)


def learnt(panel, models, **kwargs):
    result = backtest(panel, ["champion", *models], registry=registry(**models), **kwargs)
    return result, result.weights


def test_champion_follows_the_member_that_was_right():
    models = {
        "right": Centred(card("right"), 40.0, 16.0), "wrong": Centred(card("wrong"), 90.0, 16.0),
    }  # fmt: skip
    result, table = learnt(steady(40.0), models, candidates=list(models))
    assert (table.loc[table["model"] == "right", "weight"] > 0.95).all()
    middle = result.forecasts[
        lambda rows: (rows["model"] == "champion") & (rows["quantile"] == 0.5)
    ]
    assert middle["value"].between(38, 42).all()


def test_each_target_learns_for_itself():
    models = {
        "forty": Centred(card("forty"), 40.0, 16.0), "nine": Centred(card("nine"), 9.0, 8.0),
    }  # fmt: skip
    panel = pd.concat([steady(40.0, name="a", target="x"), steady(9.0, name="b", target="y")])
    _, table = learnt(panel, models, candidates=list(models))
    best = table.loc[table.groupby(["target", "origin"])["weight"].idxmax()]
    assert best.groupby("target")["model"].unique().map(list).to_dict() == {
        "x": ["forty"], "y": ["nine"],
    }  # fmt: skip


def test_champion_changes_only_after_the_change_is_seen():
    values = [40.0] * 60 + [9.0] * 60
    models = {"forty": Centred(card("forty"), 40.0, 2.0), "nine": Centred(card("nine"), 9.0, 2.0)}
    _, table = learnt(
        one_series(values), models, candidates=list(models), origins=12, step=5, horizon=3
    )
    nine = table[table["model"] == "nine"]
    column = ((nine["origin"] - pd.Timestamp("2022-01-03")).dt.days // 7).to_numpy()
    assert (nine.loc[column <= 59, "weight"] < 0.01).all()
    assert (nine.loc[column >= 59 + INNER_STEP * INNER_ORIGINS, "weight"] > 0.99).all()


def test_intervals_that_were_too_wide_are_narrowed_and_too_narrow_ones_widened():
    panel = pd.concat([steady(200.0 + k, 200, name=f"s{k}") for k in range(8)])
    spread = {}
    for width in (10.0, 400.0):
        models = {"same": Centred(card("same"), 203.0, width)}
        result, _ = learnt(panel, models, candidates=["same"], origins=1)
        rows = result.forecasts[lambda rows: (rows["horizon"] == 1) & (rows["series_id"] == "s3")]
        wide = rows.pivot_table(index="model", columns="quantile", values="value")
        own, raw = (wide.loc[m, 0.75] - wide.loc[m, 0.25] for m in ("champion", "same"))
        spread[width] = own / raw
    assert spread[400.0] < 0.6
    assert spread[10.0] > 1.5


def test_without_inner_scores_the_champion_is_the_even_pool():
    result = forecast(
        one_series([3.0, 4.0, 5.0]), ["champion", "climatology"], registry=registry(),
        candidates=["climatology"],
    )  # fmt: skip
    assert result.weights["weight"].tolist() == [1.0]
    assert result.weights["scaled_wis"].isna().all()
    rows = result.forecasts
    own, copied = (rows.loc[rows["model"] == m, "value"] for m in ("champion", "climatology"))
    np.testing.assert_array_equal(own, copied)


def test_inner_scores_are_those_of_a_plain_backtest_cut_at_the_origin():
    """Slow twin: each inner origin back-tested by itself, and averaged by pandas."""
    panel = make_panel(6, 90)
    models = {"steep": Everything(card("steep"), 2.0)}
    last = panel["week"].max()
    kwargs = {"registry": registry(**models), "horizon": 12}
    names = ["climatology", "steep"]
    table = forecast(panel, ["champion"], candidates=names, **kwargs).weights
    inner = [last - pd.Timedelta(weeks=INNER_STEP * j) for j in range(1, INNER_ORIGINS + 1)]
    pairs = pd.MultiIndex.from_product(
        [panel["series_id"].unique(), inner], names=["series_id", "origin"]
    )
    scores = backtest(panel, names, origins_table=pairs.to_frame(index=False), **kwargs).scores
    places = panel.drop_duplicates("series_id").set_index("series_id")["target"]
    back = (last - scores["origin"]).dt.days // (7 * INNER_STEP)
    scores = scores.assign(target=scores["series_id"].map(places), w=0.5 ** ((back - 1) / 6))
    known = scores[scores["scaled_wis"].notna()].assign(
        s=lambda rows: rows["w"] * rows["scaled_wis"]
    )
    sums = known.groupby(["target", "model", "series_id"])[["s", "w"]].sum()
    means = (sums["s"] / sums["w"]).groupby(["target", "model"]).mean()
    for row in table.itertuples():
        assert row.scaled_wis == pytest.approx(means[row.target, row.model])


def test_inner_forecasts_are_made_from_what_was_known_at_the_inner_origin():
    panel = make_panel(2, 80)
    last = panel["week"].max()
    origins = [last - pd.Timedelta(weeks=20 + 4 * j) for j in range(INNER_ORIGINS + 1)]
    known = pd.concat(
        [panel[panel["week"] <= o].assign(origin=o, value=float(k)) for k, o in enumerate(origins)]
    )
    watching = Watching(card("watching"))
    table = pd.DataFrame({"series_id": panel["series_id"].unique(), "origin": origins[0]})
    backtest(
        panel,
        ["champion"],
        origins_table=table,
        known=known,
        registry=registry(watching=watching),
        candidates=["watching"],
    )
    seen = {pd.Timestamp(b.weeks[-1]): np.unique(b.values).tolist() for b in watching.seen}
    assert seen == {origin: [float(k)] for k, origin in enumerate(origins)}


def test_inner_origin_that_nobody_recorded_is_not_replaced_by_later_revisions():
    panel = make_panel(2, 80)
    origin = panel["week"].max() - pd.Timedelta(weeks=20)
    known = panel[panel["week"] <= origin].assign(origin=origin)
    table = pd.DataFrame({"series_id": panel["series_id"].unique(), "origin": origin})
    two = ["climatology", "negative_binomial"]
    kwargs = {"origins_table": table, "registry": registry(), "candidates": two}
    assert backtest(panel, ["champion"], **kwargs).weights["scaled_wis"].notna().all()
    told = backtest(panel, ["champion"], known=known, **kwargs).weights
    assert told["scaled_wis"].isna().all()
    assert (told["weight"] == 0.5).all()


def test_failure_of_one_member_pulls_nothing_down():
    panel = steady(50.0)
    fine = {"fine": Centred(card("fine"), 50.0, 20.0)}
    failing = {"failing": Failing(card("failing"), raises=("a",))}
    alone = forecast(panel, ["champion"], registry=registry(**fine), candidates=["fine"])
    both = forecast(
        panel, ["champion"], registry=registry(**fine, **failing), candidates=["fine", "failing"]
    )
    pd.testing.assert_frame_equal(both.forecasts, alone.forecasts)
    assert both.states["state"].tolist() == [""]


def test_champion_says_so_when_every_member_fell_back():
    failing = {"failing": Failing(card("failing"), raises=("a",))}
    result = forecast(
        steady(5.0), ["champion"], registry=registry(**failing), candidates=["failing"]
    )
    assert result.states["state"].tolist() == ["fallback: failing raised ValueError"]


def test_no_median_exceeds_three_times_the_largest_of_three_years():
    models = {"wild": Centred(card("wild"), 10_000.0)}
    panel = one_series([7.0, 3.0] * 60)
    rows = forecast(panel, ["champion"], registry=registry(**models), candidates=["wild"]).forecasts
    assert (rows.loc[rows["quantile"] == 0.5, "value"] == 21).all()


def test_champion_without_any_of_its_models_is_refused_with_a_cure():
    models = {"flat": registry()["flat"], "champion": registry()["champion"]}
    with pytest.raises(ModelError, match="none of the models it pools") as caught:
        forecast(steady(5.0), ["champion"], registry=models)
    assert "candidates" in str(caught.value)


def test_candidates_replace_the_members():
    _, table = learnt(steady(40.0), {"one": Centred(card("one"), 40.0)}, candidates=["one", "flat"])
    assert set(table["model"]) == {"flat", "one"}


def test_members_are_models_that_exist():
    assert set(CHAMPION.members) <= set(base_models())


def test_champion_cannot_be_its_own_candidate():
    with pytest.raises(ModelError, match="a combination stands where a model is needed"):
        forecast(steady(4.0), ["champion"], candidates=["champion"], registry=registry())


def test_weights_table_is_empty_but_typed_when_no_champion_was_asked_for():
    table = forecast(steady(4.0), ["flat"], registry=registry()).weights
    assert list(table) == ["target", "origin", "model", "weight", "scaled_wis", "series"]
    assert table.empty
