"""The promotion gate at work: each night's decision for each target, and the table of them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from threatcast_forecasting.judging.published import Change, Decision, changes_of

from threatcast_orchestration.published_models.decision_record import read_decisions
from threatcast_orchestration.run.provenance import commit
from threatcast_orchestration.warehouse.written import WrittenTable, by_name

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    from threatcast_forecasting.night.inputs import NightInputs

    from threatcast_orchestration.run.plan import Plan

_NUMBERS = ("scaled_wis", "coverage_50", "coverage_80", "coverage_95")
DECISIONS = WrittenTable(
    "forecasts",
    "model_decisions",
    "One row a target, day and action: what was decided about the published model, and why, with "
    "both scores.",
    ", ".join(
        [
            "target VARCHAR, as_of DATE, action VARCHAR, model_before VARCHAR, model_after VARCHAR",
            "challenger VARCHAR, decided_by VARCHAR, reason VARCHAR",
            *(f"{prefix}{name} DOUBLE" for prefix in ("", "challenger_") for name in _NUMBERS),
            "ratio DOUBLE, ratio_low90 DOUBLE, ratio_high90 DOUBLE",
            "run_id VARCHAR, code_commit VARCHAR",
        ]
    ),
)
CHANGES = WrittenTable(
    "forecasts",
    "model_changes",
    "One row a target, day and action: from that day on another model speaks for the target.",
    "target VARCHAR, since DATE, action VARCHAR, until DATE, model_before VARCHAR, model VARCHAR, "
    "decided_by VARCHAR, reason VARCHAR, ratio DOUBLE, ratio_low90 DOUBLE, ratio_high90 DOUBLE",
)
TABLES = by_name(DECISIONS, CHANGES)
"""They grow with the record, the others of the schema with the night."""


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
    targets = sorted({row.target for row in rows})
    changes = [_change(one) for target in targets for one in changes_of(target, rows)]
    counts = {}
    for table, written in ((DECISIONS, [asdict(row) for row in rows]), (CHANGES, changes)):
        table.create(connection)
        table.insert(connection, written)
        counts[table.name] = len(written)
    return counts, sha256(repr(rows).encode()).hexdigest()


def _change(change: Change) -> dict[str, Any]:
    named = {"since": change.since, "until": change.until, "model": change.model}
    return asdict(change.decision) | named


def tonight_in(connection: duckdb.DuckDBPyConnection, as_of: date) -> list[Decision]:
    """Return the decisions of a night, as `write_decisions` wrote them."""
    found = connection.execute("SELECT * FROM forecasts.model_decisions WHERE as_of = ?", [as_of])
    names = [column[0] for column in found.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return sorted((Decision(**row) for row in rows), key=lambda row: row.target)
