"""Draws of places that add up, countries that borrow, and what is known of them in simulations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from threatcast_forecasting.errors import ForecastError
from threatcast_forecasting.hierarchy.borrowing import borrowed, lent
from threatcast_forecasting.hierarchy.coherent import coherent, rows_of
from threatcast_forecasting.hierarchy.coupling import USUAL, Ties, normals, ties_of
from threatcast_forecasting.hierarchy.reconcile import coherent_draws, quantiles_of
from threatcast_forecasting.hierarchy.tree import REST, nearest, rests, tree_of
from threatcast_forecasting.quantiles import LEVELS, finish
from threatcast_forecasting.scores import covered

PARENTS = {
    "WORLD": None, "UNLOCATED": "WORLD", "AQ": "WORLD", "M49-150": "WORLD",
    "M49-155": "M49-150", "DE": "M49-155", "FR": "M49-155", "LI": "M49-155", "MC": "M49-155",
    "M49-154": "M49-150", "SE": "M49-154",
}  # fmt: skip
PLACES = ["WORLD", "UNLOCATED", "M49-150", "M49-155", "M49-154", "DE", "FR", "SE"]
TREE = tree_of(PLACES, PARENTS)
RATES = {
    "UNLOCATED": 3.0, "DE": 20.0, "FR": 9.0, "SE": 2.0, "M49-155/rest": 0.5,
    "M49-154/rest": 0.0, "M49-150/rest": 0.0, "WORLD/rest": 0.1,
}  # fmt: skip


def at(node: str) -> int:
    return TREE.nodes.index(node)


def counts(rng: np.random.Generator, size: tuple[int, ...]) -> np.ndarray:
    """Return true counts of all nodes, shape (nodes, *size): leaves share a shock a week."""
    shock = rng.gamma(8.0, 1 / 8.0, size)
    values = np.zeros((len(TREE.nodes), *size))
    for leaf in TREE.leaves:
        values[leaf] = rng.poisson(RATES[TREE.nodes[leaf]] * shock)
    return TREE.add_up(values)


@pytest.fixture(scope="module")
def true_quantiles() -> np.ndarray:
    """Return the true weekly quantiles of every node."""
    drawn = counts(np.random.default_rng(5), (40_000, 1))
    return np.repeat(quantiles_of(drawn), 12, axis=1)


@pytest.fixture(scope="module")
def incoherent(true_quantiles: np.ndarray) -> np.ndarray:
    """Return forecasts that contradict each other: sums half again as large as their parts."""
    wrong = true_quantiles.copy()
    wrong[list(TREE.sums)] *= 1.5
    return finish(wrong)


def drawn_from(quantiles: np.ndarray, seed: int = 1, draws: int = 1000) -> np.ndarray:
    return coherent_draws(quantiles, TREE, USUAL, seed=seed, draws=draws)


def test_each_sum_has_a_rest_and_what_is_below_it_lies_side_by_side() -> None:
    assert TREE.nodes == (
        "WORLD", "M49-150", "M49-154", "SE", "M49-154/rest", "M49-155", "DE", "FR",
        "M49-155/rest", "M49-150/rest", "UNLOCATED", "WORLD/rest",
    )  # fmt: skip
    assert [TREE.nodes[place] for place in TREE.sums] == ["WORLD", "M49-150", "M49-154", "M49-155"]


def test_a_place_whose_parent_has_no_forecast_counts_for_the_one_above() -> None:
    assert nearest(["WORLD", "SE"], PARENTS) == {"SE": "WORLD", "WORLD": None}


def test_rests_and_places_add_up_to_the_sum_and_a_week_with_a_gap_is_unknown() -> None:
    rows = [("WORLD", [9, 5]), ("M49-150", [6, 4]), ("DE", [4, np.nan]), ("UNLOCATED", [1, 1])]
    weeks = pd.to_datetime(["2026-01-05", "2026-01-12"])
    table = pd.concat(
        pd.DataFrame({"target": "claims", "location": place, "week": weeks, "value": values})
        for place, values in rows
    )
    found = rests(table, PARENTS).set_index(["location", "week"])["value"]
    assert found["WORLD/rest"].tolist() == [2, 0]
    assert found["M49-150/rest"].fillna(-1).tolist() == [2, -1]


def test_rests_are_taken_apart_by_origin() -> None:
    table = pd.DataFrame(
        {
            "target": "claims",
            "location": ["WORLD", "DE", "WORLD", "DE"],
            "origin": pd.to_datetime(["2026-01-05", "2026-01-05", "2026-02-02", "2026-02-02"]),
            "week": pd.Timestamp("2026-01-05"),
            "value": [9, 4, 12, 5],
        }
    )
    assert rests(table, PARENTS)["value"].tolist() == [5, 7]


@pytest.mark.parametrize("seed", [1, 2])
def test_draws_add_up_exactly_and_are_whole_and_not_negative(
    incoherent: np.ndarray, seed: int
) -> None:
    draws = drawn_from(incoherent, seed)
    assert (draws >= 0).all()
    assert (draws == np.floor(draws)).all()
    for place in TREE.sums:
        assert (draws[place] == draws[TREE.parts(place)].sum(axis=0)).all()


def test_the_topmost_place_keeps_its_forecast(incoherent: np.ndarray) -> None:
    world = quantiles_of(drawn_from(incoherent, draws=4000))[at("WORLD")]
    assert np.abs(world - incoherent[at("WORLD")]).max() <= 2


def test_a_sum_that_says_more_than_its_parts_lifts_them_in_proportion(
    incoherent: np.ndarray, true_quantiles: np.ndarray
) -> None:
    before = true_quantiles[at("DE")][:, 11].mean()
    after = quantiles_of(drawn_from(incoherent))[at("DE")][:, 11].mean()
    assert 1.35 * before < after < 1.65 * before


def test_a_sum_whose_parts_were_drawn_as_nought_is_not_lost() -> None:
    quantiles = np.zeros((len(TREE.nodes), 12, len(LEVELS)))
    quantiles[at("WORLD")] = 7.0
    draws = drawn_from(quantiles)
    assert (draws[at("WORLD")] == 7).all()
    assert (draws[list(TREE.leaves)].sum(axis=0) == 7).all()


def test_forecasts_that_are_right_stay_right(true_quantiles: np.ndarray) -> None:
    # truth with the same shock to all places of a week: so are the draws tied
    ties = Ties(weeks=0.0, places=0.5, both=0.0, sums=0.0)
    found = quantiles_of(coherent_draws(true_quantiles, TREE, ties, seed=3, draws=4000))
    truth = counts(np.random.default_rng(9), (4000, 12))
    for place, node in enumerate(TREE.nodes):
        for share in (0.5, 0.8, 0.95):
            before = covered(truth[place], true_quantiles[place][None], share).mean()
            after = covered(truth[place], found[place][None], share).mean()
            assert abs(after - before) < 0.05, (node, share, before, after)


def test_same_seed_same_draws_and_another_seed_others(incoherent: np.ndarray) -> None:
    assert (drawn_from(incoherent, 4) == drawn_from(incoherent, 4)).all()
    assert (drawn_from(incoherent, 4) != drawn_from(incoherent, 5)).any()


def test_draws_are_forecast_proportions_where_only_proportions_are_asked(
    incoherent: np.ndarray,
) -> None:
    """One draw at a time, hierarchicalforecast's top-down method gives the same shares."""
    methods = pytest.importorskip("hierarchicalforecast.methods")
    point = np.round(incoherent[:, :, 11])[:, :1]
    # every leaf on one level, as that method wants it
    order = [at("WORLD"), at("DE"), at("FR"), at("UNLOCATED")]
    small = tree_of(["WORLD", "DE", "FR", "UNLOCATED"], PARENTS)
    value = np.vstack([point[order], [[0.0]]])
    summing = np.vstack([np.ones(4), np.eye(4)])
    tags = {"top": np.array([0]), "leaf": np.arange(1, 5)}
    theirs = methods.TopDown("forecast_proportions").fit_predict(summing, value, tags)["mean"]
    nodes = ["WORLD", "DE", "FR", "UNLOCATED", "WORLD/rest"]
    level = np.repeat(value[:, :, None], len(LEVELS), axis=2)
    mine = coherent_draws(
        level[[nodes.index(node) for node in small.nodes]], small, USUAL, seed=1, draws=4000
    ).mean(axis=1)
    for row, node in enumerate(nodes):
        assert mine[small.nodes.index(node), 0] == pytest.approx(theirs[row, 0], abs=0.03)


