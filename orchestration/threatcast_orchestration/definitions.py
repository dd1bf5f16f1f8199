"""All Dagster definitions, from one builder that the UI, the command line and tests share."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import dagster as dg
import threatcast_feeds.catalog

from threatcast_orchestration.assets.dbt import build_dbt_assets, build_raw_assets
from threatcast_orchestration.assets.dbt_project import dbt_resource
from threatcast_orchestration.assets.decisions import build_decision_assets
from threatcast_orchestration.assets.early_warning import build_warning_assets
from threatcast_orchestration.assets.feed_states import build_feed_states
from threatcast_orchestration.assets.forecasts import build_forecast_assets
from threatcast_orchestration.assets.gates import build_gate_checks
from threatcast_orchestration.assets.live_scores import build_live_assets
from threatcast_orchestration.assets.pruning import build_pruning_asset
from threatcast_orchestration.assets.release import build_release_assets
from threatcast_orchestration.assets.response import build_response_asset, build_response_sensor
from threatcast_orchestration.assets.sharing import build_sharing_assets
from threatcast_orchestration.nightly.days import NIGHTS
from threatcast_orchestration.nightly.jobs import build_job, build_schedule
from threatcast_orchestration.nightly.progress import step_logger
from threatcast_orchestration.nightly.resource import Night
from threatcast_orchestration.nightly.sensors import build_sensors
from threatcast_orchestration.run.project import ROOT
from threatcast_orchestration.run.settings import home_path, quiet_environment


def feed_definitions() -> dg.Definitions:
    """Load the catalog's `defs.yaml` files as Dagster components."""
    # fifty lines that say that components are young, at every command
    warnings.filterwarnings("ignore", category=dg.PreviewWarning)
    warnings.filterwarnings("ignore", category=dg.BetaWarning)
    return dg.ComponentTree.from_module(
        defs_module=threatcast_feeds.catalog, project_root=ROOT
    ).build_defs()


def build_definitions(resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """Return the definitions; `resources` replaces single resources (tests)."""
    from threatcast_feeds.registry import load_catalog

    quiet_environment(home_path())
    job = build_job()
    wired = dg.Definitions(
        assets=[
            build_raw_assets(list(load_catalog())),
            *build_dbt_assets(),
            *build_forecast_assets(),
            *build_decision_assets(),
            build_live_assets(),
            build_warning_assets(),
            *build_release_assets(),
            build_response_asset(),
            *build_sharing_assets(list(load_catalog())),
            build_pruning_asset(),
        ],
        asset_checks=[*build_gate_checks(), build_feed_states(list(load_catalog()))],
        jobs=[job],
        schedules=[build_schedule(job)],
        sensors=[*build_sensors(), build_response_sensor()],
        resources={"night": Night.configure_at_launch(), "dbt": dbt_resource()}
        | dict(resources or {}),
        loggers={"steps": step_logger, "console": dg.colored_console_logger},
        executor=dg.in_process_executor,
    )
    # a night is a partition: said here for all assets, whoever builds them
    return dg.Definitions.merge(feed_definitions(), wired).map_asset_specs(
        func=lambda spec: spec.replace_attributes(partitions_def=NIGHTS)
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Return what `workspace.yaml` loads."""
    return build_definitions()
