"""The failure sensor: runs that were not started by the command line tell the webhook too."""

from __future__ import annotations

import dagster as dg

from threatcast_orchestration.alerts import send
from threatcast_orchestration.settings import home_path, load_settings

COMMAND_LINE_TAG = "threatcast/started_by"


def build_failure_sensor() -> dg.SensorDefinition:
    """Return a sensor that posts each failed run to the configured webhook."""

    @dg.run_failure_sensor(
        name="tell_webhook_of_failure",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Posts a failed nightly run to `webhook_url` (threatcast.toml or "
        "THREATCAST_WEBHOOK_URL). Does nothing if none is set.",
    )
    def tell_webhook_of_failure(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        if run.tags.get(COMMAND_LINE_TAG) == "command line":
            return  # the command line has sent it already
        settings = load_settings(home_path())
        send(
            settings,
            "failure",
            f"Threatcast: run {run.run_id} failed: {context.failure_event.message}",
            {"run_id": run.run_id, "job": run.job_name},
        )

    return tell_webhook_of_failure
