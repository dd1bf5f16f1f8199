"""The warnings of a night on small frames: what is told, since when, and under which name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from threatcast_forecasting.models import base_models
from threatcast_forecasting.night.past_forecasts import WEEKS
from threatcast_forecasting.night.standing_warnings import COLUMNS, DATA_LEVEL, NEW_LEVEL
from threatcast_forecasting.night.unusual_weeks import ARCHIVE, BACKTEST, read_forecasts
from threatcast_forecasting.night.warning_night import WarningInputs, warning_table
from threatcast_forecasting.panels import Batch
from threatcast_forecasting.quantiles import LEVELS
from threatcast_forecasting.weeks import consecutive

SUNDAY = date(2026, 8, 16)
MONDAY = pd.Timestamp("2026-08-10")
NEWEST = pd.date_range(end=MONDAY, periods=WEEKS, freq="7D")
USUAL = 10.0
SERIES = [("a", "DE"), ("b", "DE"), ("a", "FR")]


def forecasts(origins: range = range(WEEKS + 4)) -> pd.DataFrame:
    """Return forecasts of 10 a week from some weeks back."""
    batch = Batch(("s",), ("s",), ("s",), consecutive(np.datetime64("2024-01-01"), 104),
                  np.random.default_rng(1).poisson(USUAL, (1, 104)).astype(float))  # fmt: skip
    said = base_models()["negative_binomial"].predict(batch, 4, 0).quantiles[0]
    rows = [
        (*key, MONDAY - pd.Timedelta(days=7 * back - 6), step + 1, level, said[step, at])
        for key in SERIES
        for back in origins
        for step in range(4)
        for at, level in enumerate(LEVELS)
    ]
    names = ["target", "location", "reference_date", "horizon", "quantile", "value"]
    return pd.DataFrame(rows, columns=names)


def counts(**changed: list[float]) -> pd.DataFrame:
    """Return counts of 10 a week; of `a_DE` the newest weeks may be others."""
    rows = []
    for target, location in SERIES:
        values = np.full(WEEKS, USUAL)
        last = changed.get(f"{target}_{location}", [])
        values[WEEKS - len(last) :] = last
        rows.append(
            pd.DataFrame(
                {"target": target, "location": location, "week": NEWEST, "low": values}
            ).assign(high=values)
        )
    return pd.concat(rows, ignore_index=True)


def nothing(*columns: str) -> pd.DataFrame:
    return pd.DataFrame(columns=list(columns))


@pytest.fixture(scope="module")
def calm() -> WarningInputs:
    past = forecasts()
    return WarningInputs(
        reference_date=SUNDAY,
        counts=counts(),
        archive=past.iloc[:0],
        past=past,
        first=nothing("target", "location", "first"),
        outlook=pd.DataFrame(SERIES, columns=["target", "location"]).assign(model="champion"),
        scores=nothing(
            "target", "location", "model", "reference_date", "horizon", "scale", "pit_low",
            "pit_high",
        ).astype({"scale": float, "pit_low": float, "pit_high": float}),
        findings=nothing("target", "check", "since"),
        health=nothing("target", "state", "since"),
        shifts=nothing("target", "scope", "week", "noticed_week"),
        world=nothing("target", "week", "value"),
        places=nothing("target", "place", "week", "value"),
        names=nothing("target", "name", "week", "value"),
        filled=nothing("target", "field", "week", "records", "filled"),
        before=nothing("kind", "target", "location", "detail", "since", "week"),
    )  # fmt: skip


def told(inputs: WarningInputs, **changed: object) -> pd.DataFrame:
    return warning_table(replace(inputs, **changed))  # type: ignore[arg-type]


def test_calm_weeks_tell_nothing(calm: WarningInputs) -> None:
    table = told(calm)
    assert list(table.columns) == list(COLUMNS)
    assert table.empty


def test_surge_is_told_with_its_count_and_what_was_expected(calm: WarningInputs) -> None:
    table = told(calm, counts=counts(a_DE=[30.0, 40.0]))
    row = table.iloc[0]
    assert len(table) == 1
    assert (row["kind"], row["target"], row["location"]) == ("surge", "a", "DE")
    assert row["level"] == "severe"
    assert row["since"] == NEWEST[-2]
    assert row["observed"] == 40
    assert row["expected_low"] < row["expected"] < row["expected_high"] < 30
    assert bool(row["stands_out"])
    assert row["forecasts_of"] == BACKTEST
    assert row["behind"] is None


def test_feeds_without_a_row_tell_nothing_new(calm: WarningInputs) -> None:
    # as a database gives them: no row, but types
    week = pd.Series([], dtype="datetime64[us]")
    places = calm.places.assign(week=week, value=pd.Series([], dtype=float))
    names = calm.names.assign(week=week, value=pd.Series([], dtype=float))
    assert told(calm, places=places, names=names).empty


def test_week_that_tells_most_of_a_warning_is_named(calm: WarningInputs) -> None:
    risen = told(calm, counts=counts(a_DE=[90.0, 30.0, 15.0])).iloc[0]
    assert (risen["peak"], risen["peak_week"]) == (90, NEWEST[-3])
    fallen = told(calm, counts=counts(a_DE=[0.0, 0.0, 1.0])).iloc[0]
    assert (fallen["kind"], fallen["peak"], fallen["peak_week"]) == ("drop", 0, NEWEST[-3])


def test_drop_waits_where_nobody_knows_how_much_is_to_come(calm: WarningInputs) -> None:
    fallen = counts(a_DE=[0.0, 0.0, 0.0])
    assert list(told(calm, counts=fallen)["kind"]) == ["drop"]
    late = fallen.assign(high=fallen["high"].where(fallen["week"] < NEWEST[-3]))
    assert told(calm, counts=late).empty


def test_what_goes_the_same_way_or_the_other_at_the_place_is_named(calm: WarningInputs) -> None:
    both = told(calm, counts=counts(a_DE=[30.0, 40.0], b_DE=[40.0, 40.0]))
    assert list(both["agrees"]) == ["b", "a"]
    other = told(calm, counts=counts(a_DE=[30.0, 40.0], b_DE=[0.0]))
    assert other.set_index("target").loc["a", "disagrees"] == "b"


def test_warning_keeps_its_name_and_its_first_week_while_it_stands(calm: WarningInputs) -> None:
    first = told(calm, counts=counts(a_DE=[40.0]))
    later = counts(a_DE=[10.0, 40.0])
    later["week"] += pd.Timedelta(weeks=1)
    week_on = {"reference_date": date(2026, 8, 23), "counts": later}
    anew = told(calm, **week_on)
    on = told(calm, **week_on, before=first.assign(since=first["since"] - pd.Timedelta(weeks=2)))
    assert anew["since"].iloc[0] > first["since"].iloc[0]
    assert on["since"].iloc[0] == first["since"].iloc[0] - pd.Timedelta(weeks=2)
    assert on["warning_id"].iloc[0] != first["warning_id"].iloc[0]
    same = told(calm, **week_on, before=first)
    assert list(same["warning_id"]) == list(first["warning_id"])
    ended = first.assign(week=first["week"] - pd.Timedelta(weeks=5))
    assert list(told(calm, **week_on, before=ended)["warning_id"]) == list(anew["warning_id"])


def test_fault_of_the_data_stands_before_the_surge_that_it_may_have_made(
    calm: WarningInputs,
) -> None:
    health = pd.DataFrame({"target": ["a"], "state": ["silent"], "since": [NEWEST[-3]]})
    table = told(calm, counts=counts(a_DE=[40.0, 40.0]), health=health)
    assert list(table["kind"]) == ["silence", "surge"]
    assert list(table["behind"]) == [None, "silence"]
    assert list(table["level"]) == [DATA_LEVEL, "severe"]
    assert list(table["location"]) == ["WORLD", "DE"]


def test_two_checks_that_found_the_same_say_it_once(calm: WarningInputs) -> None:
    checks = pd.DataFrame({"target": "a", "check": ["lost", "lost_recent"], "since": NEWEST[-1]})
    assert list(told(calm, findings=checks)["kind"]) == ["withdrawals"]


def test_only_a_level_shift_of_a_whole_feed_that_is_recent_is_told(calm: WarningInputs) -> None:
    weeks = pd.DatetimeIndex([NEWEST[-9], NEWEST[-9], "2025-01-06"])
    noticed = pd.DatetimeIndex([NEWEST[-5], NEWEST[-5], "2025-02-03"])
    shifts = pd.DataFrame(
        {"target": ["a", "b", "c"], "scope": ["feed", "series", "feed"], "week": weeks}
    ).assign(noticed_week=noticed)
    table = told(calm, shifts=shifts)
    assert list(table["target"]) == ["a"]
    assert list(table["since"]) == [NEWEST[-9]]


def test_new_place_is_told_and_new_names_are_counted_without_a_name(calm: WarningInputs) -> None:
    weeks = pd.date_range(end=MONDAY, periods=110, freq="7D")
    watched = pd.DataFrame({"target": "a", "place": "", "week": weeks, "value": 0.0})
    first = pd.DataFrame({"target": ["a"], "place": ["NA"], "week": [MONDAY], "value": [3.0]})
    known = pd.DataFrame({"target": "b", "name": "known", "week": weeks, "value": 1.0})
    new = pd.DataFrame({"target": "b", "name": ["x1", "x2"], "week": MONDAY, "value": [2.0, 5.0]})
    table = told(calm, places=pd.concat([watched, first]), names=pd.concat([known, new]))
    assert list(table["kind"]) == ["new_place", "new_name"]
    assert list(table["location"]) == ["NA", "WORLD"]
    assert list(table["observed"]) == [3, 7]
    assert list(table["detail"]) == ["", ""]
    assert list(table["level"]) == [NEW_LEVEL, NEW_LEVEL]


def test_archive_counts_first_and_is_filled_up_only_in_its_first_year() -> None:
    past = forecasts(range(1, 9))
    archive = past[past["reference_date"] == past["reference_date"].max()].assign(value=99.0)
    first = archive[["target", "location"]].drop_duplicates().assign(first=date(2026, 8, 1))
    young = read_forecasts(archive, past, first, SUNDAY)
    assert len(young) == len(past)
    assert set(young.loc[young["source"] == ARCHIVE, "value"]) == {99.0}
    old = read_forecasts(archive, past, first.assign(first=date(2025, 8, 1)), SUNDAY)
    assert set(old["source"]) == {ARCHIVE}
    assert len(old) == len(archive)


def test_surge_of_the_week_that_runs_is_told_before_it_is_over(calm: WarningInputs) -> None:
    running = MONDAY + pd.Timedelta(days=7)
    names = ["target", "location", "week", "low"]
    to_date = pd.DataFrame([("a", "DE", running, 60.0), ("b", "DE", running, 2.0)], columns=names)
    (row,) = told(calm, to_date=to_date).to_dict("records")
    assert (row["kind"], row["target"], row["level"]) == ("surge", "a", "severe")
    assert row["week"] == row["since"] == running
    assert row["observed"] == 60
    assert np.isnan(row["observed_upper"])
    # nothing yet is no drop, and a fault of the data stands before what it may have made
    assert told(calm, to_date=to_date.assign(low=0.0)).empty
    shrunk = pd.DataFrame([("a", "shrunk", MONDAY)], columns=["target", "check", "since"])
    behind = told(calm, to_date=to_date, findings=shrunk).set_index("kind")["behind"]
    assert behind["surge"] == "emptied"
