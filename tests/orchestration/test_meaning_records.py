"""Verdicts on meaning in a home: kept while nothing changed, overruled by a person, of a moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from kev_kit import KEV, NEWEST, kev_file, pulled, rows_of, shorten
from threatcast_orchestration.cli import app
from threatcast_orchestration.feed_steps.acceptances import Acceptance, acceptances
from threatcast_orchestration.feed_steps.gate import gate
from threatcast_orchestration.feed_steps.judgement import judge_home, settle
from threatcast_orchestration.feed_steps.pull import PullReport
from threatcast_orchestration.run.plan import Plan
from typer.testing import CliRunner

MakePlan = Callable[..., Plan]


def settled_days(plan: Plan) -> list[object]:
    settle(KEV, plan, PullReport("cisa_kev"))
    return [day for day, _ in rows_of(plan, "cisa_kev")]


def accept(plan: Plan, payload: str, reason: str = "a clean-up by CISA") -> tuple[int, str]:
    words = ["feeds", "accept", "cisa_kev", payload, "--reason", reason]
    done = CliRunner().invoke(app, [*words, "--home", str(plan.home.root)])
    return done.exit_code, done.output + str(done.exception or "")


def test_refused_payload_counts_once_a_person_accepts_it(
    mirror_plan: MakePlan, small_mirror: Path
) -> None:
    shorten(kev_file(small_mirror), keep=20)
    plan = mirror_plan()
    pulled(plan, "cisa_kev")
    assert NEWEST not in settled_days(plan)
    newest = plan.landing.newest("cisa_kev")
    assert newest is not None
    code, told = accept(plan, newest.sha12)
    assert code == 0, told
    assert [one.reason for one in acceptances(plan.home, "cisa_kev")] == ["a clean-up by CISA"]
    assert NEWEST in settled_days(plan)
    verdict = settle(KEV, plan, PullReport("cisa_kev"))
    assert verdict is not None
    assert "a person on 2" in verdict.note
    assert verdict.note.endswith("a clean-up by CISA")
    shown = CliRunner().invoke(app, ["feeds", "show", "cisa_kev", "--home", str(plan.home.root)])
    assert "a clean-up by CISA" in shown.output
    pulled(plan, "country_codes")
    assert gate(KEV, plan, PullReport("cisa_kev")) is not None
    [page] = plan.home.gates.glob("data_docs/*/payloads.cisa_kev.meaning.html")
    assert "a clean-up by CISA" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("payload", ["000000000000", "../../x"])
def test_acceptance_of_a_payload_that_is_not_there_changes_nothing(
    mirror_plan: MakePlan, payload: str
) -> None:
    plan = mirror_plan()
    pulled(plan, "cisa_kev")
    code, told = accept(plan, payload)
    assert code != 0
    assert "There is no payload" in told
    assert acceptances(plan.home, "cisa_kev") == []


def test_verdicts_are_kept_and_made_anew_when_damaged(mirror_plan: MakePlan) -> None:
    plan = mirror_plan()
    pulled(plan, "cisa_kev")
    first = judge_home(KEV, plan.home, plan.landing, plan.as_of)
    kept = plan.home.gates / "meaning" / "cisa_kev.json"
    whole = kept.read_bytes()
    again = judge_home(KEV, plan.home, plan.landing, plan.as_of)
    assert [(one.payload, one.state, one.failures) for one in again] == [
        (one.payload, one.state, one.failures) for one in first
    ]
    assert again[-1] == first[-1]
    for damage in (b"", whole[: len(whole) // 2], b'{"key": 1}'):
        kept.write_bytes(damage)
        assert judge_home(KEV, plan.home, plan.landing, plan.as_of) == first
        assert kept.read_bytes() == whole


def test_night_judges_what_is_new_alone(mirror_plan: MakePlan, small_mirror: Path) -> None:
    newest = kev_file(small_mirror).read_bytes()
    kev_file(small_mirror).unlink()
    plan = mirror_plan()
    pulled(plan, "cisa_kev")
    past = judge_home(KEV, plan.home, plan.landing, plan.as_of)
    kev_file(small_mirror).write_bytes(newest)
    pulled(plan, "cisa_kev")
    hidden = {
        path: path.rename(path.with_suffix(".away"))
        for path in (plan.home.raw / "cisa_kev" / f"{one.payload}.parquet" for one in past)
    }
    both = judge_home(KEV, plan.home, plan.landing, plan.as_of)
    for path, away in hidden.items():
        away.rename(path)
    for name in ("cisa_kev.json", "cisa_kev.bench"):
        (plan.home.gates / "meaning" / name).unlink()
    anew = judge_home(KEV, plan.home, plan.landing, plan.as_of)
    assert [(one.payload, one.state, one.failures) for one in both] == [
        (one.payload, one.state, one.failures) for one in anew
    ]
    assert both[-1] == anew[-1]
    assert len(both) == len(past) + 1


@pytest.mark.parametrize("damage", [b"", b"a key\nand no arrays", b"garbage"])
def test_damaged_bench_means_judging_from_the_first_copy(
    mirror_plan: MakePlan, small_mirror: Path, damage: bytes
) -> None:
    newest = kev_file(small_mirror).read_bytes()
    kev_file(small_mirror).unlink()
    plan = mirror_plan()
    pulled(plan, "cisa_kev")
    judge_home(KEV, plan.home, plan.landing, plan.as_of)
    kept = plan.home.gates / "meaning" / "cisa_kev.bench"
    key = kept.read_bytes().split(b"\n")[0]
    kept.write_bytes(key + b"\n" + damage)
    kev_file(small_mirror).write_bytes(newest)
    pulled(plan, "cisa_kev")
    states = [one.state for one in judge_home(KEV, plan.home, plan.landing, plan.as_of)]
    kept.unlink()
    (plan.home.gates / "meaning" / "cisa_kev.json").unlink()
    anew = judge_home(KEV, plan.home, plan.landing, plan.as_of)
    assert states == [one.state for one in anew]


def test_old_state_served_again_is_refused_at_that_moment_only(
    mirror_plan: MakePlan, small_mirror: Path
) -> None:
    oldest = min((small_mirror / "cisa_kev").iterdir())
    kev_file(small_mirror).write_bytes(oldest.read_bytes())
    plan = mirror_plan()
    pulled(plan, "cisa_kev")
    counted = settled_days(plan)
    assert date.fromisoformat(oldest.name[:10]) in counted
    assert NEWEST not in counted


def test_words_of_an_acceptance_hold_no_control_characters() -> None:
    said = Acceptance("cisa_kev", "0" * 12, "2026-06-14", "right\x1b[31m\n" + "x" * 900).words
    assert said.startswith("accepted by a person on 2026-06-14: right")
    assert "\x1b" not in said
    assert len(said) < 400
