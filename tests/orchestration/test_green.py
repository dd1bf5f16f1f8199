"""Nothing goes on without green gates on these very inputs, of this day, by these very gates."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from threatcast_orchestration.errors import GateBlocked
from threatcast_orchestration.gates.gate_results import ExpectationResult, GateResult
from threatcast_orchestration.gates.green import READS, inputs_of, refuse_unless_green
from threatcast_orchestration.gates.records import GateRecords
from threatcast_orchestration.gates.suites import load_suite, load_suites
from threatcast_orchestration.run.plan import Plan
from threatcast_orchestration.warehouse.raw import connect
from threatcast_orchestration.warehouse.stamps import MADE_OF, begin, finish

MakePlan = Callable[..., Plan]
KINDS = ("marts", "forecasts", "release")
GREEN = GateResult("marts.dim_series", "Series.", ())
RED = replace(
    GREEN,
    expectations=(
        ExpectationResult(
            "expect_a",
            {},
            "rows",
            False,
            "critical",
            1,
            2,
            None,
            [],
            "A place is lost.",
            ".",
        ),
    ),
)


def make(plan: Plan, stage: str, stamp: str = "one") -> None:
    finish(plan.home, stage, f"{plan.as_of} {stamp}" if stage == "raw" else stamp)


def judge(plan: Plan, kind: str, name: str, result: GateResult = GREEN) -> Path:
    records = GateRecords(plan.home.gates, plan.as_of, inputs=inputs_of(plan.home, kind))
    return records.write_json(load_suite(kind, name), result)


@pytest.fixture
def plan(mirror_plan: MakePlan) -> Plan:
    """Return a plan of a home in which every stage is whole and every gate green."""
    made = mirror_plan()
    made.home.prepare()
    with connect(made.home):  # stamps go with the file
        pass
    for stage in MADE_OF:
        make(made, stage)
    for kind in KINDS:
        for suite in load_suites(kind):
            judge(made, kind, suite.name)
    return made


def refusal(plan: Plan, *kinds: str) -> str:
    with pytest.raises(GateBlocked) as refused:
        refuse_unless_green(plan, *(kinds or KINDS), step="The release")
    assert refused.value.exit_code == 3
    told = str(refused.value)
    assert told.startswith("The release is refused: ")
    assert "Nothing was published. Run the whole night" in told
    return told.partition("refused: ")[2].partition(". Nothing was")[0]


def test_step_goes_on_when_every_gate_before_it_is_green(plan: Plan) -> None:
    refuse_unless_green(plan, *KINDS, step="The release")


def test_gate_that_only_warned_is_green(plan: Plan) -> None:
    (rule,) = RED.expectations
    warned = replace(RED, expectations=(replace(rule, severity="warning"),))
    judge(plan, "marts", "dim_series", warned)
    refuse_unless_green(plan, *KINDS, step="The release")


def test_red_gate_is_named_with_its_reason(plan: Plan) -> None:
    judge(plan, "marts", "dim_series", RED)
    assert refusal(plan) == ("the gate marts.dim_series is red on these tables (A place is lost)")


def test_gate_that_crashed_is_not_green(plan: Plan) -> None:
    judge(plan, "forecasts", "forecast", replace(GREEN, error="KeyError: 'x'"))
    assert refusal(plan) == "the gate forecasts.forecast crashed on these tables (KeyError: 'x')"


@pytest.mark.parametrize("damage", [None, "", '{"suite": "marts', "[]", "{}"])
def test_record_that_is_absent_or_damaged_is_not_green(plan: Plan, damage: str | None) -> None:
    path = judge(plan, "release", "outlook")
    path.unlink() if damage is None else path.write_text(damage, encoding="utf-8")
    assert refusal(plan) == "the gate release.outlook has not looked at these tables"


def test_gate_that_has_changed_since_is_not_green(plan: Plan) -> None:
    path = judge(plan, "marts", "dim_series")
    record = json.loads(path.read_text(encoding="utf-8")) | {"gate": "an older one"}
    path.write_text(json.dumps(record), encoding="utf-8")
    assert "marts.dim_series has changed since it looked" in refusal(plan)


def test_verdict_on_other_tables_is_worth_nothing(plan: Plan) -> None:
    for stage in ("warehouse", "forecasts", "decisions", "live", "warnings", "published", "tables"):
        make(plan, stage, "two")
    told = refusal(plan)
    for kind in KINDS:
        for suite in load_suites(kind):
            assert f"the gate {suite.key} has looked at other tables" in told


@pytest.mark.parametrize("stage", list(MADE_OF))
def test_stage_that_was_begun_and_not_finished_is_named(plan: Plan, stage: str) -> None:
    begin(plan.home, stage)
    assert f"the stage {stage} is not whole" in refusal(plan)


@pytest.mark.parametrize("stage", [stage for stage in MADE_OF if stage != "tables"])
def test_stage_made_of_earlier_ones_than_stand_now_is_named(plan: Plan, stage: str) -> None:
    make(plan, stage, "two")
    told = refusal(plan)
    above = [name for name, below in MADE_OF.items() if stage in below]
    assert above
    for name in above:
        assert f"the stage {name} was made before the stage {stage} that stands now" in told


def test_gates_of_later_stages_do_not_matter(plan: Plan) -> None:
    begin(plan.home, "published")
    judge(plan, "release", "outlook", RED)
    refuse_unless_green(plan, "marts", "forecasts", step="Scoring")
    assert "published" in refusal(plan)


def test_tables_of_another_day_are_refused(plan: Plan) -> None:
    later = replace(plan, as_of=date(2026, 6, 15))
    assert refusal(later) == (
        "the warehouse shows what was known on 2026-06-14, and this run is of 2026-06-15"
    )


def test_published_row_that_no_gate_has_seen_is_not_published(plan: Plan) -> None:
    with connect(plan.home) as connection:
        connection.execute("CREATE SCHEMA published; CREATE TABLE published.a AS SELECT 1 AS b")
    for suite in load_suites("release"):
        judge(plan, "release", suite.name)
    refuse_unless_green(plan, *KINDS, step="The release")
    with connect(plan.home) as connection:
        connection.execute("UPDATE published.a SET b = 2")
    assert "the gate release.outlook has looked at other tables" in refusal(plan)


def test_every_stage_that_a_release_is_made_of_is_asked_for() -> None:
    assert set(READS["release"]) == set(MADE_OF)
