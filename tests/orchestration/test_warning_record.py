"""What is kept of warnings: append-only, the same night adds nothing, damage is named."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from response_kit import FIRST, NOW, SECOND, SILENCE, SURGE, THIRD, frame, home_with, night
from threatcast_orchestration.errors import LockHeld, OrchestrationError, WrongUse
from threatcast_orchestration.response.recording import (
    acknowledge,
    close,
    record_rollback,
)
from threatcast_orchestration.response.warning_events import open_record, read_events
from threatcast_orchestration.response.warning_rows import rows_of
from threatcast_orchestration.response.warning_states import KeptWarning, known_warnings
from threatcast_orchestration.run.home import Home

ID = SURGE["warning_id"]
SEVERE = SURGE | {"level": "severe"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_with(tmp_path)


def kept(home: Home, name: str = ID) -> KeptWarning:
    return known_warnings(read_events(home)).warnings[name]


def words(home: Home) -> list[str]:
    return [event.event for event in read_events(home)]


def test_warning_opens_changes_and_goes(home: Home) -> None:
    assert night(home, SURGE).recorded.opened == [ID]
    assert night(home, SEVERE, release=SECOND).recorded.changed == [ID]
    assert kept(home).row.level == "severe"
    assert night(home, release=THIRD).recorded.gone == [ID]
    assert kept(home).state == "gone"
    assert words(home) == ["night", "opened", "night", "changed", "night", "gone"]


def test_same_night_again_changes_nothing(home: Home) -> None:
    night(home, SURGE, SILENCE)
    before = home.warnings.read_bytes()
    night(home, SURGE, SILENCE, now=NOW + timedelta(hours=5))
    assert home.warnings.read_bytes() == before


def test_another_reference_date_alone_is_no_change(home: Home) -> None:
    night(home, SURGE)
    later = SURGE | {"reference_date": SURGE["reference_date"] + timedelta(days=7)}
    assert night(home, later, release=SECOND).recorded.changed == []


def test_threat_behind_a_fault_of_the_data_is_not_recorded(home: Home) -> None:
    night(home, SURGE | {"behind": "refilled"}, SILENCE)
    assert list(known_warnings(read_events(home)).warnings) == [SILENCE["warning_id"]]


def test_night_of_an_earlier_day_changes_nothing(home: Home) -> None:
    night(home, SURGE, release=SECOND)
    before = home.warnings.read_bytes()
    assert night(home, release=FIRST).recorded.older
    assert home.warnings.read_bytes() == before


def test_person_s_word_holds_for_the_level_that_it_was_said_at(home: Home) -> None:
    night(home, SURGE)
    with open_record(home) as record:
        assert acknowledge(record, [ID], "on it", NOW) == [ID]
        assert acknowledge(record, [ID], "", NOW) == []
    assert kept(home).state == "acknowledged"
    night(home, SEVERE, release=SECOND)
    assert kept(home).state == "open"
    with open_record(home) as record:
        close(record, [ID], "false_alarm", "a test of theirs", NOW)
    night(home, release=THIRD)
    assert (kept(home).state, kept(home).outcome) == ("closed", "false_alarm")
    with open_record(home) as record, pytest.raises(WrongUse, match="is closed"):
        acknowledge(record, [ID], "", NOW)


def test_later_outcome_replaces_an_earlier_one_and_both_stay(home: Home) -> None:
    night(home, SURGE)
    for outcome in ("confirmed", "confirmed", "data_fault"):
        with open_record(home) as record:
            close(record, [ID], outcome, "", NOW)
    assert kept(home).outcome == "data_fault"
    assert words(home) == ["night", "opened", "closed", "closed"]


def test_unknown_and_ambiguous_ids_are_refused_with_what_is_known(home: Home) -> None:
    night(home, SURGE, SURGE | {"warning_id": "a1ffffffffffffff"})
    with open_record(home) as record:
        with pytest.raises(WrongUse, match=f"'nope' is not known.*Known: {ID}"):
            close(record, ["nope"], "confirmed", "", NOW)
        with pytest.raises(WrongUse, match="'a1' fits more than one"):
            acknowledge(record, ["a1"], "", NOW)
        assert acknowledge(record, ["a1b"], "", NOW) == [ID]


def test_rolled_back_release_counts_as_never_said_until_it_is_current_again(home: Home) -> None:
    night(home, SURGE)
    night(home, SEVERE, SILENCE, release=SECOND)
    night(home, release=THIRD)
    with open_record(home) as record:
        assert record_rollback(record, FIRST, NOW) == [SECOND, THIRD]
    assert (kept(home).state, kept(home).row.level) == ("open", "elevated")
    assert kept(home, SILENCE["warning_id"]).state == "withdrawn"
    with open_record(home) as record:
        assert record_rollback(record, SECOND, NOW) == [SECOND]
    assert kept(home).row.level == "severe"
    assert kept(home, SILENCE["warning_id"]).state == "open"


def test_night_after_a_rollback_goes_on_from_what_counts(home: Home) -> None:
    night(home, SURGE)
    night(home, SEVERE, release=SECOND)
    with open_record(home) as record:
        record_rollback(record, FIRST, NOW)
    # the same release is made and published again
    assert night(home, SEVERE, release=SECOND).recorded.changed == []
    assert words(home)[-2:] == ["withdrawn", "restored"]
    assert kept(home).row.level == "severe"


def test_rollback_to_a_release_that_was_never_seen_goes_by_its_day(home: Home) -> None:
    night(home, SURGE, release=SECOND)
    with open_record(home) as record:
        assert record_rollback(record, "2026-06-13-dddddddddddd", NOW) == [SECOND]
    assert kept(home).state == "withdrawn"


def test_clock_that_jumps_back_does_not_change_the_order(home: Home) -> None:
    night(home, SURGE, now=NOW)
    night(home, SEVERE, release=SECOND, now=NOW - timedelta(days=400))
    assert kept(home).row.level == "severe"
    assert [event.number for event in read_events(home)] == [1, 2, 3, 4]


DAMAGE = {
    "a word that is no event": (lambda line: line.replace(b'"opened"', b'"exploded"'), "does not"),
    "a cut line": (lambda line: line[: len(line) // 2], "Invalid JSON"),
    "bytes that are no text": (lambda line: line.replace(b"DE", b"\xff\xfe"), "Invalid JSON"),
    "a field that is gone": (lambda line: line.replace(b'"level"', b'"lever"'), "row.level"),
    "another number": (lambda line: line.replace(b'"number":2', b'"number":1'), "comes after 1"),
}


@pytest.mark.parametrize("fault", DAMAGE)
def test_damaged_line_is_named_with_its_cure_and_nothing_is_lost(home: Home, fault: str) -> None:
    night(home, SURGE)
    spoil, said = DAMAGE[fault]
    lines = home.warnings.read_bytes().splitlines(keepends=True)
    lines[1] = spoil(lines[1]).rstrip(b"\n") + b"\n"
    home.warnings.write_bytes(b"".join(lines))
    before = home.warnings.read_bytes()
    with pytest.raises(OrchestrationError, match=said) as caught:
        night(home, SEVERE, release=SECOND)
    message = str(caught.value)
    assert message.startswith(f"Line 2 of {home.warnings} is no event")
    assert "Nothing was changed" in message
    assert "take that line out" in message
    assert home.warnings.read_bytes() == before


def test_record_reads_on_without_a_line_that_was_taken_out(home: Home) -> None:
    night(home, SURGE, SILENCE)
    with open_record(home) as record:
        close(record, [ID], "confirmed", "", NOW)
    lines = home.warnings.read_bytes().splitlines(keepends=True)
    assert b"opened" in lines.pop(1)
    home.warnings.write_bytes(b"".join(lines))
    night(home, SILENCE, release=SECOND)
    assert list(known_warnings(read_events(home)).warnings) == [SILENCE["warning_id"]]


def test_end_of_the_file_that_was_cut_is_named(home: Home) -> None:
    night(home, SURGE)
    home.warnings.write_bytes(home.warnings.read_bytes().rstrip(b"\n"))
    with pytest.raises(OrchestrationError, match=r"Line 2 .*cut at its end"):
        read_events(home)


def test_locked_record_says_who_holds_it(home: Home) -> None:
    with open_record(home), pytest.raises(LockHeld) as caught:
        night(home, SURGE)
    assert f"process {os.getpid()}) writes to {home.warnings}" in str(caught.value)
    assert not home.warnings.exists()


def test_record_holds_the_columns_of_the_table_and_no_other(home: Home) -> None:
    table = frame(SURGE).assign(victim="Acme GmbH")
    (row,) = rows_of(table)
    assert "Acme" not in row.model_dump_json()
    assert set(json.loads(row.model_dump_json())) == set(frame().columns)


def test_column_that_is_absent_and_a_value_of_another_kind_are_named() -> None:
    with pytest.raises(OrchestrationError, match="lacks evidence"):
        rows_of(frame(SURGE).drop(columns="evidence"))
    with pytest.raises(OrchestrationError, match="row 2, level: input should be 'watch'"):
        rows_of(frame(SURGE, SURGE | {"level": "dire"}))
