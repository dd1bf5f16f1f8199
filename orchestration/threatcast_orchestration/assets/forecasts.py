"""The forecasting step as assets: the tables of the schema `forecasts`, and the MLflow run.

Wires only; the numbers come from `threatcast_forecasting.night`.

No postponed annotations here: Dagster reads those of a step's arguments.
"""

import base64
from collections.abc import Iterator
from typing import Any

import dagster as dg

from threatcast_orchestration.assets.decisions import RECORD
from threatcast_orchestration.assets.table_facts import table_metadata
from threatcast_orchestration.assets.table_keys import table_key
from threatcast_orchestration.forecasts.inputs import inputs_of_night
from threatcast_orchestration.forecasts.kept import make
from threatcast_orchestration.forecasts.left_out import leave_out
from threatcast_orchestration.forecasts.tables import TABLES, write_tables
from threatcast_orchestration.gates.green import refuse_unless_green
from threatcast_orchestration.gates.suites import load_suite
from threatcast_orchestration.gates.version import gate_version
from threatcast_orchestration.nightly.resource import Night
from threatcast_orchestration.published_models.decisions import tonight_in
from threatcast_orchestration.run.keys import code_key
from threatcast_orchestration.warehouse.raw import POOL, connect
from threatcast_orchestration.warehouse.stamps import begin, finish

_INPUTS = [
    table_key("marts", table)
    for table in ("fct_weekly_counts", "fct_vintage_counts", "fct_reporting_triangle", "dim_series")
]


def build_forecast_assets() -> list[dg.AssetsDefinition]:
    """Return the forecasting step and the step that tells MLflow of it."""
    return [_forecast_step(), _tracking_step()]


def _forecast_step() -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="make_forecasts",
        specs=[
            dg.AssetSpec(
                table_key("forecasts", table),
                group_name="forecasts",
                owners=["team:science"],
                kinds={"python", "prophet", "duckdb"},
                description=written.description,
                deps=_INPUTS,
                code_version=code_key("forecasts")[:12],
                metadata=table_metadata(written),
            )
            for table, written in TABLES.items()
        ],
        pool=POOL,
    )
    def make_forecasts(
        context: dg.AssetExecutionContext, night: Night
    ) -> Iterator[dg.MaterializeResult[Any]]:
        plan = night.plan
        refuse_unless_green(plan, "marts", step="Forecasting")
        begin(plan.home, "forecasts")
        inputs, key = inputs_of_night(plan)
        series = inputs.panel["series_id"].nunique()
        context.log.info("%d series, models: %s", series, ", ".join(inputs.models))

        def say(done: int, total: int, what: str) -> None:
            if done in (1, total) or done % max(total // 10, 1) == 0:
                context.log.info("forecasts %d/%d: %s", done, total, what)

        results = make(inputs, plan, key, progress=say)
        with connect(plan.home) as connection:
            rows = write_tables(connection, results)
            rows["left_out"] = leave_out(connection)
        asked = gate_version(load_suite("forecasts", "forecast"))
        stamp = f"{results.key} {asked}"
        finish(plan.home, "forecasts", stamp)
        for table in TABLES:
            metadata: dict[str, Any] = {
                "dagster/row_count": rows[table],
                "series": series,
                "run_id": inputs.run_id,
                "unchanged": results.reused,
            }
            if table == "outlook" and (picture := results.picture):
                metadata["world"] = dg.MetadataValue.md(_as_markdown(picture))
            if table == "level_shifts" and series:
                from threatcast_forecasting.night.level_shifts import recent

                metadata["recent"] = recent(results.frame(table), inputs.panel)
            yield dg.MaterializeResult(
                asset_key=table_key("forecasts", table),
                metadata=metadata,
                data_version=dg.DataVersion(stamp),
            )

    return make_forecasts


def _as_markdown(png: bytes) -> str:
    """Return a picture as Markdown that Dagster's UI shows without another file."""
    caption = "Last two years, median, 80 % and 95 %"
    return f"![{caption}](data:image/png;base64,{base64.b64encode(png).decode()})"


def _tracking_step() -> dg.AssetsDefinition:
    @dg.asset(
        name="night",
        key_prefix=["mlflow"],
        group_name="forecasts",
        owners=["team:science"],
        kinds={"mlflow"},
        description="The MLflow run of the night: parameters, scores and plots by target and "
        "model, what the gate decided, and champions and challengers in the registry.",
        # after the release: what tracking fails at costs none
        deps=[*(table_key("forecasts", table) for table in TABLES), RECORD],
        pool=POOL,
    )
    def night_run(night: Night) -> dg.MaterializeResult[Any]:
        from threatcast_orchestration.tracking import newest_page, record_of, track_night

        plan = night.plan
        refuse_unless_green(plan, "marts", "forecasts", "release", step="Recording the night")
        inputs, key = inputs_of_night(plan)
        with connect(plan.home, read_only=True) as connection:
            tonight = tonight_in(connection, plan.as_of)
        results = make(inputs, plan, key)
        if results.scores is None:
            return dg.MaterializeResult(metadata={"runs": 0, "why": "no series may be forecast"})
        run_id = track_night(plan.home, record_of(plan, inputs, results, tonight))
        return dg.MaterializeResult(
            metadata={
                "mlflow_run_id": run_id,
                "page": dg.MetadataValue.url(f"{plan.settings.mlflow_url}{newest_page(plan.home)}"),
                "opened_by": "threatcast mlflow",
            }
        )

    return night_run
