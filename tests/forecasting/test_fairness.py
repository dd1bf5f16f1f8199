"""The fairness audit: shares by hand, bounds from both sides, and what is not known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from threatcast_forecasting.errors import PanelError
from threatcast_forecasting.judging.fairness import (
    COVERAGE,
    COVERAGE_MARGIN,
    FEWEST_FORECASTS,
    SEEN,
    audit,
)


def place(location: str, group: str, **other: float | None) -> dict[str, object]:
    """Return a place of which all is usual; anything may be given."""
    return {
        "location": location, "group": group, "records": 100.0, "population": 1000.0,
        "internet_users": 500.0, "forecasts": 100.0, "held_80": 80.0, "wis": 8.0,
        "wis_baseline": 10.0, "cells": 10.0, "published": 5.0,
    } | other  # fmt: skip


def of(*places: dict[str, object]) -> pd.DataFrame:
    return audit(pd.DataFrame(list(places))).set_index("group")


def test_groups_that_are_alike_are_beyond_no_bound():
    found = of(place("a", "north"), place("b", "south"))
    assert found["beyond"].tolist() == ["", ""]
    assert found["per_population"].tolist() == [1.0, 1.0]
    assert found["relative_wis"].tolist() == [0.8, 0.8]
    assert found["share_published"].tolist() == [0.5, 0.5]


def test_shares_are_those_counted_by_hand():
    found = of(
        place("a", "north", records=60, population=100, internet_users=90),
        place("b", "north", records=20, population=100, internet_users=30),
        place("c", "south", records=20, population=600, internet_users=80),
    )
    north, south = found.loc["north"], found.loc["south"]
    assert north["places"] == 2
    assert north["share_records"] == pytest.approx(0.8)
    assert north["share_population"] == pytest.approx(0.25)
    assert north["per_population"] == pytest.approx(3.2)
    assert south["share_internet_users"] == pytest.approx(0.4)
    assert south["per_internet_users"] == pytest.approx(0.5)


def test_place_whose_people_are_not_known_is_left_out_of_both_shares():
    found = of(
        place("a", "north", records=50),
        place("b", "north", records=10_000, population=None),
        place("c", "south", records=50),
    )
    assert found.loc["north", "share_records"] == pytest.approx(0.5)
    assert found.loc["north", "per_population"] == pytest.approx(1.0)
    # 10,050 of 10,100 records, two of three users
    assert found.loc["north", "per_internet_users"] == pytest.approx(10_050 / 10_100 * 3 / 2)


def test_what_is_not_known_of_a_group_is_null_and_beyond_no_bound():
    dark = dict.fromkeys(
        ("population", "internet_users", "forecasts", "held_80", "wis", "wis_baseline"), np.nan
    )
    south = of(place("a", "north"), place("b", "south", **dark)).loc["south"]
    for name in ("share_population", "per_population", "relative_wis", "covered_80", "forecasts"):
        assert np.isnan(south[name]), name
    assert south["beyond"] == ""


def test_no_records_of_many_people_is_a_share_of_zero_and_told():
    south = of(place("a", "north"), place("b", "south", records=0)).loc["south"]
    assert south["share_records"] == 0.0
    assert south["beyond"] == "per_population,per_internet_users"


@pytest.mark.parametrize(
    ("change", "is_told"),
    [
        ({"held_80": 100 * (COVERAGE - COVERAGE_MARGIN) - 1}, "covered_80"),
        ({"held_80": 100 * (COVERAGE + COVERAGE_MARGIN) + 1}, "covered_80"),
        ({"held_80": 100 * (COVERAGE - COVERAGE_MARGIN) + 1}, ""),
        ({"wis": 10.1}, "relative_wis"),
        ({"wis": 10.0}, ""),
        ({"published": 1}, "share_published"),
        ({"published": 4}, ""),
    ],
)
def test_measure_is_told_beyond_its_bound_and_not_within(change, is_told):
    found = of(place("a", "north"), place("c", "west"), place("b", "south", **change))
    assert found.loc["south", "beyond"] == is_told
    assert found.loc["north", "beyond"] == ""


@pytest.mark.parametrize(("times", "is_told"), [(SEEN * 0.9, False), (SEEN * 1.1, True)])
def test_group_that_is_seen_too_much_is_told(times, is_told):
    # a hundredth of the people, so that its own records hardly move the whole
    seen = place("a", "north", records=times, population=10, internet_users=5)
    found = of(seen, place("b", "south", records=100 - 1, population=990, internet_users=495))
    share = found.loc["north", "per_population"]
    assert (share > SEEN) == is_told
    assert ("per_population" in found.loc["north", "beyond"]) == is_told


def test_few_forecasts_are_shown_and_not_judged():
    few = place("b", "south", forecasts=FEWEST_FORECASTS - 1, held_80=0, wis=99.0)
    south = of(place("a", "north"), few).loc["south"]
    assert south["relative_wis"] == pytest.approx(9.9)
    assert south["beyond"] == ""


def test_half_of_what_all_have_is_measured_against_all_groups_together():
    found = of(
        place("a", "north", cells=100, published=80),
        place("b", "south", cells=100, published=20),
    )
    assert found.loc["south", "beyond"] == "share_published"


def test_order_of_places_changes_nothing():
    places = [place("a", "north", records=3), place("b", "south"), place("c", "north")]
    pd.testing.assert_frame_equal(of(*places), of(*reversed(places)))


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ([place("a", "north"), place("a", "south")], "place a: it stands twice"),
        ([place("a", "north"), place("b", None)], "place b: it has no group"),
        ([place("a", "north", records=-1)], "place a, records: -1.0 is no count"),
        ([place("a", "north", population=np.inf)], "place a, population: inf is no count"),
        ([place("a", "north", held_80=101)], "place a: held_80 is more than forecasts"),
        ([place("a", "north", published=11)], "place a: published is more than cells"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(places, said):
    with pytest.raises(PanelError, match=said):
        audit(pd.DataFrame(places))


def test_lacking_column_is_named():
    with pytest.raises(PanelError, match="the columns internet_users lack"):
        audit(pd.DataFrame([place("a", "north")]).drop(columns="internet_users"))


def closed(**groups: tuple[int, int]) -> pd.DataFrame:
    """Return closed warnings: of each group so many false alarms among so many."""
    rows = [
        (group, "false_alarm" if at < false else "confirmed")
        for group, (false, count) in groups.items()
        for at in range(count)
    ]
    return pd.DataFrame(rows, columns=["group", "outcome"])


def test_false_alarms_of_a_group_are_judged_from_ten_closed_warnings_on():
    places = pd.DataFrame([place("a", "north"), place("b", "south"), place("c", "west")])
    found = audit(places, closed(north=(9, 10), south=(0, 30), west=(9, 9))).set_index("group")
    assert found["share_false_alarms"].tolist() == pytest.approx([0.9, 0.0, 1.0])
    assert found["warnings_closed"].tolist() == [10, 30, 9]
    assert found["beyond"].tolist() == ["share_false_alarms", "", ""]


def test_group_without_closed_warnings_has_none_and_no_share():
    places = pd.DataFrame([place("a", "north"), place("b", "south")])
    south = audit(places, closed(north=(1, 2))).set_index("group").loc["south"]
    assert (south["warnings_closed"], south["false_alarms"]) == (0, 0)
    assert np.isnan(south["share_false_alarms"])
    unknown = audit(places).set_index("group")
    assert unknown[["warnings_closed", "false_alarms", "share_false_alarms"]].isna().all(None)
