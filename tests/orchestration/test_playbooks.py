"""Playbooks: what they match, and how a malformed one is refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from pathlib import Path

import pytest
from response_kit import FILE, SILENCE, SURGE, frame, home_with, night
from threatcast_forecasting.warning.budget import LEVELS_OF_WARNING
from threatcast_orchestration.errors import WrongUse
from threatcast_orchestration.response.playbook_files import read_playbook, read_playbooks
from threatcast_orchestration.response.playbooks import (
    Chat,
    Escalation,
    Limit,
    Mailbox,
    Match,
    Playbook,
    QuietHours,
    TextFile,
    Webhook,
)
from threatcast_orchestration.response.warning_rows import LEVELS, WarningRow, rows_of


def row(**facts: object) -> WarningRow:
    return rows_of(frame(SURGE | facts))[0]


FAULT = rows_of(frame(SILENCE))[0]


def test_levels_are_those_of_the_budget() -> None:
    assert LEVELS == LEVELS_OF_WARNING


@pytest.mark.parametrize(
    ("match", "facts", "taken"),
    [
        ({}, {}, True),
        ({}, {"level": "watch"}, False),
        ({"level": "watch"}, {"level": "watch"}, True),
        ({"level": "severe"}, {"level": "elevated"}, False),
        ({"kinds": ["threats"]}, {}, True),
        ({"kinds": ["data"]}, {}, False),
        ({"kinds": ["drop", "data"]}, {"kind": "drop"}, True),
        ({"targets": ["ddos_targets"]}, {}, False),
        ({"places": ["DE"]}, {}, True),
        ({"places": ["M49-150"]}, {}, False),
        ({"within": ["M49-150"]}, {}, True),
        ({"within": ["M49-002"]}, {}, False),
        ({"places": ["DE"], "within": ["M49-002"]}, {}, True),
        ({"agreement": "agreed"}, {}, True),
        ({"agreement": "agreed"}, {"agrees": None}, False),
        ({"agreement": "undisputed"}, {"disagrees": "ddos_targets"}, False),
        ({}, {"stands_out": False}, False),
        ({"stands_out": False}, {"stands_out": False}, True),
        ({}, {"kind": "new_place", "stands_out": False, "evidence": None}, True),
    ],
)
def test_match_takes_what_it_names(match: dict, facts: dict, taken: bool) -> None:
    assert Match.model_validate(match).takes(row(**facts)) is taken


def test_fault_of_the_data_needs_no_evidence_and_touches_every_place() -> None:
    assert Match().takes(FAULT)
    for place in ("", "WORLD"):
        assert Match(places=["DE"]).takes(row(**SILENCE | {"location": place}))
    assert not Match(places=["DE"]).takes(row(location="WORLD"))
    assert not Match(kinds=["threats"]).takes(FAULT)


@pytest.mark.parametrize(
    ("hour", "quiet"), [(19, False), (20, True), (23, True), (4, True), (5, False)]
)
def test_quiet_hours_go_over_midnight_in_their_own_zone(hour: int, quiet: bool) -> None:
    hours = QuietHours(start="22:00", end="07:00", timezone="Europe/Berlin")
    assert hours.hold(datetime(2026, 6, 15, hour, 30, tzinfo=UTC)) is quiet


def test_time_without_quotes_is_the_number_that_yaml_makes_of_it(tmp_path: Path) -> None:
    home = home_with(tmp_path, duty=FILE + "quiet_hours: {start: 22:00, end: 7:30}\n")
    hours = read_playbook(home.playbooks / "duty.yaml").quiet_hours
    assert hours is not None
    assert (hours.start, hours.end) == (time(22), time(7, 30))


MALFORMED = {
    "": (1, "it holds no keys"),
    "- a\n": (1, "it holds no keys"),
    "channel: [\n": (2, "expected the node content"),
    "name: other\n" + FILE: (1, "a playbook is called as its file"),
    FILE + "levle: severe\n": (2, "levle: there is no such key"),
    FILE + "match:\n  level: dire\n": (3, "match.level: input should be 'watch', 'elevated'"),
    FILE + "match:\n  kinds:\n  - surge\n  - surges\n": (5, "kinds.1: there is no kind 'surges'"),
    FILE + "match: {targets: [ransom]}\n": (2, "there is no target 'ransom'; known: "),
    FILE + "match: {places: [Germany]}\n": (2, "there is no place 'Germany'"),
    FILE + "match: {places: [NO]}\n": (2, 'Norway wants quotes: "NO"'),
    FILE + "match: &a\n  targets: *a\n": (3, "*a stands for something else; write it out"),
    FILE + "1: x\n": (2, "1: keys should be strings"),
    FILE + "match: " + "[" * 5000: (1, "it is nested too deep"),
    FILE + "match: \x07\n": (1, "special characters are not allowed"),
    FILE + FILE: (2, "the key 'channel' stands twice"),
    "channel: {kind: pigeon}\n": (1, "channel: input tag 'pigeon'"),
    "channel:\n  kind: file\n": (1, "channel.path: field required"),
    "channel:\n  kind: webhook\n  url: https://example.org/hook/s3cret\n": (3, "name a variable"),
    "channel:\n  kind: webhook\n  url: ${A}\n  headers: {Authorization: Bearer s3cret}\n": (
        4, "channel.headers.Authorization: it may let others in"),
    "channel: {kind: email, host: h, sender: a@b, to: [a@b], security: none, password: '${P}'}\n": (
        1, "a password is only sent over starttls or tls"),
    FILE + "quiet_hours: {start: dusk, end: '07:00'}\n": (2, "it is no time of the day"),
    FILE + "quiet_hours: {start: '22:00', end: '07:00', timezone: Berlin}\n": (
        2, "there is no time zone 'Berlin'"),
    FILE + "escalate: {after_hours: 0}\n": (2, "escalate.after_hours: input should be greater"),
    "match: {level: elevated}\n": (1, "channel: field required"),
}  # fmt: skip


@pytest.mark.parametrize("text", MALFORMED)
def test_malformed_playbook_is_refused_with_line_and_cure(tmp_path: Path, text: str) -> None:
    path = home_with(tmp_path, bad=text).playbooks / "bad.yaml"
    line, said = MALFORMED[text]
    with pytest.raises(WrongUse) as caught:
        read_playbook(path)
    message = str(caught.value)
    assert message.startswith(f"{path}, line {line}: ")
    assert said in message
    assert "docs/warnings.md" in message
    assert "s3cret" not in message


def test_playbook_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = home_with(tmp_path).playbooks / "bad.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WrongUse, match=r"bad\.yaml cannot be read"):
        read_playbook(path)


def test_malformed_playbook_keeps_no_other_from_being_followed(tmp_path: Path) -> None:
    home = home_with(tmp_path, bad="levle: 1\n", good=FILE)
    books, problems = read_playbooks(home)
    assert [book.name for book in books] == ["good"]
    assert len(problems) == 1
    told = night(home, SURGE).told
    assert told.sent == ["good: warning to file told.jsonl"]
    assert told.problems == problems


PAGE = (Path(__file__).parents[2] / "docs" / "warnings.md").read_text(encoding="utf-8")


def test_example_of_the_page_is_a_playbook(tmp_path: Path) -> None:
    (text,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.S | re.M)
    book = read_playbook(home_with(tmp_path, duty=text).playbooks / "duty.yaml")
    assert book.variables == ["DUTY_HOOK", "DUTY_TOKEN", "SMTP_PASSWORD"]
    assert book.match.takes(row(location="SN"))


def test_every_key_of_a_playbook_is_described() -> None:
    keys = {*Playbook.model_fields, *QuietHours.model_fields, *Escalation.model_fields}
    for channel in (Webhook, Chat, Mailbox, TextFile, Limit):
        keys |= set(channel.model_fields)
    keys |= {f"match.{name}" for name in Match.model_fields} | {"digest.above"}
    keys -= {"name", "match", "digest"}
    assert [key for key in sorted(keys) if key not in PAGE] == []


def test_variables_of_all_channels_are_known(tmp_path: Path) -> None:
    home = home_with(
        tmp_path,
        duty="channel: {kind: webhook, url: '${HOOK}', headers: {X-Key: 'k ${KEY}'}}\n"
        "escalate: {after_hours: 1, channel: {kind: chat, url: '${CHAT}'}}\n",
    )
    assert read_playbook(home.playbooks / "duty.yaml").variables == ["HOOK", "KEY", "CHAT"]
