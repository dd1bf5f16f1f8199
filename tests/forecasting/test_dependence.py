"""The correlation between weeks, from back-tests in which it is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from threatcast_forecasting.outlook.dependence import (
    LARGEST_RHO,
    PRIOR_ORIGINS,
    USUAL_RHO,
    dependence,
    normal_moments,
    rho_of,
)
from threatcast_forecasting.outlook.totals import couple, deviates


def scores_of(
    rho: float, origins: int, target: str = "claims", seed: int = 1, spread: float = 1.0
) -> pd.DataFrame:
    """Return back-test scores whose normal scores have the given correlation between weeks."""
    rng = np.random.default_rng(seed)
    shock = rng.normal(size=(origins, 1))
    normal = np.sqrt(rho) * shock + np.sqrt(1 - rho) * rng.normal(size=(origins, 12))
    probability = stats.norm.cdf(spread * normal).ravel()
    return pd.DataFrame(
        {
            "target": target,
            "series_id": "one",
            "origin": np.repeat(np.arange(origins), 12),
            "horizon": np.tile(np.arange(1, 13), origins),
            "scale": 20.0,
            "pit_low": np.maximum(probability - 0.001, 0),
            "pit_high": np.minimum(probability + 0.001, 1),
        }
    )


def found(scores: pd.DataFrame) -> dict[tuple[str, str], float]:
    return {(row.target, row.activity): row.rho for row in dependence(scores).itertuples()}


@pytest.mark.parametrize("rho", [0.0, 0.4, 0.7])
def test_correlation_between_weeks_is_found(rho):
    assert found(scores_of(rho, 1500)) == {("claims", "busy"): pytest.approx(rho, abs=0.05)}


@pytest.mark.parametrize("spread", [0.8, 1.2])
def test_total_has_the_variance_it_had_though_weeks_were_too_sure_or_too_unsure(spread):
    rho = found(scores_of(0.5, 1500, spread=spread))["claims", "busy"]
    total = couple(deviates(12, 4000, 1), rho).sum(axis=1)
    assert total.var() == pytest.approx(spread**2 * (12 + 132 * 0.5), rel=0.1)


def test_correlation_lies_between_nought_and_the_largest():
    assert found(scores_of(1.0, 400, spread=2.0))["claims", "busy"] == LARGEST_RHO
    assert found(scores_of(0.0, 1500, spread=0.5))["claims", "busy"] == 0


def test_busy_begins_at_five_events_a_week():
    for scale, name in ((4.9, "sparse"), (5.0, "busy")):
        assert list(found(scores_of(0.3, 20).assign(scale=scale))) == [("claims", name)]


def test_target_with_few_origins_leans_on_the_others():
    few, many = scores_of(0.5, 4, "few", seed=9), scores_of(0.4, 1500, "many")
    rho = found(pd.concat([few, many]))
    assert rho["many", "busy"] == pytest.approx(0.4, abs=0.05)
    often = pd.concat([few.assign(origin=few["origin"] + 4 * k) for k in range(500)])
    own = found(often)["few", "busy"]
    assert 0.5 < own < LARGEST_RHO
    expected = (4 * own + PRIOR_ORIGINS * rho["many", "busy"]) / (4 + PRIOR_ORIGINS)
    assert rho["few", "busy"] == pytest.approx(expected, abs=0.01)


def test_many_places_of_one_origin_weigh_as_one():
    one = scores_of(0.9, 4)
    places = pd.concat([one.assign(series_id=f"s{place}") for place in range(50)])
    assert found(places) == pytest.approx(found(one))


def test_sparse_and_busy_places_have_their_own():
    sparse = scores_of(0.3, 1500, seed=3).assign(scale=1.0, series_id="two")
    rho = found(pd.concat([scores_of(0.7, 1500), sparse]))
    assert rho["claims", "busy"] == pytest.approx(0.7, abs=0.05)
    assert rho["claims", "sparse"] == pytest.approx(0.3, abs=0.05)


def test_no_scores_and_unscored_weeks_give_no_dependence():
    scores = scores_of(0.5, 8)
    for nothing in (scores[:0], scores.assign(pit_low=np.nan, pit_high=np.nan)):
        assert dependence(nothing).empty
        assert list(dependence(nothing).columns) == ["target", "activity", "rho"]


def test_what_has_no_value_gets_the_usual_one():
    table = pd.DataFrame({"target": ["a"], "activity": ["busy"], "rho": [0.6]})
    rho = rho_of(table, ["a", "a", "b"], ["busy", "sparse", "busy"])
    assert rho.tolist() == [0.6, USUAL_RHO["sparse"], USUAL_RHO["busy"]]


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.3), (0.25, 0.75), (0.9, 1.0), (0.0, 1.0)])
def test_moments_are_those_of_a_normal_number_between_two_bounds(low, high):
    drawn = stats.norm.ppf(low + (high - low) * (np.arange(200_000) + 0.5) / 200_000)
    first, second = normal_moments([low], [high])
    assert first[0] == pytest.approx(drawn.mean(), abs=1e-3)
    assert second[0] == pytest.approx((drawn**2).mean(), abs=1e-3)


def test_moments_of_a_single_point_are_that_point():
    first, second = normal_moments([0.975, 1.0], [0.975, 1.0])
    assert first[0] == pytest.approx(1.96, abs=1e-2)
    assert second[0] == pytest.approx(1.96**2, abs=2e-2)
    assert np.isfinite([*first, *second]).all()
