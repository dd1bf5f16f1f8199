"""The gate of a feed's payloads: what it sets aside, what it takes back, and when it crashes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from kev_kit import BEFORE, KEV, NEWEST, kev_file, pulled, rows_of, shorten
from threatcast_feeds.outcomes import Outcome, read_outcome
from threatcast_orchestration.cli import app
from threatcast_orchestration.feed_steps.gate import gate
from threatcast_orchestration.feed_steps.pull import PullReport
from threatcast_orchestration.gates import suites
from threatcast_orchestration.gates.gate_results import GateCrashed
from threatcast_orchestration.run.plan import Plan
from typer.testing import CliRunner

MakePlan = Callable[..., Plan]


def outcome_of_newest(plan: Plan) -> Outcome:
    newest = plan.landing.newest("cisa_kev")
    assert newest is not None
    outcome = read_outcome(plan.home.raw / "cisa_kev", newest.sha12)
    assert outcome is not None
    return outcome


def next_night(plan: Plan) -> PullReport:
    """Pull and gate the feed once more."""
    report = pulled(plan, "cisa_kev")["cisa_kev"]
    gate(KEV, plan, report)
    return report


def change_suite(monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    """Let the feed's suite be another one from now on, which looks at expectations alone."""
    real = suites.load_suite("payloads", "cisa_kev")
    changed = real.model_copy(update={"meaning": None, **changes})
    monkeypatch.setattr("threatcast_orchestration.gates.runner.load_suite", lambda *_: changed)