def scores_of(misses: np.ndarray) -> pd.DataFrame:
    """Return a back-test's scores, shape (origins, locations, horizons), from normal misses."""
    from scipy.special import ndtr

    origins, places, weeks = misses.shape
    return pd.DataFrame(
        {
            "origin": np.repeat(np.arange(origins), places * weeks),
            "location": np.tile(np.repeat(np.arange(places), weeks), origins),
            "horizon": np.tile(np.arange(weeks), origins * places),
            "pit_low": ndtr(misses.ravel()),
            "pit_high": ndtr(misses.ravel()),
        }
    )


def test_ties_are_found_again_in_a_back_test_that_has_them() -> None:
    true = Ties(weeks=0.4, places=0.3, both=0.15, sums=0.4)
    misses = normals([str(k) for k in range(20)], true, 12, 400, seed=1).transpose(1, 0, 2)
    found = ties_of(scores_of(misses), scores_of(misses[:, :1]))
    assert found.weeks == pytest.approx(true.weeks, abs=0.05)
    assert found.places == pytest.approx(true.places, abs=0.05)
    assert found.both == pytest.approx(true.both, abs=0.05)
    assert found.sums == pytest.approx(true.sums, abs=0.08)


def test_without_a_back_test_ties_are_the_usual_ones() -> None:
    empty = scores_of(np.empty((0, 0, 0)))
    assert ties_of(empty, empty) == USUAL


