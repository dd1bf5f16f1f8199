"""dbt's models as assets: once before the forecasts, once for the published tables.

No postponed annotations here: Dagster reads those of a step's arguments.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliResource
from dagster_dbt import dbt_assets as make_dbt_assets
from packaging.version import Version

from threatcast_orchestration.assets.stages import build_stage
from threatcast_orchestration.assets.tables import table_schema
from threatcast_orchestration.errors import NothingToPublish
from threatcast_orchestration.gates.green import raw_stamp, refuse_unless_green
from threatcast_orchestration.nightly.record import night_tags
from threatcast_orchestration.nightly.resource import Night
from threatcast_orchestration.run.keys import code_key
from threatcast_orchestration.run.project import CHECKOUT, DBT
from threatcast_orchestration.run.settings import home_path
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
_SOURCE_CODE = ("models", "macros", "seeds", "data_tests", "dbt_project.yml", "profiles.yml")


class LocalDbt(DbtCliResource):
    """dbt's command line, without what `dagster-dbt` does before each call and nobody needs.

    `dbt --version` takes three seconds and asks the package registry (docs/decisions/0003). The
    adapter, for which all macros are read in this process as well, is for row counts and columns,
    which `tables` gives.
    """

    @cached_property
    def _cli_version(self) -> Version:
        return Version(metadata.version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        del args


class Translator(DagsterDbtTranslator):
    """Groups by layer; owners where dbt names none."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_asset_checks=True))

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


def manifest() -> Path:
    """Return dbt's manifest; parses the project first if that is newer or the manifest damaged.

    That of a checkout is shared by all homes. Where a wheel is installed it lies in the home, by
    the key of the project: the installation need not be writable, and its files tell no age.
    """
    path = _parsed() / "manifest.json"
    newest = max(source.stat().st_mtime for source in _sources())
    if not path.is_file() or path.stat().st_mtime < newest or not _is_whole(path):
        parse_project()
    return path


def _parsed() -> Path:
    if CHECKOUT is not None:
        return DBT / "target"
    return home_path().dbt_target / f"parsed-{code_key('published')[:12]}"


def _is_whole(path: Path) -> bool:
    """Whether dbt wrote its manifest to the end; it does so in place."""
    try:
        return "nodes" in json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return False


def _sources() -> Iterator[Path]:
    """Yield all files of the dbt project that decide what it builds, in one order."""
    for name in _SOURCE_CODE:
        root = DBT / name
        found = sorted(root.rglob("*")) if root.is_dir() else [root]
        yield from (path for path in found if path.is_file())


def parse_project() -> None:
    """Run `dbt parse`."""
    dbt_resource().cli(["--quiet", "parse"], target_path=_parsed()).wait()


def _program() -> str:
    """Return the dbt of this environment, which need not be on the path."""
    return str(Path(sys.executable).with_name("dbt"))


def dbt_resource() -> LocalDbt:
    """Return dbt's command line for this project."""
    return LocalDbt(project_dir=str(DBT), profiles_dir=str(DBT), dbt_executable=_program())


def build_raw_assets(feeds: list[str]) -> dg.AssetsDefinition:
    """Return the step that shows dbt what was known on the as-of day."""

    @dg.multi_asset(
        name="open_warehouse",
        specs=[
            dg.AssetSpec(
                dg.AssetKey(["raw", table]),
                group_name="feeds",
                owners=["team:data"],
                kinds={"duckdb"},
                description=written.description,
                deps=[dg.AssetKey(["raw", feed]) for feed in feeds],
                code_version=code_key("raw")[:12],
                metadata={"dagster/column_schema": table_schema(written)},
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
            _refuse_nothing(connection)
            for table in TABLES:
                rows = connection.execute(f"SELECT count(*) FROM raw.{table}").fetchone()
                yield dg.MaterializeResult(
                    asset_key=dg.AssetKey(["raw", table]),
                    metadata={"dagster/row_count": rows[0] if rows else 0},
                    data_version=dg.DataVersion(stamp),
                )

    return open_warehouse


def _refuse_nothing(connection: "duckdb.DuckDBPyConnection") -> None:
    """Stop the night if no feed of observations has a payload: zeros would be made of nothing."""
    as_of, vintages = connection.execute(
        "SELECT as_of, (SELECT count(*) FROM raw.vintages INNER JOIN raw.feeds USING (feed) "
        "WHERE role = 'observations') FROM raw.run_context"
    ).fetchall()[0]
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
