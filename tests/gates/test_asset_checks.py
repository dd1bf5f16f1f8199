"""Gates as Dagster checks: severity, what a person sees of a failure, and what is blocked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest
from threatcast_orchestration.gates.asset_checks import build_checks, check_spec, to_check_result
from threatcast_orchestration.gates.records import GateRecords
from threatcast_orchestration.gates.runner import run_suite
from threatcast_orchestration.gates.suites import Suite
from threatcast_orchestration.nightly.record import failed_steps

MakeSuite = Callable[..., Suite]
COUNTS = dg.AssetKey(["marts", "counts"])


def rule(severity: str, most: int = 5) -> dict[str, Any]:
    return {
        "frame": "rows",
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "value", "max_value": most},
        "severity": severity,
        "meta": {"why": "No count is so high.", "cure": "Look at it."},
    }


def checked(suite: Suite, frame: pd.DataFrame) -> dg.AssetCheckResult:
    return to_check_result(run_suite(suite, frame), asset_key=COUNTS, check_name="gate")


@pytest.mark.parametrize(
    ("severity", "passed", "shown"),
    [
        ("critical", False, dg.AssetCheckSeverity.ERROR),
        ("warning", False, dg.AssetCheckSeverity.WARN),
        ("info", True, dg.AssetCheckSeverity.WARN),
    ],
)
def test_severity_of_the_worst_failure_is_the_severity_of_the_check(
    make_suite: MakeSuite, frame: pd.DataFrame, severity: str, passed: bool, shown: object
) -> None:
    check = checked(make_suite(rule(severity)), frame)
    assert (check.passed, check.severity) == (passed, shown)
    assert (check.asset_key, check.check_name) == (COUNTS, "gate")


def test_gate_that_crashed_is_an_error_that_says_so(make_suite: MakeSuite) -> None:
    check = checked(make_suite(rule("info")), pd.DataFrame({"other": [1.0]}))
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)


def test_failure_shows_rule_rows_reason_and_cure(
    make_suite: MakeSuite, frame: pd.DataFrame
) -> None:
    check = checked(make_suite(rule("critical")), frame)
    (row,) = check.metadata["failed expectations"].records
    assert row.data["rows"] == 4
    assert row.data["of"] == 10
    assert (row.data["why"], row.data["cure"]) == ("No count is so high.", "Look at it.")
    assert "code=C6" in row.data["sample"]
    rows = str(check.metadata["sample rows"].value)
    assert "| week | code |" in rows
    assert "| 2026-02-16 | C6 |" in rows


def test_values_that_markdown_would_read_as_columns_stay_in_their_cell(
    make_suite: MakeSuite, frame: pd.DataFrame
) -> None:
    frame["code"] = "a|b"
    check = checked(make_suite(rule("critical")), frame)
    assert "a\\|b" in str(check.metadata["sample rows"].value)


def test_check_that_holds_shows_no_failures(make_suite: MakeSuite, frame: pd.DataFrame) -> None:
    check = checked(make_suite(rule("critical", most=9)), frame)
    assert check.passed
    assert "failed expectations" not in check.metadata
    assert check.metadata["failed"].value == 0
    assert check.metadata["rows looked at"].value == 10


def test_check_links_its_page(make_suite: MakeSuite, frame: pd.DataFrame, tmp_path: Path) -> None:
    records = GateRecords(tmp_path, date(2026, 6, 14), "http://127.0.0.1:4001/")
    result = run_suite(make_suite(rule("critical")), frame, records=records)
    metadata = to_check_result(result).metadata
    page = Path(str(metadata["data docs file"].value))
    assert page.is_file()
    below = page.relative_to(records.docs.resolve()).as_posix()
    assert metadata["data docs"].value == f"http://127.0.0.1:4001/{below}"


def test_spec_carries_what_the_suite_protects(make_suite: MakeSuite) -> None:
    spec = check_spec(make_suite(), COUNTS, blocking=False)
    assert (spec.name, spec.asset_key, spec.blocking) == ("gx_payloads_counts", COUNTS, False)
    assert spec.description == "Something."


def night(
    suites: list[Suite], frame: pd.DataFrame, *, blocking: bool
) -> tuple[dg.ExecuteInProcessResult, list[str]]:
    """Run an asset, its gates and what lies downstream; returns what was built after the gate."""
    built: list[str] = []

    @dg.asset(key=COUNTS)
    def counts() -> None:
        pass

    @dg.asset(deps=[counts])
    def release() -> None:
        built.append("release")

    @contextmanager
    def load(_: Any) -> Iterator[pd.DataFrame]:
        yield frame

    gates = build_checks(suites, COUNTS, load, name="gate", blocking=blocking)
    job = dg.Definitions(
        assets=[counts, release],
        asset_checks=[gates],
        jobs=[dg.define_asset_job("night", selection=dg.AssetSelection.all())],
    ).resolve_job_def("night")
    return job.execute_in_process(raise_on_error=False), built


@pytest.mark.parametrize(
    ("severity", "blocking", "built"),
    [
        ("critical", True, []),
        ("critical", False, ["release"]),
        ("warning", True, ["release"]),
    ],
)
def test_critical_failure_of_a_blocking_gate_keeps_the_release_from_being_built(
    make_suite: MakeSuite, frame: pd.DataFrame, severity: str, blocking: bool, built: list[str]
) -> None:
    _, done = night([make_suite(rule(severity))], frame, blocking=blocking)
    assert done == built


def test_gate_that_crashes_stops_the_night_as_an_error_and_not_as_a_verdict(
    make_suite: MakeSuite, frame: pd.DataFrame
) -> None:
    crashing = make_suite(rule("info") | {"type": "expect_to_please"})
    others = make_suite(rule("warning")).model_copy(update={"name": "others"})
    outcome, done = night([crashing, others], frame, blocking=True)
    assert done == []
    assert [one.check_name for one in outcome.get_asset_check_evaluations()] == [
        "gx_payloads_others"
    ]
    (failed,) = failed_steps(outcome.all_events)
    assert failed["kind"] == "GateCrashed"
    assert failed["error"].startswith("The gate payloads.counts crashed on the table marts.counts")


def test_one_step_reports_each_of_its_suites(make_suite: MakeSuite, frame: pd.DataFrame) -> None:
    suites = [
        make_suite(rule("warning", most=9)),
        make_suite(rule("warning")).model_copy(update={"name": "others"}),
    ]
    outcome, _ = night(suites, frame, blocking=True)
    found = {one.check_name: one.passed for one in outcome.get_asset_check_evaluations()}
    assert found == {"gx_payloads_counts": True, "gx_payloads_others": False}
