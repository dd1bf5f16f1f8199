"""Back-tests and forecasts: which rows there are, and what stands in them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from panel_kit import Drawing, Failing, Watching, card, make_panel, one_series, registry
from threatcast_forecasting import backtest, forecast, nightly
from threatcast_forecasting.backtesting.engine import NOTHING_SEEN
from threatcast_forecasting.combinations.members import all_models
from threatcast_forecasting.errors import ForecastError, ModelError
from threatcast_forecasting.panels import validate
from threatcast_forecasting.quantiles import LEVELS
from threatcast_forecasting.scores import weighted_interval_score

PANEL = make_panel(6, 90)
ASKED = ["comb_two", "champion", "drawing", "flat"]
MODELS = registry(drawing=Drawing(card("drawing")))


@pytest.fixture(scope="module")
def result():
    return backtest(PANEL, ASKED, origins=3, horizon=5, registry=MODELS)


def test_forecasts_have_the_columns_levels_and_order_of_the_contract(result):
    rows = result.forecasts
    assert list(rows) == ["series_id", "model", "origin", "horizon", "quantile", "value"]
    assert len(rows) == 6 * 4 * 3 * 5 * 23
    assert tuple(rows["quantile"][:23]) == LEVELS
    keys = ["series_id", "model", "origin", "horizon", "quantile"]
    pd.testing.assert_frame_equal(rows, rows.sort_values(keys, ignore_index=True))
    assert not rows.duplicated(keys).any()
    assert (rows["value"] == rows["value"].round()).all()


def test_scores_have_the_columns_of_the_contract_and_one_row_a_forecast_week(result):
    rows = result.scores
    assert list(rows) == [
        "series_id", "model", "origin", "horizon", "wis", "scale", "scaled_wis", "log_wis",
        "covered_50", "covered_80", "covered_95", "pit_low", "pit_high", "state",
    ]  # fmt: skip
    keys = ["series_id", "model", "origin", "horizon"]
    expected = result.forecasts[keys].drop_duplicates(ignore_index=True)
    pd.testing.assert_frame_equal(rows[keys], expected)


def test_origins_are_the_last_week_less_horizon_and_steps(result):
    last = PANEL["week"].max()
    expected = [last - pd.Timedelta(weeks=5 + 4 * k) for k in (2, 1, 0)]
    for _, rows in result.forecasts.groupby("series_id"):
        assert rows["origin"].unique().tolist() == expected


def test_origins_follow_each_series_own_last_week():
    panel = pd.concat([one_series([1.0] * 40, "long"), one_series([1.0] * 30, "short")])
    rows = backtest(panel, ["flat"], origins=2, horizon=3, step=2, registry=MODELS).forecasts
    origins = rows.groupby("series_id")["origin"].agg(["min", "max"])
    first = panel["week"].min()
    assert origins.loc["long"].tolist() == [first + pd.Timedelta(weeks=w) for w in (34, 36)]
    assert origins.loc["short"].tolist() == [first + pd.Timedelta(weeks=w) for w in (24, 26)]


def test_scores_are_those_of_the_forecasts_against_the_panel(result):
    keys = ["series_id", "model", "origin", "horizon"]
    wide = result.forecasts.pivot_table("value", keys, "quantile").reset_index()
    truth = validate(PANEL).set_index(["series_id", "week"])["value"]
    weeks = wide["origin"] + pd.to_timedelta(7 * wide["horizon"], unit="D")
    y = truth.reindex(pd.MultiIndex.from_arrays([wide["series_id"], weeks])).to_numpy()
    expected = weighted_interval_score(y, wide[list(LEVELS)].to_numpy())
    np.testing.assert_allclose(result.scores["wis"].to_numpy(), expected)
    assert np.isnan(expected).sum() == result.scores["wis"].isna().sum()


def test_scale_is_the_mean_of_the_last_52_training_weeks(result):
    truth = validate(PANEL)
    row = result.scores.iloc[-1]
    seen = truth[(truth["series_id"] == row["series_id"]) & (truth["week"] <= row["origin"])]
    expected = seen["value"].dropna().tail(52).mean()
    assert row["scale"] == pytest.approx(expected)
    assert row["scaled_wis"] == pytest.approx(row["wis"] / expected)


def test_week_without_truth_has_a_row_with_null_scores():
    panel = one_series([2.0] * 30)
    panel.loc[28, "value"] = np.nan
    rows = backtest(panel, ["flat"], origins=1, horizon=4, registry=MODELS).scores
    scores = ["wis", "scaled_wis", "log_wis", "covered_50", "covered_95", "pit_low", "pit_high"]
    assert rows[scores].isna().all(axis=1).tolist() == [False, False, True, False]
    assert rows[scores].notna().all(axis=1).tolist() == [True, True, False, True]


@pytest.mark.parametrize(
    "values",
    [[np.nan] * 40, [0.0] * 40, [5.0], [np.nan] * 39 + [5.0], [1.0] * 3],
    ids=["all missing", "all zero", "one value", "one value at the end", "three weeks"],
)
@pytest.mark.parametrize("run", [backtest, forecast])
def test_every_series_gets_a_forecast_from_every_model(values, run):
    models = all_models()
    panel = pd.concat([one_series([3.0, 4.0] * 40, "b"), one_series(values, "a")])
    rows = run(panel, list(models)).forecasts
    counts = rows.groupby(["series_id", "model"]).size()
    assert set(counts.index) == {(s, m) for s in "ab" for m in models}
    assert rows["value"].between(0, 1e9).all()


def test_series_without_a_value_says_so_and_forecasts_zero():
    panel = pd.concat([one_series([3.0] * 50, "b"), one_series([np.nan] * 50, "a")])
    result = backtest(panel, ["drawing", "flat"], origins=1, registry=MODELS)
    rows = result.scores[result.scores["series_id"] == "a"]
    assert rows["state"].unique().tolist() == [NOTHING_SEEN]
    assert (result.forecasts.loc[result.forecasts["series_id"] == "a", "value"] == 0).all()
    assert rows["scale"].isna().all()


def test_model_that_fails_on_one_series_costs_that_series_only():
    failing = Failing(card("failing"), raises=("s02",), silent=("s04",))
    rows = backtest(PANEL, ["failing"], origins=2, registry=registry(failing=failing)).scores
    states = rows.groupby("series_id")["state"].unique().map(list).to_dict()
    assert states == {
        "s00": [""],
        "s01": [""],
        "s02": ["fallback: failing raised ValueError"],
        "s03": [""],
        "s04": ["fallback: failing returned no number"],
        "s05": [""],
    }


def test_average_says_which_member_fell_back():
    failing = Failing(card("climatology"), raises=("s02",))
    rows = backtest(PANEL, ["comb_two"], origins=1, registry=registry(climatology=failing)).scores
    states = rows.drop_duplicates("series_id").set_index("series_id")["state"]
    assert states["s02"] == "fallback: climatology raised ValueError (climatology)"
    assert (states.drop("s02") == "").all()


def test_comb_two_is_the_rounded_mean_of_its_members(result):
    both = backtest(
        PANEL, ["climatology", "negative_binomial"], origins=3, horizon=5, registry=MODELS
    ).forecasts
    mean = both.groupby(["series_id", "origin", "horizon", "quantile"])["value"].mean()
    own = result.forecasts.query("model == 'comb_two'")
    np.testing.assert_array_equal(own["value"], np.floor(mean.to_numpy() + 0.5))


def test_forecast_starts_from_the_panels_last_week_for_all_series():
    panel = pd.concat([one_series([1.0] * 40, "long"), one_series([1.0] * 30, "short")])
    rows = forecast(panel, ["flat"], registry=MODELS).forecasts
    assert rows["origin"].unique().tolist() == [panel["week"].max()]
    assert sorted(rows["series_id"].unique()) == ["long", "short"]


def test_named_origins_replace_the_regular_ones():
    table = pd.DataFrame({"series_id": ["s01", "s03"], "origin": ["2023-01-02", "2022-11-07"]})
    rows = backtest(PANEL, ["flat"], origins_table=table, registry=MODELS).forecasts
    found = rows[["series_id", "origin"]].drop_duplicates(ignore_index=True)
    assert found["series_id"].tolist() == ["s01", "s03"]
    assert found["origin"].tolist() == list(pd.to_datetime(table["origin"]))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"series_id": ["zz"], "origin": ["2023-01-02"]}, "row 1: series zz is not in the panel."),
        ({"series_id": ["s01"], "origin": ["2023-01-03"]}, "2023-01-03 is a Tuesday."),
        ({"series_id": ["s01"]}, "the table of origins: no column origin."),
        ({"series_id": [], "origin": []}, "the table of origins: it has no rows."),
    ],
)
def test_unusable_origins_are_refused(table, message):
    with pytest.raises(ForecastError) as caught:
        backtest(PANEL, ["flat"], origins_table=pd.DataFrame(table), registry=MODELS)
    assert message in str(caught.value)


def test_origin_after_the_panels_end_is_forecast_and_has_null_scores():
    table = pd.DataFrame({"series_id": ["s01"], "origin": ["2024-01-01"]})
    result = backtest(PANEL, ["flat"], origins_table=table, registry=MODELS)
    assert len(result.forecasts) == 12 * 23
    assert result.scores["wis"].isna().all()


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["nonsense"], "model nonsense: there is no such model."),
        ([], "no list of models"),
        ("flat", "no list of models"),
    ],
)
def test_unknown_models_are_refused(names, problem):
    with pytest.raises(ModelError) as caught:
        backtest(PANEL, names, registry=MODELS)
    assert problem in str(caught.value)


@pytest.mark.parametrize("setting", ["horizon", "origins", "step", "jobs", "chunk"])
def test_settings_below_one_are_refused(setting):
    with pytest.raises(ForecastError, match=f"{setting}: it is 0"):
        backtest(PANEL, ["flat"], registry=MODELS, **{setting: 0})


@pytest.mark.parametrize("chunk", [1, 4])
def test_results_do_not_depend_on_batches(result, chunk):
    other = backtest(PANEL, ASKED, origins=3, horizon=5, registry=MODELS, chunk=chunk)
    pd.testing.assert_frame_equal(other.forecasts, result.forecasts)
    pd.testing.assert_frame_equal(other.scores, result.scores)
    pd.testing.assert_frame_equal(other.weights, result.weights)


def test_results_do_not_depend_on_jobs():
    asked = ["champion", "climatology", "flat", "negative_binomial"]
    kwargs = {"origins": 2, "candidates": ["flat", "climatology"]}
    one = backtest(PANEL, asked, **kwargs)
    two = backtest(PANEL, asked, jobs=2, chunk=2, **kwargs)
    pd.testing.assert_frame_equal(one.forecasts, two.forecasts)
    pd.testing.assert_frame_equal(one.scores, two.scores)
    pd.testing.assert_frame_equal(one.weights, two.weights)


def test_results_depend_on_the_seed_where_a_model_draws(result):
    other = backtest(PANEL, ASKED, origins=3, horizon=5, registry=MODELS, seed=7).forecasts
    changed = other["value"] != result.forecasts["value"]
    assert set(other.loc[changed, "model"]) >= {"drawing"}
    assert "flat" not in set(other.loc[changed, "model"])


def test_series_are_forecast_alike_in_any_company(result):
    alone = backtest(
        PANEL[PANEL["series_id"] == "s03"], ["drawing"], origins=3, horizon=5, registry=MODELS
    ).forecasts
    among = result.forecasts.query("series_id == 's03' and model == 'drawing'")
    np.testing.assert_array_equal(alone["value"], among["value"])


def test_parts_hold_whole_series_and_make_up_the_whole(result):
    for whole, parts in (
        (result.forecasts, list(result.forecast_frames(rows=3000))),
        (result.scores, list(result.score_frames(rows=100))),
    ):
        assert len(parts) > 1
        pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole)
        ids = [set(part["series_id"]) for part in parts]
        assert sum(map(len, ids)) == len(set().union(*ids))


def test_base_models_are_fitted_once_for_outer_and_inner_use():
    watching = Watching(card("watching"))
    backtest(
        PANEL,
        ["champion", "watching"],
        origins=3,
        registry=registry(watching=watching),
        candidates=["watching"],
    )
    fitted = [(s, b.weeks[-1]) for b in watching.seen for s in b.series_ids]
    assert len(fitted) == len(set(fitted)) == 6 * (3 + 8)


def test_progress_counts_to_the_end():
    calls = []
    backtest(PANEL, ["flat"], origins=2, registry=MODELS, progress=lambda *a: calls.append(a))
    done, total, what = zip(*calls, strict=True)
    assert list(done) == list(range(1, total[0] + 1))
    assert set(total) == {len(calls)}
    assert what[0] == "climatology, origin 2023-05-29, 6 series"


def test_night_gives_what_forecast_and_backtest_give():
    kwargs = {"horizon": 5, "registry": MODELS}
    night = nightly(PANEL, ASKED, origins=3, **kwargs)
    past, now = backtest(PANEL, ASKED, origins=3, **kwargs), forecast(PANEL, ASKED, **kwargs)
    pd.testing.assert_frame_equal(night.scores, past.scores)
    pd.testing.assert_frame_equal(night.forecasts.drop(columns="state"), now.forecasts)
    month_ago = pd.to_datetime(PANEL["week"]).max() - pd.Timedelta("28D")
    origins = PANEL[["series_id"]].drop_duplicates().assign(origin=month_ago)
    young = backtest(PANEL, ASKED, origins_table=origins, **kwargs)
    pd.testing.assert_frame_equal(night.recent.forecasts, young.forecasts)
    all_of = pd.concat([past.weights, young.weights, now.weights])
    ordered = all_of.sort_values(["target", "origin", "model"], ignore_index=True)
    pd.testing.assert_frame_equal(night.weights, ordered)


def test_seconds_include_members():
    ticks = iter(range(10_000))
    seconds = backtest(
        PANEL,
        ["champion"],
        origins=1,
        registry=MODELS,
        candidates=["climatology", "negative_binomial"],
        clock=lambda: float(next(ticks)),
    ).seconds
    base = {"climatology", "negative_binomial"}
    assert set(seconds) == {"flat", "comb_two", "champion"}
    assert seconds["comb_two"] == 9 * len(base)
    assert seconds["champion"] == 9 * len(base)
    assert backtest(PANEL, ["flat"], origins=1, registry=MODELS).seconds["flat"] is None
