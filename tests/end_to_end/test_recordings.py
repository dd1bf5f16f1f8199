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


SPANS = {
    # of all weeks with a copy, addresses of IPv4
    "sefinek_ips": ("2025-11-17", "2026-08-10", "address NOT LIKE '%:%'"),
    "honeypot_hosts": ("2026-05-18", "2026-07-27", "true"),
    "tweetfeed": ("2024-12-23", "2026-08-10", "true"),
}


@pytest.fixture(scope="module")
def warehouse(recorded_home: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(recorded_home / "warehouse" / "threatcast.duckdb"), read_only=True)


def _weekly(feed: str) -> str:
    first, last, where = SPANS[feed]
    return (
        "SELECT location, date_trunc('week', event_day) AS week, count(*) AS events "
        f"FROM intermediate.int_{feed}__history WHERE {where} "
        f"AND date_trunc('week', event_day) BETWEEN DATE '{first}' AND DATE '{last}' GROUP BY ALL"
    )


def _medians(warehouse: duckdb.DuckDBPyConnection, feed: str) -> dict[str, float]:
    """Return the median of a week by country, over the weeks with any event."""
    rows = warehouse.execute(
        f"WITH counts AS ({_weekly(feed)}), weeks AS (SELECT DISTINCT week FROM counts), "
        "places AS (SELECT DISTINCT location FROM counts WHERE location <> 'UNLOCATED') "
        "SELECT location, median(coalesce(events, 0)) FROM places CROSS JOIN weeks "
        "LEFT JOIN counts USING (location, week) GROUP BY location"
    ).fetchall()
    return dict(rows)


@pytest.mark.parametrize(
    ("feed", "of_one", "of_five"),
    # of posted hosts without the cap of a reporter's week 43 and 10
    [("sefinek_ips", 95, 44), ("honeypot_hosts", 55, 23), ("tweetfeed", 29, 6)],
)
def test_countries_with_a_median_of_one_and_five_are_those_of_the_reference(
    feed: str, of_one: int, of_five: int, warehouse: duckdb.DuckDBPyConnection
) -> None:
    medians = _medians(warehouse, feed).values()
    assert sum(median >= 1 for median in medians) == of_one
    assert sum(median >= 5 for median in medians) == of_five


def test_attackers_of_web_sites_by_country_are_those_of_the_reference(warehouse) -> None:
    medians = _medians(warehouse, "sefinek_ips")
    expected = {"US": 754, "CN": 169, "BD": 35, "EC": 8, "KE": 5, "PE": 1}
    assert {code: medians[code] for code in expected} == expected


def test_level_of_the_honeypots_is_that_of_the_reference(warehouse) -> None:
    assert warehouse.execute(
        "SELECT count(*), median(n) FROM "
        f"(SELECT week, sum(events) AS n FROM ({_weekly('honeypot_hosts')}) GROUP BY week)"
    ).fetchone() == (11, 883)


def test_a_reporters_dumps_do_not_make_the_level_of_posted_hosts(warehouse) -> None:
    weeks, median, most, variation = warehouse.execute(
        "SELECT count(*), median(n), max(n), stddev(n) / avg(n) FROM "
        f"(SELECT week, sum(events) AS n FROM ({_weekly('tweetfeed')}) GROUP BY week)"
    ).fetchone()
    # uncapped the median is 1,202, the most 3,483, the variation 0.53
    assert (weeks, median) == (86, 552)
    assert 1_050 <= most <= 1_060
    assert 0.31 < variation < 0.33


def test_no_reporter_goes_further_than_staging(warehouse) -> None:
    assert warehouse.execute(
        "SELECT DISTINCT table_schema FROM information_schema.columns "
        "WHERE column_name = 'reporter' ORDER BY 1"
    ).fetchall() == [("raw",), ("staging",)]


def test_weeks_without_a_list_of_attackers_are_missing(tables) -> None:
    missing = tables.execute(
        "SELECT week FROM activity_weekly WHERE target = 'web_attack_hosts' "
        "AND location = 'WORLD' AND observation = 'missing'"
    ).fetchall()
    weeks = {str(week) for (week,) in missing}
    assert {"2025-09-29", "2025-11-03", "2026-01-05", "2026-03-02", "2026-03-16"} <= weeks
    assert len(weeks) == 14


def test_young_targets_say_that_they_are_too_short(tables) -> None:
    state, reason = tables.execute(
        "SELECT state, reason FROM outlook "
        "WHERE target = 'honeypot_attackers' AND location = 'WORLD'"
    ).fetchone()
    assert (state, reason[:15]) == ("insufficient_evidence", "9 weeks watched")


def test_every_target_says_its_family_and_those_with_places_what_a_place_is(tables) -> None:
    rows = tables.execute("SELECT levels, located_by, family FROM targets").fetchall()
    assert len(rows) == 13
    assert all(family for _, _, family in rows)
    assert all(located_by for levels, located_by, _ in rows if levels == "hierarchy")
