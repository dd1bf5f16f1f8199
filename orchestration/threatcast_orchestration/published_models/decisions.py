"""The promotion gate at work: each night's decision for each target, and the table of them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from threatcast_forecasting.judging.published import Change, Decision, changes_of

from threatcast_orchestration.published_models.record import read_decisions
from threatcast_orchestration.run.provenance import commit

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    from threatcast_forecasting.night.inputs import NightInputs

    from threatcast_orchestration.run.plan import Plan

_NUMBERS = ("scaled_wis", "coverage_50", "coverage_80", "coverage_95")
COLUMNS = ", ".join(
    [
        "target VARCHAR, as_of DATE, action VARCHAR, model_before VARCHAR, model_after VARCHAR",
        "challenger VARCHAR, decided_by VARCHAR, reason VARCHAR",
        *(f"{prefix}{name} DOUBLE" for prefix in ("", "challenger_") for name in _NUMBERS),
        "ratio DOUBLE, ratio_low90 DOUBLE, ratio_high90 DOUBLE",
        "run_id VARCHAR, code_commit VARCHAR",
    ]
)
CHANGES = (
    "target VARCHAR, since DATE, action VARCHAR, until DATE, model_before VARCHAR, model VARCHAR, "
    "decided_by VARCHAR, reason VARCHAR, ratio DOUBLE, ratio_low90 DOUBLE, ratio_high90 DOUBLE"
)


def tonight_of(plan: Plan, inputs: NightInputs, scores: pd.DataFrame | None) -> list[Decision]:
    """Return what the gate decides in this night, one decision a target; none without scores."""
    from threatcast_forecasting.night.decisions import decide

    if scores is None:
        return []
    return decide(inputs, scores, as_of=plan.as_of, code_commit=commit())


def write_decisions(
    connection: duckdb.DuckDBPyConnection, plan: Plan, tonight: Sequence[Decision]
) -> tuple[dict[str, int], str]:
    """Write `forecasts.model_decisions` and `model_changes`; returns rows by table, and a hash.

    They hold the record's decisions of earlier days and this night's, and those that changed which
    model speaks for a target.
    """
    rows = [*read_decisions(plan.home, before=plan.as_of), *tonight]
    connection.execute("CREATE SCHEMA IF NOT EXISTS forecasts")
    targets = sorted({row.target for row in rows})
    changes = [_change(one) for target in targets for one in changes_of(target, rows)]
    _write(connection, "model_decisions", COLUMNS, [asdict(row) for row in rows])
    _write(connection, "model_changes", CHANGES, changes)
    counts = {"model_decisions": len(rows), "model_changes": len(changes)}
    return counts, sha256(repr(rows).encode()).hexdigest()


def _change(change: Change) -> dict[str, Any]:
    named = {"since": change.since, "until": change.until, "model": change.model}
    return asdict(change.decision) | named


def _write(
    connection: duckdb.DuckDBPyConnection, table: str, columns: str, rows: list[dict[str, Any]]
) -> None:
    connection.execute(f"CREATE OR REPLACE TABLE forecasts.{table} ({columns})")
    names = [column.split()[0] for column in columns.split(", ")]
    if rows:
        connection.executemany(
            f"INSERT INTO forecasts.{table} VALUES ({', '.join('?' * len(names))})",
            [[row[name] for name in names] for row in rows],
        )
