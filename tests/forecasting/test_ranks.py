"""Orders of growth: places, ties and how sure they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from threatcast_forecasting.outlook.ranks import COLUMNS, growth, in_top, ordered, ranks


def cells_of(chances: list[float], usual: float = 10.0) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "target": "claims",
            "location": [f"L{k}" for k in range(len(chances))],
            "location_level": "country",
            "usual_weekly": usual,
            "p_growth": chances,
        }
    )


def test_growth_is_a_share_of_the_usual_level_but_of_one_event_at_least():
    assert growth(np.array([60.0, 4.0, 0.0]), np.array([10.0, 0.0, 0.5])).tolist() == [0.5, 1, -0.5]


def test_what_is_certain_has_a_rank_without_width():
    near = np.repeat(40.0 * np.array([[1], [5], [2], [4], [3]]), 200, axis=1)
    table = ranks(cells_of([0.1, 0.9, 0.3, 0.7, 0.5]), near, seed=1)
    assert list(table.columns) == list(COLUMNS)
    assert table["location"].tolist() == ["L1", "L3", "L4", "L2", "L0"]
    assert table["rank"].tolist() == [1, 2, 3, 4, 5]
    assert (table["rank_low80"] == table["rank"]).all()
    assert (table["rank_high80"] == table["rank"]).all()
    assert table["p_top3"].tolist() == [1, 1, 1, 0, 0]


def test_what_is_alike_is_put_in_order_by_lot():
    table = ranks(cells_of([0.4] * 10), np.full((10, 4000), 40.0), seed=1)
    assert (table["rank"] == 1).all()
    assert table["p_top3"].between(0.27, 0.33).all()
    assert table["p_top3"].sum() == pytest.approx(3, abs=1e-3)
    # a tenth lies below rank 1 or 2, a tenth above rank 9 or 10
    assert table["rank_low80"].between(1, 2).all()
    assert table["rank_high80"].between(9, 10).all()


def test_ranks_of_a_draw_are_each_given_once():
    drawn = np.random.default_rng(1).integers(0, 3, (6, 50)).astype(float)
    found = ordered(drawn, seed=1)
    assert (np.sort(found, axis=0) == np.arange(1, 7)[:, None]).all()
    faster = drawn[:, None] > drawn[None]
    assert (found[:, None] < found[None])[faster].all()


def test_places_are_ordered_within_a_level_and_targets_within_a_place():
    rows = [
        ("claims", "WORLD", "world"), ("hosts", "WORLD", "world"),
        ("claims", "DE", "country"), ("claims", "FR", "country"), ("hosts", "FR", "country"),
        ("claims", "M49-150", "region"),
    ]  # fmt: skip
    cells = pd.DataFrame(rows, columns=["target", "location", "location_level"])
    table = ranks(cells.assign(usual_weekly=5.0, p_growth=0.2), np.ones((6, 10)), seed=1)
    found = table.groupby(["scope", "scope_value", "location_level"]).size().to_dict()
    assert found == {
        ("location", "FR", "country"): 2,
        ("location", "WORLD", "world"): 2,
        ("target", "claims", "country"): 2,
    }


def test_nothing_to_order_gives_an_empty_table():
    table = ranks(cells_of([0.5]), np.ones((1, 10)), seed=1)
    assert table.empty
    assert list(table.columns) == list(COLUMNS)


def test_those_that_tie_share_what_is_left_of_the_top():
    assert in_top(np.array([3.0, 2.0, 1.0, 0.0])).tolist() == [1, 1, 1, 0]
    assert in_top(np.zeros(6)).tolist() == [0.5] * 6
