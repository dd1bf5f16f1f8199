"""The last steps as assets: past outlooks for the history, then the release itself.

No postponed annotations here: Dagster reads those of a step's arguments.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from threatcast_orchestration.assets.sharing import LANDED
from threatcast_orchestration.assets.table_facts import table_metadata
from threatcast_orchestration.assets.table_keys import table_key
from threatcast_orchestration.gates.green import refuse_unless_green
from threatcast_orchestration.live_scores.archive import keep_releases
from threatcast_orchestration.nightly.resource import Night
from threatcast_orchestration.run.keys import code_key
from threatcast_orchestration.run.plan import Plan
from threatcast_orchestration.run.settings import clock
from threatcast_orchestration.sharing.work import exchange_of
from threatcast_orchestration.warehouse.outlook_history import (
    OUTLOOK_HISTORY,
    keep_outlooks,
    write_history,
)
from threatcast_orchestration.warehouse.raw import POOL, connect
from threatcast_orchestration.warehouse.release_stamp import keep_key, made_of, release_key
from threatcast_orchestration.warehouse.stamps import begin, finish

if TYPE_CHECKING:
    from threatcast_publishing.release import Published


def build_release_assets() -> list[dg.AssetsDefinition]:
    """Return the step that reads past releases and the one that makes the new one."""
    return [_history_step(), _release_step()]


def _history_step() -> dg.AssetsDefinition:
    @dg.asset(
        key=table_key("history", "outlook_history"),
        group_name="release",
        owners=["team:data"],
        kinds={"duckdb"},
        description=OUTLOOK_HISTORY.description,
        # after the gate on the forecasts, so that a refused night stops here
        deps=[table_key("raw", "run_context"), table_key("forecasts", "outlook")],
        code_version=code_key("history")[:12],
        metadata=table_metadata(OUTLOOK_HISTORY),
        pool=POOL,
    )
    def outlook_history(night: Night) -> dg.MaterializeResult[Any]:
        plan = night.plan
        begin(plan.home, "history")
        with connect(plan.home) as connection:
            rows, stamp = write_history(
                connection, plan.home.releases, plan.home.archive, plan.as_of
            )
        finish(plan.home, "history", stamp)
        return dg.MaterializeResult(
            metadata={"dagster/row_count": rows}, data_version=dg.DataVersion(stamp)
        )

    return outlook_history


def _release_step() -> dg.AssetsDefinition:
    from threatcast_publishing.contract import TABLES
    from threatcast_publishing.manifest import read_manifest

    @dg.asset(
        name="release",
        group_name="release",
        owners=["team:data"],
        kinds={"duckdb", "parquet", "csv", "html"},
        description="A complete release on disk, made current in one rename: tables, hubverse "
        "files, data package, page, manifest.",
        code_version=code_key("release")[:12],
        # what a release was made of must be where others find it, before it is out
        deps=[LANDED, *(table_key("published", table) for table in TABLES)],
        # how the feeds behind it are, their checks `feed_state` tell
        freshness_policy=dg.FreshnessPolicy.time_window(
            fail_window=timedelta(days=2), warn_window=timedelta(days=1, hours=12)
        ),
        pool=POOL,
    )
    def release(context: dg.AssetExecutionContext, night: Night) -> dg.MaterializeResult[Any]:
        plan = night.plan
        refuse_unless_green(plan, "marts", "forecasts", "release", step="The release")
        if (exchange := exchange_of(plan.home)) is not None:
            exchange.check()
        done = _standing_or_new(context, plan)
        keep_releases(plan.home.releases, plan.home.archive, reason=plan.settings.correction)
        keep_outlooks(plan.home.releases, plan.home.archive)
        context.log.info(done.message)
        return dg.MaterializeResult(
            metadata={
                "release": done.info.release_id,
                "new": done.new,
                "files": done.info.files,
                "size_bytes": done.info.size_bytes,
                "page": dg.MetadataValue.path(str(done.info.folder / "site" / "index.html")),
                "outlooks": read_manifest(done.info.folder).raw["tables"]["outlook"],
            },
            data_version=dg.DataVersion(done.info.release_id),
        )

    return release


def _standing_or_new(context: dg.AssetExecutionContext, plan: Plan) -> "Published":
    """Leave the current release, if it was made of what stands now; else build and publish one."""
    from threatcast_publishing.manifest import BULLETIN
    from threatcast_publishing.release import build, publish, stand

    told = _told(plan)
    key = release_key(plan.home, told)
    if (made := made_of(plan.home, key)) and (done := stand(plan.home.releases, made)):
        return done
    staged = build(
        plan.home.warehouse,
        plan.home.releases,
        **told,
        built_at=clock(),
        progress=lambda name: context.log.info("writing %s", name),
        notice=context.log.warning,
    )
    done = publish(staged)
    if not told["prints"] or (done.info.folder / BULLETIN).is_file():
        keep_key(plan.home, key, done.info.release_id)
    return done


def _told(plan: Plan) -> dict[str, Any]:
    """Return what a release is told beside its tables; the clock apart."""
    from threatcast_orchestration.gates.records import GateRecords
    from threatcast_orchestration.run.provenance import commit, settings_of

    return {
        "as_of": plan.as_of,
        "source": plan.source,
        "settings": settings_of(plan.settings),
        "commit": commit(),
        "warnings": GateRecords(plan.home.gates, plan.as_of).warnings(),
        "public_url": plan.settings.public_url,
        "contact": plan.settings.contact,
        "languages": plan.settings.languages,
        "prints": plan.settings.bulletin,
    }
