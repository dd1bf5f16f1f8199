"""Derived files that are empty, cut or gone count as absent; damaged landing costs its feed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import dagster as dg
import duckdb
import pytest
import yaml
from kev_kit import KEV, NEWEST, pulled, rows_of
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import NullPool, Pool
from threatcast_feeds.outcomes import set_aside
from threatcast_orchestration.assets import dbt_project
from threatcast_orchestration.errors import OrchestrationError
from threatcast_orchestration.feed_steps.pull import pull
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.plan import Plan
from threatcast_orchestration.run.stores import kept_open, set_damaged_aside
from threatcast_orchestration.warehouse import night_file as warehouse_file
from threatcast_orchestration.warehouse.night_file import connect, show
from threatcast_orchestration.warehouse.stamps import finish, read_stamps

MakePlan = Callable[..., Plan]


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def garbage(path: Path) -> None:
    path.write_bytes(b"garbage" * 99)


DAMAGES = (empty, cut, garbage, Path.unlink)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("ending", ["parquet", "json"])
def test_damaged_rows_of_a_payload_are_read_again(
    mirror_plan: MakePlan, damage: Callable[[Path], None], ending: str
) -> None:
    plan = mirror_plan()
    pull(KEV, plan)
    before = rows_of(plan, KEV.key)
    assert len(before) == 4
    newest = plan.landing.payloads(KEV.key)[-1]
    damage(plan.home.raw / KEV.key / f"{newest.sha12}.{ending}")
    assert pull(KEV, plan).parsed == 1
    assert rows_of(plan, KEV.key) == before
    assert pull(KEV, plan).parsed == 0


def test_payload_that_a_gate_refused_stays_refused_when_its_outcome_is_lost(
    mirror_plan: MakePlan,
) -> None:
    plan = mirror_plan()
    pull(KEV, plan)
    newest = plan.landing.payloads(KEV.key)[-1]
    set_aside(plan.home.raw, KEV.key, newest.sha12, "gate: odd", judged_by="v1")
    assert NEWEST not in dict(rows_of(plan, KEV.key))
    cut(plan.home.raw / KEV.key / f"{newest.sha12}.json")
    pull(KEV, plan)
    assert NEWEST not in dict(rows_of(plan, KEV.key))


def test_rows_that_are_damaged_together_with_their_bytes_are_not_shown(
    mirror_plan: MakePlan,
) -> None:
    plan = mirror_plan()
    pull(KEV, plan)
    newest = plan.landing.payloads(KEV.key)[-1]
    cut(newest.path)
    cut(plan.home.raw / KEV.key / f"{newest.sha12}.parquet")
    report = pull(KEV, plan)
    assert newest.path.name in " ".join(report.messages)
    assert [day for day, _ in rows_of(plan, KEV.key)] == [
        landed.day for landed in plan.landing.payloads(KEV.key)[:-1]
    ]


@pytest.mark.parametrize("damage", [empty, cut, garbage])
def test_damaged_note_in_the_landing_fails_its_feed_only(
    mirror_plan: MakePlan, small_mirror: Path, damage: Callable[[Path], None]
) -> None:
    plan = mirror_plan()
    pulled(plan, "country_codes", KEV.key)
    (note,) = (plan.home.landing / KEV.key).glob(f"{NEWEST}-*.meta.json")
    damage(note)
    for recording in (small_mirror / KEV.key).glob(f"{NEWEST}.*"):
        recording.unlink()  # a live source does not serve it again either
    reports = pulled(plan, "country_codes", KEV.key, "xposedornot_breaches")
    assert [bool(report.error) for report in reports.values()] == [False, True, False]
    assert note.name in reports[KEV.key].error
    assert "Restore it from a backup" in reports[KEV.key].error
    assert len(rows_of(plan, KEV.key)) == 3
    assert plan.landing.attempt(KEV.key)["ok"] is False


def test_damaged_note_is_written_anew_by_the_same_bytes(mirror_plan: MakePlan) -> None:
    plan = mirror_plan()
    pull(KEV, plan)
    before = rows_of(plan, KEV.key)
    (note,) = (plan.home.landing / KEV.key).glob(f"{NEWEST}-*.meta.json")
    whole = note.read_bytes()
    cut(note)
    assert pull(KEV, plan).error == ""
    assert note.read_bytes() == whole
    assert rows_of(plan, KEV.key) == before


def test_warehouse_that_lost_its_tail_is_made_anew(home: Home) -> None:
    with connect(home) as connection:
        connection.execute("CREATE TABLE numbers AS SELECT md5(i::VARCHAR) FROM range(99999) t(i)")
    finish(home, "raw", "x")
    os.truncate(home.warehouse, home.warehouse.stat().st_size - 4096)
    with pytest.raises(OrchestrationError, match="made anew"), connect(home) as connection:
        connection.execute("SELECT max(COLUMNS(*)) FROM numbers").fetchall()
    with connect(home) as connection:
        assert connection.execute("SELECT count(*) FROM duckdb_tables()").fetchone() == (0,)
    assert read_stamps(home) == {}


def test_damage_that_shows_while_it_is_read_is_told_and_the_next_run_begins_anew(
    home: Home,
) -> None:
    with connect(home) as connection:
        connection.execute("CREATE TABLE numbers AS SELECT md5(i::VARCHAR) FROM range(99999) t(i)")
    content = bytearray(home.warehouse.read_bytes())
    content[2**20 : 2**20 + 64] = b"\xff" * 64
    home.warehouse.write_bytes(content)
    with pytest.raises(OrchestrationError, match="made anew"), connect(home) as connection:
        connection.execute("SELECT max(COLUMNS(*)) FROM numbers").fetchall()
    with connect(home) as connection:
        assert connection.execute("SELECT count(*) FROM duckdb_tables()").fetchone() == (0,)


def test_no_stage_counts_as_built_once_the_warehouse_is_gone(home: Home) -> None:
    with connect(home):
        pass
    finish(home, "raw", "x")
    home.warehouse.unlink()
    with connect(home):
        pass
    assert read_stamps(home) == {}


@contextmanager
def reader(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Keep a DuckDB file open in a second process."""
    code = (
        "import duckdb, sys, time\n"
        "held = duckdb.connect(sys.argv[1], read_only=True)\n"
        "print(held.execute('SELECT count(*) FROM numbers').fetchone()[0], flush=True)\n"
        "time.sleep(60)\n"
    )
    words = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "3\n"
            yield process
        finally:
            process.kill()


