"""Two nights with a real Postgres and a real S3 server: the same releases, and all of the history.

The histories of Dagster and MLflow lie in Postgres, what machines share in the bucket.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.request import Request, urlopen

import pytest
from in_process import own_environment
from nights import threatcast
from opened_page import PATIENCE, opened_page
from opened_ui import answering_ui
from postgres_server import PASSWORD, postgres
from s3_server import BUCKET, bucket_files, s3_server
from sqlalchemy import create_engine, text
from threatcast_orchestration.nightly.run_history import remove_run, runs_of
from threatcast_orchestration.run.settings import (
    DAGSTER_POSTGRES,
    MLFLOW_POSTGRES,
    home_path,
    quiet_environment,
)
from threatcast_orchestration.tracking.mlflow_nights import content_of, nights_in, remove_night
from threatcast_orchestration.tracking.store import open_store
from threatcast_publishing.catalog import current

from benchmarks.kills.outcome import differences, outcome_of
from benchmarks.kills.world import new_home

FILLED_WITHIN = 600
RUNS = "{... on Runs {results {runId status tags {key value}}}}"
FILL = """
mutation Fill($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename ... on LaunchBackfillSuccess {backfillId} ... on Error {message}
  }
}
"""


@dataclass(frozen=True)
class OnPostgres:
    """A home whose histories lie in Postgres, and the variables that say where.

    `between` is a copy of its store after the first night.
    """

    home: Path
    variables: dict[str, str]
    between: str

    @property
    def databases(self) -> dict[str, str]:
        """The variables of the histories alone."""
        return {name: self.variables[name] for name in (DAGSTER_POSTGRES, MLFLOW_POSTGRES)}

    def counted(self, variable: str, table: str, column: str) -> dict[str, int]:
        """Return how many rows of a table there are of each value of a column."""
        engine = create_engine(self.variables[variable])
        words = f"SELECT {column}, count(*) FROM {table} GROUP BY {column}"
        with engine.connect() as connection:
            found = {str(value): int(count) for value, count in connection.execute(text(words))}
        engine.dispose()
        return found


@pytest.fixture(scope="module")
def kept(two_nights: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnPostgres]:
    with postgres("dagster", "mlflow") as addresses, s3_server() as bucket:
        variables = bucket | {
            DAGSTER_POSTGRES: addresses["dagster"],
            MLFLOW_POSTGRES: addresses["mlflow"],
            "THREATCAST_STORE": f"s3://{BUCKET}/nights",
        }
        between = f"{BUCKET}/between"
        home = new_home(tmp_path_factory.mktemp("postgres") / "home")
        settings = (two_nights.home / "threatcast.toml").read_text(encoding="utf-8")
        (home / "threatcast.toml").write_text(settings, encoding="utf-8")
        for day in two_nights.days:
            done = threatcast("run", "--as-of", day, home=home, **variables)
            assert done.returncode == 0, done.stderr[-3000:]
            if day == two_nights.days[0]:
                bucket_files().copy(f"{BUCKET}/nights", between, recursive=True)
        yield OnPostgres(home, variables, f"s3://{between}")


def test_nights_on_postgres_and_s3_publish_byte_for_byte_what_nights_on_files_do(kept, two_nights):
    assert differences(outcome_of(kept.home), outcome_of(two_nights.home)) == []


def test_no_history_is_kept_in_files_and_no_password_in_the_home(kept):
    assert list(kept.home.rglob("*.db")) == []
    written = "\n".join(
        path.read_text(encoding="utf-8", errors="replace")
        for folder in (kept.home / "dagster", kept.home / "mlflow", kept.home / "gates")
        for path in folder.rglob("*")
        if path.is_file()
    )
    for secret in (PASSWORD, "not%2Fa%3Asecret"):
        assert secret not in written


def test_dagster_keeps_runs_partitions_and_checks_in_postgres(kept, two_nights):
    import dagster as dg

    set_here = kept.variables | {"DAGSTER_HOME": str(kept.home / "dagster")}
    with mock.patch.dict(os.environ, set_here), dg.DagsterInstance.get() as instance:
        records = instance.get_run_records()
        nights = [one.dagster_run.tags["dagster/partition"] for one in reversed(records)]
        assert nights == list(two_nights.days)
        assert all(one.dagster_run.is_success for one in records)
        made = instance.get_materialized_partitions(dg.AssetKey("release"))
    assert made == set(two_nights.days)
    assert kept.counted(DAGSTER_POSTGRES, "asset_check_executions", "run_id").keys() == {
        one.dagster_run.run_id for one in records
    }


def test_mlflow_keeps_nights_and_registered_models_in_postgres(kept):
    import mlflow

    uri = kept.variables[MLFLOW_POSTGRES]
    client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
    models = client.search_registered_models()
    assert "threatcast-exploited_vulnerabilities" in [one.name for one in models]
    assert all("champion" in one.aliases for one in models)
    experiment = client.get_experiment_by_name("threatcast")
    assert experiment.artifact_location == (kept.home / "mlflow" / "artifacts").as_uri()
    found = client.search_runs([experiment.experiment_id], "attributes.run_name LIKE 'nightly %'")
    assert len(found) == 2
    assert {run.info.status for run in found} == {"FINISHED"}


def test_mlflow_opens_on_the_nights_in_postgres(kept, two_nights):
    with opened_page("mlflow", kept.home, **kept.databases) as address:
        (experiment,) = {row["experiment_id"] for row in names_kept(kept.home)}
        words = {"experiment_ids": [experiment], "filter": "attributes.run_name LIKE 'nightly %'"}
        asked = Request(  # noqa: S310 the loopback
            f"{address}/api/2.0/mlflow/runs/search",
            json.dumps(words).encode(),
            {"Content-Type": "application/json"},
        )
        with urlopen(asked, timeout=PATIENCE) as answer:  # noqa: S310
            runs = json.load(answer)["runs"]
    names = sorted(run["info"]["run_name"] for run in runs)
    assert names == [f"nightly {day}" for day in two_nights.days]


def names_kept(home: Path) -> list[dict[str, Any]]:
    lines = (home / "mlflow" / "nights.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_run_and_night_that_are_taken_away_leave_no_row_in_postgres(kept):
    import dagster as dg

    said = threatcast("prune", "--dry-run", home=kept.home, **kept.variables)
    assert said.returncode == 0, said.stderr
    with mock.patch.dict(os.environ, kept.variables):
        home = home_path(kept.home)
        quiet_environment(home)
        with dg.DagsterInstance.get() as instance:
            run_ids = [run_id for run_id, *_ in runs_of(instance, home)]
            assert len(run_ids) == 2
            remove_run(instance, home, run_ids[0])
        with open_store(home) as client:
            first, second = nights_in(client)
            content = content_of(client, first.as_of, first.run_id)
            remove_night(client, home, content)
            assert nights_in(client) == [second]
    for table in ("runs", "run_tags", "asset_check_executions", "event_logs"):
        assert {*kept.counted(DAGSTER_POSTGRES, table, "run_id")} == {run_ids[1]}, table
    for table, column in (("runs", "run_uuid"), ("metrics", "run_uuid"), ("tags", "run_uuid")):
        left = {*kept.counted(MLFLOW_POSTGRES, table, column)}
        assert left
        assert not left & {*content.runs}, table


def test_doctor_names_the_databases_and_not_their_passwords(kept):
    done = threatcast("doctor", "--json", home=kept.home, **kept.variables)
    assert done.returncode == 0, done.stdout
    for said in ("Dagster's history", "MLflow's history", "/dagster", "/mlflow"):
        assert said in done.stdout
    assert "secret" not in done.stdout


def test_empty_home_goes_on_after_a_run_elsewhere_was_killed_and_publishes_the_same_bytes(
    kept, two_nights, tmp_path
):
    killed, home = new_home(tmp_path / "killed"), new_home(tmp_path / "home")
    for one in (killed, home):
        settings = (two_nights.home / "threatcast.toml").read_text(encoding="utf-8")
        (one / "threatcast.toml").write_text(settings, encoding="utf-8")
    shared = {"THREATCAST_STORE": kept.between}
    words = ("run", "--as-of", two_nights.days[1])
    night = started(killed, *words, **shared, THREATCAST_LEASE_SECONDS="15")
    try:
        wait_for_the_lease(kept.between, night.pid)
        refused = threatcast(*words, home=home, **shared)
        assert refused.returncode == 75, refused.stderr
        said = " ".join(refused.stderr.split())
        assert f"Another run works on the store {kept.between}" in said
        assert f"(process {night.pid}) has it since" in said
        assert not (home / "landing").exists()
    finally:
        os.killpg(night.pid, signal.SIGKILL)
        night.wait()
    time.sleep(18)  # its lease, and the tenth beyond it
    done = threatcast(*words, home=home, **shared)
    assert done.returncode == 0, done.stderr[-3000:]
    assert differences(outcome_of(home), outcome_of(two_nights.home)) == []
    release = current(home / "releases")
    assert bucket_files().exists(f"{kept.between}/releases/{release}/manifest.json")
    head = json.loads(bucket_files().cat_file(f"{kept.between}/head.json"))
    assert head["release"] == release


def started(home: Path, *words: str, **variables: str) -> subprocess.Popen[bytes]:
    """Start a command in a process group of its own."""
    with own_environment(**variables):
        return subprocess.Popen(
            [sys.executable, "-m", "threatcast_orchestration.cli", *words, "--home", str(home)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def wait_for_the_lease(store: str, process: int) -> None:
    """Wait until a process has the lease of a store."""
    end = time.monotonic() + 120
    while f"(process {process})" not in bucket_files().cat_file(f"{store}/lease.json").decode():
        assert time.monotonic() < end, "the run did not take the lease"
        time.sleep(0.2)


def test_store_that_cannot_be_reached_ends_the_night_before_it_begins(kept, tmp_path):
    nowhere = {"THREATCAST_STORE": kept.between, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    done = threatcast("run", "--source", "sample", home=tmp_path / "home", **nowhere)
    assert done.returncode == 2
    said = " ".join(done.stderr.split())
    assert f"The store {kept.between} cannot be reached: Could not connect" in said
    assert "THREATCAST_STORE" in said
    assert not (tmp_path / "home" / "landing").exists()


def test_database_that_cannot_be_reached_ends_the_night_before_it_begins(kept, tmp_path):
    wrong = {name: value.replace("not%2F", "other") for name, value in kept.variables.items()}
    done = threatcast("run", "--source", "sample", home=tmp_path / "home", **wrong)
    assert done.returncode == 2
    said = " ".join(done.stderr.split())
    assert "The Postgres database of Dagster's history cannot be reached" in said
    assert f"Mend {DAGSTER_POSTGRES}, or leave it empty for a file in the home." in said
    assert "othera" not in said
    assert not (tmp_path / "home" / "landing").exists()


@pytest.mark.parametrize(
    "value",
    ["mysql://a:secret@b/c", "postgresql+psycopg2://a:secret@b", "postgresql://a:secret@b/c"],
)
def test_address_that_is_none_is_refused_without_being_shown(tmp_path, value):
    done = threatcast("run", home=tmp_path / "home", **{MLFLOW_POSTGRES: value})
    assert done.returncode == 2
    assert f"{MLFLOW_POSTGRES} holds no address of a Postgres database" in done.stderr
    assert "secret" not in done.stderr


def test_ui_shows_the_nights_and_fills_partitions_back_with_a_history_in_postgres(
    kept, two_nights, tmp_path
):
    """The last test of this file: its runs stay in the history."""
    with answering_ui(kept.home, tmp_path, **kept.databases) as ui:
        runs = ui.ask(f"{{runsOrError {RUNS}}}")["runsOrError"]["results"]
        days = list(two_nights.days)
        shown = {partition_of(run) for run in runs}
        assert shown  # both, or what a test before this one has left
        assert shown <= set(days)
        wanted = {"assetSelection": [{"path": ["raw", "cisa_kev"]}], "partitionNames": days}
        asked = ui.ask(FILL, params=wanted)["launchPartitionBackfill"]
        assert asked["__typename"] == "LaunchBackfillSuccess", asked
        end = time.monotonic() + FILLED_WITHIN
        while "COMPLETED_SUCCESS" not in kept.counted(DAGSTER_POSTGRES, "bulk_actions", "status"):
            assert time.monotonic() < end, kept.counted(DAGSTER_POSTGRES, "runs", "status")
            time.sleep(0.5)
        made = ui.ask(f"{{runsOrError {RUNS}}}")["runsOrError"]["results"][: len(days)]
    assert {partition_of(run): run["status"] for run in made} == dict.fromkeys(days, "SUCCESS")


def partition_of(run: dict[str, Any]) -> str:
    return next(tag["value"] for tag in run["tags"] if tag["key"] == "dagster/partition")
