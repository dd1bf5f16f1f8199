"""What outlooks are made of: parts that add up, and show what the models hold and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from threatcast_forecasting import nightly
from threatcast_forecasting.judging.published import PublishedModel
from threatcast_forecasting.models import base_models
from threatcast_forecasting.night.coherence import make_coherent
from threatcast_forecasting.night.drivers import DRIVERS, drawn_mean, driver_tables
from threatcast_forecasting.night.inputs import NightInputs, NightOptions, Places
from threatcast_forecasting.night.level_shifts import shift_table
from threatcast_forecasting.night.outlooks import outlook_tables, published_pairs
from threatcast_forecasting.outlook.totals import DRAWS, couple, deviates, weekly_draws
from threatcast_forecasting.quantiles import LEVELS, finish

WEEKS = pd.date_range("2022-01-03", periods=156, freq="W-MON")
NO_NOWCASTS = pd.DataFrame(columns=["target", "location", "week", "nowcast"])
NONE_KNOWN = pd.DataFrame({"series_id": [], "origin": [], "week": [], "value": []})
PARENTS = {"WORLD": None, "M49-155": "WORLD", "DE": "M49-155", "FR": "M49-155", "LI": "M49-155"}
SHOWN = {"claims": "champion", "phishing": "prophet", "hosts": "gradient_boosting"}
POOLED = ("calendar", "common_level", "discounted_quantiles")
"""What `champion` pools here: those of its members that are quick."""


def rows(target: str, location: str, values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "series_id": f"{target}|{location}",
            "target": target,
            "location": location,
            "week": WEEKS[-len(values) :],
            "value": values.astype(float),
        }
    )


def made(panel: pd.DataFrame, places: Places | None = None, **given) -> dict[str, pd.DataFrame]:
    """Return a night's outlook and drivers; `known` and `nowcasts` may be given."""
    published = {name: PublishedModel(name, model) for name, model in SHOWN.items()}
    models = tuple({SHOWN[name] for name in panel["target"]} | {"comb_two"})
    options = NightOptions(models, origins=1, seed=7)
    inputs = NightInputs(
        panel, NONE_KNOWN, EMPTY, options, "run", published=published, places=places
    )
    known, nowcasts = given.get("known", NONE_KNOWN), given.get("nowcasts", NO_NOWCASTS)
    result = nightly(panel, models, origins=1, seed=7, known=known, candidates=POOLED)
    coherent = make_coherent(inputs, result, known, published_pairs(inputs))
    outlook = outlook_tables(inputs, coherent, seed=7)["outlook"]
    shifts = shift_table(panel, nowcasts)
    tables = driver_tables(inputs, result, coherent, outlook, known, nowcasts, shifts)
    return {"outlook": outlook, "shifts": shifts, **tables}


EMPTY = pd.DataFrame({"target": [], "location": [], "origin": [], "as_of_kind": []})


def parts(tables: dict[str, pd.DataFrame], target: str, location: str = "WORLD") -> pd.Series:
    """Return the events of 12 weeks of one outlook, by driver."""
    table = tables["drivers"]
    mine = table[(table["target"] == target) & (table["location"] == location)]
    return mine.set_index("driver")["events_12w"]


@pytest.fixture(scope="module")
def night() -> dict[str, pd.DataFrame]:
    """A hierarchy of claims with a country that borrows, and worlds of two other targets."""
    rng = np.random.default_rng(1)
    counts = {
        place: rng.poisson(rate, len(WEEKS)) for place, rate in (("DE", 9), ("FR", 4), ("LI", 0.2))
    }
    counts["M49-155"] = counts["WORLD"] = sum(counts.values())
    turn = np.sin(2 * np.pi * (np.arange(len(WEEKS)) + 1) / 52)
    panel = pd.concat(
        [
            *(rows("claims", name, counts[name]) for name in ("WORLD", "M49-155", "DE", "FR")),
            rows("phishing", "WORLD", rng.poisson(100 * np.exp(0.8 * turn))),
            rows("hosts", "WORLD", rng.poisson(30, 60)),
        ]
    )
    sparse = rows("claims", "LI", counts["LI"][-104:]).assign(parent="M49-155")
    return made(panel, Places(PARENTS, sparse))


def test_parts_add_up_to_what_every_outlook_expects(night) -> None:
    sums = night["drivers"].groupby(["target", "location"])[["events_4w", "events_12w"]].sum()
    expected = night["outlook"].set_index(["target", "location"]).loc[sums.index]
    assert len(sums) == len(night["outlook"]) == 7
    for weeks in (4, 12):
        np.testing.assert_allclose(sums[f"events_{weeks}w"], expected[f"expected_{weeks}w"])


def test_parts_are_told_once_each_in_the_order_of_the_way(night) -> None:
    table = night["drivers"]
    assert not table.duplicated(["target", "location", "driver"]).any()
    assert [DRIVERS[place - 1] for place in table["position"]] == table["driver"].tolist()
    firsts = table.groupby(["target", "location"])["driver"].agg(["first", "last"])
    assert (firsts["first"] == "usual").all()
    assert (firsts["last"] == "middle").all()


def test_season_of_a_seasonal_series_is_its_largest_step(night) -> None:
    """The newest week ends a quarter of decline; the coming one is the height of the season."""
    told = parts(night, "phishing")
    steps = told.drop("usual").abs()
    assert told["season"] > 0.2 * told["usual"]
    assert steps.idxmax() == "season"