def test_a_borrowing_country_gets_its_share_and_what_borrows_adds_up() -> None:
    rest = np.random.default_rng(1).poisson(6.0, (4000, 12)).astype(float)
    found = borrowed(rest, {"LI": 12.0, "MC": 4.0}, 20.0, others=1, seed=1)
    assert found["LI"].mean() / rest.mean() == pytest.approx(12 / 20, abs=0.05)
    together = found["LI"] + found["MC"]
    assert (together <= rest).all()
    assert (found["MC"] >= 0).all()


def test_borrowed_shares_are_uncertain_the_more_so_the_fewer_events() -> None:
    rest = np.full((4000, 12), 50.0)
    few = borrowed(rest, {"LI": 3.0}, 6.0, others=1, seed=1)["LI"].sum(axis=1).std()
    many = borrowed(rest, {"LI": 300.0}, 600.0, others=1, seed=1)["LI"].sum(axis=1).std()
    assert few > 3 * many


def test_borrowed_forecasts_hold_on_simulated_sparse_countries() -> None:
    """Rates of ten countries are drawn anew 60 times; two years are seen, twelve weeks come."""
    rng = np.random.default_rng(7)
    inside, weeks = 0.0, 0
    for world in range(60):
        rates = rng.gamma(0.6, 0.12, 10)
        seen = rng.poisson(rates * 104)
        rest = rng.poisson(rates.sum(), (1000, 12)).astype(float)
        picked = {str(k): float(n) for k, n in enumerate(seen) if 3 <= n < 20}
        if picked:
            found = borrowed(rest, picked, float(seen.sum()), others=10 - len(picked), seed=world)
            for name, draws in found.items():
                came = rng.poisson(rates[int(name)], 12)
                inside += covered(came, quantiles_of(draws[None])[0], 0.8).sum()
                weeks += 12
    assert weeks > 1000
    assert inside / weeks >= 0.8


