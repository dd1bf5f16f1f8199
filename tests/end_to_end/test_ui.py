"""The UI as `threatcast ui` opens it: what it knows, what a browser shows, how it ends."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import duckdb
import pytest
from nights import threatcast
from opened_ui import (
    PATIENCE,
    Opened,
    answering_ui,
    free_port,
    open_ui,
    stop,
    wait_until_it_answers,
)
from threatcast_publishing.catalog import current


@pytest.fixture(scope="module")
def ui(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    with answering_ui(sample_home, tmp_path_factory.mktemp("ui")) as opened:
        yield opened


def test_terminal_shows_the_address_and_no_warning(ui: Opened) -> None:
    told = ui.output.read_text("utf-8")
    assert ui.address in told
    assert "arning" not in told


def test_ui_knows_every_asset_with_its_group_and_its_last_night(ui: Opened) -> None:
    nodes = ui.ask(
        "{assetNodes {assetKey {path} groupName owners {__typename} "
        "assetMaterializations(limit: 1) {runId}}}"
    )["assetNodes"]
    groups = {"/".join(node["assetKey"]["path"]): node["groupName"] for node in nodes}
    assert groups["raw/cisa_kev"] == "feeds"
    assert groups["marts/fct_weekly_counts"] == "marts"
    assert groups["release"] == "release"
    assert [node for node in nodes if not node["assetMaterializations"]] == []


def test_tables_show_their_row_counts(ui: Opened) -> None:
    (node,) = ui.ask(
        '{assetNodes(assetKeys: [{path: ["marts", "fct_weekly_counts"]}]) '
        "{assetMaterializations(limit: 1) "
        "{metadataEntries {label ... on IntMetadataEntry {intValue}}}}}"
    )["assetNodes"]
    entries = node["assetMaterializations"][0]["metadataEntries"]
    rows = [entry["intValue"] for entry in entries if entry["label"] == "dagster/row_count"]
    with duckdb.connect(str(ui.home / "warehouse" / "threatcast.duckdb"), read_only=True) as tables:
        counted = tables.execute("SELECT count(*) FROM marts.fct_weekly_counts").fetchone()
    assert tuple(rows) == counted


def test_job_can_be_launched_and_its_schedule_is_on(ui: Opened) -> None:
    (repository,) = ui.ask(
        "{repositoriesOrError {... on RepositoryConnection {nodes {jobs {name} "
        "schedules {name cronSchedule executionTimezone scheduleState {status}} "
        "sensors {name sensorState {status}}}}}}"
    )["repositoriesOrError"]["nodes"]
    assert "nightly" in {job["name"] for job in repository["jobs"]}
    running = [
        one for one in repository["schedules"] if one["scheduleState"]["status"] != "STOPPED"
    ]
    assert running == [
        {
            "name": "nightly_at_two",
            "cronSchedule": "0 2 * * *",
            "executionTimezone": "UTC",
            "scheduleState": {"status": "RUNNING"},
        }
    ]
    assert {sensor["sensorState"]["status"] for sensor in repository["sensors"]} == {"RUNNING"}


def test_run_of_the_command_line_belongs_to_these_definitions(ui: Opened) -> None:
    # without that the UI leaves it out of its timeline and cannot run it again
    (run,) = ui.ask(
        "{runsOrError {... on Runs {results {status jobName tags {key value} "
        "repositoryOrigin {repositoryLocationName repositoryName}}}}}"
    )["runsOrError"]["results"]
    assert (run["jobName"], run["status"]) == ("nightly", "SUCCESS")
    assert run["repositoryOrigin"] == {
        "repositoryLocationName": "threatcast",
        "repositoryName": "__repository__",
    }
    tags = {tag["key"]: tag["value"] for tag in run["tags"]}
    release = current(ui.home / "releases")
    assert release is not None
    assert tags["threatcast/as_of"] in release
    assert tags["threatcast/source"] == "sample"


def test_link_of_a_check_opens_its_page_beside_the_ui(ui: Opened) -> None:
    nodes = ui.ask(
        '{assetNodes(assetKeys: [{path: ["marts", "fct_weekly_counts"]}]) '
        "{assetChecksOrError {... on AssetChecks {checks {name executionForLatestMaterialization "
        "{evaluation {metadataEntries {label ... on UrlMetadataEntry {url}}}}}}}}}"
    )["assetNodes"]
    links = [
        entry["url"]
        for check in nodes[0]["assetChecksOrError"]["checks"]
        for entry in check["executionForLatestMaterialization"]["evaluation"]["metadataEntries"]
        if entry["label"] == "data docs"
    ]
    assert links
    # the home was made with the usual address; this UI serves its pages at another port
    for link in links:
        with urlopen(link.replace(":3001/", f":{ui.pages}/"), timeout=PATIENCE) as page:  # noqa: S310
            assert b"fct_weekly_counts" in page.read()


def test_taken_port_is_refused_with_the_cure(ui: Opened, tmp_path: Path) -> None:
    result = threatcast("ui", "--port", str(ui.port), home=tmp_path / "home")
    assert result.returncode == 2
    assert f"cannot listen on 127.0.0.1:{ui.port}" in result.stderr
    assert "--port" in result.stderr


def test_second_ui_of_a_home_leaves_and_names_the_first(ui: Opened) -> None:
    result = threatcast("ui", "--port", str(free_port()), home=ui.home)
    assert result.returncode == 75
    assert ui.address in result.stderr


@pytest.mark.browser
def test_browser_shows_the_catalog_without_a_form_in_the_way(ui: Opened) -> None:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("needs a browser: no chromium on the PATH (Debian: apt-get install chromium)")
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{ui.address}/assets/raw/cisa_kev")
        expect(page.get_by_text("Known Exploited Vulnerabilities").first).to_be_visible(
            timeout=PATIENCE * 1000
        )
        expect(page.get_by_text("Join the Dagster community")).to_have_count(0)
        browser.close()


def test_ctrl_c_ends_the_ui_and_all_that_it_started(ui: Opened) -> None:
    stop(ui, signal.SIGINT)


def test_term_ends_a_ui_that_a_script_started_with_all_that_it_started(tmp_path: Path) -> None:
    opened = open_ui(tmp_path / "home")
    try:
        wait_until_it_answers(opened)
        stop(opened, signal.SIGTERM)
    finally:
        opened.process.terminate()
        opened.process.wait()