def test_reader_of_the_warehouse_neither_stops_a_night_nor_is_stopped(home: Home) -> None:
    with connect(home) as connection:
        connection.execute("CREATE TABLE numbers AS SELECT * FROM range(3)")
    show(home)
    with reader(home.warehouse_copy):
        with connect(home) as connection:
            connection.execute("INSERT INTO numbers VALUES (3)")
        show(home)
    with duckdb.connect(str(home.warehouse_copy), read_only=True) as copy:
        assert copy.execute("SELECT count(*) FROM numbers").fetchone() == (4,)


def test_program_that_keeps_the_nights_own_file_open_is_named(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warehouse_file, "PATIENCE", 0.5)
    with connect(home) as connection:
        connection.execute("CREATE TABLE numbers AS SELECT * FROM range(3)")
    refused = pytest.raises(OrchestrationError, match="kept open by")
    with reader(home.warehouse) as process, refused as told, connect(home):
        pass
    assert f"process {process.pid} (" in str(told.value)
    assert "python" in str(told.value)
    assert str(home.warehouse_copy) in str(told.value)


def test_night_waits_for_a_program_that_is_about_to_leave(home: Home) -> None:
    with connect(home) as connection:
        connection.execute("CREATE TABLE numbers AS SELECT * FROM range(3)")
    with reader(home.warehouse) as process:
        subprocess.Popen(["sh", "-c", f"sleep 1; kill -9 {process.pid}"])
        with connect(home) as connection:
            assert connection.execute("SELECT count(*) FROM numbers").fetchone() == (3,)


