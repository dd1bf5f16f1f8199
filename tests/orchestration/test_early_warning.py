"""The step that finds warnings: what gates say becomes a fault, and checks say what stands."""

from __future__ import annotations

from datetime import date, timedelta

import dagster as dg
import pytest
from threatcast_orchestration.assets.early_warning import (
    OF_DATA,
    OF_THREATS,
    as_markdown,
    checks_of,
)
from threatcast_orchestration.early_warning.gate_findings import failing
from threatcast_orchestration.meaning.judge import PayloadVerdict
from threatcast_orchestration.meaning.verdict import Finding

FRIDAY = date(2026, 8, 14)


def verdict(days_back: int, state: str, *checks: str, outcome: str = "doubtful") -> PayloadVerdict:
    found = tuple(Finding(one, "", outcome, 1, 0, 0, 9, 9, 9) for one in checks)  # type: ignore[arg-type]
    day = FRIDAY - timedelta(days=days_back)
    return PayloadVerdict(f"p{days_back}", day, state, findings=found)  # type: ignore[arg-type]


def test_fault_stands_since_the_first_of_the_copies_that_fail_alike() -> None:
    verdicts = [
        verdict(30, "doubtful", "shrunk"),
        verdict(23, "accepted"),
        verdict(9, "doubtful", "shrunk"),
        verdict(2, "doubtful", "shrunk", "lost"),
    ]
    assert list(failing(verdicts)) == [("shrunk", date(2026, 8, 3)), ("lost", date(2026, 8, 10))]


@pytest.mark.parametrize("newest", ["accepted", "warned"])
def test_copy_that_is_believed_is_no_fault(newest: str) -> None:
    assert list(failing([verdict(2, newest, "shrunk")])) == []
    assert list(failing([])) == []


def row(kind: str, level: str, behind: str | None = None) -> dict[str, object]:
    return dict.fromkeys(
        ("since", "observed", "expected_low", "expected_high", "evidence", "stands_out", "detail")
    ) | {"kind": kind, "level": level, "behind": behind, "target": "t", "location": "DE"}


def test_checks_warn_of_data_and_of_threats_apart_and_never_block() -> None:
    rows = [row("silence", "elevated"), row("surge", "severe"), row("drop", "watch")]
    data, threats = checks_of(rows)
    assert (data.check_name, threats.check_name) == (OF_DATA, OF_THREATS)
    assert not data.passed
    assert not threats.passed
    assert data.severity == threats.severity == dg.AssetCheckSeverity.WARN
    assert "silence of t in DE" in str(data.description)
    assert "severe: surge of t in DE" in str(threats.description)
    assert "1 to watch" in str(threats.description)


def test_what_a_fault_may_have_made_is_no_threat() -> None:
    data, threats = checks_of([row("silence", "elevated"), row("surge", "severe", "silence")])
    assert not data.passed
    assert threats.passed


def test_table_of_the_ui_says_that_nothing_stands() -> None:
    assert as_markdown([]) == "No warning stands."
    assert as_markdown([row("surge", "severe")]).count("\n") == 2
