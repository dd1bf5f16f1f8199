"""What earlier releases said, as a table of the warehouse."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from small_release import AS_OF, make_release, write_warehouse
from threatcast_orchestration.warehouse.history import has_outlook, keep_outlooks, write_history


def test_column_younger_than_a_release_is_null_in_its_history(tmp_path: Path) -> None:
    releases = tmp_path / "releases"
    release = make_release(write_warehouse(tmp_path / "w.duckdb"), releases).info
    path = release.folder / "parquet" / "outlook.parquet"
    with duckdb.connect() as connection:
        table = connection.read_parquet(str(path)).to_arrow_table()
        connection.register("as_it_was", table.drop_columns(["usual_4w", "usual_12w"]))
        connection.execute("COPY as_it_was TO $path", {"path": str(path)})
        rows, _ = write_history(
            connection, releases, tmp_path / "archive", AS_OF + timedelta(days=1)
        )
        told = connection.execute(
            "SELECT release_id, usual_weekly, usual_4w, expected_4w FROM history.outlook_history "
            "WHERE target = 'ransomware_claims' AND location = 'DE'"
        ).fetchall()
    assert rows == len(table)
    assert told == [(release.release_id, 75.0, None, 300.0)]


def test_release_whose_outlook_is_cut_is_left_out_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    releases = tmp_path / "releases"
    release = make_release(write_warehouse(tmp_path / "w.duckdb"), releases).info
    later = AS_OF + timedelta(days=1)
    with duckdb.connect() as connection:
        whole = write_history(connection, releases, tmp_path / "archive", later)
        (release.folder / "parquet" / "outlook.parquet").write_bytes(b"")
        rows, stamp = write_history(connection, releases, tmp_path / "archive", later)
    assert rows == 0 < whole[0]
    assert stamp != whole[1]
    assert release.release_id in caplog.text


def test_history_is_the_same_once_releases_are_off_the_disk(tmp_path: Path) -> None:
    releases, archive = tmp_path / "releases", tmp_path / "archive"
    release = make_release(write_warehouse(tmp_path / "w.duckdb"), releases).info
    later = AS_OF + timedelta(days=1)
    with duckdb.connect() as connection:
        before = write_history(connection, releases, archive, later)
        rows = connection.execute("FROM history.outlook_history ORDER BY ALL").fetchall()
        assert keep_outlooks(releases, archive) == [release.release_id]
        assert keep_outlooks(releases, archive) == [], "each is copied once"
        shutil.rmtree(release.folder)
        assert write_history(connection, releases, archive, later) == before
        assert connection.execute("FROM history.outlook_history ORDER BY ALL").fetchall() == rows
        assert write_history(connection, releases, archive, AS_OF)[0] == 0, "of earlier days only"


def test_outlook_that_is_not_as_it_was_published_is_not_archived(tmp_path: Path) -> None:
    releases, archive = tmp_path / "releases", tmp_path / "archive"
    release = make_release(write_warehouse(tmp_path / "w.duckdb"), releases).info
    path = release.folder / "parquet" / "outlook.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert keep_outlooks(releases, archive) == []
    assert not has_outlook(archive, release)
    path.write_bytes(whole)
    keep_outlooks(releases, archive)
    assert has_outlook(archive, release)


def test_damaged_copy_in_the_archive_gives_way_to_the_release(tmp_path: Path) -> None:
    releases, archive = tmp_path / "releases", tmp_path / "archive"
    release = make_release(write_warehouse(tmp_path / "w.duckdb"), releases).info
    later = AS_OF + timedelta(days=1)
    keep_outlooks(releases, archive)
    (copy,) = (archive / "outlooks").iterdir()
    copy.write_bytes(b"")
    with duckdb.connect() as connection:
        assert write_history(connection, releases, archive, later)[0] > 0
    assert keep_outlooks(releases, archive) == [release.release_id], "and is written again"
    assert has_outlook(archive, release)
