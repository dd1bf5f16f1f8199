"""The champion's choice: nested, by target, with a margin for the rival."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from panel_kit import Centred, Everything, Watching, card, make_panel, one_series, registry
from threatcast_forecasting import backtest, forecast
from threatcast_forecasting.combine import CHAMPION, MARGIN, choose
from threatcast_forecasting.errors import ModelError

RIVAL = 1


@pytest.mark.parametrize(
    ("means", "chosen"),
    [
        ([2.0, 1.0, 3.0], 1),
        ([1.0 - MARGIN / 2, 1.0, 3.0], 1),
        ([1.0 - 2 * MARGIN, 1.0, 3.0], 0),
        ([0.9, 1.0, 0.8], 2),
        ([0.8, 1.0, 0.8], 0),
        ([np.nan, np.nan, np.nan], 1),
        ([0.0, 0.0, 0.0], 1),
    ],
)
def test_candidate_replaces_comb_two_only_if_a_hundredth_better(means, chosen):
    assert choose(np.array(means), RIVAL) == chosen


def chosen(panel, models, **kwargs):
    result = backtest(panel, ["champion", *models], registry=registry(**models), **kwargs)
    return result, result.champions


def steady(level: float, weeks: int = 80, name: str = "a", target: str = "t") -> pd.DataFrame:
    return one_series([level] * weeks, name).assign(target=target)


def test_champion_is_the_candidate_that_was_right_and_forecasts_the_same():
    right = Centred(card("right"), 40.0, 2.0)
    result, table = chosen(steady(40.0), {"right": right}, candidates=["right", "flat"])
    assert table["model"].unique().tolist() == ["right"]
    assert (table["scaled_wis"] < table["comb_two_scaled_wis"]).all()
    rows = result.forecasts
    own, copied = (rows.loc[rows["model"] == m, "value"] for m in ("champion", "right"))
    np.testing.assert_array_equal(own, copied)


def test_champion_is_chosen_for_each_target_apart():
    models = {"forty": Centred(card("forty"), 40.0, 2.0), "nine": Centred(card("nine"), 9.0, 2.0)}
    panel = pd.concat([steady(40.0, name="a", target="x"), steady(9.0, name="b", target="y")])
    _, table = chosen(panel, models, candidates=list(models))
    by_target = table.groupby("target")["model"].unique().map(list).to_dict()
    assert by_target == {"x": ["forty"], "y": ["nine"]}


def test_champion_changes_only_after_the_change_is_seen():
    weeks = 100
    values = [40.0] * 60 + [9.0] * 40
    models = {"forty": Centred(card("forty"), 40.0, 2.0), "nine": Centred(card("nine"), 9.0, 2.0)}
    _, table = chosen(
        one_series(values), models, candidates=list(models), origins=10, step=5, horizon=3
    )
    first = pd.Timestamp("2022-01-03")
    column = ((table["origin"] - first).dt.days // 7).to_numpy()
    assert column.max() == weeks - 1 - 3
    assert set(table.loc[column <= 59, "model"]) == {"forty"}
    assert set(table.loc[column >= 59 + 24, "model"]) == {"nine"}


def test_without_inner_scores_the_champion_is_comb_two():
    result = forecast(one_series([3.0, 4.0, 5.0]), ["champion", "comb_two"], registry=registry())
    assert result.champions["model"].tolist() == ["comb_two"]
    assert result.champions["inner_scores"].tolist() == [0]
    assert result.champions["scaled_wis"].isna().all()
    rows = result.forecasts
    own, copied = (rows.loc[rows["model"] == m, "value"] for m in ("champion", "comb_two"))
    np.testing.assert_array_equal(own, copied)


def test_inner_scores_are_those_of_a_plain_backtest_cut_at_the_origin():
    """Slow twin: each inner origin back-tested by itself, and averaged by pandas."""
    panel = make_panel(6, 70)
    models = {"steep": Everything(card("steep"), 2.0)}
    last = panel["week"].max()
    kwargs = {"registry": registry(**models), "horizon": 12}
    table = forecast(panel, ["champion"], **kwargs).champions.set_index("target")
    inner = [last - pd.Timedelta(weeks=4 * j) for j in range(1, 7)]
    pairs = pd.MultiIndex.from_product(
        [panel["series_id"].unique(), inner], names=["series_id", "origin"]
    )
    origins = pairs.to_frame(index=False)
    names = ["flat", "climatology", "negative_binomial", "comb_two", "steep"]
    scores = backtest(panel, names, origins_table=origins, **kwargs).scores
    scores["target"] = scores["series_id"].map(
        panel.drop_duplicates("series_id").set_index("series_id")["target"]
    )
    by_series = scores.groupby(["target", "model", "series_id"])["scaled_wis"].mean()
    means = {
        target: by_series[target].groupby("model").mean() for target in scores["target"].unique()
    }
    for target, row in table.iterrows():
        assert row["comb_two_scaled_wis"] == pytest.approx(means[target]["comb_two"])
        assert row["scaled_wis"] == pytest.approx(means[target].min())
        assert row["model"] == means[target].idxmin()
        known = scores[(scores["target"] == target) & (scores["model"] == "flat")]
        assert row["inner_scores"] == known["scaled_wis"].notna().sum()


def test_inner_forecasts_are_made_from_what_was_known_at_the_inner_origin():
    panel = make_panel(2, 80)
    last = panel["week"].max()
    origins = [last - pd.Timedelta(weeks=20 + 4 * j) for j in range(7)]
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
    )
    seen = {pd.Timestamp(b.weeks[-1]): np.unique(b.values).tolist() for b in watching.seen}
    assert seen == {origin: [float(k)] for k, origin in enumerate(origins)}


def test_inner_origin_that_nobody_recorded_is_not_replaced_by_later_revisions():
    panel = make_panel(2, 80)
    origin = panel["week"].max() - pd.Timedelta(weeks=20)
    known = panel[panel["week"] <= origin].assign(origin=origin)
    table = pd.DataFrame({"series_id": panel["series_id"].unique(), "origin": origin})
    kwargs = {"origins_table": table, "registry": registry()}
    assert backtest(panel, ["champion"], **kwargs).champions["inner_scores"].min() > 0
    told = backtest(panel, ["champion"], known=known, **kwargs).champions
    assert told["inner_scores"].tolist() == [0, 0]
    assert told["model"].tolist() == ["comb_two", "comb_two"]


def test_candidates_may_be_narrowed_and_comb_two_is_always_one():
    panel = steady(40.0)
    right = {"right": Centred(card("right"), 40.0, 2.0)}
    _, table = chosen(panel, right, candidates=["flat"])
    assert set(table["model"]) <= {"flat", "comb_two"}


def test_champion_cannot_be_its_own_candidate():
    with pytest.raises(ModelError, match="a champion cannot be a candidate"):
        forecast(steady(4.0), ["champion"], candidates=["champion"], registry=registry())


def test_champions_table_is_empty_but_typed_when_none_was_asked_for():
    table = forecast(steady(4.0), ["flat"], registry=registry()).champions
    assert list(table) == [
        "target", "origin", "model", "scaled_wis", "comb_two_scaled_wis", "inner_scores",
    ]  # fmt: skip
    assert table.empty
    assert CHAMPION.card.name == "champion"
