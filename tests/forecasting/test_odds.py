"""Past answers scored: against hand-made scores, a known future, and without hindsight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from panel_kit import Centred, card, registry
from scipy import stats
from threatcast_forecasting import backtest
from threatcast_forecasting.models.card import ModelCard, Prediction
from threatcast_forecasting.outlook.past_answers import past_answers, usual_levels
from threatcast_forecasting.outlook.past_outlooks import QUESTIONS, cases_of, scored
from threatcast_forecasting.outlook.past_skill import probability_scores, reliability
from threatcast_forecasting.panels import Batch
from threatcast_forecasting.quantiles import LEVELS

PLACES = ["AT", "BE", "CZ", "DE", "DK", "FR"]


@dataclass(frozen=True)
class Poisson:
    """Knows the rate of each series."""

    card: ModelCard
    rates: dict[str, float]

    def predict(self, batch: Batch, horizon: int, seed: int) -> Prediction:
        rows = [stats.poisson.ppf(LEVELS, self.rates[name]) for name in batch.series_ids]
        return Prediction(np.repeat(np.array(rows)[:, None], horizon, axis=1), ("",) * len(rows))


def panel_of(values: np.ndarray) -> pd.DataFrame:
    series, weeks = values.shape
    return pd.DataFrame(
        {
            "series_id": np.repeat([f"s{k}" for k in range(series)], weeks),
            "target": "claims",
            "location": np.repeat(np.resize(PLACES, series), weeks),
            "week": np.tile(pd.date_range("2022-01-03", periods=weeks, freq="W-MON"), series),
            "value": values.ravel(),
        }
    )


def answered(panel, model, *, known=None, origins=2) -> pd.DataFrame:
    models = registry(sure=model)
    result = backtest(panel, ["sure"], origins=origins, registry=models, known=known)
    return scored(cases_of(result, ["sure", "comb_two"], known), seed=1)


def sure(centre: float) -> Centred:
    return Centred(card("sure"), centre, 0.0)


def test_a_sure_and_right_answer_scores_nought_and_a_wrong_one_by_its_distance():
    values = np.tile([1.0, 3.0], 60)[None].repeat(6, axis=0)
    values[:, -24:] = 6.0
    right = answered(panel_of(values), sure(6.0)).query("model == 'sure'")
    first = right["origin"] == right["origin"].min()
    assert set(right["question"]) == {*QUESTIONS, "top3_of_locations"}
    assert (right.loc[right["question"] != "top3_of_locations", "score"] == 0).all()
    assert (right.loc[right["question"].isin(("total_4w", "total_12w")), "covered"] == 1).all()
    wrong = answered(panel_of(values), sure(0.0)).query("model == 'sure'")[first]
    score = wrong.groupby("question")["score"].mean()
    assert score[["above_usual_4w", "zero_4w", "growth_4w"]].tolist() == [1, 1, 1]
    assert score["trend_4w"] == 1  # from the lowest class to the highest
    # twice the pinball loss of 6 a week at 10, 50 and 90 %, by the mean of the 52 weeks before
    scale = (8 * 6 + 44 * 2) / 52
    assert score["total_4w"] == pytest.approx(2 * 6 * (0.1 + 0.5 + 0.9) / 3 / scale)


def test_usual_level_is_the_mean_of_the_last_26_observed_weeks():
    row = np.r_[np.full(5, 90.0), np.arange(26.0), np.nan, 100.0]
    levels = usual_levels(row)
    assert np.isnan(levels[0])
    assert (levels[1], levels[31], levels[32]) == (90, 12.5, 12.5)
    assert levels[33] == (np.arange(1.0, 26).sum() + 100) / 26


def test_reference_asks_each_past_stretch_against_the_level_before_it():
    row = np.r_[np.full(100, 4.0), np.full(52, 8.0)]
    found = past_answers(row, usual_levels(row))
    # 101 stretches end in the last 104 weeks; those above the mean of 26 weeks before saw the rise
    rising = sum(
        sum(row[at : at + 4]) > 4 * row[max(at - 26, 0) : at].mean() for at in range(48, 149)
    )
    assert found["above_usual_4w"] == pytest.approx(rising / 101)
    assert found["total_12w"].tolist() == [48, 52, 96] or found["total_12w"][2] == 96
    assert past_answers(row[:30], usual_levels(row[:30])) == {}


def test_a_week_that_nobody_watched_takes_out_the_totals_that_hold_it():
    values = np.random.default_rng(1).poisson(5, (6, 120)).astype(float)
    values[0, -6] = np.nan  # in the 12 weeks after the last origin, not in the first 4
    found = answered(panel_of(values), sure(5.0), origins=1).query("model == 'sure'")
    counts = found[found["series_id"] == "s0"]["question"].value_counts()
    assert "total_12w" not in counts
    assert counts["total_4w"] == counts["above_usual_4w"] == 1


def test_answers_do_not_change_with_what_came_later():
    rng = np.random.default_rng(2)
    values = rng.poisson(6, (6, 120)).astype(float)
    other = values.copy()
    # the oldest of three origins: 12 + 8 weeks before the end
    other[:, -20:] = rng.poisson(60, (6, 20))
    model = Poisson(card("sure"), {f"s{k}": 6.0 for k in range(6)})
    keys = ["series_id", "question"]
    before, after = (
        table[table["origin"] == table["origin"].min()].set_index(keys)["forecast"]
        for table in (
            answered(panel_of(which), model, origins=3).query("model == 'sure'")
            for which in (values, other)
        )
    )
    pd.testing.assert_series_equal(before, after)


def test_usual_level_is_that_known_at_the_origin():
    values = np.full((6, 120), 4.0)
    origin = panel_of(values)["week"].unique()[-13]
    known = panel_of(np.full((6, 108), 9.0))[["series_id", "week", "value"]].assign(origin=origin)
    models = registry(sure=sure(4.0))
    result = backtest(panel_of(values), ["sure"], origins=1, registry=models, known=known)
    assert (cases_of(result, ["sure"], known).usual == 9).all()
    assert (cases_of(result, ["sure"]).usual == 4).all()


def test_right_probabilities_are_reliable_and_totals_hold():
    rng = np.random.default_rng(3)
    rates = rng.uniform(0.1, 12, 60)
    panel = panel_of(rng.poisson(rates[:, None], (60, 200)).astype(float))
    model = Poisson(card("sure"), {f"s{k}": rate for k, rate in enumerate(rates)})
    found = answered(panel, model, origins=6).query("model == 'sure'")
    for question, group in found.groupby("question"):
        if question in ("total_4w", "total_12w"):
            # weeks are independent here, which six origins cannot prove: much width stays
            assert 0.8 <= group["covered"].mean() < 1
        elif question != "trend_4w":
            gap = group["forecast"].mean() - group["outcome"].mean()
            assert abs(gap) < 0.05, question
    table = reliability(found, {"claims": "sure"})
    inside = table["observed_frequency"].between(table["low90"] - 1e-9, table["high90"] + 1e-9)
    assert (table["n"] * inside).sum() / table["n"].sum() > 0.7
    skill = probability_scores(found).set_index(["location_level", "question"])["skill"]
    # what is kept of dependence costs a little where there is none
    assert skill["all", "zero_4w"] > -0.2
    assert skill["all", "trend_4w"] > -0.1


def made(score, reference, rival, origins) -> pd.DataFrame:
    """Return scored rows of one cell by hand, and those of the rival."""
    count = len(score)
    rows = pd.DataFrame(
        {
            "target": "claims",
            "location": [f"L{k}" for k in range(count)],
            "location_level": "country",
            "origin": pd.to_datetime(origins),
            "question": "zero_4w",
            "model": "champion",
            "forecast": 0.25,
            "outcome": [1.0, 0.0, 0.0, 0.0][:count],
            "score": score,
            "reference_score": reference,
            "covered": np.nan,
        }
    )
    return pd.concat([rows, rows.assign(model="comb_two", score=rival)])


def test_skill_is_one_less_the_ratio_of_means():
    weeks = ["2026-01-05", "2026-01-05", "2026-02-02", "2026-03-02"]
    scored_rows = made([0.1, 0.2, 0.1, 0.2], [0.2, 0.4, 0.2, 0.4], [0.1, 0.2, 0.1, 0.2], weeks)
    table = probability_scores(scored_rows).set_index(["location_level", "model"])
    row = table.loc["country", "champion"]
    assert row["skill"] == pytest.approx(0.5)
    assert (row["n"], row["origins"], row["skill_to_comb_two"]) == (4, 3, 0)
    # in every pair half the reference: no error in the ratio
    assert row["skill_low90"] == pytest.approx(0.5)
    assert row["skill_high90"] == pytest.approx(0.5)
    uneven = made([0.3, 0.1, 0.1, 0.1], [0.2, 0.4, 0.2, 0.4], [0.1, 0.2, 0.1, 0.2], weeks)
    row = probability_scores(uneven).set_index(["location_level", "model"]).loc["all", "champion"]
    assert row["skill_low90"] < 0.5 < row["skill_high90"]
    few = probability_scores(uneven[uneven["origin"] < "2026-03-01"])
    assert few["skill_low90"].isna().all()


def test_reliability_shows_the_published_model_alone():
    rows = made([0.1] * 4, [0.1] * 4, [0.1] * 4, ["2026-01-05"] * 4)
    (row,) = reliability(rows, {"claims": "champion"}).to_dict("records")
    assert (row["bin"], row["mean_forecast"], row["observed_frequency"], row["n"]) == (
        3, 0.25, 0.25, 4,
    )  # fmt: skip
    assert (row["low90"], row["high90"]) == (0, 0.75)  # 0 to 3 of 4; 0 to 2 are but 94.9 %
    assert reliability(rows, {"claims": "flat"}).empty