def with_cut_list(
    mirror_plan: MakePlan, small_mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> Plan:
    """Return a night whose newest list is cut short, under a gate that looks at amounts alone."""
    shorten(kev_file(small_mirror), keep=20)
    change_suite(monkeypatch)
    plan = mirror_plan()
    pulled(plan, "country_codes")
    return plan


def test_payload_that_fails_its_gate_is_set_aside_with_the_reason(
    mirror_plan: MakePlan, small_mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten(kev_file(small_mirror), keep=20)
    change_suite(monkeypatch)
    plan = mirror_plan()
    reports = pulled(plan, "country_codes", "cisa_kev")
    result = gate(KEV, plan, reports["cisa_kev"])
    assert result is not None
    assert result.blocks
    assert reports["cisa_kev"].quarantined == 1
    told = reports["cisa_kev"].messages[-1]
    assert told.startswith("cisa_kev: payload of 2026-06-14 (")
    assert "set aside" in told
    newest = plan.landing.newest("cisa_kev")
    assert newest is not None
    outcome = read_outcome(plan.home.raw / "cisa_kev", newest.sha12)
    assert outcome is not None
    assert (outcome.state, outcome.message[:6]) == ("quarantined", "gate: ")
    assert max(day for day, _ in rows_of(plan, "cisa_kev")) == BEFORE


def test_payload_that_loses_most_of_the_past_is_refused_and_told(
    mirror_plan: MakePlan, small_mirror: Path
) -> None:
    shorten(kev_file(small_mirror), keep=20)
    plan = mirror_plan()
    reports = pulled(plan, "country_codes", "cisa_kev")
    result = gate(KEV, plan, reports["cisa_kev"])
    assert result is not None
    assert result.blocks
    assert reports["cisa_kev"].quarantined == 1
    told = reports["cisa_kev"].messages[-1]
    assert "is set aside, doubtful: records of the copy before are gone (535 of 55" in told
    assert f"Kept: the copy of {BEFORE}" in told
    assert "threatcast feeds accept cisa_kev" in told
    refused = outcome_of_newest(plan)
    assert (refused.state, list(refused.refused.values())) == ("accepted", [told])
    assert max(day for day, _ in rows_of(plan, "cisa_kev")) == BEFORE
    assert next_night(plan).messages[-1] == told


def test_good_payload_passes_its_gate_and_leaves_a_record(mirror_plan: MakePlan) -> None:
    plan = mirror_plan()
    reports = pulled(plan, "country_codes", "cisa_kev")
    result = gate(KEV, plan, reports["cisa_kev"])
    assert result is not None
    assert not result.blocks
    assert reports["cisa_kev"].quarantined == 0
    assert (plan.home.gates / "2026-06-14" / "payloads.cisa_kev.json").is_file()
    assert Path(result.docs).is_file()


def test_payload_stays_set_aside_while_its_gate_is_the_same(
    mirror_plan: MakePlan, small_mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = with_cut_list(mirror_plan, small_mirror, monkeypatch)
    next_night(plan)
    first = outcome_of_newest(plan)
    report = next_night(plan)
    assert (report.quarantined, outcome_of_newest(plan)) == (0, first)
    assert max(day for day, _ in rows_of(plan, "cisa_kev")) == BEFORE


def test_payload_set_aside_by_a_gate_that_has_changed_is_judged_again(
    mirror_plan: MakePlan, small_mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = with_cut_list(mirror_plan, small_mirror, monkeypatch)
    next_night(plan)
    judged_by = outcome_of_newest(plan).judged_by
    # other words, the same bounds: judged again, refused again
    change_suite(monkeypatch, protects="Something.")
    assert next_night(plan).quarantined == 1
    assert outcome_of_newest(plan).judged_by not in ("", judged_by)
    # the bound is gone
    rules = suites.load_suite("payloads", "cisa_kev").expectations
    kept = tuple(rule for rule in rules if rule.kwargs.get("column") != "volume_ratio")
    change_suite(monkeypatch, expectations=kept)
    report = next_night(plan)
    assert "set aside by an earlier look, counts again" in report.messages[-1]
    assert outcome_of_newest(plan).state == "accepted"
    assert max(day for day, _ in rows_of(plan, "cisa_kev")) == NEWEST
    assert next_night(plan).messages == []


def test_word_of_a_person_overrules_the_gate_on_amounts_too(
    mirror_plan: MakePlan, small_mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = with_cut_list(mirror_plan, small_mirror, monkeypatch)
    told = next_night(plan).messages[-1]
    payload = outcome_of_newest(plan).payload
    assert f"threatcast feeds accept cisa_kev {payload}" in told
    words = ["feeds", "accept", "cisa_kev", payload, "--reason", "a clean-up"]
    done = CliRunner().invoke(app, [*words, "--home", str(plan.home.root)])
    assert done.exit_code == 0, done.output
    report = pulled(plan, "cisa_kev")["cisa_kev"]
    result = gate(KEV, plan, report)
    assert result is not None
    assert (result.blocks, result.severity) == (False, "warning")
    assert "a clean-up" in result.summary
    assert "is counted" in report.messages[-2]
    assert outcome_of_newest(plan).state == "accepted"
    assert max(day for day, _ in rows_of(plan, "cisa_kev")) == NEWEST
    assert next_night(plan).quarantined == 0


def test_older_payload_is_judged_again_against_what_was_known_on_its_day(
    mirror_plan: MakePlan, small_mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten(kev_file(small_mirror, BEFORE), keep=20)
    change_suite(monkeypatch)
    plan = mirror_plan(as_of=str(BEFORE))
    pulled(plan, "country_codes")
    next_night(plan)
    later = mirror_plan()
    change_suite(monkeypatch, protects="Something.")
    report = next_night(later)
    # refused as on its day; and the newest, which lies beyond it, is not
    assert f"payload of {BEFORE} (" in report.messages[-1]
    assert "set aside" in report.messages[-1]
    days = [day for day, _ in rows_of(later, "cisa_kev")]
    assert BEFORE not in days
    assert NEWEST in days


def test_gate_that_crashes_stops_with_its_own_error_and_sets_nothing_aside(
    mirror_plan: MakePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = mirror_plan()
    reports = pulled(plan, "country_codes", "cisa_kev")
    real = suites.load_suite("payloads", "cisa_kev")
    frames = real.frames | {"records": real.frames["records"].model_copy(update={"query": "eh"})}
    change_suite(monkeypatch, frames=frames)
    newest = outcome_of_newest(plan)
    with pytest.raises(GateCrashed) as stopped:
        gate(KEV, plan, reports["cisa_kev"])
    assert stopped.value.exit_code == 1
    told = str(stopped.value)
    assert told.startswith(
        f"The gate payloads.cisa_kev crashed on the payload of {NEWEST} ({newest.payload}) of the "
        "feed cisa_kev: ParserException"
    )
    assert "Nothing was set aside" in told
    assert "Mend the suite" in told
    assert outcome_of_newest(plan) == newest
    assert not (plan.home.root / "quarantine").exists()


def test_empty_file_in_the_place_of_a_stored_suite_sets_nothing_aside(
    mirror_plan: MakePlan,
) -> None:
    """A kill once left one, and each night set the newest good payload aside from then on."""
    plan = mirror_plan()
    stored = plan.home.gates / "store" / "expectations" / "payloads" / "cisa_kev"
    stored.mkdir(parents=True)
    for frame in ("volume.json", "records.json"):
        (stored / frame).write_bytes(b"")
    pulled(plan, "country_codes")
    assert next_night(plan).quarantined == 0
    assert outcome_of_newest(plan).state == "accepted"
