"""The hierarchy in a night: what is published adds up, what borrows says so, the rest is left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from threatcast_forecasting import nightly
from threatcast_forecasting.night.coherence import CoherentForecasts, make_coherent
from threatcast_forecasting.night.inputs import NightInputs, NightOptions, Places
from threatcast_forecasting.night.outlooks import outlook_tables, published_pairs

PARENTS = {
    "WORLD": None, "M49-155": "WORLD", "DE": "M49-155", "FR": "M49-155", "LI": "M49-155",
    "MC": "M49-155", "UNLOCATED": "WORLD",
}  # fmt: skip
MODELS = ("comb_two", "flat")
OPTIONS = NightOptions(MODELS, origins=2, step=4, seed=7)
WEEKS = pd.date_range("2023-01-02", periods=130, freq="W-MON")
NONE_KNOWN = pd.DataFrame({"series_id": [], "origin": [], "week": [], "value": []})


def rows(target: str, location: str, values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "series_id": f"{target}|{location}",
            "target": target,
            "location": location,
            "week": WEEKS,
            "value": values.astype(float),
        }
    )


@pytest.fixture(scope="module")
def inputs() -> NightInputs:
    rng = np.random.default_rng(1)
    counts = {
        name: rng.poisson(rate, len(WEEKS))
        for name, rate in (("DE", 9), ("FR", 4), ("LI", 0.08), ("MC", 0.05), ("UNLOCATED", 2))
    }
    counts["M49-155"] = sum(counts[name] for name in ("DE", "FR", "LI", "MC"))
    counts["WORLD"] = counts["M49-155"] + counts["UNLOCATED"]
    shown = ("WORLD", "M49-155", "DE", "FR", "UNLOCATED")
    panel = pd.concat(
        [
            *(rows("claims", name, counts[name]) for name in shown),
            rows("listings", "WORLD", rng.poisson(6, len(WEEKS))),
        ]
    )
    sparse = pd.concat(rows("claims", name, counts[name]) for name in ("LI", "MC"))
    sparse = sparse[sparse["week"] > WEEKS[-105]].assign(parent="M49-155")
    kinds = pd.DataFrame({"target": [], "location": [], "origin": [], "as_of_kind": []})
    return NightInputs(panel, NONE_KNOWN, kinds, OPTIONS, "key", places=Places(PARENTS, sparse))


@pytest.fixture(scope="module")
def before(inputs: NightInputs):
    return nightly(inputs.panel, MODELS, origins=2, seed=7)


@pytest.fixture(scope="module")
def coherent(inputs: NightInputs, before) -> CoherentForecasts:
    return make_coherent(
        inputs, before, NONE_KNOWN, [("claims", "comb_two"), ("listings", "comb_two")]
    )


def values(table: pd.DataFrame, model: str, target: str) -> pd.Series:
    part = table[(table["model"] == model) & table["series_id"].str.startswith(f"{target}|")]
    keys = ["series_id", "origin", "horizon", "quantile"]
    return part.set_index(keys)["value"].sort_index()


def test_totals_of_a_sum_are_those_of_its_parts_draw_by_draw(coherent: CoherentForecasts) -> None:
    total = {name.split("|")[1]: drawn for (_, name), drawn in coherent.totals.items()}
    parts = total["DE"] + total["FR"] + total["M49-155/rest"]
    assert (total["M49-155"] == parts).all()
    assert (total["WORLD"] == parts + total["UNLOCATED"] + total["WORLD/rest"]).all()
    assert (total["LI"] + total["MC"] <= total["M49-155/rest"]).all()


def test_a_target_without_a_hierarchy_and_models_not_published_stay_as_they_were(
    coherent: CoherentForecasts, before
) -> None:
    for model, target in (("comb_two", "listings"), ("flat", "claims")):
        pd.testing.assert_series_equal(
            values(coherent.forecasts, model, target), values(before.forecasts, model, target)
        )
    changed = values(coherent.forecasts, "comb_two", "claims")
    assert (changed.drop(["claims|LI", "claims|MC"])
            != values(before.forecasts, "comb_two", "claims")).any()  # fmt: skip


def test_scores_are_of_the_forecasts_that_add_up(coherent: CoherentForecasts, before) -> None:
    keys = ["series_id", "model", "origin", "horizon"]
    new = coherent.scores.set_index(keys)["wis"].sort_index()
    old = before.scores.set_index(keys)["wis"].sort_index()
    assert new.index.equals(old.index)
    differs = (new != old).groupby(["series_id", "model"]).any()
    assert differs["claims|DE", "comb_two"]
    assert not differs.xs("flat", level="model").any()
    assert new.notna().all()


def test_what_borrows_has_a_forecast_that_says_so(coherent: CoherentForecasts) -> None:
    borrowed = coherent.forecasts[coherent.forecasts["location"].isin(["LI", "MC"])]
    assert set(borrowed["state"]) == {"borrows from M49-155"}
    assert set(borrowed["model"]) == {"comb_two"}
    assert len(borrowed) == 2 * 12 * 23


def test_an_outlook_that_borrows_is_graded_c_and_no_other_is(
    inputs: NightInputs, coherent: CoherentForecasts
) -> None:
    table = outlook_tables(inputs, coherent, seed=7)["outlook"].set_index(["target", "location"])
    graded = table["evidence_grade"] == "C"
    assert sorted(table.index[graded]) == [("claims", "LI"), ("claims", "MC")]
    assert table["expected_4w"].notna().all()


def test_outlook_and_forecast_of_a_place_speak_of_the_same_draws(
    inputs: NightInputs, coherent: CoherentForecasts
) -> None:
    table = outlook_tables(inputs, coherent, seed=7)["outlook"].set_index(["target", "location"])
    drawn = coherent.totals["comb_two", "claims|DE"][:, 0]
    assert table.loc[("claims", "DE"), "expected_4w"] == np.quantile(
        drawn, 0.5, method="inverted_cdf"
    )


def test_a_world_holds_the_sum_of_the_medians_of_its_parts_in_its_interval(
    inputs: NightInputs, coherent: CoherentForecasts
) -> None:
    table = outlook_tables(inputs, coherent, seed=7)["outlook"].set_index(["target", "location"])
    parts = table.loc[[("claims", "M49-155"), ("claims", "UNLOCATED")], "expected_4w"].sum()
    world = table.loc[("claims", "WORLD")]
    assert world["low80_4w"] <= parts <= world["high80_4w"]


def test_the_same_night_gives_the_same_numbers(
    inputs: NightInputs, before, coherent: CoherentForecasts
) -> None:
    again = make_coherent(inputs, before, NONE_KNOWN, [("claims", "comb_two")])
    pd.testing.assert_frame_equal(again.forecasts, coherent.forecasts)
    pd.testing.assert_frame_equal(again.scores, coherent.scores)


def test_every_published_model_is_made_to_add_up(inputs: NightInputs) -> None:
    assert published_pairs(inputs) == [("claims", "comb_two"), ("listings", "comb_two")]


def test_a_night_without_places_is_left_as_it_is(inputs: NightInputs, before) -> None:
    found = make_coherent(replace(inputs, places=None), before, NONE_KNOWN, [("claims", "flat")])
    assert found.totals == {}
    assert len(found.forecasts) == len(before.forecasts)
