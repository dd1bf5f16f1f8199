"""What people found warnings to be, in the release: as known before the first night of the day."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from response_kit import FIRST, NOW, SECOND, SILENCE, SURGE, THIRD, home_with, night
from threatcast_orchestration.response.outcome_tables import (
    WARNING_OUTCOMES,
    WARNINGS_CLOSED,
    write_outcomes,
)
from threatcast_orchestration.response.recording import close, record_rollback
from threatcast_orchestration.response.warning_events import open_record
from threatcast_orchestration.run.home import Home

ID = SURGE["warning_id"]
DAYS = [date(2026, 6, 14) + timedelta(days=later) for later in range(4)]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_with(tmp_path)


def say(home: Home, outcome: str, *names: str, days: int = 0, note: str = "") -> None:
    with open_record(home) as record:
        close(record, names or [ID], outcome, note, NOW + timedelta(days=days))  # type: ignore[arg-type]


def tables(home: Home, as_of: date) -> tuple[list[dict], dict[str, dict]]:
    with duckdb.connect() as connection:
        write_outcomes(connection, home, as_of)
        closed = connection.execute(f"FROM {WARNINGS_CLOSED}").to_arrow_table().to_pylist()
        rows = connection.execute(f"FROM {WARNING_OUTCOMES}").to_arrow_table().to_pylist()
    return closed, {row["scope_value"]: row for row in rows}


def test_closed_warning_is_told_with_its_outcome_and_no_word_of_a_person(home: Home) -> None:
    night(home, SURGE, SILENCE)
    say(home, "false_alarm", note="the group posted its archive")
    closed, outcomes = tables(home, DAYS[1])
    assert closed == [
        {
            "warning_id": ID, "target": "ransomware_claims", "location": "DE", "level": "elevated",
            "kind": "surge", "opened": DAYS[0], "closed_on": DAYS[0], "outcome": "false_alarm",
        }
    ]  # fmt: skip
    assert (outcomes["all"]["told"], outcomes["all"]["closed"]) == (2, 1)
    assert outcomes["surge"]["share_false_alarms"] == 1.0
    assert outcomes["silence"]["share_false_alarms"] is None


def test_what_is_said_after_a_night_changes_no_repetition_of_it(home: Home) -> None:
    night(home, SURGE)
    before = tables(home, DAYS[0])
    say(home, "confirmed")
    night(home, SURGE, release=SECOND)
    assert tables(home, DAYS[0]) == before
    said = tables(home, DAYS[1])
    assert said[0][0]["outcome"] == "confirmed"
    # nor does the night of the day after change when the word is taken back later
    say(home, "data_fault", days=-400)
    assert tables(home, DAYS[1]) == said
    assert tables(home, DAYS[2])[0][0]["outcome"] == "data_fault"


def test_level_is_the_one_at_which_it_was_closed(home: Home) -> None:
    night(home, SURGE)
    say(home, "confirmed")
    night(home, SURGE | {"level": "severe"}, release=SECOND)
    (row,), outcomes = tables(home, DAYS[2])
    assert (row["level"], row["closed_on"]) == ("elevated", DAYS[0])
    assert outcomes["elevated"]["closed"] == 1


def test_what_was_rolled_back_was_not_told_unless_somebody_closed_it(home: Home) -> None:
    night(home, release=FIRST)
    night(home, SURGE, SILENCE, release=SECOND)
    say(home, "data_fault", SILENCE["warning_id"])
    with open_record(home) as record:
        record_rollback(record, FIRST, NOW)
    closed, outcomes = tables(home, DAYS[2])
    assert [row["kind"] for row in closed] == ["silence"]
    assert closed[0]["location"] == "WORLD"
    assert outcomes["all"]["told"] == 1


def test_home_without_a_record_has_told_nothing(home: Home) -> None:
    closed, outcomes = tables(home, DAYS[0])
    assert closed == []
    assert outcomes["all"]["told"] == 0


def test_record_that_cannot_be_read_is_unknown_and_not_zero(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    night(home, SURGE, release=THIRD)
    home.warnings.write_bytes(home.warnings.read_bytes()[:-20])
    closed, outcomes = tables(home, DAYS[3])
    assert closed == []
    assert outcomes["all"]["told"] is None
    assert "Line 2 of" in caplog.text
    with duckdb.connect() as connection:
        assert write_outcomes(connection, home, DAYS[3]) is None


def test_line_of_a_night_that_was_taken_out_leaves_days_that_fit(home: Home) -> None:
    night(home, SURGE)
    say(home, "confirmed")
    lines = home.warnings.read_text().splitlines(keepends=True)
    home.warnings.write_text("".join(line for line in lines if '"night"' not in line))
    (row,), _ = tables(home, DAYS[1])
    assert row["opened"] == row["closed_on"] == DAYS[0]
