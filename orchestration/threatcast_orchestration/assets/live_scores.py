"""Live scores as assets: what was published on earlier days against what came since.

No postponed annotations here: Dagster reads those of a step's arguments.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from threatcast_orchestration.assets.table_facts import table_metadata
from threatcast_orchestration.assets.table_keys import table_key
from threatcast_orchestration.gates.green import refuse_unless_green
from threatcast_orchestration.live_scores.fallback import STAND_IN
from threatcast_orchestration.live_scores.forecast_history import FORECAST_HISTORY
from threatcast_orchestration.live_scores.scoring import TABLES
from threatcast_orchestration.nightly.resource import Night
from threatcast_orchestration.run.keys import code_key
from threatcast_orchestration.warehouse.content import content_of
from threatcast_orchestration.warehouse.raw import POOL, connect
from threatcast_orchestration.warehouse.stamps import begin, finish
from threatcast_orchestration.warehouse.written import by_name

_TABLES = TABLES | by_name(STAND_IN, FORECAST_HISTORY)


def build_live_assets() -> dg.AssetsDefinition:
    """Return the step that scores earlier forecasts and judges the models by it."""

    @dg.multi_asset(
        name="score_published",
        specs=[
            dg.AssetSpec(
                table_key("live", table),
                group_name="forecasts",
                owners=["team:science"],
                kinds={"python", "duckdb"},
                description=written.description,
                # after the gate on the forecasts, so that a refused night stops here
                deps=[
                    table_key("marts", "fct_weekly_counts"),
                    *(table_key("forecasts", name) for name in ("forecast", "outlook")),
                    table_key("history", "outlook_history"),
                ],
                code_version=code_key("live")[:12],
                metadata=table_metadata(written),
            )
            for table, written in _TABLES.items()
        ],
        pool=POOL,
    )
    def score_published(
        context: dg.AssetExecutionContext, night: Night
    ) -> Iterator[dg.MaterializeResult[Any]]:
        from threatcast_orchestration.live_scores.fallback import write_stand_in
        from threatcast_orchestration.live_scores.forecast_history import write_forecast_history
        from threatcast_orchestration.live_scores.scoring import published_before, write_live

        plan = night.plan
        refuse_unless_green(plan, "marts", "forecasts", step="Scoring")
        begin(plan.home, "live")
        with connect(plan.home) as connection:
            notes = published_before(plan.home)
            rows = write_live(connection, notes, plan.as_of)
            rows["forecast_history"] = write_forecast_history(connection, notes, plan.as_of)
            rows["stand_in"] = write_stand_in(connection, plan.settings.seed)
            told = connection.execute(
                "SELECT state, count(*) FROM live.drift WHERE scope = 'location' GROUP BY ALL "
                "ORDER BY ALL"
            ).fetchall()
            stamp = content_of(connection, (f"live.{table}" for table in _TABLES))
        finish(plan.home, "live", stamp)
        context.log.info("live scores: %d, places by state: %s", rows["scores"], dict(told))
        for table in _TABLES:
            yield dg.MaterializeResult(
                asset_key=table_key("live", table),
                metadata={"dagster/row_count": rows[table]},
                data_version=dg.DataVersion(stamp),
            )

    return score_published
