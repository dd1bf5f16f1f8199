"""What a panel may be, and what each fault is told."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from panel_kit import make_panel, one_series
from threatcast_forecasting.errors import PanelError
from threatcast_forecasting.panels import location_level, validate

MENDED = "A value is a whole number from 0, or empty where the week was not monitored."
MONDAYS = "Weeks are named by their Monday, written YYYY-MM-DD."


def with_value(value: object) -> pd.DataFrame:
    panel = one_series([1.0, 2.0, 3.0])
    panel["value"] = panel["value"].astype(object)
    panel.loc[1, "value"] = value
    return panel


def with_week(week: object) -> pd.DataFrame:
    panel = one_series([1.0, 2.0, 3.0])
    panel["week"] = panel["week"].astype(str).astype(object)
    panel.loc[1, "week"] = week
    return panel


ROW_2 = "series a, row 2"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (-1, "the value -1 is negative"),
        (2.5, "the value 2.5 is not whole"),
        ("many", "the value many is not a number"),
        ("inf", "the value inf is infinite"),
        (-np.inf, "the value -inf is infinite"),
        (1_000_000_001, "the value 1000000001 is above 1e9, which no weekly count reaches"),
    ],
)
def test_faulty_value_is_named_with_series_row_week_and_cure(value, problem):
    with pytest.raises(PanelError) as caught:
        validate(with_value(value))
    assert str(caught.value) == f"{ROW_2}, week 2022-01-10: {problem}. {MENDED}"


@pytest.mark.parametrize(
    ("week", "problem"),
    [
        ("2022-01-11", "the week 2022-01-11 is a Tuesday"),
        ("soon", "the week is not a date (found: soon)"),
        ("", "the week is not a date (found: )"),
        ("2022-01-10 06:00", "the week is not a date (found: 2022-01-10 06:00)"),
        ("2202-01-04", "the week 2202-01-04 is not between 1970-01-05 and 2099-12-28"),
    ],
)
def test_faulty_week_is_named_with_series_row_and_cure(week, problem):
    with pytest.raises(PanelError) as caught:
        validate(with_week(week))
    assert str(caught.value) == f"the panel, {ROW_2}: {problem}. {MONDAYS}"


EMPTY_CURE = "If it was NA (Namibia), read the table so that NA stays text."


@pytest.mark.parametrize(
    ("panel", "message"),
    [
        (
            pd.concat([one_series([1.0]), one_series([1.0])]),
            f"{ROW_2}: the week 2022-01-03 is there twice. Give each series one row a week.",
        ),
        (
            one_series([1.0, 2.0]).assign(target=["x", "y"]),
            f"{ROW_2}: its target is 'y' here and 'x' before. "
            "Give each series one target and one location.",
        ),
        (
            one_series([1.0, 2.0]).assign(location=[None, "DE"]),
            f"the panel, row 1: location is empty. {EMPTY_CURE}",
        ),
        (
            one_series([1.0]).assign(series_id=""),
            f"the panel, row 1: series_id is empty. {EMPTY_CURE}",
        ),
        (
            one_series([1.0]).drop(columns="value"),
            "the panel: column value is missing; the columns are series_id, week.",
        ),
        (
            one_series([1.0]).assign(week=19_000),
            f"the panel, series a, row 1: the week is not a date (found: 19000). {MONDAYS}",
        ),
        (one_series([1.0]).iloc[:0], "the panel: it has no rows."),
        (
            one_series([1.0]).assign(value=[True]),
            "column value: it holds true and false, not counts.",
        ),
    ],
)
def test_faulty_panel_is_named_with_place_and_cure(panel, message):
    with pytest.raises(PanelError) as caught:
        validate(panel)
    assert str(caught.value) == message


def test_weeks_out_of_order_are_sorted():
    panel = make_panel(3, 20)
    shuffled = panel.sample(frac=1, random_state=4)
    pd.testing.assert_frame_equal(validate(shuffled), validate(panel))


def test_empty_value_is_missing_and_not_zero():
    panel = with_value("")
    assert np.isnan(validate(panel)["value"][1])
    assert validate(panel)["value"].tolist()[::2] == [1.0, 3.0]


def test_namibia_is_a_location_and_no_missing_value():
    panel = validate(one_series([1.0]).assign(location="NA", target="t"))
    assert panel["location"].tolist() == ["NA"]
    assert location_level("NA") == "country"


def test_target_and_location_may_be_left_out():
    panel = validate(one_series([1.0, 2.0]))
    assert panel.columns.tolist() == ["series_id", "target", "location", "week", "value"]
    assert panel["target"].unique().tolist() == ["all"]


def test_other_columns_are_left_out():
    assert "note" not in validate(one_series([1.0]).assign(note="x"))


@pytest.mark.parametrize(
    "weeks",
    [
        ["2022-01-03", "2022-01-10"],
        [dt.date(2022, 1, 3), dt.date(2022, 1, 10)],
        [dt.datetime(2022, 1, 3, tzinfo=dt.UTC), dt.datetime(2022, 1, 10, tzinfo=dt.UTC)],
        pd.Series(["2022-01-03", "2022-01-10"], dtype="string"),
        pd.Series(["2022-01-03", "2022-01-10"], dtype="category"),
        np.array(["2022-01-03", "2022-01-10"], dtype="datetime64[us]"),
    ],
)
def test_weeks_may_be_texts_dates_or_stamps(weeks):
    panel = pd.DataFrame({"series_id": "a", "week": weeks, "value": [1, 2]})
    assert validate(panel)["week"].tolist() == list(pd.to_datetime(["2022-01-03", "2022-01-10"]))


@pytest.mark.parametrize("kind", ["Int64", "float32", "int8", "object", "string", "uint64"])
def test_values_may_be_of_any_number_type(kind):
    panel = one_series([1.0, 2.0]).assign(value=pd.Series([1, 2]).astype(kind))
    assert validate(panel)["value"].tolist() == [1.0, 2.0]


def test_nullable_missing_value_is_missing():
    panel = one_series([1.0, 2.0]).assign(value=pd.Series([1, None], dtype="Int64"))
    assert np.isnan(validate(panel)["value"][1])


def test_validating_twice_changes_nothing():
    once = validate(make_panel(4, 10))
    pd.testing.assert_frame_equal(validate(once), once)


def test_numbers_as_series_names_become_texts():
    panel = one_series([1.0]).assign(series_id=7)
    assert validate(panel)["series_id"].tolist() == ["7"]
