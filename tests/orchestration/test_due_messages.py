"""What is told and when: once, not in quiet hours, not in a flood, and again to others."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from response_kit import FILE, FIRST, NOW, SECOND, SILENCE, SURGE, THIRD, home_with, many, night
from threatcast_forecasting.warning.warning_kinds import DATA_KINDS
from threatcast_orchestration.response.playbook_files import read_playbook
from threatcast_orchestration.response.recording import acknowledge, close
from threatcast_orchestration.response.telling import rehearse, take_back, tell_due
from threatcast_orchestration.response.warning_events import open_record, read_events
from threatcast_orchestration.run.home import Home

ID = SURGE["warning_id"]
SEVERE = SURGE | {"level": "severe"}
WATCH = SURGE | {"level": "watch"}
ESCALATE = "escalate: {after_hours: 4, channel: {kind: file, path: boss.jsonl}}\n"


def told(home: Home, name: str = "told.jsonl") -> list[dict[str, Any]]:
    path = home.root / name
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


def forms(home: Home, name: str = "told.jsonl") -> list[str]:
    return [message["form"] for message in told(home, name)]


def later(home: Home, hours: float) -> datetime:
    """Let the hours pass, then tell what is due."""
    moment = NOW + timedelta(hours=hours)
    tell_due(home, moment, {})
    return moment


def test_two_nights_deliver_nothing_twice(tmp_path: Path) -> None:
    home = home_with(tmp_path, duty=FILE)
    night(home, SURGE)
    night(home, SURGE)
    night(home, SURGE | {"observed": 44.0}, release=SECOND)
    assert forms(home) == ["warning"]


def test_higher_level_is_told_and_a_lower_one_is_not(tmp_path: Path) -> None:
    home = home_with(tmp_path, duty=FILE)
    night(home, SURGE)
    night(home, SEVERE, release=SECOND)
    night(home, SURGE, release=THIRD)
    assert [message["warnings"][0]["level"] for message in told(home)] == ["elevated", "severe"]


def test_message_says_what_the_row_says(tmp_path: Path) -> None:
    home = home_with(tmp_path, duty=FILE)
    night(home, SURGE)
    (message,) = told(home)
    assert message["text"].splitlines() == [
        "Threatcast: elevated: Surge: Ransomware claims, Germany",
        f"[{ID}] elevated: Surge: Ransomware claims, Germany. In the week of 8 June 2026 42 to 48 "
        "were counted, 9 were expected (80% range: 5 to 17). It began with the week of 1 June "
        "2026. The most in a week since then: 55, in the week of 1 June 2026. Where nothing "
        "happens, one series shows this about once a year. Evidence: 31. That is what a stake of 1 "
        "has become, bet each week on counts leaving their forecasts. It stands out among all "
        "series of the night: of those that do, about one in ten is a false one at most. It is "
        "held against what was published. The same way at this place: Cyberattacks reported in "
        "the press.",
        "",
        "Say that you know: threatcast warnings ack ID. What it was: threatcast warnings close ID.",
        "Threatcast counts what public feeds show. It blocks nothing, scans nothing, names no "
        "victim and says of nobody that they did it.",
    ]
    assert message["releases"] == [FIRST]
    assert message["warnings"][0]["expected_high"] == 17.0


def test_message_holds_nothing_but_the_table_s_columns(tmp_path: Path) -> None:
    from response_kit import frame
    from threatcast_orchestration.response.telling import respond

    home = home_with(tmp_path, duty=FILE)
    # what raw feeds hold, in columns that a careless table might carry along
    raw = frame(SURGE).assign(victim="Acme GmbH", host="srv.acme.example", actor="lockbit")
    respond(home, raw, FIRST, NOW, {})
    sent = (home.root / "told.jsonl").read_text() + home.warnings.read_text()
    assert not [name for name in ("Acme", "acme", "lockbit") if name in sent]
    (message,) = told(home)
    assert set(message["warnings"][0]) == {*SURGE, "is_threat", "sentence"}


@pytest.mark.parametrize("kind", [*DATA_KINDS, "a_kind_of_tomorrow"])
def test_fault_of_the_data_is_never_worded_as_a_threat(tmp_path: Path, kind: str) -> None:
    home = home_with(tmp_path, duty="match: {kinds: [data, threats]}\n" + FILE)
    night(home, SILENCE | {"kind": kind}, SURGE | {"warning_id": "b" * 16})
    sentences = [one["sentence"] for message in told(home) for one in message["warnings"]]
    if kind in DATA_KINDS:
        (fault,) = [text for text in sentences if "DATA" in text]
        assert fault.endswith("Counts may be wrong; this says nothing about threats.")
        assert "expected" not in fault
        assert any("DATA, no threat: " in message["text"].splitlines()[0] for message in told(home))
    # and one that no playbook can have asked for is not told at all
    assert len(sentences) == 1 + (kind in DATA_KINDS)


def test_playbook_that_matches_everything_becomes_a_digest(tmp_path: Path) -> None:
    home = home_with(tmp_path, all="match: {level: watch, stands_out: false}\n" + FILE)
    night(home, *many(400, level="watch", stands_out=False), SILENCE)
    (digest,) = told(home)
    assert digest["form"] == "digest"
    first = digest["text"].splitlines()[0]
    assert first == "Threatcast: 400 warnings (400 to watch); 1 fault of the data"
    assert "And 381 more." in digest["text"]
    assert (len(digest["warnings"]), digest["left_out"]) == (100, 301)
    night(home, *many(400, level="watch", stands_out=False), SILENCE, release=SECOND)
    assert len(told(home)) == 1


def test_few_warnings_are_a_message_each_and_more_are_one(tmp_path: Path) -> None:
    home = home_with(tmp_path, duty=FILE + "digest: {above: 2}\n")
    night(home, *many(2))
    assert forms(home) == ["warning", "warning"]
    night(home, *many(5), release=SECOND)
    assert forms(home) == ["warning", "warning", "digest"]
    assert len(told(home)[-1]["warnings"]) == 3


def test_quiet_hours_hold_back_all_but_what_is_severe(tmp_path: Path) -> None:
    quiet = "quiet_hours: {start: '22:00', end: '07:00'}\n"
    home = home_with(tmp_path, duty=FILE + quiet)
    answer = night(home, SURGE, SEVERE | {"warning_id": "c" * 16})
    assert answer.told.quiet == 1
    assert [message["warnings"][0]["level"] for message in told(home)] == ["severe"]
    later(home, 3.9)
    assert len(told(home)) == 1
    later(home, 4)
    assert [message["warnings"][0]["level"] for message in told(home)] == ["severe", "elevated"]


def test_limit_folds_messages_into_one_and_then_waits(tmp_path: Path) -> None:
    limited = "channel: {kind: file, path: told.jsonl, limit: {messages: 2, hours: 6}}\n"
    home = home_with(tmp_path, duty=limited)
    night(home, *many(3))
    assert forms(home) == ["digest"]
    night(home, *many(5), release=SECOND)
    assert forms(home) == ["digest", "digest"]
    answer = night(home, *many(6), release=THIRD)
    assert (len(told(home)), answer.told.limited) == (2, 1)
    later(home, 6)
    assert forms(home) == ["digest", "digest", "warning"]


def test_limit_is_of_the_channel_whichever_playbook_uses_it(tmp_path: Path) -> None:
    limited = "channel: {kind: file, path: told.jsonl, limit: {messages: 1, hours: 6}}\n"
    home = home_with(tmp_path, first=limited, second=limited)
    answer = night(home, SURGE)
    assert [message["playbook"] for message in told(home)] == ["first"]
    assert answer.told.limited == 1
    later(home, 7)
    assert [message["playbook"] for message in told(home)] == ["first", "second"]


def test_nobody_s_answer_is_told_to_others_once(tmp_path: Path) -> None:
    home = home_with(tmp_path, duty=FILE + ESCALATE)
    night(home, SURGE)
    later(home, 3.9)
    assert forms(home, "boss.jsonl") == []
    later(home, 4)
    later(home, 9)
    assert forms(home, "boss.jsonl") == ["escalation"]
    assert "Nobody has acknowledged" in told(home, "boss.jsonl")[0]["text"]
    assert forms(home) == ["warning"]


@pytest.mark.parametrize("answer", ["acknowledged", "closed", "gone"])
def test_answered_warning_is_not_told_to_others(tmp_path: Path, answer: str) -> None:
    home = home_with(tmp_path, duty=FILE + ESCALATE)
    night(home, SURGE)
    with open_record(home) as record:
        if answer == "acknowledged":
            acknowledge(record, [ID], "", NOW)
        elif answer == "closed":
            close(record, [ID], "confirmed", "", NOW)
    if answer == "gone":
        night(home, release=SECOND)
    later(home, 30)
    assert forms(home, "boss.jsonl") == []


def test_escalation_comes_at_once_where_the_clock_was_set_back(tmp_path: Path) -> None:
    home = home_with(tmp_path, duty=FILE + ESCALATE)
    night(home, SURGE)
    later(home, -1000)
    assert forms(home, "boss.jsonl") == ["escalation"]


def test_channel_is_not_blocked_by_messages_of_a_clock_that_was_ahead(tmp_path: Path) -> None:
    limited = "channel: {kind: file, path: told.jsonl, limit: {messages: 1, hours: 6}}\n"
    home = home_with(tmp_path, duty=limited)
    night(home, SURGE, now=NOW + timedelta(days=4000))
    night(home, SURGE, SEVERE | {"warning_id": "c" * 16}, release=SECOND)
    assert forms(home) == ["warning", "warning"]


def test_closed_warning_is_told_again_only_if_it_rises(tmp_path: Path) -> None:
    home = home_with(tmp_path, duty="match: {level: watch}\n" + FILE)
    night(home, SURGE)
    with open_record(home) as record:
        close(record, [ID], "false_alarm", "", NOW)
    night(home, SURGE | {"observed": 50.0}, release=SECOND)
    assert len(told(home)) == 1
    night(home, SEVERE, release=THIRD)
    assert len(told(home)) == 2


def test_rollback_is_told_to_whoever_heard_and_what_comes_back_is_told_anew(
    tmp_path: Path,
) -> None:
    home = home_with(tmp_path, duty=FILE, other="match: {level: severe}\n" + FILE)
    night(home)
    night(home, SURGE, release=SECOND)
    moved, telling = take_back(home, FIRST, NOW, {})
    assert (moved, len(telling.sent)) == ([SECOND], 1)
    end = told(home)[-1]
    assert (end["form"], end["warnings"][0]["ended_as"]) == ("end", "withdrawn")
    assert "A release that was taken back had said it" in end["text"]
    take_back(home, FIRST, NOW, {})
    assert forms(home) == ["warning", "end"]
    night(home, SURGE, release=THIRD)
    assert forms(home) == ["warning", "end", "warning"]
    assert len({message["id"] for message in told(home)}) == 3


def test_home_without_a_record_is_not_given_one_by_a_rollback(tmp_path: Path) -> None:
    home = home_with(tmp_path, duty=FILE)
    assert take_back(home, FIRST, NOW, {})[0] == []
    assert not home.warnings.parent.exists()


def test_end_of_a_warning_is_told_only_if_asked_for(tmp_path: Path) -> None:
    home = home_with(tmp_path, a=FILE, b=FILE.replace("told", "ends") + "tell_end: [gone]\n")
    night(home, SURGE)
    night(home, release=SECOND)
    assert forms(home) == ["warning"]
    assert forms(home, "ends.jsonl") == ["warning", "end"]


@pytest.mark.parametrize(
    ("release", "word"),
    [("simulated-" + FIRST, "SIMULATED"), ("starter-" + FIRST, "STARTER")],
)
def test_numbers_that_no_feed_gave_are_marked_in_every_message(
    tmp_path: Path, release: str, word: str
) -> None:
    home = home_with(tmp_path, duty=FILE)
    night(home, SURGE, release=release)
    (message,) = told(home)
    assert message["text"].startswith(f"{word} Threatcast: ")
    assert message["mark"].startswith(word)


def test_rehearsal_shows_what_would_be_sent_and_sends_nothing(tmp_path: Path) -> None:
    home = home_with(tmp_path, duty=FILE)
    night(home, SURGE)
    before = read_events(home)
    due = rehearse(home, read_playbook(home.playbooks / "duty.yaml"), NOW)
    assert [message.form for message in due.messages] == ["warning"]
    assert len(told(home)) == 1
    assert read_events(home) == before
