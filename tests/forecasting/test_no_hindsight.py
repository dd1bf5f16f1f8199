"""Nothing after an origin can reach a forecast, a choice or a scale at that origin."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from panel_kit import Everything, card, make_panel, registry
from threatcast_forecasting import backtest, forecast
from threatcast_forecasting.models import base_models

PANEL = make_panel(6, 100)
LAST = PANEL["week"].max()
ORIGIN = LAST - pd.Timedelta(weeks=30)
TABLE = pd.DataFrame({"series_id": PANEL["series_id"].unique(), "origin": ORIGIN})
STEEP = Everything(card("steep"), 2.0)


def known_rows(panel: pd.DataFrame) -> pd.DataFrame:
    """Return what was known every fourth week: less than the panel says in the newest weeks."""
    parts = []
    for back in range(18, 66, 4):
        origin = LAST - pd.Timedelta(weeks=back)
        rows = panel[panel["week"] <= origin].assign(origin=origin)
        late = rows["week"] > origin - pd.Timedelta(weeks=3)
        rows["value"] = np.where(late, np.floor(rows["value"] / 2), rows["value"])
        parts.append(rows[["series_id", "origin", "week", "value"]])
    return pd.concat(parts, ignore_index=True)


def poisoned(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return a copy with absurd values in all rows whose `column` lies after the origin."""
    late = frame[column] > ORIGIN
    assert late.any()
    return frame.assign(value=frame["value"].mask(late, 987_654.0))


@pytest.mark.parametrize("with_known", [False, True])
def test_poison_after_the_origin_changes_no_forecast_weight_or_scale(with_known):
    def run(panel, known):
        return backtest(
            panel,
            ["champion", "comb_two", "flat", "steep"],
            origins_table=TABLE,
            known=known if with_known else None,
            registry=registry(steep=STEEP),
        )

    known = known_rows(PANEL)
    clean = run(PANEL, known)
    dirty = run(poisoned(PANEL, "week"), poisoned(known, "origin"))
    pd.testing.assert_frame_equal(dirty.forecasts, clean.forecasts, check_exact=True)
    pd.testing.assert_frame_equal(dirty.weights, clean.weights, check_exact=True)
    keys = ["series_id", "model", "origin", "horizon", "scale", "state"]
    pd.testing.assert_frame_equal(dirty.scores[keys], clean.scores[keys], check_exact=True)
    assert clean.weights["scaled_wis"].notna().all()
    assert (dirty.scores["wis"] > clean.scores["wis"]).any()  # the poison is there


def test_later_revision_of_any_week_changes_no_forecast_weight_or_scale():
    """Where `known` says what was known, the panel's own values are hindsight, the oldest too."""
    kwargs = {"origins_table": TABLE, "known": known_rows(PANEL), "registry": registry(steep=STEEP)}
    models = ["champion", "comb_two", "flat", "steep"]
    clean = backtest(PANEL, models, **kwargs)
    revised = backtest(PANEL.assign(value=987_654.0), models, **kwargs)
    pd.testing.assert_frame_equal(revised.forecasts, clean.forecasts, check_exact=True)
    pd.testing.assert_frame_equal(revised.weights, clean.weights, check_exact=True)
    assert clean.weights["scaled_wis"].notna().all()
    assert (revised.scores["scale"] == clean.scores["scale"]).all()


def test_poison_after_the_origin_changes_no_forecast_of_the_real_models():
    names = list(base_models())
    cheap = [name for name in names if name != "prophet"]
    kwargs = {"origins_table": TABLE, "candidates": cheap}
    clean = backtest(PANEL, [*names, "champion"], **kwargs).forecasts
    dirty = backtest(poisoned(PANEL, "week"), [*names, "champion"], **kwargs).forecasts
    pd.testing.assert_frame_equal(dirty, clean, check_exact=True)


def test_backtest_forecasts_what_forecast_would_have_on_that_day():
    models = ["champion", "comb_two", "steep"]
    then = backtest(PANEL, models, origins_table=TABLE, registry=registry(steep=STEEP))
    on_the_day = forecast(PANEL[PANEL["week"] <= ORIGIN], models, registry=registry(steep=STEEP))
    pd.testing.assert_frame_equal(then.forecasts, on_the_day.forecasts, check_exact=True)
    pd.testing.assert_frame_equal(then.weights, on_the_day.weights, check_exact=True)


@pytest.mark.parametrize("weeks_before", [0, 1, 8])
def test_value_at_or_before_the_origin_does_change_the_forecast(weeks_before):
    """The poison test can fail: a value that may be seen is seen."""
    at = PANEL["week"] == ORIGIN - pd.Timedelta(weeks=weeks_before)
    touched = PANEL.assign(value=PANEL["value"].mask(at, 500.0))
    kwargs = {"origins_table": TABLE, "registry": registry()}
    clean = backtest(PANEL, ["flat"], **kwargs).forecasts
    assert (backtest(touched, ["flat"], **kwargs).forecasts["value"] != clean["value"]).any()


def test_training_uses_what_was_known_and_scores_use_the_panel():
    known = known_rows(PANEL)
    kwargs = {"origins_table": TABLE, "registry": registry()}
    with_known = backtest(PANEL, ["flat"], known=known, **kwargs)
    truncated = PANEL[PANEL["week"] <= ORIGIN].merge(
        known[known["origin"] == ORIGIN][["series_id", "week", "value"]],
        on=["series_id", "week"],
        suffixes=("_panel", ""),
    )
    on_the_day = forecast(truncated, ["flat"], registry=registry())
    pd.testing.assert_frame_equal(with_known.forecasts, on_the_day.forecasts, check_exact=True)
    assert (
        with_known.forecasts["value"] != backtest(PANEL, ["flat"], **kwargs).forecasts["value"]
    ).any()
