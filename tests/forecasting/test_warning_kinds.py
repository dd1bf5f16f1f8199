"""Kinds of warning, each on a constructed case; faults of the data come before threats."""

from __future__ import annotations

import pandas as pd
import pytest
from threatcast_forecasting.warning.warning_kinds import (
    COLUMNS,
    DATA_KINDS,
    OF_CHECKS,
    blank_fields,
    from_gates,
    from_level_shifts,
    from_states,
    judge,
    new_names,
    new_places,
    silent_feeds,
)

WEEKS = pd.date_range("2023-01-02", periods=120, freq="W-MON")
NOTHING = pd.DataFrame(columns=list(COLUMNS))


def told(kind: str, place: str = "", target: str = "t") -> pd.DataFrame:
    return pd.DataFrame([(kind, target, place, WEEKS[-1], "")], columns=list(COLUMNS))


def series(values: dict[str, list[float]], key: str = "place") -> pd.DataFrame:
    return pd.concat(
        pd.DataFrame({"target": "t", key: name, "week": WEEKS[-len(row) :], "value": row})
        for name, row in values.items()
    )


def test_list_that_was_emptied_or_filled_with_old_entries_is_told_by_its_gate() -> None:
    findings = pd.DataFrame(
        {"target": list("abcd"), "check": ["shrunk", "old_state", "lost", "mix"], "since": WEEKS[0]}
    )
    assert list(from_gates(findings)["kind"]) == ["emptied", "refilled", "withdrawals"]


def test_checks_of_gates_that_are_kinds_exist_there() -> None:
    from threatcast_orchestration.meaning.checks import CHECKS

    assert set(OF_CHECKS) - {"silent"} <= set(CHECKS)


def test_feed_that_changed_its_size_is_a_fault_and_a_series_is_not() -> None:
    shifts = pd.DataFrame(
        {"target": ["a", "a", "b"], "scope": ["feed", "feed", "series"], "since": WEEKS[0]}
    )
    found = from_level_shifts(shifts)
    assert list(found["target"]) == ["a"]
    assert list(found["kind"]) == ["feed_size"]


@pytest.mark.parametrize("blank", [1, 2])
def test_country_column_that_goes_blank_is_told_within_a_week(blank: int) -> None:
    rows = pd.DataFrame(
        {"target": "t", "field": "country", "week": WEEKS, "records": 40, "filled": 38}
    )
    assert blank_fields(rows).empty
    rows.loc[rows.index[-blank:], "filled"] = 1
    found = blank_fields(rows)
    assert list(found["detail"]) == ["country"]
    assert found["since"][0] == WEEKS[-blank]


def test_few_records_without_a_value_are_no_fault_of_the_field() -> None:
    rows = pd.DataFrame(
        {"target": "t", "field": "country", "week": WEEKS, "records": 2, "filled": 1}
    )
    rows.loc[rows.index[-1], "filled"] = 0
    assert blank_fields(rows).empty


def test_silence_is_longer_than_any_pause_before() -> None:
    busy = [3.0] * 100
    rows = series({"": [*busy, 0, 0, 0, 5, *([0] * 16)]})
    found = silent_feeds(rows)
    assert list(found["kind"]) == ["silence"]
    assert found["since"][0] == WEEKS[-16]
    assert silent_feeds(series({"": [*busy, 0, 0, 0, 5, *([0] * 7)]})).empty


def test_weeks_that_nobody_watched_are_no_silence() -> None:
    assert silent_feeds(series({"": [*([3.0] * 104), *([float("nan")] * 16)]})).empty


def test_first_events_in_years_are_a_new_place_and_usual_ones_are_not() -> None:
    rows = series({"AA": [1.0] * 120, "BB": [0.0] * 119 + [2.0], "CC": [5.0] + [0.0] * 119})
    found = new_places(rows)
    assert list(found["place"]) == ["BB"]
    assert found["since"][0] == WEEKS[-1]


def test_nothing_is_new_in_a_feed_that_is_young() -> None:
    assert new_places(series({"AA": [1.0] * 50, "BB": [0.0] * 49 + [2.0]})).empty


def test_actor_or_tool_that_was_never_seen_is_new() -> None:
    rows = series({"known": [1.0] * 120, "unheard of": [4.0]}, "name")
    found = new_names(rows)
    assert list(found["detail"]) == ["unheard of"]
    assert list(found["kind"]) == ["new_name"]


@pytest.mark.parametrize("fault", DATA_KINDS)
@pytest.mark.parametrize("threat", ["surge", "drop", "new_place", "new_name"])
def test_fault_of_the_data_is_never_told_as_a_threat(fault: str, threat: str) -> None:
    found = judge(told(fault), told(threat, "DE"))
    assert list(found["kind"]) == [fault, threat]
    assert list(found["behind"]) == [None, fault]


def test_surge_elsewhere_is_told_although_another_place_has_a_fault() -> None:
    found = judge(told("blank_field", "DE"), pd.concat([told("surge", "FR"), told("drop", "DE")]))
    assert dict(zip(found["kind"], found["behind"], strict=True)) == {
        "blank_field": None,
        "surge": None,
        "drop": "blank_field",
    }


@pytest.mark.parametrize(("field", "behind"), [("sector", None), ("day", "blank_field")])
def test_only_a_field_that_records_are_counted_by_may_have_made_a_surge(field, behind) -> None:
    blank = told("blank_field").assign(detail=field)
    found = judge(blank, told("surge", "DE")).set_index("kind")
    assert found.loc["surge", "behind"] == behind


def test_night_without_faults_tells_its_threats() -> None:
    assert list(judge(NOTHING, told("surge", "DE"))["behind"]) == [None]


def test_data_kind_among_the_threats_is_refused() -> None:
    with pytest.raises(ValueError, match="among the threats"):
        judge(NOTHING, told("silence"))


def test_feed_that_never_spoke_has_not_fallen_silent() -> None:
    health = pd.DataFrame(
        {
            "target": ["a", "b", "c"],
            "state": ["failed", "failed", "fresh"],
            "since": [pd.Timestamp("2026-06-08"), pd.NaT, pd.Timestamp("2026-06-08")],
        }
    )
    assert list(from_states(health)["target"]) == ["a"]