def sparse_of(**events: float) -> pd.DataFrame:
    return pd.DataFrame(
        {"location": name, "parent": "M49-155", "week": pd.Timestamp("2026-01-05"), "value": value}
        for name, value in events.items()
    )


def test_countries_borrow_from_the_sub_region_itself_where_none_of_its_countries_has_a_forecast():
    draws = {"M49-155": np.full((500, 12), 10.0)}
    came = pd.DataFrame(
        {"location": ["M49-155"], "week": pd.Timestamp("2026-01-05"), "value": [8.0]}
    )
    found, lenders = lent(draws, sparse_of(LI=6.0), came, PARENTS, seed=1)
    assert found["LI"].mean() == pytest.approx(10 * 3.5 / (3.5 + 1.0 + 0.5 * 3), rel=0.05)
    assert lenders == {"LI": "M49-155"}


def test_countries_of_a_sub_region_without_a_forecast_borrow_nothing() -> None:
    came = pd.DataFrame({"location": [], "week": [], "value": []})
    assert lent({}, sparse_of(LI=6.0), came, PARENTS, seed=1) == ({}, {})


def night_of(origins: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return forecasts, scores and counts of all nodes."""
    weeks = pd.date_range("2026-01-05", periods=12 + 4 * origins, freq="W-MON")
    truth = counts(np.random.default_rng(3), (len(weeks),))
    starts = [weeks[4 * step] for step in range(origins)]
    level = {node: np.full((2, 12), 5.0) for node in TREE.nodes}
    forecasts = pd.concat(rows_of(level, start) for start in starts)
    scores = pd.DataFrame(
        [
            (node, start, week, 5.0, 0.4, 0.6)
            for node in TREE.nodes
            for start in starts[:-1]
            for week in range(1, 13)
        ],
        columns=["location", "origin", "horizon", "scale", "pit_low", "pit_high"],
    )
    table = pd.DataFrame(truth.T, index=weeks, columns=TREE.nodes).rename_axis("week")
    return forecasts, scores, table.reset_index().melt("week", var_name="location")


def test_forecasts_scores_and_draws_of_a_night_speak_of_the_same_places() -> None:
    found = coherent(*night_of(3), PARENTS, seed=1)
    assert set(found.forecasts["location"]) == set(PLACES)
    assert len(found.forecasts["origin"].unique()) == 1
    assert set(found.scores["location"]) == set(PLACES)
    assert found.scores["origin"].nunique() == 2
    assert sorted(found.draws) == sorted(TREE.nodes)
    median = found.forecasts.query("location == 'DE' and horizon == 3 and quantile == 0.5")
    drawn = np.quantile(found.draws["DE"][:, 2], 0.5, method="inverted_cdf")
    assert median["value"].item() == drawn


def test_a_past_origin_at_which_a_place_had_no_forecast_is_left_out() -> None:
    forecasts, scores, table = night_of(3)
    first = forecasts["origin"].min()
    lacking = forecasts[(forecasts["origin"] > first) | (forecasts["location"] != "FR")]
    found = coherent(lacking, scores, table, PARENTS, seed=1)
    assert found.scores["origin"].min() > first


def test_a_newest_origin_that_lacks_a_place_is_an_error() -> None:
    forecasts, scores, table = night_of(2)
    last = forecasts["origin"].max()
    lacking = forecasts[(forecasts["origin"] < last) | (forecasts["location"] != "FR")]
    with pytest.raises(ForecastError, match="lacks"):
        coherent(lacking, scores, table, PARENTS, seed=1)


def test_rests_are_not_among_the_places_shown() -> None:
    found = coherent(*night_of(2), PARENTS, seed=1)
    assert not found.forecasts["location"].str.endswith(REST).any()
    assert not found.scores["location"].str.endswith(REST).any()
