"""Panels that are strange or broken: a clear error, or the stated fallback of each model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from panel_kit import FIRST, one_series
from threatcast_forecasting import backtest, forecast, summarise, validate
from threatcast_forecasting.backtesting.engine import NOTHING_SEEN
from threatcast_forecasting.errors import PanelError
from threatcast_forecasting.panels import refuse_unfinished

WEEKS = 120
MODELS = ("champion", "climatology", "comb_two", "flat", "negative_binomial", "prophet")
MANY = 20_000


def strange_panel() -> pd.DataFrame:
    """Return a usual series among strange ones; each is named by what is strange about it."""
    rng = np.random.default_rng(5)
    nothing = [np.nan] * (WEEKS - 1)
    rows = {
        "usual": rng.poisson(6, WEEKS).astype(float),
        "zeros": [0.0] * WEEKS,
        "one value": [*nothing, 7.0],
        "one early value": [7.0, *nothing],
        "all missing": [np.nan] * WEEKS,
        "huge": rng.poisson(1e7, WEEKS).astype(float),
    }
    return pd.concat([one_series(list(values), name) for name, values in rows.items()])


@pytest.fixture(scope="module")
def night() -> pd.DataFrame:
    """Return what each model forecasts of the strange panel, 4 weeks ahead, with its state."""
    result = forecast(strange_panel(), MODELS, horizon=4)
    rows = result.forecasts.merge(result.states, on=["series_id", "model", "origin"])
    return rows.set_index(["series_id", "model"]).sort_index()


def quantiles(night: pd.DataFrame, series: str, model: str) -> np.ndarray:
    return night.loc[(series, model), "value"].to_numpy().reshape(4, 23)


def state(night: pd.DataFrame, series: str, model: str) -> str:
    return night.loc[(series, model), "state"].iloc[0]


@pytest.mark.parametrize("model", MODELS)
def test_strange_series_get_whole_ordered_quantiles_from_every_model(night, model):
    for series in night.index.unique("series_id"):
        values = quantiles(night, series, model)
        assert np.array_equal(values, np.floor(values)), series
        assert (np.diff(values, axis=1) >= 0).all(), series
        assert (values >= 0).all(), series


def test_strange_company_changes_nothing_for_a_usual_series(night):
    usual = strange_panel().query("series_id == 'usual'")
    alone = forecast(usual, ["comb_two", "flat"], horizon=4).forecasts
    for model in ("comb_two", "flat"):
        expected = alone.loc[alone["model"] == model, "value"].to_numpy().reshape(4, 23)
        assert np.array_equal(quantiles(night, "usual", model), expected)


@pytest.mark.parametrize("model", MODELS)
def test_series_of_zeros_has_a_median_of_zero_and_is_no_fallback(night, model):
    assert (quantiles(night, "zeros", model)[:, 11] == 0).all()
    assert quantiles(night, "zeros", model).max() <= 1
    assert state(night, "zeros", model) == ""


def test_series_of_zeros_is_scored_by_the_smallest_scale():
    scores = backtest(one_series([0.0] * 80), ["flat"], origins=2).scores
    assert (scores["scale"] == 0.1).all()
    assert (scores["scaled_wis"] == 0).all()


@pytest.mark.parametrize("series", ["one value", "one early value"])
def test_single_value_is_said_and_its_neighbourhood_forecast(night, series):
    assert state(night, series, "climatology") == "fallback: 1 observed weeks, 8 needed"
    assert state(night, series, "prophet").startswith("fallback: 1 observed weeks, ")
    least = 1 if series == "one value" else 0  # one of long ago may be over
    for model in MODELS:
        values = quantiles(night, series, model)[0]
        assert least <= values[11] <= 21, model
        assert values[0] <= 7 <= values[-1], model


@pytest.mark.parametrize("model", ["climatology", "flat", "negative_binomial", "prophet"])
def test_series_without_any_value_is_forecast_zero_and_says_so(night, model):
    assert state(night, "all missing", model) == NOTHING_SEEN
    assert (quantiles(night, "all missing", model) == 0).all()


@pytest.mark.parametrize("model", ["champion", "comb_two"])
def test_combination_says_that_a_series_has_no_value(night, model):
    assert state(night, "all missing", model).startswith("fallback: ")
    assert (quantiles(night, "all missing", model) == 0).all()


@pytest.mark.parametrize("model", MODELS)
def test_ten_million_a_week_are_forecast_as_such(night, model):
    values = quantiles(night, "huge", model)
    assert ((values > 9.5e6) & (values < 1.05e7)).all()
    assert state(night, "huge", model) == ""


def test_ten_million_a_week_are_scored_without_overflow():
    values = np.random.default_rng(3).poisson(1e7, 90).astype(float)
    scores = backtest(one_series(list(values)), ["flat", "climatology"], origins=2).scores
    assert scores["scaled_wis"].between(0, 0.01).all()
    assert scores["log_wis"].between(0, 0.01).all()


def broken(**columns: list[object]) -> pd.DataFrame:
    return one_series([1.0, 2.0, 3.0], "ransom|DE").assign(**columns)


MONDAYS = "Weeks are named by their Monday, written YYYY-MM-DD."
WHOLE = "A value is a whole number from 0, or empty where the week was not monitored."


@pytest.mark.parametrize(
    ("panel", "message"),
    [
        (
            broken(week=["2022-01-03", "2022-01-10", "2022-01-10"]),
            "series ransom|DE, row 3: the week 2022-01-10 is there twice. "
            "Give each series one row a week.",
        ),
        (
            broken(week=["2022-01-03", "2022-01-10", "2022-01-18"]),
            f"the panel, series ransom|DE, row 3: the week 2022-01-18 is a Tuesday. {MONDAYS}",
        ),
        (
            broken(value=[1.0, -2.0, 3.0]),
            f"series ransom|DE, row 2, week 2022-01-10: the value -2.0 is negative. {WHOLE}",
        ),
        (
            broken(value=[1.0, 2.5, 3.0]),
            f"series ransom|DE, row 2, week 2022-01-10: the value 2.5 is not whole. {WHOLE}",
        ),
    ],
    ids=["a week repeated", "not a Monday", "negative", "fractional"],
)
@pytest.mark.parametrize("run", [backtest, forecast])
def test_broken_row_is_named_by_series_row_and_cure_before_any_model_runs(run, panel, message):
    with pytest.raises(PanelError) as caught:
        run(panel, ["flat"])
    assert str(caught.value) == message


def test_weeks_out_of_order_give_the_same_forecasts():
    panel = strange_panel()
    shuffled = panel.sample(frac=1, random_state=2)
    tables = [forecast(one, ["comb_two"], horizon=2).forecasts for one in (panel, shuffled)]
    pd.testing.assert_frame_equal(*tables)


@pytest.mark.parametrize(
    ("today", "newest"), [("2022-01-15", "2022-01-03"), ("2022-01-12", "2022-01-03")]
)
def test_week_that_is_not_over_is_named_with_row_day_and_cure(today, newest):
    panel = one_series([1.0, 2.0], "ransom|DE")
    validate(panel)
    with pytest.raises(PanelError) as caught:
        refuse_unfinished(panel, np.datetime64(today))
    assert str(caught.value) == (
        f"series ransom|DE, row 2: the week 2022-01-10 is not over on {today}. "
        f"The newest week that is over is {newest}; leave out later ones."
    )


def test_week_is_over_on_its_sunday():
    refuse_unfinished(one_series([1.0, 2.0]), np.datetime64("2022-01-16"))


@pytest.mark.slow
def test_twenty_thousand_series_are_back_tested_and_compared():
    weeks = 16
    levels = np.repeat(np.linspace(0.1, 20, MANY), weeks)
    panel = pd.DataFrame(
        {
            "series_id": np.repeat([f"s{k:05d}" for k in range(MANY)], weeks),
            "week": np.tile(pd.date_range(FIRST, periods=weeks, freq="W-MON"), MANY),
            "value": np.random.default_rng(1).poisson(levels).astype(float),
        }
    )
    result = backtest(validate(panel), ["flat"], origins=1, horizon=2)
    rows = {row["model"]: row for row in summarise(result, panel)["models"]}
    assert rows["flat"]["series"] == rows["comb_two"]["series"] == MANY
    assert sum(len(part) for part in result.score_frames()) == MANY * 2
