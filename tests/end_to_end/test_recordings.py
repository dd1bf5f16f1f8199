"""The night of the newest recordings: which feeds live, and what is said of the others."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from threatcast_publishing.catalog import current
from threatcast_publishing.verify import verify

STALE = {
    "c2_tracker": "2026-03-16",
    "ddosia_targets": "2025-11-05",
    "ransomware_live_press": "2025-08-29",
    "eurepoc": "2025-02-21",
    "accessnow_keepiton": "2026-05-20",
}


@pytest.fixture(scope="module")
def release(recorded_home: Path) -> Path:
    return recorded_home / "releases" / str(current(recorded_home / "releases"))


@pytest.fixture(scope="module")
def tables(release: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(release / "threatcast.duckdb"), read_only=True)


def test_release_of_the_recordings_verifies_and_is_not_called_simulated(release, tables):
    assert verify(release).problems == ()
    assert release.name.startswith("2026-08-22-")
    page = (release / "site" / "index.html").read_text("utf-8")
    assert "SIMULATED" not in page
    assert tables.execute(
        "SELECT count(*) FROM outlook WHERE sentence LIKE '%SIMULATED%'"
    ).fetchone() == (0,)


def test_stale_feeds_are_named_with_their_day(tables):
    said = dict(
        tables.execute("SELECT feed, reason FROM feed_health WHERE state = 'stale'").fetchall()
    )
    assert said.keys() == STALE.keys()
    for feed, day in STALE.items():
        assert day in said[feed]


def test_all_cells_of_a_stale_feed_are_source_failures_with_the_reason(tables):
    states = tables.execute(
        "SELECT DISTINCT outlook.state, contains(outlook.reason, ?) FROM outlook "
        "INNER JOIN targets USING (target) WHERE targets.feed = ?",
        [STALE["eurepoc"], "eurepoc"],
    ).fetchall()
    assert states == [("source_failure", True)]


def test_weeks_after_a_feed_ended_are_missing_and_not_zero(tables):
    rows = tables.execute(
        "SELECT DISTINCT observation, value FROM activity_weekly "
        "WHERE target = 'ddos_targets' AND week >= DATE '2025-11-10'"
    ).fetchall()
    assert rows == [("missing", None)]


def test_hole_of_the_recording_is_missing(tables):
    rows = tables.execute(
        "SELECT DISTINCT observation FROM activity_weekly WHERE target = 'ransomware_claims' "
        "AND week IN (DATE '2026-06-22', DATE '2026-06-29')"
    ).fetchall()
    assert rows == [("missing",)]


def test_quiet_country_of_a_living_feed_has_zeros(tables):
    zeros, missing = tables.execute(
        "SELECT count(*) FILTER (value = 0), count(*) FILTER (value IS NULL) FROM activity_weekly "
        "WHERE target = 'malware_hosts' AND location = 'TV' AND week >= DATE '2026-01-05'"
    ).fetchone()
    assert zeros > 25
    assert missing == 0


def test_known_numbers_of_the_feeds_are_met(tables):
    # the sums by year that the catalog of 2026-08-21 gives
    kev = dict(
        tables.execute(
            "SELECT year(week + 3), sum(value) FROM activity_weekly WHERE "
            "target = 'exploited_vulnerabilities' GROUP BY ALL"
        ).fetchall()
    )
    assert abs(kev[2023] - 187) <= 3
    assert abs(kev[2024] - 186) <= 3
    assert abs(kev[2025] - 245) <= 3
    (united_states,) = tables.execute(
        "SELECT avg(value) FROM activity_weekly WHERE target = 'ransomware_claims' "
        "AND location = 'US' AND week BETWEEN DATE '2025-08-18' AND DATE '2026-08-10'"
    ).fetchone()
    assert 60 < united_states < 78


def test_phishing_is_shown_and_never_forecast(tables):
    assert tables.execute(
        "SELECT state, reason, expected_4w FROM outlook WHERE target = 'phishing_mix'"
    ).fetchall() == [("withheld", "fixed_size_window", None)]
    assert tables.execute(
        "SELECT count(*) FROM forecast WHERE target = 'phishing_mix'"
    ).fetchone() == (0,)
    assert tables.execute("SELECT count(*) FROM phishing_mix").fetchone() > (50,)
