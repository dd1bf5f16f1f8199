"""Runs that are started in the UI: a part of a night, a night that fails and goes on, a red gate.

Asked for over GraphQL, as the page does, and made by the daemon that `threatcast ui` starts.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from opened_ui import Opened, answering_ui
from threatcast_feeds.outcomes import digest_of
from threatcast_feeds.simulation import LAST_DAY
from threatcast_orchestration.forecasts.kept import MADE
from threatcast_publishing.catalog import current, list_releases
from threatcast_publishing.verify import verify

pytestmark = pytest.mark.slow

ENDS_WITHIN = 600
PLACE = {"repositoryLocationName": "threatcast", "repositoryName": "__repository__"}
OVER = ("SUCCESS", "FAILURE", "CANCELED")
STARTED = "{__typename ... on LaunchRunSuccess {run {runId}} ... on Error {message}}"


@pytest.fixture(scope="module")
def ui(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    with answering_ui(sample_home, tmp_path_factory.mktemp("ui_runs")) as opened:
        yield opened


def launch(ui: Opened, *assets: str) -> str:
    """Launch the night of the last day, or some of its assets; returns the run's id."""
    paths = [{"path": asset.split("/")} for asset in assets]
    selector = PLACE | {"pipelineName": "__ASSET_JOB" if assets else "nightly"}
    told = ui.ask(
        "mutation Launch($params: ExecutionParams!) "
        f"{{launchPipelineExecution(executionParams: $params) {STARTED}}}",
        params={
            "selector": selector | ({"assetSelection": paths} if paths else {}),
            "executionMetadata": {
                "tags": [{"key": "dagster/partition", "value": LAST_DAY.isoformat()}]
            },
        },
    )["launchPipelineExecution"]
    assert told["__typename"] == "LaunchRunSuccess", told
    return str(told["run"]["runId"])


def go_on(ui: Opened, run_id: str) -> str:
    """Re-execute a run from its failure; returns the new run's id."""
    told = ui.ask(
        "mutation Again($params: ReexecutionParams!) "
        f"{{launchRunReexecution(reexecutionParams: $params) {STARTED}}}",
        params={"parentRunId": run_id, "strategy": "FROM_FAILURE"},
    )["launchRunReexecution"]
    assert told["__typename"] == "LaunchRunSuccess", told
    return str(told["run"]["runId"])


def ended(ui: Opened, run_id: str) -> dict[str, Any]:
    """Wait for the end of a run; returns its status and the steps by how they ended."""
    until = time.monotonic() + ENDS_WITHIN
    while time.monotonic() < until:
        run = ui.ask(
            "query Run($id: ID!) {runOrError(runId: $id) {... on Run "
            "{status stepStats {stepKey status} assetMaterializations {assetKey {path}}}}}",
            id=run_id,
        )["runOrError"]
        if run["status"] in OVER:
            return {
                "status": run["status"],
                "steps": {step["stepKey"]: step["status"] for step in run["stepStats"]},
                "made": {"/".join(one["assetKey"]["path"]) for one in run["assetMaterializations"]},
            }
        time.sleep(1)
    pytest.fail(f"run {run_id} did not end: {ui.output.read_text('utf-8')[-3000:]}")


def test_feed_alone_is_pulled_and_all_else_stays_as_it_is(ui: Opened) -> None:
    release = current(ui.home / "releases")
    run = ended(ui, launch(ui, "raw/cisa_kev"))
    assert (run["status"], run["made"]) == ("SUCCESS", {"raw/cisa_kev"})
    assert current(ui.home / "releases") == release
    # what stands was judged, so that what is published of it alone is the same
    run = ended(ui, launch(ui, "release"))
    assert run["status"] == "SUCCESS"
    assert current(ui.home / "releases") == release
    assert len(list_releases(ui.home / "releases")) == 1


def test_night_that_failed_goes_on_from_its_failure(ui: Opened) -> None:
    release = current(ui.home / "releases")
    landed = ui.home / "landing" / "openphish"
    aside = landed.rename(landed.with_name("aside"))
    landed.write_bytes(b"")
    first = launch(ui)
    run = ended(ui, first)
    assert run["status"] == "FAILURE"
    assert run["steps"]["pull_openphish"] == "FAILURE"
    assert run["steps"]["pull_cisa_kev"] == "SUCCESS"
    assert "release" not in run["made"]
    landed.unlink()
    aside.rename(landed)
    again = ended(ui, go_on(ui, first))
    assert again["status"] == "SUCCESS"
    assert {"raw/openphish", "release"} <= again["made"]
    assert "pull_cisa_kev" not in again["steps"]
    assert current(ui.home / "releases") == release
    assert verify(ui.home / "releases" / release).ok


def test_red_gate_keeps_the_release_from_being_written_in_the_ui_too(ui: Opened) -> None:
    release = current(ui.home / "releases")
    (forecasts,) = (ui.home / "forecasts").glob("*/forecast.parquet")
    spoilt = forecasts.with_suffix(".new")
    duckdb.execute(
        f"COPY (SELECT * REPLACE (-1 AS value) FROM read_parquet('{forecasts}')) "
        f"TO '{spoilt}' (FORMAT parquet)"
    )
    spoilt.replace(forecasts)
    # as if they had been made like this: else they count as damaged and are made anew
    made = forecasts.with_name(MADE)
    made.write_text(
        json.dumps(json.loads(made.read_text()) | {forecasts.name: digest_of(forecasts)})
    )
    run = ended(ui, launch(ui))
    assert run["status"] == "FAILURE"
    assert run["steps"]["forecasts_gate"] == "FAILURE"
    assert "release" not in run["made"]
    # nor by asking for it alone
    alone = ended(ui, launch(ui, "release"))
    assert (alone["status"], alone["made"]) == ("FAILURE", set())
    assert current(ui.home / "releases") == release
    assert len(list_releases(ui.home / "releases")) == 1
    assert verify(ui.home / "releases" / release).ok
