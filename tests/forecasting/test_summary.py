"""The comparison of models against a slow twin made of the score table alone."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from panel_kit import Failing, card, make_panel, one_series, registry
from threatcast_forecasting import backtest, summarise
from threatcast_forecasting.panels import location_level

PANEL = make_panel(6, 90)
ASKED = ["champion", "climatology", "comb_two", "failing", "flat"]


@pytest.fixture(scope="module")
def result():
    failing = Failing(card("failing"), raises=("s02",), centre=3.0)
    return backtest(PANEL, ASKED, origins=3, horizon=4, registry=registry(failing=failing))


@pytest.fixture(scope="module")
def summary(result):
    return summarise(result, PANEL)


def twin(scores: pd.DataFrame, by: str | None, measure: str) -> pd.Series:
    """Mean over origins and horizons, then over series, as pandas does it."""
    places = PANEL.drop_duplicates("series_id").set_index("series_id")
    scores = scores.assign(
        target=scores["series_id"].map(places["target"]),
        location_level=scores["series_id"].map(places["location"]).map(location_level),
        **{measure: scores[measure].astype(float)},
    )
    keys = [by, "model"] if by else ["model"]
    return scores.groupby([*keys, "series_id"])[measure].mean().groupby(keys).mean()


@pytest.mark.parametrize("by", [None, "target", "location_level", "horizon"])
@pytest.mark.parametrize(
    ("measure", "column"),
    [
        ("scaled_wis", "scaled_wis"),
        ("log_wis", "log_wis"),
        ("covered_50", "coverage_50"),
        ("covered_80", "coverage_80"),
        ("covered_95", "coverage_95"),
    ],
)
def test_means_are_over_origins_and_horizons_and_then_over_series(
    result, summary, by, measure, column
):
    expected = twin(result.scores, by, measure)
    rows = summary[f"by_{by}" if by else "models"]
    found = {(row[by], row["model"]) if by else row["model"]: row[column] for row in rows}
    assert found == pytest.approx(expected.to_dict(), abs=1e-6)


def test_relative_scores_are_ratios_to_the_rivals(summary):
    rows = {row["model"]: row for row in summary["models"]}
    for row in rows.values():
        for rival in ("flat", "comb_two"):
            for measure, prefix in (("scaled_wis", ""), ("log_wis", "log_")):
                ratio = row[measure] / rows[rival][measure]
                assert row[f"{prefix}relative_to_{rival}"] == pytest.approx(ratio, abs=1e-5)
    assert rows["flat"]["relative_to_flat"] == 1


def pit_distance(scores: pd.DataFrame) -> float:
    """Largest distance to uniform of the mean of each forecast's own PIT distribution."""
    places = np.arange(1, 200) / 200
    low, high = (scores[name].to_numpy(float)[:, None] for name in ("pit_low", "pit_high"))
    shares = np.clip((places - low) / (high - low), 0, 1)
    return np.abs(np.nanmean(shares, axis=0) - places).max()


def test_pit_distance_is_that_of_the_mean_distribution(result, summary):
    places = PANEL.drop_duplicates("series_id").set_index("series_id")["target"]
    scores = result.scores.assign(target=result.scores["series_id"].map(places))
    for name, own in scores.groupby("model"):
        row = next(row for row in summary["models"] if row["model"] == name)
        assert row["pit_distance"] == pytest.approx(pit_distance(own), abs=1e-5)
        assert row["pit_distance"] > 0
    for (target, name), own in scores.groupby(["target", "model"]):
        rows = {(row["target"], row["model"]): row for row in summary["by_target"]}
        assert rows[target, name]["pit_distance"] == pytest.approx(pit_distance(own), abs=1e-5)


def test_activity_is_that_before_the_origin():
    quiet, loud = np.tile([1.0, 3.0], 45), np.tile([8.0, 12.0], 45)
    # loud until the last origin's weeks, and quiet where it is scored: still busy
    fallen = np.concatenate([loud[:78], quiet[:12]])
    panel = one_series(quiet).assign(series_id="quiet")
    panel = pd.concat(
        [panel, *(panel.assign(series_id=n, value=v) for n, v in (("loud", loud), ("f", fallen)))]
    )
    result = backtest(panel, ["flat"], origins=1, registry=registry())
    rows = {(row["activity"], row["model"]): row for row in summarise(result, panel)["by_activity"]}
    scores = result.scores[result.scores["model"] == "flat"]
    for activity, ids in (("busy", ["loud", "f"]), ("sparse", ["quiet"])):
        own, row = scores[scores["series_id"].isin(ids)], rows[activity, "flat"]
        assert row["series"] == len(ids)
        assert row["scaled_wis"] == pytest.approx(own["scaled_wis"].mean(), abs=1e-6)
        assert row["coverage_80"] == pytest.approx(own["covered_80"].mean(), abs=1e-6)
        assert row["pit_distance"] == pytest.approx(pit_distance(own), abs=1e-5)


def test_models_are_sorted_best_first(summary):
    scores = [row["scaled_wis"] for row in summary["models"]]
    assert scores == sorted(scores)


def test_fallbacks_are_counted_by_series_and_origin(summary):
    counts = {row["model"]: row["fallbacks"] for row in summary["models"]}
    assert counts == {"champion": 0, "climatology": 0, "comb_two": 0, "failing": 3, "flat": 0}


@pytest.mark.parametrize("asked", [["climatology"], ["flat"]])
def test_flat_and_comb_two_are_compared_with_though_nobody_asked(asked):
    result = backtest(PANEL, asked, origins=1, registry=registry())
    rows = {row["model"]: row["asked"] for row in summarise(result, PANEL)["models"]}
    assert rows == {"flat": False, "comb_two": False} | dict.fromkeys(asked, True)
    assert result.forecasts["model"].unique().tolist() == asked
    assert result.scores["model"].unique().tolist() == asked


def test_summary_is_json_without_nan_even_if_nothing_could_be_scored():
    panel = one_series([np.nan] * 40)
    result = backtest(panel, ["flat"], origins=1, registry=registry())
    text = json.dumps(summarise(result, panel), allow_nan=False)
    rows = json.loads(text)["models"]
    assert [row["scaled_wis"] for row in rows] == [None, None]
    assert [row["relative_to_flat"] for row in rows] == [None, None]


def test_panel_is_described_in_numbers(summary):
    assert summary["panel"] == {
        "series": 6,
        "targets": 2,
        "rows": 540,
        "first_week": "2022-01-03",
        "last_week": "2023-09-18",
        "missing_share": 0.011111,
        "horizon": 4,
        "origins": 3,
        "first_origin": "2023-06-26",
        "last_origin": "2023-08-21",
        "forecasts": 18,
        "series_without_origin": 0,
    }