@pytest.mark.parametrize("damage", [empty, cut, garbage])
def test_damaged_history_gives_way_to_a_new_one(
    tmp_path: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    path, sound = tmp_path / "runs.db", tmp_path / "sound.db"
    for store in (path, sound):
        with closing(sqlite3.connect(store)) as made, made:
            made.execute("CREATE TABLE runs (id TEXT)")
            made.executemany("INSERT INTO runs VALUES (?)", [("x" * 500,)] * 99)
    damage(path)
    assert set_damaged_aside([path, sound, tmp_path / "none.db"], "the history") == [path]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["runs.db.damaged", "sound.db"]
    assert "the history begins anew" in caplog.text


def test_files_of_the_history_are_written_back_once_at_the_end(tmp_path: Path) -> None:
    engines = {
        path: create_engine(f"sqlite:///{path}", poolclass=NullPool)
        for path in (tmp_path / "history" / "runs.db", tmp_path / "elsewhere.db")
    }
    with kept_open(tmp_path / "history"):
        for path, engine in engines.items():
            path.parent.mkdir(exist_ok=True)
            for statement in ("PRAGMA journal_mode = WAL", "CREATE TABLE events (number INTEGER)"):
                with engine.begin() as connection:
                    connection.execute(text(statement))
            for number in range(3):
                with engine.begin() as connection:
                    connection.execute(text(f"INSERT INTO events VALUES ({number})"))
        logs = sorted(path.name for path in tmp_path.rglob("*.db-wal"))
        assert logs == ["runs.db-wal"], "what lies elsewhere is written back each time"
    assert list(tmp_path.rglob("*.db-wal")) == []
    for path in engines:
        with closing(sqlite3.connect(path)) as store:
            assert store.execute("SELECT count(*) FROM events").fetchone() == (3,)


def test_one_engine_and_few_connections_serve_all_events_of_a_run(tmp_path: Path) -> None:
    used: dict[str, set[Engine]] = defaultdict(set)
    opened: list[str] = []

    def note(connection: Connection) -> None:
        used[Path(str(connection.engine.url.database)).parent.name].add(connection.engine)

    def count(connection: sqlite3.Connection, record: object) -> None:
        (_, _, path), *_ = connection.execute("PRAGMA database_list")
        opened.append(Path(path).parent.name)

    @dg.asset
    def counted() -> None:
        """Count nothing."""

    event.listen(Engine, "engine_connect", note)
    event.listen(Pool, "connect", count)
    try:
        with kept_open(tmp_path), dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
            dg.materialize([counted], instance=instance)
            assert len(instance.all_logs(instance.get_runs()[0].run_id)) > 5
    finally:
        event.remove(Engine, "engine_connect", note)
        event.remove(Pool, "connect", count)
    assert len(used["runs"]) == 2, "of the run's own file, and of the index of all runs"
    assert opened.count("runs") <= 4, "a second one to each, where Dagster reads while it writes"


@pytest.mark.parametrize("damage", [empty, cut])
def test_settings_of_the_instance_that_a_kill_cut_are_written_anew(
    home: Home, damage: Callable[[Path], None]
) -> None:
    home.prepare()
    config = home.dagster / "dagster.yaml"
    damage(config)
    home.prepare()
    assert yaml.safe_load(config.read_text("utf-8"))["concurrency"]["pools"]["default_limit"] == 1


def test_cut_manifest_of_dbt_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = dbt_project.manifest().read_bytes()
    project = tmp_path / "dbt_project"
    (project / "target").mkdir(parents=True)
    for name in ("models", "macros", "seeds", "data_tests", "dbt_project.yml", "profiles.yml"):
        (project / name).symlink_to(dbt_project.DBT / name)
    monkeypatch.setattr(dbt_project, "DBT", project)
    manifest = project / "target" / "manifest.json"
    monkeypatch.setattr(dbt_project, "parse_project", lambda: manifest.write_bytes(whole))
    for content in (b"", whole[: len(whole) // 2]):
        manifest.write_bytes(content)
        assert dbt_project.manifest().read_bytes() == whole
