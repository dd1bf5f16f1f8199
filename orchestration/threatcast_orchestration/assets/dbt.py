"""dbt's models as assets: once before the forecasts, once for the published tables.

A stage whose inputs, settings and code did not change since its last success is not built again.

No postponed annotations here: Dagster reads those of a step's arguments.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliResource
from dagster_dbt import dbt_assets as make_dbt_assets
from dagster_dbt.errors import DagsterDbtCliRuntimeError
from packaging.version import Version

from threatcast_orchestration.assets.kept import kept_results
from threatcast_orchestration.assets.stamps import read_stamps, write_stamp
from threatcast_orchestration.assets.tables import row_counts, table_schema
from threatcast_orchestration.errors import NothingToPublish
from threatcast_orchestration.home import Home
from threatcast_orchestration.night import Night
from threatcast_orchestration.run_record import night_tags
from threatcast_orchestration.warehouse import (
    POOL,
    RAW_TABLES,
    connect,
    fingerprint,
    write_raw,
)
from threatcast_orchestration.warehouse_file import damage_in

if TYPE_CHECKING:
    import duckdb

PROJECT = Path(__file__).resolve().parents[3] / "dbt_project"
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
    """Return dbt's manifest; parses the project first if that is newer or the manifest damaged."""
    path = PROJECT / "target" / "manifest.json"
    newest = max(source.stat().st_mtime for source in _sources())
    if not path.is_file() or path.stat().st_mtime < newest or not _is_whole(path):
        parse_project()
    return path


def _is_whole(path: Path) -> bool:
    """Whether dbt wrote its manifest to the end; it does so in place."""
    try:
        return "nodes" in json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return False


def _sources() -> Iterator[Path]:
    """Yield all files of the dbt project that decide what it builds, in one order."""
    for name in _SOURCE_CODE:
        root = PROJECT / name
        found = sorted(root.rglob("*")) if root.is_dir() else [root]
        yield from (path for path in found if path.is_file())


def parse_project() -> None:
    """Run `dbt parse`."""
    dbt_resource().cli(["--quiet", "parse"], target_path=PROJECT / "target").wait()


def _program() -> str:
    """Return the dbt of this environment, which need not be on the path."""
    return str(Path(sys.executable).with_name("dbt"))


def dbt_resource() -> LocalDbt:
    """Return dbt's command line for this project."""
    return LocalDbt(project_dir=str(PROJECT), profiles_dir=str(PROJECT), dbt_executable=_program())


def code_hash() -> str:
    """Hash all files of the dbt project that decide what it builds."""
    digest = sha256()
    for path in _sources():
        digest.update(path.relative_to(PROJECT).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def build_raw_assets(feeds: list[str]) -> dg.AssetsDefinition:
    """Return the step that shows dbt what was known on the as-of day."""
    tables = ("run_context", "feeds", "vintages")

    @dg.multi_asset(
        name="open_warehouse",
        specs=[
            dg.AssetSpec(
                dg.AssetKey(["raw", table]),
                group_name="feeds",
                owners=["team:data"],
                kinds={"duckdb"},
                description=description,
                deps=[dg.AssetKey(["raw", feed]) for feed in feeds],
                metadata={"dagster/column_schema": table_schema(RAW_TABLES[table])},
            )
            for table, description in zip(
                tables,
                (
                    "One row: the as-of day and the source of this home.",
                    "One row a feed: catalog facts and how the last attempt ended.",
                    "One row a feed and vintage day: payloads accepted by the as-of day.",
                ),
                strict=True,
            )
        ],
        pool=POOL,
    )
    def open_warehouse(
        context: dg.AssetExecutionContext, night: Night
    ) -> Iterator[dg.MaterializeResult[Any]]:
        plan = night.plan
        context.instance.add_run_tags(context.run_id, night_tags(plan))
        with connect(plan.home, memory_limit=plan.settings.memory_limit) as connection:
            write_raw(
                connection,
                plan.home,
                plan.catalog,
                plan.landing,
                as_of=plan.as_of,
                last_day=plan.last_day,
                source=plan.source,
            )
            _refuse_nothing(connection)
            for table in tables:
                rows = connection.execute(f"SELECT count(*) FROM raw.{table}").fetchone()
                yield dg.MaterializeResult(
                    asset_key=dg.AssetKey(["raw", table]),
                    metadata={"dagster/row_count": rows[0] if rows else 0},
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
        home = night.plan.home
        with connect(home) as connection:
            inputs = fingerprint(connection)
        yield from _build(context, dbt, home, "warehouse", inputs)

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
        home = night.plan.home
        stamps = read_stamps(home)
        before = ("warehouse", "forecasts", "live", "history")
        inputs = " ".join(stamps.get(key, "") for key in before)
        yield from _build(context, dbt, home, "published", inputs)

    return [dbt_warehouse, dbt_published]


def _build(
    context: dg.AssetExecutionContext, dbt: LocalDbt, home: Home, stage: str, inputs: str
) -> Iterator[Any]:
    stamp = sha256(f"{inputs} {code_hash()}".encode()).hexdigest()
    target = home.dbt_target / stage
    if read_stamps(home).get(stage) == stamp and home.warehouse.is_file():
        context.log.info("%s: inputs and code unchanged, tables kept", stage)
        yield from kept_results(context, home, target)
        return
    write_stamp(home, stage, "")
    target.mkdir(parents=True, exist_ok=True)
    # unit tests are about the code, not about this night: `make test` runs them
    words = ["build", "--exclude-resource-type", "unit_test"]
    # what dbt has read for the first stage holds for the second: seconds in a new home
    read = home.dbt_target / "warehouse" / "partial_parse.msgpack"
    if read.is_file():
        words += ["--partial-parse-file-path", str(read)]
    events = dbt.cli(words, context=context, target_path=target).stream()
    yield from _with_row_counts(context, events, home)
    if not context.is_subset:  # a few tables, chosen in the UI, are not the stage
        write_stamp(home, stage, stamp)


def _with_row_counts(
    context: dg.AssetExecutionContext, events: Iterator[Any], home: Home
) -> Iterator[Any]:
    """Hand on dbt's events with the rows of each table, once dbt has let go of the file."""
    held: list[Any] = []
    failure = None
    try:
        for event in events:
            held.append(event)  # noqa: PERF402 what came before a failure is kept
    except DagsterDbtCliRuntimeError as error:
        failure = error
    rows = row_counts(home)
    for event in held:
        if isinstance(event, dg.Output):
            counted = rows.get(context.asset_key_for_output(event.output_name), {})
            yield event.with_metadata({**event.metadata, **counted})
        else:
            yield event
    if failure is not None:
        raise damage_in(home, str(failure)) or failure