def test_steady_series_is_made_of_its_usual_level(night) -> None:
    for place in ("WORLD", "DE"):
        told = parts(night, "claims", place)
        assert (told.drop("usual").abs() < 0.12 * told["usual"]).all(), told
    assert abs(parts(night, "claims")[["trend", "season"]]).sum() < 0.06 * 12 * 13


def test_model_that_cannot_tell_parts_apart_says_one_step(night) -> None:
    assert list(parts(night, "hosts").index) == ["usual", "undivided", "middle"]


def test_country_that_borrows_shows_its_share_and_no_parts_of_a_model(night) -> None:
    assert list(parts(night, "claims", "LI").index) == ["usual", "borrowed", "middle"]
    assert "LI" not in set(night["outlook_mix"]["location"])


def test_only_what_is_drawn_with_others_is_moved_to_add_up(night) -> None:
    table = night["drivers"]
    moved = table[table["driver"] == "coherence"].set_index("location")["events_12w"]
    assert set(moved.index) == {"WORLD", "M49-155", "DE", "FR"}
    # the topmost place keeps its own forecast: what is left is chance among the draws
    assert abs(moved["WORLD"]) < 0.005 * parts(night, "claims")["usual"]


def test_weights_of_a_mix_add_up_and_its_means_are_those_of_the_pool(night) -> None:
    mix = night["outlook_mix"]
    np.testing.assert_allclose(mix.groupby(["target", "location"])["weight"].sum(), 1, atol=1e-3)
    assert set(mix["member_title"]) <= {one.card.title for one in base_models().values()}
    alone = mix[mix["target"] == "phishing"]
    assert list(alone["member"]) == ["prophet"]
    claims = mix[(mix["target"] == "claims") & (mix["location"] == "DE")]
    pooled = (claims["weight"] * claims["events_12w"]).sum()
    told = parts(night, "claims", "DE")
    ways = [name for name in told.index if name in DRIVERS[:6]]
    assert told[ways].sum() == pytest.approx(pooled, rel=1e-3)


def test_late_reports_are_what_nowcasts_add_to_the_usual_weeks() -> None:
    """Of the last two weeks half has come; a world of which nothing is known so has no such row."""
    counts = np.random.default_rng(2).poisson(40, len(WEEKS))
    so_far = np.where(np.arange(len(WEEKS)) < len(WEEKS) - 2, counts, counts // 2)
    panel = pd.concat([rows("claims", "WORLD", so_far), rows("hosts", "WORLD", counts[-60:])])
    known = rows("claims", "WORLD", counts).assign(origin=WEEKS[-1])
    late = pd.DataFrame(
        {"target": "claims", "location": "WORLD", "week": WEEKS[-2:], "nowcast": counts[-2:]}
    )
    tables = made(panel, known=known.drop(columns=["target", "location"]), nowcasts=late)
    expected = 12 * (counts[-26:].mean() - so_far[-26:].mean())
    assert parts(tables, "claims")["late_reports"] == pytest.approx(expected, abs=0.01)
    assert parts(tables, "claims")["usual"] == pytest.approx(12 * so_far[-26:].mean(), abs=0.01)
    assert "late_reports" not in parts(tables, "hosts")


def test_shift_on_record_stands_apart_from_what_the_models_make_of_it() -> None:
    rng = np.random.default_rng(3)
    fallen = np.where(np.arange(len(WEEKS)) < len(WEEKS) - 8, 60, 15)
    tables = made(rows("claims", "WORLD", rng.poisson(fallen)))
    assert len(tables["shifts"]) == 1
    told = parts(tables, "claims")
    assert told["level_shift"] == pytest.approx(12 * (15 - (60 * 18 + 15 * 8) / 26), rel=0.1)
    # the models have not yet wholly followed
    assert told["level"] > 0


def test_shift_before_the_usual_weeks_is_part_of_the_usual() -> None:
    rng = np.random.default_rng(4)
    fallen = np.where(np.arange(len(WEEKS)) < len(WEEKS) - 30, 60, 15)
    tables = made(rows("claims", "WORLD", rng.poisson(fallen)))
    assert len(tables["shifts"]) == 1
    assert "level_shift" not in parts(tables, "claims")


def test_mean_of_drawn_out_quantiles_is_that_of_draws() -> None:
    rng = np.random.default_rng(5)
    quantiles = finish(rng.gamma(0.7, 20.0, (3, 12, 1)) * (1 + 3 * np.array(LEVELS) ** 3))
    drawn = weekly_draws(quantiles, couple(deviates(12, DRAWS, 1), 0.0)).mean(axis=1)
    np.testing.assert_allclose(drawn_mean(quantiles), drawn, rtol=0.01, atol=0.05)


def test_night_without_outlooks_gives_tables_without_rows(night) -> None:
    panel = rows("claims", "WORLD", np.full(60, 3.0))
    inputs = NightInputs(panel, NONE_KNOWN, EMPTY, NightOptions(("flat",)))
    result = nightly(panel, ("flat",), origins=1)
    coherent = replace(make_coherent(inputs, result, NONE_KNOWN, []), totals={})
    empty = night["outlook"].iloc[:0]
    given = (inputs, result, coherent, empty, NONE_KNOWN, NO_NOWCASTS, night["shifts"].iloc[:0])
    tables = driver_tables(*given)
    assert {name: len(table) for name, table in tables.items()} == {"drivers": 0, "outlook_mix": 0}
    assert list(tables["drivers"].columns) == list(night["drivers"].columns)
