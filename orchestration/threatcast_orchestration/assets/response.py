"""A night's warnings told: a step after the release, and a sensor for what waits between nights.

No postponed annotations here: Dagster reads those of a step's arguments.
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import dagster as dg

from threatcast_orchestration.errors import LockHeld, OrchestrationError
from threatcast_orchestration.nightly.resource import Night
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.settings import clock, credentials, home_path, load_settings

KEY = dg.AssetKey(["response", "warnings_told"])
ALL_TOLD = "all_told"
PAUSE = 15 * 60
"""Seconds between two looks for what waits."""


def build_response_asset() -> dg.AssetsDefinition:
    """Return the step that records a release's warnings and tells whom playbooks name."""

    @dg.multi_asset(
        name="tell_warnings",
        specs=[
            dg.AssetSpec(
                KEY,
                group_name="release",
                owners=["team:data"],
                kinds={"python"},
                description="Whom the night's warnings were told, by the playbooks of the home; "
                "what fails is told later. Its failure fails no night.",
                deps=[dg.AssetKey("release")],
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                ALL_TOLD,
                asset=KEY,
                description="Every playbook could be read, and every channel took its messages. "
                "A warning, never an error.",
            )
        ],
    )
    def tell_warnings(context: dg.AssetExecutionContext, night: Night) -> Iterator[Any]:
        try:
            facts = _respond(night.plan.home, night.plan.settings.public_url)
        except Exception as error:  # noqa: BLE001 the release is out, and stays whatever this costs
            context.log.warning("no warning was told: %s", error)
            facts = {"problems": [str(error)]}
        wrong = [*facts.get("failed", ()), *facts.get("problems", ())]
        yield dg.MaterializeResult(asset_key=KEY, metadata=facts)
        yield dg.AssetCheckResult(
            asset_key=KEY,
            check_name=ALL_TOLD,
            passed=not wrong,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"wrong": wrong},
        )

    return tell_warnings


def build_response_sensor() -> dg.SensorDefinition:
    """Return a sensor that tells what waited for quiet hours, a limit, an answer or a channel."""

    @dg.sensor(
        name="tell_what_waits",
        minimum_interval_seconds=PAUSE,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells warnings that waited for the end of quiet hours, for a channel's limit "
        "or for a channel that was down, and escalates those that nobody acknowledged.",
    )
    def tell_what_waits() -> dg.SkipReason:
        from threatcast_orchestration.response.telling import tell_due
        from threatcast_orchestration.sharing.work import sharing

        home = home_path()
        if not home.warnings.is_file():
            return dg.SkipReason("No warning is known in this home.")
        try:
            address = load_settings(home).public_url
            with sharing(home):
                told = tell_due(home, clock(), credentials(), public_url=address)
        except LockHeld:
            return dg.SkipReason("Warnings of this home are being told.")
        except OrchestrationError as error:
            return dg.SkipReason(str(error))
        return dg.SkipReason(f"{len(told.sent)} messages were sent, {len(told.failed)} failed.")

    return tell_what_waits


def _respond(home: Home, public_url: str) -> dict[str, Any]:
    """Respond to the warnings of the current release; returns what became of them, flat."""
    import pandas as pd
    from threatcast_publishing.catalog import resolve

    from threatcast_orchestration.response.telling import respond

    release = resolve(home.releases)
    table = release / "parquet" / "warnings.parquet"
    if not table.is_file():
        return {"note": f"{release.name} has no table warnings"}
    rows = pd.read_parquet(table)
    answer = respond(home, rows, release.name, clock(), credentials(), public_url=public_url)
    return asdict(answer.recorded) | asdict(answer.told)
