"""The runner: results are plain, a crash never passes, and only allowed columns are shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import duckdb
import pandas as pd
import pytest
from threatcast_orchestration.gates.gate_results import GateCrashed
from threatcast_orchestration.gates.runner import run_suite, run_suites
from threatcast_orchestration.gates.suites import Suite

MakeSuite = Callable[..., Suite]


def rule(column: str, severity: str = "critical", **kwargs: Any) -> dict[str, Any]:
    return {
        "frame": "rows",
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": column, "max_value": 9} | kwargs,
        "severity": severity,
        "meta": {"why": f"{column} is too high.", "cure": "Look at it."},
    }


def test_suite_that_holds_is_a_success(make_suite: MakeSuite, frame: pd.DataFrame) -> None:
    result = run_suite(make_suite(), frame)
    assert result.success
    assert (result.severity, result.blocks, result.rows) == (None, False, {"rows": 10})
    assert result.summary == "payloads.counts: all 1 expectations hold"


@pytest.mark.parametrize(
    ("severity", "blocks"), [("critical", True), ("warning", False), ("info", False)]
)
def test_only_a_critical_failure_blocks(
    make_suite: MakeSuite, frame: pd.DataFrame, severity: str, blocks: bool
) -> None:
    result = run_suite(make_suite(rule("value", severity, max_value=7)), frame)
    assert not result.success
    assert (result.severity, result.blocks) == (severity, blocks)


def test_worst_failure_decides_and_comes_first(make_suite: MakeSuite, frame: pd.DataFrame) -> None:
    rules = [
        rule("value", "info", max_value=1),
        rule("value", "critical", max_value=2),
        rule("value", "warning", max_value=3),
    ]
    result = run_suite(make_suite(*rules), frame)
    assert [one.severity for one in result.failures] == ["critical", "warning", "info"]
    assert "3 of 3 expectations failed, the worst critical" in result.summary
    assert "7 rows (week=2026-01-26, code=C3; week=" in result.summary
    assert "code=C7). value is too high. Cure: Look at it." in result.summary


def test_failed_rule_shows_up_to_five_rows_in_allowed_columns(
    make_suite: MakeSuite, frame: pd.DataFrame
) -> None:
    (failed,) = run_suite(make_suite(rule("value", max_value=2)), frame).failures
    assert (failed.unexpected_count, failed.element_count) == (7, 10)
    assert len(failed.sample) == 5
    assert failed.sample[0] == {"week": "2026-01-26", "code": "C3"}


def test_text_that_may_not_be_shown_may_not_be_looked_at(
    make_suite: MakeSuite, frame: pd.DataFrame
) -> None:
    frame["victim"] = "A person"
    result = run_suite(make_suite(), frame)
    assert result.blocks
    assert "'victim' is not among the columns that may be shown (week, code)" in result.error
    assert "A person" not in json.dumps(result.as_dict(), default=str)


def test_truth_column_with_nulls_is_a_failed_gate(
    make_suite: MakeSuite, frame: pd.DataFrame
) -> None:
    frame["is_good"] = [True] * 9 + [None]
    result = run_suite(make_suite(), frame)
    assert result.blocks
    assert "coalesce(..., false)" in result.error


def test_query_that_crashes_is_a_critical_failure(make_suite: MakeSuite) -> None:
    with duckdb.connect() as connection:
        result = run_suite(make_suite(), connection)
    assert result.blocks
    assert not result.success
    assert "CatalogException" in result.error
    assert "the gate itself crashed, so nothing was judged" in result.summary
    with pytest.raises(GateCrashed, match=r"payloads\.counts crashed on the table counts: .*Mend"):
        result.refuse_crash("the table counts")


def test_gate_that_could_look_refuses_no_crash(make_suite: MakeSuite, frame: pd.DataFrame) -> None:
    run_suite(make_suite(rule("value", max_value=2)), frame).refuse_crash("the table counts")


def test_rule_on_a_column_that_is_gone_is_critical_whatever_it_says(
    make_suite: MakeSuite, frame: pd.DataFrame
) -> None:
    result = run_suite(make_suite(rule("gone", "info")), frame)
    assert result.blocks
    assert "gone" in result.error


def test_rule_that_great_expectations_does_not_know_is_a_critical_failure(
    make_suite: MakeSuite, frame: pd.DataFrame
) -> None:
    unknown = rule("value", "info") | {"type": "expect_column_to_please"}
    assert run_suite(make_suite(unknown), frame).blocks


def test_crash_of_one_suite_leaves_the_others_alone(
    make_suite: MakeSuite, frame: pd.DataFrame
) -> None:
    bad = make_suite(rule("value") | {"type": "expect_column_to_please"})
    results = run_suites([bad, make_suite()], frame)
    assert [result.success for result in results] == [False, True]


def test_query_of_the_suite_is_what_is_looked_at(
    make_suite: MakeSuite, frame: pd.DataFrame
) -> None:
    with duckdb.connect() as connection:
        connection.execute("create table counts as select * from frame where value < 3")
        result = run_suite(make_suite(rule("value", max_value=2)), connection)
    assert result.success
    assert result.rows == {"rows": 3}


def test_frames_are_taken_by_their_names(make_suite: MakeSuite, frame: pd.DataFrame) -> None:
    assert run_suite(make_suite(), {"rows": frame}).success
    assert run_suite(make_suite(), {"lines": frame}).blocks


def test_result_is_json_and_names_its_rule(make_suite: MakeSuite, frame: pd.DataFrame) -> None:
    told = json.loads(json.dumps(run_suite(make_suite(), frame).as_dict()))
    assert told["success"] is True
    assert told["severity"] is None
    assert told["expectations"][0]["kwargs"] == {"column": "value", "max_value": 9}
    (one,) = run_suite(make_suite(), frame).expectations
    assert one.rule == "expect_column_values_to_be_between(column=value, max_value=9)"
