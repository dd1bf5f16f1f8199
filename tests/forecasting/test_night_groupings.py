"""Groupings of countries: their outlook is that of the sum, draw by draw."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from threatcast_forecasting.night.coherence import CoherentForecasts
from threatcast_forecasting.night.groupings import grouping_table
from threatcast_forecasting.night.inputs import NightInputs, NightOptions, Places

WEEKS = pd.date_range("2024-01-01", periods=30, freq="W-MON")
WEEK = pd.Timedelta(weeks=1)
EMPTY = pd.DataFrame()


def counts(location: str, value: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "series_id": f"claims|{location}",
            "target": "claims",
            "location": location,
            "week": WEEKS,
            "value": value,
        }
    )


def made(
    members: dict[str, list[str]], totals: dict[str, np.ndarray], watched: int = len(WEEKS)
) -> pd.DataFrame:
    """Return the table of a night in which DE counts 6, FR 3 and LI, which borrows, 1 a week.

    FR is watched in the first weeks only, DE in all but the newest.
    """
    groupings = pd.DataFrame(
        [(name, place) for name, places in members.items() for place in places],
        columns=["grouping", "location"],
    )
    panel = pd.concat([counts("DE", 6), counts("FR", 3)])
    panel.loc[(panel["location"] == "DE") & (panel["week"] == WEEKS[-1]), "value"] = np.nan
    late = panel["week"] >= WEEKS[0] + watched * WEEK
    panel.loc[late & (panel["location"] == "FR"), "value"] = np.nan
    sparse = counts("LI", 1).assign(parent="M49-155")
    places = Places({}, sparse, groupings)
    inputs = NightInputs(panel, EMPTY, EMPTY, NightOptions(("flat",)), places=places)
    coherent = CoherentForecasts(
        EMPTY, EMPTY, {("flat", f"claims|{name}"): drawn for name, drawn in totals.items()}, {}
    )
    outlook = pd.DataFrame(
        {
            "target": "claims",
            "location": ["DE", "FR", "LI", "AT"],
            "model": "flat",
            "run_id": "run",
            "expected_4w": [24.0, 12.0, 4.0, 8.0],
            "evidence_grade": ["A", "B", "C", "A"],
        }
    )
    return grouping_table(inputs, coherent, outlook).set_index("grouping")


@pytest.fixture(scope="module")
def totals() -> dict[str, np.ndarray]:
    """Draws of 4 and 12 weeks; those of Germany and France go against each other."""
    rng = np.random.default_rng(1)
    surprise = rng.integers(-8, 9, 1000)
    return {
        "DE": np.stack([24 + surprise, 72 + surprise], axis=1).astype(float),
        "FR": np.stack([12 - surprise, 36 - surprise], axis=1).astype(float),
        "LI": np.full((1000, 2), 4.0),
    }


def test_range_of_a_grouping_is_that_of_the_sum_and_not_the_sum_of_ranges(totals) -> None:
    table = made({"both": ["DE", "FR"], "one": ["DE"]}, totals)
    assert table.loc["one", "high80_4w"] > table.loc["one", "low80_4w"] + 8
    assert list(table.loc["both", ["low80_4w", "expected_4w", "high80_4w"]]) == [36, 36, 36]
    assert table.loc["both", "expected_12w"] == 108


def test_usual_level_is_of_weeks_in_which_all_members_were_watched(totals) -> None:
    table = made({"all": ["DE", "FR", "LI"]}, totals)
    assert table.loc["all", "usual_weekly"] == 10
    assert table.loc["all", "expected_4w"] == 40
    assert table.loc["all", "members_with_outlook"] == 3


def test_member_that_was_not_drawn_with_the_others_is_left_out_and_not_counted(totals) -> None:
    table = made({"most": ["AT", "FR"], "dark": ["AT"]}, totals)
    assert list(table.index) == ["most"]
    assert table.loc["most", "members_with_outlook"] == 1
    assert table.loc["most", "usual_weekly"] == 3


def test_grade_is_that_on_which_half_of_what_is_expected_stands(totals) -> None:
    table = made({"large": ["DE", "LI"], "small": ["LI"], "middle": ["FR", "LI"]}, totals)
    assert table["evidence_grade"].to_dict() == {"large": "A", "small": "C", "middle": "B"}


def test_members_that_were_never_watched_together_have_no_usual_level(totals) -> None:
    """There is nothing to compare with; what is expected stands."""
    row = made({"both": ["DE", "FR"]}, totals, watched=0).loc["both"]
    assert row[["usual_weekly", "p_above_usual_4w", "trend"]].isna().all()
    assert row["expected_4w"] == 36
