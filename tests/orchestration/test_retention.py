"""What grows is kept in bounds: on a real home, what is to stay stays and what goes is gone."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import in_process
import pytest
from published_kit import SUNDAY, release_of
from threatcast_orchestration.assets.pruning import build_pruning_asset
from threatcast_orchestration.errors import OrchestrationError
from threatcast_orchestration.live_scores.archive import keep_releases
from threatcast_orchestration.nightly.resource import Night
from threatcast_orchestration.published_models.decision_record import record_decisions
from threatcast_orchestration.retention.pruning import Removal, give_back, prune, totals
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.settings import Settings, clock, quiet_environment
from threatcast_orchestration.tracking import open_store, track_night
from threatcast_orchestration.tracking.artifact_paths import store_path
from threatcast_orchestration.tracking.mlflow_nights import nights_in
from threatcast_orchestration.warehouse.outlook_history import keep_outlooks, write_history
from threatcast_publishing import catalog
from threatcast_publishing.verify import verify
from tracking_kit import decision, one_target

MONDAY, TUESDAY = SUNDAY + timedelta(days=1), SUNDAY + timedelta(days=2)
"""Two nights of a week long ago."""
LATER = SUNDAY + timedelta(weeks=6, days=1)
"""The newest night."""
SETTINGS = Settings(keep_nights=14, keep_runs=30)
BEYOND = 60
"""Days after which every run of Dagster in these homes is old."""


@dg.asset
def counted() -> None:
    """Stand for a feed that was pulled by itself."""
    print("said by a step")  # noqa: T201 what a step prints is kept too


@dg.asset_check(asset=counted)
def holds() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


def run_something(home: Home) -> str:
    """Run a job that is no night; returns the run's id."""
    with dg.DagsterInstance.get() as instance:
        return dg.materialize([counted, holds], instance=instance).run_id


def run_night(home: Home) -> str:
    @dg.job
    def nightly() -> None:
        """Stand for a night."""

    with dg.DagsterInstance.get() as instance:
        return nightly.execute_in_process(instance=instance).run_id


@dataclass(frozen=True)
class Grown:
    """A home in which much lies, and what was made when."""

    home: Home
    single_run: str
    night_run: str

    def releases(self) -> list[str]:
        return [info.release_id for info in catalog.list_releases(self.home.releases)]

    def days(self) -> list[date]:
        return [info.as_of for info in catalog.list_releases(self.home.releases)]

    def nights(self) -> list[tuple[date, str]]:
        with open_store(self.home) as client:
            return [(night.as_of, night.run_id) for night in nights_in(client)]

    def prune(self, *, dry_run: bool = False) -> list[Removal]:
        today = clock().date() + timedelta(days=BEYOND)
        return prune(self.home, SETTINGS, today, dry_run=dry_run)

    def copy(self, folder: Path) -> Grown:
        shutil.copytree(self.home.root, folder, symlinks=True)
        other = Home(folder)
        quiet_environment(other)
        return replace(self, home=other)


def grow(home: Home) -> Grown:
    """Fill a home: three nights in all that they leave behind, and a run of Dagster alone."""
    home.prepare()
    quiet_environment(home)
    for week, days_later in ((0, 1), (0, 2), (6, 1)):
        release_of(home.root, SUNDAY + timedelta(weeks=week), days_later=days_later)
        keep_releases(home.releases, home.archive)
        keep_outlooks(home.releases, home.archive)
    # the release's numbers are those of run-1; a version of a commit of its own serves no more
    for day, run_id, commit in (
        (MONDAY, "run-0", "first"), (TUESDAY, "run-1", "second"), (LATER, "run-2", "third")
    ):  # fmt: skip
        track_night(home, one_target(as_of=day, run_id=run_id, commit=commit))
    record_decisions(home, [replace(decision("malware_hosts", "flat"), as_of=TUESDAY)])
    for day in (MONDAY, TUESDAY, LATER):
        (home.gates / day.isoformat()).mkdir()
        (home.gates / day.isoformat() / "marts.dim_series.json").write_text("{}")
    for number in range(8):
        folder = home.forecasts / f"{number:032d}"
        folder.mkdir(parents=True)
        (folder / "made.json").write_text("{}")
        os.utime(folder, (1_700_000_000 + number,) * 2)
    logs = home.dbt_target / "warehouse"
    logs.mkdir(parents=True)
    (logs / "dbt.log").write_text("now")
    (logs / "dbt.log.1").write_text("before")
    return Grown(home, run_something(home), run_night(home))


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Grown:
    """Return a home that nobody prunes; tests read it or copy it."""
    home = Home(tmp_path_factory.mktemp("grown") / "home")
    home.mlflow.mkdir(parents=True)
    shutil.copy(empty_store, store_path(home))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(home.dagster))
        return grow(home)


