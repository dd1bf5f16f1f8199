"""dbt's models as assets: once before the forecasts, once for the published tables.

No postponed annotations here: Dagster reads those of a step's arguments.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings
from dagster_dbt import dbt_assets as make_dbt_assets

from threatcast_orchestration.assets.dbt_project import manifest
from threatcast_orchestration.assets.dbt_tests import words_of
from threatcast_orchestration.assets.stages import build_stage
from threatcast_orchestration.assets.table_facts import table_metadata
from threatcast_orchestration.assets.table_keys import table_key
from threatcast_orchestration.errors import NothingToPublish
from threatcast_orchestration.feed_steps.cut_off import cut_off
from threatcast_orchestration.gates.green import raw_stamp, refuse_unless_green
from threatcast_orchestration.nightly.record import night_tags
from threatcast_orchestration.nightly.resource import Night
from threatcast_orchestration.run.dagster_internals import LocalDbt
from threatcast_orchestration.run.keys import code_key
from threatcast_orchestration.warehouse.raw import (
    POOL,
    TABLES,
    connect,
    fingerprint,
    write_raw,
)
from threatcast_orchestration.warehouse.stamps import begin, finish

if TYPE_CHECKING:
    import duckdb

_GROUPS = {
    "seeds": "seeds",
    "staging": "staging",
    "intermediate": "history",
    "marts": "marts",
    "published": "published",
}


class Translator(DagsterDbtTranslator):
    """Names in the graph; words of checks; groups by layer; owners where dbt names none."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_asset_checks=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Return the key of a model, a seed or a source."""
        return table_key(*super().get_asset_key(dbt_resource_props).path)

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: Any
    ) -> dg.AssetCheckSpec | None:
        """Return the check that a dbt test is, with what it holds in words."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec and spec._replace(description=words_of(manifest["nodes"][unique_id]))

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Return the layer of a model as its group."""
        if dbt_resource_props["resource_type"] == "seed":
            return _GROUPS["seeds"]
        return next(
            (_GROUPS[layer] for layer in dbt_resource_props["fqn"] if layer in _GROUPS), None
        )

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str] | None:
        """Return who answers for all tables."""
        del dbt_resource_props
        return ["team:data"]


def build_raw_assets(feeds: list[str]) -> dg.AssetsDefinition:
    """Return the step that shows dbt what was known on the as-of day."""

    @dg.multi_asset(
        name="open_warehouse",
        specs=[
            dg.AssetSpec(
                table_key("raw", table),
                group_name="feeds",
                owners=["team:data"],
                kinds={"duckdb"},
                description=written.description,
                deps=[table_key("raw", feed) for feed in feeds],
                code_version=code_key("raw")[:12],
                metadata=table_metadata(written),
            )
            for table, written in TABLES.items()
        ],
        pool=POOL,
    )
    def open_warehouse(
        context: dg.AssetExecutionContext, night: Night
    ) -> Iterator[dg.MaterializeResult[Any]]:
        plan = night.plan
        context.instance.add_run_tags(context.run_id, night_tags(plan))
        begin(plan.home, "raw")
        with connect(plan.home) as connection:
            write_raw(
                connection,
                plan.home,
                plan.catalog,
                plan.landing,
                as_of=plan.as_of,
                last_day=plan.last_day,
                source=plan.source,
            )
            stamp = raw_stamp(plan, fingerprint(connection))
            finish(plan.home, "raw", stamp)
            _refuse_nothing(connection, cut_off(plan))
            if told := cut_off(plan):
                context.log.warning(told)
            for table in TABLES:
                rows = connection.execute(f"SELECT count(*) FROM raw.{table}").fetchone()
                yield dg.MaterializeResult(
                    asset_key=table_key("raw", table),
                    metadata={"dagster/row_count": rows[0] if rows else 0},
                    data_version=dg.DataVersion(stamp),
                )

    return open_warehouse


def _refuse_nothing(connection: "duckdb.DuckDBPyConnection", cut_off: str) -> None:
    """Stop the night if no feed of observations has a payload: zeros would be made of nothing."""
    as_of, vintages = connection.execute(
        "SELECT as_of, (SELECT count(*) FROM raw.vintages INNER JOIN raw.feeds USING (feed) "
        "WHERE role = 'observations') FROM raw.run_context"
    ).fetchall()[0]
    if not vintages and cut_off:
        raise NothingToPublish(f"This home has no payload of any feed yet. {cut_off}")
    if not vintages:
        raise NothingToPublish(
            f"No feed of observations had given a payload that could be read by {as_of}, so there "
            "is nothing to publish. See why with: threatcast feeds list; threatcast feeds fetch "
            "FEED. If that day lies before the first payload, choose a later --as-of."
        )


def build_dbt_assets() -> list[dg.AssetsDefinition]:
    """Return the two dbt steps."""

    @make_dbt_assets(
        manifest=manifest(),
        name="dbt_warehouse",
        select="fqn:*",
        exclude="tag:published",
        dagster_dbt_translator=Translator(),
        pool=POOL,
    )
    def dbt_warehouse(
        context: dg.AssetExecutionContext, night: Night, dbt: LocalDbt
    ) -> Iterator[Any]:
        yield from build_stage(context, dbt, night.plan.home, "warehouse")

    @make_dbt_assets(
        manifest=manifest(),
        name="dbt_published",
        select="tag:published",
        dagster_dbt_translator=Translator(),
        pool=POOL,
    )
    def dbt_published(
        context: dg.AssetExecutionContext, night: Night, dbt: LocalDbt
    ) -> Iterator[Any]:
        if context.selected_asset_keys:
            refuse_unless_green(night.plan, "marts", "forecasts", step="Building what is published")
        yield from build_stage(context, dbt, night.plan.home, "published")

    return [dbt_warehouse, dbt_published]
