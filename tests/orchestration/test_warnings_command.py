"""`threatcast warnings`, and what a rollback does to them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from in_process import Done, own_environment, threatcast
from response_kit import FILE, SECOND, SILENCE, SURGE, home_with, night
from threatcast_orchestration.response.warning_events import open_record, read_events
from threatcast_orchestration.run.home import Home
from threatcast_publishing.marks import mark_of

ID = SURGE["warning_id"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = home_with(tmp_path, duty=FILE)
    night(home, SURGE, SILENCE)
    return home


def warnings(home: Home, *words: object, **environment: str) -> Done:
    with own_environment(**environment):
        return threatcast("warnings", *words, "--home", home.root, cwd=home.root.parent)


def test_list_shows_what_stands_threats_first(home: Home) -> None:
    rows = json.loads(warnings(home, "list", "--json").stdout)
    assert [(row["warning_id"], row["state"]) for row in rows] == [
        (ID, "open"),
        (SILENCE["warning_id"], "open"),
    ]
    assert rows[0]["last_told"] == "2026-06-15 03:00 duty"
    done = warnings(home, "list")
    assert ID in done.stdout
    assert done.returncode == 0


def test_list_leaves_out_what_is_over_and_says_so(home: Home) -> None:
    night(home, SILENCE, release=SECOND)
    done = warnings(home, "list")
    assert ID not in done.stdout
    assert "1 more are closed, gone or withdrawn" in done.stderr
    assert ID in warnings(home, "list", "--all").stdout
    assert warnings(home, "list", "--quiet").stderr == ""


def test_numbers_that_no_feed_gave_are_marked_in_the_last_line(home: Home) -> None:
    night(home, SURGE, release=f"simulated-{SECOND}")
    closing = mark_of("sample", date.min).closing
    assert warnings(home, "list", "--quiet").stdout.splitlines()[-1] == closing
    assert warnings(home, "show", ID, "--quiet").stdout.splitlines()[-1] == closing


def test_home_without_warnings_says_so_and_is_left_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "new")
    assert "No warning stands in" in warnings(home, "list").stdout
    assert warnings(home, "list", "--json").stdout.strip() == "[]"
    done = warnings(home, "ack", ID)
    assert done.returncode == 2
    assert "No warning is known" in done.stderr
    assert not home.root.exists()


def test_show_tells_what_was_said_and_who_was_told(home: Home) -> None:
    done = warnings(home, "show", ID[:4])
    assert "elevated: Surge: Ransomware claims, Germany. In the week of 8 June 2026" in done.stdout
    assert "2026-06-15 03:00 delivered playbook=duty channel=file told.jsonl" in done.stdout
    facts = json.loads(warnings(home, "show", ID, "--json").stdout)
    assert [event["event"] for event in facts["events"]] == ["opened", "delivered"]


def test_ack_and_close_are_recorded_with_their_note(home: Home) -> None:
    assert warnings(home, "ack", ID, "--note", "looking").stdout == f"acknowledged: {ID}\n"
    assert warnings(home, "ack", ID).stdout == "Nothing new: acknowledged before.\n"
    done = warnings(home, "close", ID, SILENCE["warning_id"], "--outcome", "false_alarm", "--json")
    assert json.loads(done.stdout) == {"closed": [ID, SILENCE["warning_id"]]}
    (row, _) = json.loads(warnings(home, "list", "--all", "--json").stdout)
    assert (row["state"], row["outcome"]) == ("closed", "false_alarm")
    assert read_events(home)[-1].event == "closed"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "zz"), "'zz' is not known"),
        (("ack", "zz"), "'zz' is not known"),
        (("close", ID, "--outcome", "whatever"), "is none of confirmed, false_alarm, data_fault"),
        (
            ("close", ID, "--outcome", "confirmed", "--note", "ask me@example.org"),
            "may be published",
        ),
        (("test", "nobody"), "There is no playbook 'nobody'"),
    ],
)
def test_wrong_use_changes_nothing(home: Home, words: tuple[str, ...], said: str) -> None:
    before = home.warnings.read_bytes()
    done = warnings(home, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert home.warnings.read_bytes() == before


def test_locked_record_is_exit_code_75_and_says_who_holds_it(home: Home) -> None:
    with open_record(home):
        done = warnings(home, "ack", ID)
        assert warnings(home, "list").returncode == 0
    assert done.returncode == 75
    assert "Another run (process " in done.stderr


def test_damaged_record_is_named_with_its_line(home: Home) -> None:
    home.warnings.write_bytes(home.warnings.read_bytes() + b"{}\n")
    done = warnings(home, "list")
    assert done.returncode == 1
    assert f"Line 6 of {home.warnings} is no event" in done.stderr


def test_rehearsal_says_what_would_go_where_and_sends_nothing(home: Home) -> None:
    told, record = (home.root / "told.jsonl").read_bytes(), home.warnings.read_bytes()
    done = warnings(home, "test", "duty")
    assert (
        "warning to file told.jsonl: Threatcast: elevated: Surge: Ransomware claims" in done.stdout
    )
    assert "Nothing was sent." in done.stderr
    as_json = json.loads(warnings(home, "test", "duty", "--json").stdout)
    assert [message["form"] for message in as_json["messages"]] == ["warning", "warning"]
    assert (home.root / "told.jsonl").read_bytes() == told
    assert home.warnings.read_bytes() == record


def test_rehearsal_names_variables_that_are_not_set_and_shows_none(home: Home) -> None:
    (home.playbooks / "hook.yaml").write_text("channel: {kind: webhook, url: '${CAST_HOOK}'}\n")
    done = warnings(home, "test", "hook")
    assert done.returncode == 2
    assert "The environment has no CAST_HOOK" in done.stderr
    done = warnings(home, "test", "hook", CAST_HOOK="https://example.org/s3cret")
    assert done.returncode == 0
    assert "webhook ${CAST_HOOK}" in done.stdout
    assert "s3cret" not in done.stdout + done.stderr


def test_malformed_playbook_is_refused_with_line_and_cure(home: Home) -> None:
    (home.playbooks / "bad.yaml").write_text(FILE + "levle: severe\n")
    done = warnings(home, "test", "bad")
    assert done.returncode == 2
    assert "bad.yaml, line 2: levle: there is no such key" in done.stderr
