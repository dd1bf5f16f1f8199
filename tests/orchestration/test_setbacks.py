"""What is told of a night that published although something went wrong."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from small_release import AS_OF, make_release, write_warehouse
from threatcast_orchestration.nightly.setbacks import setbacks_of
from threatcast_orchestration.warehouse.outlook_history import write_history

FAILED = "the last attempt (2026-06-21) failed, newest payload of 2026-06-14"


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    """Return releases of two nights: five outlooks of claims, of which one is left."""
    releases = tmp_path / "releases"
    before = make_release(write_warehouse(tmp_path / "w.duckdb"), releases).info
    night = AS_OF + timedelta(days=7)
    with duckdb.connect(str(tmp_path / "w.duckdb")) as warehouse:
        write_history(warehouse, releases, releases.parent / "archive", night)
        warehouse.execute(
            "DROP TABLE published.outlook_history; "
            "CREATE TABLE published.outlook_history AS FROM history.outlook_history; "
            "COMMENT ON TABLE published.outlook_history IS 'One row a release and place.'; "
            "UPDATE published.outlook SET state = 'insufficient_evidence', reason = 'few' "
            "WHERE target = 'ransomware_claims' AND location <> 'WORLD'"
        )
        warehouse.execute(
            "UPDATE published.feed_health SET state = 'failed', reason = ? "
            "WHERE feed = 'ransomware_live'",
            [FAILED],
        )
    make_release(tmp_path / "w.duckdb", releases, as_of=night)
    assert before.as_of == AS_OF
    return releases


def test_failed_feed_and_lost_outlooks_are_named(releases: Path) -> None:
    found = setbacks_of(releases, limit=10)
    assert found
    feed, target = found.lines
    assert feed == (
        f"ransomware_live failed: {FAILED}; 1 outlooks stay published, from data through "
        "2026-06-14."
    )
    assert target.startswith("ransomware_claims has 1 outlooks of the 5 of simulated-2026-06-14-")
    assert target.endswith(", most others are insufficient_evidence.")
    told = found.as_dict()
    assert [row["feed"] for row in told["failed_feeds"]] == ["ransomware_live"]
    assert [row["target"] for row in told["dropped_targets"]] == ["ransomware_claims"]


@pytest.mark.parametrize(("limit", "told"), [(79, True), (80, False)])
def test_drop_is_told_beyond_its_limit_only(releases: Path, limit: int, told: bool) -> None:
    assert bool(setbacks_of(releases, limit=limit).dropped) is told


def test_first_release_without_a_failed_feed_has_nothing_to_tell(tmp_path: Path) -> None:
    make_release(write_warehouse(tmp_path / "w.duckdb"), tmp_path / "releases")
    assert not setbacks_of(tmp_path / "releases", limit=0)
