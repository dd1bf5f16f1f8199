"""What differs between two releases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from small_release import BUILT_AT, make_release, write_warehouse
from threatcast_publishing.difference import difference
from threatcast_publishing.errors import DamagedReleaseError, UnknownReleaseError


def release(folder: Path, number: int, *changes: str):
    """Publish a release whose outlook was changed by SQL."""
    warehouse = write_warehouse(folder / f"{number}.duckdb")
    with duckdb.connect(str(warehouse)) as con:
        for change in changes:
            con.execute(f"UPDATE published.outlook SET {change} AND target = 'ransomware_claims'")
    made = make_release(warehouse, folder / "releases", built_at=BUILT_AT + timedelta(hours=number))
    return made.info


def test_rows_that_differ_stand_side_by_side_the_largest_changes_first(tmp_path: Path) -> None:
    old = release(tmp_path, 1)
    new = release(
        tmp_path,
        2,
        "expected_4w = 600, model = 'flat' WHERE location = 'DE'",
        "high80_4w = 2000 WHERE location = 'WORLD'",
        "state = 'published' WHERE location = 'FR'",
    )
    found = difference(tmp_path / "releases")
    assert found.release_id == new.release_id
    rows = found.data.to_pylist()
    assert [row["location"] for row in rows] == ["FR", "DE", "WORLD"]
    assert (rows[0]["state_before"], rows[0]["state"]) == ("insufficient_evidence", "published")
    told = [rows[1][name] for name in ("expected_4w_before", "expected_4w", "model")]
    assert told == [300.0, 600.0, "flat"]
    back = difference(tmp_path / "releases", new.release_id, old.release_id).data.to_pylist()
    assert [row["state"] for row in back if row["location"] == "FR"] == ["insufficient_evidence"]


def test_release_without_one_before_it_is_said(tmp_path: Path) -> None:
    only = release(tmp_path, 1)
    assert difference(tmp_path / "releases", only.release_id).data.num_rows == 0
    with pytest.raises(UnknownReleaseError, match="there is no release before"):
        difference(tmp_path / "releases")


def test_outlook_that_cannot_be_read_is_named_with_the_cure(tmp_path: Path) -> None:
    first = release(tmp_path, 1)
    release(tmp_path, 2, "expected_4w = 600 WHERE location = 'DE'")
    (first.folder / "parquet" / "outlook.parquet").write_bytes(b"PAR1")
    with pytest.raises(DamagedReleaseError, match=f"releases verify {first.release_id}"):
        difference(tmp_path / "releases")
