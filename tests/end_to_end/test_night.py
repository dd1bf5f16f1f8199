"""A night on the sample, from nothing to a release, and again with nothing new."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from threatcast_publishing.catalog import current, list_releases
from threatcast_publishing.verify import verify


@pytest.fixture(scope="module")
def release(sample_home: Path) -> Path:
    name = current(sample_home / "releases")
    assert name is not None
    return sample_home / "releases" / name


@pytest.fixture(scope="module")
def tables(release: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(release / "threatcast.duckdb"), read_only=True)


def test_release_is_as_its_manifest_says(release):
    assert verify(release).problems == ()


def test_every_target_and_location_has_one_row_with_a_state(tables):
    missing = tables.execute(
        """
        SELECT targets.target, locations.location, count(outlook.state) AS states
        FROM targets
        INNER JOIN locations
            ON targets.levels = 'hierarchy' OR locations.location = 'WORLD'
        LEFT JOIN outlook
            ON targets.target = outlook.target AND locations.location = outlook.location
        GROUP BY ALL
        HAVING states <> 1
        """
    ).fetchall()
    assert missing == []


def test_numbers_stand_only_beside_the_state_published(tables):
    row = tables.execute(
        "SELECT count(*) FILTER (state = 'published' AND expected_4w IS NULL), "
        "count(*) FILTER (state <> 'published' AND (expected_4w IS NOT NULL "
        "OR usual_weekly IS NOT NULL OR p_zero_4w IS NOT NULL)), "
        "count(*) FILTER (state = 'published'), "
        "count(*) FILTER (state <> 'published' AND reason IS NULL) FROM outlook"
    ).fetchone()
    assert row[:2] == (0, 0)
    assert row[2] > 50
    assert row[3] == 0


def test_weeks_that_may_grow_have_a_nowcast_and_no_others(tables):
    filled = tables.execute(
        "SELECT target, count(*) FILTER (observation = 'provisional') AS provisional, "
        "count(nowcast) FILTER (observation = 'provisional') AS nowcast, "
        "count(nowcast) FILTER (observation <> 'provisional') AS others, "
        "bool_and(nowcast_low80 <= nowcast AND nowcast <= nowcast_high80) AS ordered "
        "FROM activity_weekly GROUP BY target HAVING provisional > 0 ORDER BY target"
    ).fetchall()
    assert [row[0] for row in filled] == [
        "ransomware_claims", "reported_cyberattacks", "state_cyber_incidents"]  # fmt: skip
    for target, provisional, nowcasts, others, ordered in filled:
        assert 0.95 * provisional <= nowcasts <= provisional, target
        assert (others, ordered) == (0, True), target
    newest = tables.execute(
        "SELECT value, nowcast, nowcast_high80 FROM activity_weekly "
        "WHERE target = 'reported_cyberattacks' AND location = 'WORLD' ORDER BY week DESC LIMIT 1"
    ).fetchone()
    assert newest[0] < newest[1] < newest[2]


def test_simulated_release_says_so_wherever_it_is_met(release, tables):
    manifest = json.loads((release / "manifest.json").read_text("utf-8"))
    assert release.name.startswith("simulated-")
    assert manifest["simulated"] is True
    comments = tables.execute("SELECT comment FROM duckdb_tables()").fetchall()
    assert comments
    assert all("SIMULATED" in comment for (comment,) in comments)
    assert "SIMULATED" in (release / "site" / "index.html").read_text("utf-8")
    sentences = tables.execute("SELECT sentence FROM outlook").fetchall()
    assert all("SIMULATED" in sentence for (sentence,) in sentences)


def test_summary_names_feeds_outlooks_and_where_to_look(sample_home):
    printed = (sample_home.parent / "sample_home.done").read_text("utf-8")
    for words in ("cisa_kev", "silent", "source failure", "threatcast query", "threatcast ui"):
        assert words in printed
    assert "SIMULATED" in printed.strip().splitlines()[-1]


def test_parents_are_the_sum_of_their_children(tables):
    wrong = tables.execute(
        """
        WITH sums AS (
            SELECT activity.target, locations.parent AS location, activity.week,
                sum(activity.value) AS children
            FROM activity_weekly AS activity
            INNER JOIN locations USING (location)
            INNER JOIN targets USING (target)
            WHERE locations.parent IS NOT NULL
                AND activity.week >= coalesce(targets.series_start_country, DATE '1900-01-01')
            GROUP BY ALL
        )
        SELECT target, location, week, value, children
        FROM activity_weekly
        INNER JOIN sums USING (target, location, week)
        WHERE value IS DISTINCT FROM children
            -- where records have lost their places, the world stands and its parts are missing
            AND NOT (location = 'WORLD' AND children IS NULL)
        """
    ).fetchall()
    assert wrong == []


def test_silent_feed_gives_missing_weeks_and_no_outlook(tables):
    silent = [
        feed
        for (feed,) in tables.execute(
            "SELECT feed FROM feed_health WHERE state = 'silent'"
        ).fetchall()
    ]
    assert silent, "the simulated world has a feed that goes silent"
    states = tables.execute(
        "SELECT DISTINCT outlook.state FROM outlook INNER JOIN targets USING (target) "
        "WHERE targets.feed IN (SELECT unnest(?)) ",
        [silent],
    ).fetchall()
    assert states == [("source_failure",)]


def test_history_of_the_first_night_is_empty_and_there_is_one_release(sample_home, tables):
    assert tables.execute("SELECT count(*) FROM outlook_history").fetchone() == (0,)
    assert len(list_releases(sample_home / "releases")) == 1


def test_night_is_one_mlflow_run_with_champions_in_the_registry(sample_home, tables):
    import mlflow

    store = f"sqlite:///{sample_home}/mlflow/mlflow.db"
    client = mlflow.MlflowClient(tracking_uri=store, registry_uri=store)
    experiments = client.search_experiments()
    runs = client.search_runs([e.experiment_id for e in experiments], "", max_results=1000)
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    assert [run.info.run_name[:8] for run in parents] == ["nightly "]
    run_ids = {row[0] for row in tables.execute("SELECT DISTINCT run_id FROM outlook").fetchall()}
    assert {run.data.tags["threatcast.run_id"] for run in parents} == run_ids - {None}
    targets = tables.execute(
        "SELECT DISTINCT target FROM outlook WHERE state = 'published'"
    ).fetchall()
    for (target,) in targets:
        assert client.get_model_version_by_alias(f"threatcast-{target}", "champion")