@pytest.fixture(scope="module")
def pruned(grown: Grown, tmp_path_factory: pytest.TempPathFactory) -> tuple[Grown, list[Removal]]:
    """Return a copy that was pruned, and what went."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", "")
        there = grown.copy(tmp_path_factory.mktemp("pruned") / "home")
        return there, there.prune()


GOES = {
    ("release", str(MONDAY)),
    ("gates", str(MONDAY)),
    ("mlflow", f"{MONDAY}/run-0"),
    ("forecasts", f"{0:032d}"),
    ("forecasts", f"{1:032d}"),
    ("log", "warehouse/dbt.log.1"),
}


def named(removed: list[Removal]) -> set[tuple[str, str]]:
    return {(one.kind, one.name[:10] if one.kind == "release" else one.name) for one in removed}


def test_what_is_old_goes_and_is_told_with_its_bytes(pruned):
    there, removed = pruned
    assert named(removed) == GOES | {("dagster", there.single_run)}
    assert {one.error for one in removed} == {""}
    assert all(one.bytes > 0 for one in removed)
    assert there.days() == [TUESDAY, LATER]
    assert there.nights() == [(TUESDAY, "run-1"), (LATER, "run-2")]
    assert totals(removed)["forecasts"]["count"] == 2


def test_dry_run_says_the_same_and_changes_nothing(grown, pruned):
    def files() -> dict[str, int]:
        root = grown.home.root
        return {
            str(path.relative_to(root)): path.lstat().st_size
            for path in sorted(root.rglob("*"))
            if ".db" not in path.name
        }

    quiet_environment(grown.home)
    before = files()
    said = grown.prune(dry_run=True)
    assert files() == before
    # what a model says of its own place is as long as the place
    assert {one for one in said if one.kind not in ("dagster", "mlflow")} == {
        one for one in pruned[1] if one.kind not in ("dagster", "mlflow")
    }
    assert named(said) == named(pruned[1])
    assert len(grown.nights()) == 3


def test_pruning_again_finds_nothing(pruned):
    quiet_environment(pruned[0].home)
    assert pruned[0].prune() == []


def test_kept_releases_verify_and_rolling_back_still_works(grown, tmp_path):
    there = grown.copy(tmp_path / "home")
    there.prune()
    folders = [info.folder for info in catalog.list_releases(there.home.releases)]
    assert [verify(folder).ok for folder in folders] == [True, True]
    assert catalog.current(there.home.releases) == there.releases()[-1]
    assert catalog.rollback(there.home.releases).as_of == TUESDAY


def test_archive_decisions_and_outlook_history_are_untouched(grown, pruned):
    def kept(there: Grown) -> dict[str, bytes]:
        files = [*there.home.archive.rglob("*.*"), there.home.decisions]
        return {str(path.relative_to(there.home.root)): path.read_bytes() for path in files}

    def history(there: Grown) -> list[tuple[object, ...]]:
        with duckdb.connect() as connection:
            write_history(
                connection, there.home.releases, there.home.archive, LATER + timedelta(days=1)
            )
            return connection.execute("FROM history.outlook_history ORDER BY ALL").fetchall()

    assert kept(grown) == kept(pruned[0])
    assert history(grown) == history(pruned[0])
    assert {row[0][:10] for row in history(grown)} == {str(MONDAY), str(TUESDAY), str(LATER)}


def test_models_with_an_alias_can_be_loaded_and_others_of_old_nights_are_gone(pruned, tmp_path):
    import mlflow

    there = pruned[0].copy(tmp_path / "home")  # loading a model writes beside it
    with open_store(there.home) as client:
        versions = client.search_model_versions("name = 'threatcast-malware_hosts'")
        (serving,) = client.search_registered_models()
        alias = client.get_model_version(serving.name, serving.aliases["champion"])
        assert alias.tags["threatcast.commit"] == "third"
        assert client.get_run(alias.run_id).info.lifecycle_stage == "active"
        assert mlflow.pyfunc.load_model(f"models:/{serving.name}@champion")
    assert {one.tags["threatcast.commit"] for one in versions} == {"second", "third"}
    assert len(list((there.home.mlflow / "artifacts" / "models").iterdir())) == 2


def test_night_whose_model_still_has_an_alias_stays(fresh):
    for day, run_id in ((MONDAY, "run-0"), (LATER, "run-2")):
        track_night(fresh, one_target(as_of=day, run_id=run_id))
    fresh.prepare()
    assert prune(fresh, SETTINGS, LATER) == [], "the version of the first night serves the second"


def rows_about(store: Path, names: set[str]) -> set[str]:
    """Return the tables of an SQLite file in which a name stands anywhere in a row."""
    found = set()
    with closing(sqlite3.connect(store)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in tables.fetchall():
            for row in connection.execute(f"SELECT * FROM {table}"):
                if any(name in str(value) for value in row for name in names):
                    found.add(table)
    return found


def test_nothing_is_left_of_a_run_of_dagster(grown, pruned):
    there, _ = pruned
    for name in ("history/runs.db", "history/runs/index.db"):
        assert rows_about(grown.home.dagster / name, {grown.single_run}), "it was there"
        # what is known of the asset itself names the run that made it last
        left = rows_about(there.home.dagster / name, {there.single_run})
        assert left <= {"asset_keys"}
    files = [path.name for path in there.home.dagster.rglob("*")]
    assert not [name for name in files if there.single_run in name]
    assert f"{there.night_run}.db" in files, "the newest night stays, however old"


def test_nothing_is_left_of_a_night_in_mlflow(grown, pruned):
    there, _ = pruned
    with open_store(grown.home) as client:
        ours = [client.get_experiment_by_name("threatcast").experiment_id]
        gone = {
            run.info.run_id
            for run in client.search_runs(ours, f"tags.`threatcast.as_of` = '{MONDAY}'")
        }
    assert len(gone) == 4, "the night, its target, two models"
    assert rows_about(store_path(grown.home), gone)
    assert rows_about(store_path(there.home), gone) <= {"inputs", "datasets"}
    folders = {path.name for path in (there.home.mlflow / "artifacts").iterdir()}
    assert not folders & gone


@pytest.mark.parametrize("moment", range(6))
def test_killed_in_the_middle_it_leaves_a_whole_home_and_the_next_call_ends_it(
    grown, pruned, tmp_path, monkeypatch, moment
):
    there = grown.copy(tmp_path / "home")
    left, remove = moment, shutil.rmtree

    def dies(path: Path, *words: object, **named: object) -> None:
        nonlocal left
        if not left:
            raise KeyboardInterrupt
        left -= 1
        remove(path, *words, **named)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", dies)
        with pytest.raises(KeyboardInterrupt):
            there.prune()
    assert all(verify(info.folder).ok for info in catalog.list_releases(there.home.releases))
    assert {TUESDAY, LATER} <= set(there.days())
    assert there.nights()[-2:] == [(TUESDAY, "run-1"), (LATER, "run-2")]
    there.prune()
    catalog.remove_set_aside(there.home.releases)

    def names(which: Grown) -> set[str]:
        root = which.home.root
        return {
            str(path.relative_to(root))
            for path in root.rglob("*")
            if not path.name.endswith(("-wal", "-shm"))
        }

    assert names(there) == names(pruned[0])
    assert there.nights() == pruned[0].nights()


def test_unreadable_record_of_decisions_stops_it_before_anything_goes(grown, tmp_path):
    there = grown.copy(tmp_path / "home")
    there.home.decisions.write_text("{")
    with pytest.raises(OrchestrationError, match="is no decision"):
        there.prune()
    assert there.days() == [MONDAY, TUESDAY, LATER]


def test_release_that_the_archive_does_not_hold_stays(grown, tmp_path):
    there = grown.copy(tmp_path / "home")
    (outlook,) = (there.home.archive / "outlooks").glob(f"{MONDAY}-*")
    outlook.write_bytes(b"")
    there.prune()
    assert there.days() == [MONDAY, TUESDAY, LATER]


def test_what_cannot_be_removed_is_told_and_the_rest_goes(grown, tmp_path, monkeypatch):
    there = grown.copy(tmp_path / "home")

    def refused(*words: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(catalog, "remove", refused)
    removed = there.prune()
    assert {one.kind for one in removed if one.error} == {"release"}
    assert named(removed) == GOES | {("dagster", there.single_run)}
    assert not (there.home.gates / str(MONDAY)).exists()


def test_command_says_what_would_go_and_removes_it(grown, tmp_path):
    there = grown.copy(tmp_path / "home")
    words = ("prune", "--home", there.home.root)
    told = in_process.threatcast(*words, "--dry-run", "--json", cwd=tmp_path)
    facts = json.loads(told.stdout)
    assert facts["dry_run"]
    assert facts["bytes"] == sum(one["bytes"] for one in facts["removed"]) > 0
    assert len(there.days()) == 3
    done = in_process.threatcast(*words, cwd=tmp_path)
    assert done.returncode == 0
    assert "Removed 2 forecasts, 1 gates, 1 log, 1 mlflow, 1 release: " in done.stdout
    assert len(there.days()) == 2


def of_a_night(home: Home) -> dict[str, dg.MetadataValue]:
    """Run the night's last step alone; returns what it tells."""
    with dg.DagsterInstance.get() as instance:
        outcome = dg.materialize(
            [build_pruning_asset()],
            resources={"night": Night(home=str(home.root), source="sample")},
            instance=instance,
        )
    assert outcome.success
    return dict(outcome.asset_materializations_for_node("retention__pruned")[0].metadata)


def test_night_prunes_and_tells_how_much(grown, tmp_path):
    there = grown.copy(tmp_path / "home")
    told = of_a_night(there.home)
    assert told["bytes"].value > 0
    assert told["removed"].value["release"]["count"] == 1
    assert there.days() == [TUESDAY, LATER]


def test_night_does_not_fail_by_what_cannot_be_pruned(grown, tmp_path):
    there = grown.copy(tmp_path / "home")
    there.home.decisions.write_text("{")
    assert "is no decision" in str(of_a_night(there.home)["error"].value)
    assert there.days() == [MONDAY, TUESDAY, LATER]


def test_store_is_shrunk_once_much_of_it_is_unused(tmp_path):
    home = Home(tmp_path / "home")
    home.mlflow.mkdir(parents=True)
    with closing(sqlite3.connect(store_path(home))) as store, store:
        store.execute("CREATE TABLE things AS SELECT zeroblob(1000000) AS value")
    size = store_path(home).stat().st_size
    give_back(home)
    assert store_path(home).stat().st_size == size
    with closing(sqlite3.connect(store_path(home))) as store, store:
        store.execute("DELETE FROM things")
    give_back(home)
    assert store_path(home).stat().st_size < size / 10
