"""The promotion gate at work: each night's decision for each target, and the table of them all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from threatcast_orchestration.outlooks import chosen
from threatcast_orchestration.provenance import commit
from threatcast_orchestration.publication import Change, Decision, changes_of, read_decisions

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    from threatcast_forecasting.judging.promotion import Verdict

    from threatcast_orchestration.forecasts import Inputs, Results
    from threatcast_orchestration.night import Plan

DECIMALS = 6
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


def decide(plan: Plan, inputs: Inputs, results: Results) -> list[Decision]:
    """Return what the gate decides in this night, one decision a target; none without scores."""
    if not (results.folder / "scores.parquet").is_file():
        return []
    scores = comparable(results.frame("scores"))
    targets = sorted(inputs.panel["target"].unique())
    return [_decision(plan, inputs, target, scores) for target in targets]


def comparable(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the back-test of a table `scores` with the names that the library compares by."""
    return scores[scores["kind"] == "backtest"].rename(
        columns={"location": "series_id", "reference_date": "origin"}
    )


def _decision(plan: Plan, inputs: Inputs, target: str, scores: pd.DataFrame) -> Decision:
    from threatcast_forecasting.judging.promotion import best_rival, judge

    shown = chosen(inputs, target)
    recorded = inputs.publications[target].model if target in inputs.publications else shown.model
    facts: dict[str, Any] = {
        "as_of": plan.as_of,
        "target": target,
        "model_before": recorded,
        "model_after": recorded,
        "decided_by": "gate",
        "run_id": inputs.run_id,
        "code_commit": commit(),
    }
    if shown.model != recorded:
        # for this night only: settings that were meant for a trial must not change the record
        facts |= {"challenger": shown.model, "reason": f"{shown.reason}; {shown.model} stands in"}
        return Decision(**facts, action="fall_back")
    own = scores[scores["target"] == target]
    rival = best_rival(own, shown.model)
    if rival is None:
        return Decision(**facts, action="keep", reason="no other model was scored")
    verdict = judge(own, shown.model, rival, seed=plan.settings.seed)
    facts |= numbers_of(verdict) | {"challenger": rival, "reason": verdict.reason}
    if verdict.won and shown.previous_until:
        facts["reason"] += f"; but {shown.previous} is published beside it until "
        facts["reason"] += f"{shown.previous_until}, and two changes at once confuse readers"
    elif verdict.won:
        return Decision(**facts | {"model_after": rival}, action="promote")
    return Decision(**facts, action="keep")


def numbers_of(verdict: Verdict) -> dict[str, float | None]:
    """Return a verdict's numbers by their names in the record; null where there is none."""
    named = {
        f"{prefix}{name.replace('covered', 'coverage')}": value
        for prefix, values in (("", verdict.own), ("challenger_", verdict.other))
        for name, value in values.items()
    }
    named |= {
        "ratio": verdict.ratio.ratio,
        "ratio_low90": verdict.ratio.low90,
        "ratio_high90": verdict.ratio.high90,
    }
    # not all digits: the last ones of a long sum may differ between machines
    return {
        name: round(float(value), DECIMALS) if math.isfinite(value) else None
        for name, value in named.items()
    }


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
