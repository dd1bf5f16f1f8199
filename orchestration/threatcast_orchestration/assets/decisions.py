"""Decisions of the night as assets: which model speaks for each target, and the record of it.

No postponed annotations here: Dagster reads those of a step's arguments.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from threatcast_orchestration.assets.table_facts import table_metadata
from threatcast_orchestration.assets.table_keys import table_key
from threatcast_orchestration.forecasts.inputs import inputs_of_night
from threatcast_orchestration.forecasts.kept import make
from threatcast_orchestration.gates.green import refuse_unless_green
from threatcast_orchestration.nightly.resource import Night
from threatcast_orchestration.published_models.decision_record import record_decisions
from threatcast_orchestration.published_models.decisions import (
    TABLES,
    tonight_in,
    tonight_of,
    write_decisions,
)
from threatcast_orchestration.run.keys import code_key
from threatcast_orchestration.warehouse.raw import POOL, connect
from threatcast_orchestration.warehouse.stamps import begin, finish

RECORD = dg.AssetKey(["decisions", "record"])


def build_decision_assets() -> list[dg.AssetsDefinition]:
    """Return the step that decides which models are published, and the one that records it."""
    return [_decide_step(), _record_step()]


def _decide_step() -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="decide_models",
        specs=[
            dg.AssetSpec(
                table_key("forecasts", table),
                group_name="forecasts",
                owners=["team:science"],
                kinds={"python", "duckdb"},
                description=written.description,
                # after the gate on the forecasts, so that a refused night stops here
                deps=[table_key("forecasts", name) for name in ("forecast", "scores")],
                code_version=code_key("forecasts")[:12],
                metadata=table_metadata(written),
            )
            for table, written in TABLES.items()
        ],
        pool=POOL,
    )
    def decide_models(night: Night) -> Iterator[dg.MaterializeResult[Any]]:
        plan = night.plan
        refuse_unless_green(plan, "marts", "forecasts", step="Deciding")
        begin(plan.home, "decisions")
        inputs, key = inputs_of_night(plan)
        tonight = tonight_of(plan, inputs, make(inputs, plan, key).scores)
        with connect(plan.home) as connection:
            rows, stamp = write_decisions(connection, plan, tonight)
        finish(plan.home, "decisions", stamp)
        for table in TABLES:
            yield dg.MaterializeResult(
                asset_key=table_key("forecasts", table),
                metadata={"dagster/row_count": rows[table], "decided_tonight": len(tonight)},
                data_version=dg.DataVersion(stamp),
            )

    return decide_models


def _record_step() -> dg.AssetsDefinition:
    @dg.asset(
        key=RECORD,
        group_name="release",
        owners=["team:science"],
        kinds={"python"},
        description="The home's record of decisions, one JSON line a decision: what counts from "
        "the next day on.",
        # a night that publishes nothing decides nothing
        deps=[table_key("forecasts", "model_decisions"), dg.AssetKey("release")],
        pool=POOL,
    )
    def record(context: dg.AssetExecutionContext, night: Night) -> dg.MaterializeResult[Any]:
        plan = night.plan
        refuse_unless_green(plan, "marts", "forecasts", "release", step="Recording decisions")
        with connect(plan.home, read_only=True) as connection:
            tonight = tonight_in(connection, plan.as_of)
        new = record_decisions(plan.home, tonight)
        context.log.info("%d decisions recorded in %s", len(new), plan.home.decisions)
        return dg.MaterializeResult(metadata={"new_decisions": len(new)})

    return record
