"""What earlier releases said, as a table of the warehouse."""

from __future__ import annotations

import shutil
import sys
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from small_release import AS_OF, make_release, write_warehouse
from threatcast_orchestration.live_scores.forecast_history import write_forecast_history
from threatcast_orchestration.live_scores.scoring import published_before
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.warehouse.outlook_history import (
    has_outlook,
    keep_outlooks,
    write_history,
)

sys.path.insert(0, str(Path(__file__).parent))
from published_kit import SUNDAY, release_of


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


def told(tmp_path: Path, as_of: date) -> list[tuple]:
    """Return reference date, level at the middle, model and release of each forecast of Germany."""
    releases, archive = tmp_path / "releases", tmp_path / "archive"
    notes = published_before(Home(tmp_path))
    with duckdb.connect() as connection:
        write_history(connection, releases, archive, as_of)
        write_forecast_history(connection, notes, as_of)
        return connection.execute(
            "SELECT reference_date, value, model, release_id FROM live.forecast_history "
            "WHERE location = 'DE' AND quantile = 0.5 AND horizon = 12 ORDER BY ALL"
        ).fetchall()


def test_first_published_forecast_of_each_date_is_told_with_its_release(tmp_path: Path) -> None:
    later = SUNDAY + timedelta(weeks=1)
    first = release_of(tmp_path, SUNDAY, level=10.0)
    release_of(tmp_path, SUNDAY, days_later=2, level=30.0)
    second = release_of(tmp_path, later, level=20.0)
    release_of(tmp_path, later + timedelta(weeks=1), level=40.0)
    assert told(tmp_path, later + timedelta(days=2)) == [
        (SUNDAY, 10.0, "champion", first.release_id),
        (later, 20.0, "champion", second.release_id),
    ]


def test_forecast_of_a_place_that_was_withheld_at_first_is_that_of_the_next_release(
    tmp_path: Path,
) -> None:
    """The archive keeps the numbers of a withheld place, but they spoke for nobody."""
    first = release_of(tmp_path, SUNDAY)
    second = release_of(tmp_path, SUNDAY, days_later=2)
    keep_outlooks(tmp_path / "releases", tmp_path / "archive")
    path = tmp_path / "archive" / "outlooks" / f"{first.release_id}.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT * REPLACE (if(location = 'DE', 'withheld', state) AS state) "
            "FROM read_parquet($path)) TO $path",
            {"path": str(path)},
        )
    assert [row[3] for row in told(tmp_path, SUNDAY + timedelta(days=9))] == [second.release_id]
