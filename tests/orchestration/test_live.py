"""Live scores: the first published forecast of a week against its settled count."""

from __future__ import annotations

import json
import math
import shutil
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest
from threatcast_feeds.outcomes import digest_of
from threatcast_forecasting.judging import drift
from threatcast_forecasting.quantiles import LEVELS
from threatcast_forecasting.scores import score_table
from threatcast_orchestration.forecasts.tables import TABLES
from threatcast_orchestration.live_scores.archive import keep_releases
from threatcast_orchestration.live_scores.scoring import published_before, write_live
from threatcast_orchestration.run.home import Home

sys.path.insert(0, str(Path(__file__).parent))
from published_kit import SUNDAY, release_of

TONIGHT = SUNDAY + timedelta(days=30)
"""Four weeks later: the newest complete week is the fourth after the reference date."""


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with a forecast of a Monday and another one of the Tuesday after it."""
    folder = tmp_path_factory.mktemp("archived")
    release_of(folder, SUNDAY, level=10.0)
    keep_releases(folder / "releases", folder / "archive")
    release_of(folder, SUNDAY, days_later=2, level=12.0, commit="2" * 40)
    keep_releases(folder / "releases", folder / "archive", reason="a feed was read twice")
    return folder


@pytest.fixture
def home(archived: Path, tmp_path: Path) -> Home:
    shutil.copytree(archived, tmp_path / "home", symlinks=True)
    return Home(tmp_path / "home")


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return counts of four weeks after the reference date: 10 settled, the last provisional."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA marts")
        for table in TABLES.values():
            table.create(connection)
        connection.execute(
            "INSERT INTO forecasts.models (model) VALUES ('champion'), ('comb_two'), ('flat')"
        )
        connection.execute(
            "CREATE TABLE marts.dim_locations AS SELECT * FROM (VALUES ('DE', 'country'), "
            "('FR', 'country')) AS t (location, location_level)"
        )
        connection.execute(
            "CREATE TABLE marts.fct_weekly_counts AS "
            "SELECT 'ransomware_claims' AS target, location, week, 10 AS value, "
            "if(week < CAST($day AS DATE) + 16, 'observed', 'provisional') AS observation "
            "FROM marts.dim_locations, "
            "(SELECT CAST($day AS DATE) - 6 + 7 * unnest(CAST(range(-8, 5) AS INTEGER[])) AS week)",
            {"day": SUNDAY},
        )
        yield connection


def live(connection: duckdb.DuckDBPyConnection, home: Home, as_of: date = TONIGHT) -> list[tuple]:
    write_live(connection, published_before(home), as_of)
    return connection.execute(
        "SELECT location, model, horizon, wis, scale, scaled_wis, covered_80 FROM live.scores "
        "ORDER BY ALL"
    ).fetchall()


def archive_of_a_poor_model(home: Home) -> None:
    """Let the published model of the first archived forecast expect five times too much."""
    (first,) = (home.archive / "forecasts" / SUNDAY.isoformat()).glob("000-*.parquet")
    poor = first.with_suffix(".new")
    duckdb.execute(
        "COPY (SELECT * REPLACE (if(model = 'champion', list_transform(quantiles, "
        f"lambda x: 5 * x), quantiles) AS quantiles) FROM read_parquet('{first}')) "
        f"TO '{poor}' (FORMAT parquet)"
    )
    poor.replace(first)
    note = first.with_suffix(".json")
    said = json.loads(note.read_text(encoding="utf-8")) | {"file_hash": digest_of(first)}
    note.write_text(json.dumps(said), encoding="utf-8")


def test_settled_weeks_are_scored_as_the_library_scores(home, warehouse):
    rows = live(warehouse, home)
    keys = {(location, model, horizon) for location, model, horizon, *_ in rows}
    assert keys == {
        (location, model, horizon)
        for location in ("DE", "FR")
        for model in ("champion", "comb_two", "flat")
        for horizon in (1, 2, 3)
    }, "the fourth week may still grow"
    quantiles = np.floor(20 * np.array(LEVELS) + 0.5)[None, None, :]
    expected = score_table(np.array([[10.0]]), quantiles, np.array([6.0]))
    for _, _, _, wis, scale, scaled_wis, covered in rows:
        assert (wis, scale) == (pytest.approx(expected["wis"].item()), 6.0)
        assert scaled_wis == pytest.approx(wis / 6)
        assert covered is True
    kinds = warehouse.execute(
        "SELECT DISTINCT kind, as_of_kind, reference_date FROM live.scores"
    ).fetchall()
    assert kinds == [("live", "vintage", SUNDAY)]


def test_correction_is_told_with_both_scores_and_the_first_stays_the_one_scored(home, warehouse):
    live(warehouse, home)
    row = warehouse.execute(
        "SELECT number, model, reason, changed, scored, scaled_wis_first, scaled_wis "
        "FROM live.corrections"
    ).fetchall()
    assert len(row) == 1
    number, model, reason, changed, scored, first, later = row[0]
    assert (number, model, changed, scored) == (1, "champion", 2 * 12, 2 * 3)
    assert reason.startswith("a feed was read twice (code changed from 1")
    mean = warehouse.execute(
        "SELECT avg(scaled_wis) FROM live.scores WHERE model = 'champion'"
    ).fetchall()[0][0]
    assert first == pytest.approx(mean)
    assert later > first, "counts of 10 suit the first forecast better"


def test_forecasts_of_tonight_or_later_do_not_count(home, warehouse):
    assert live(warehouse, home, SUNDAY + timedelta(days=1)) == []
    live(warehouse, home, SUNDAY + timedelta(days=2))
    assert warehouse.execute("SELECT count(*) FROM live.scores").fetchall() == [(18,)]
    assert warehouse.execute("SELECT count(*) FROM live.corrections").fetchall() == [(0,)]


def test_missing_week_is_not_scored(home, warehouse):
    warehouse.execute(
        "UPDATE marts.fct_weekly_counts SET value = NULL, observation = 'missing' "
        "WHERE week = CAST(? AS DATE) + 1",
        [SUNDAY],
    )
    assert {horizon for _, _, horizon, *_ in live(warehouse, home)} == {2, 3}


def test_place_that_only_the_correction_holds_is_scored_by_it(home, warehouse):
    warehouse.execute("INSERT INTO marts.dim_locations VALUES ('TO', 'country')")
    warehouse.execute(
        "INSERT INTO marts.fct_weekly_counts SELECT * REPLACE ('TO' AS location) "
        "FROM marts.fct_weekly_counts WHERE location = 'DE'"
    )
    (second,) = (home.archive / "forecasts" / SUNDAY.isoformat()).glob("001-*.parquet")
    wider = second.with_suffix(".new")
    duckdb.execute(
        f"COPY (FROM read_parquet('{second}') UNION ALL SELECT * REPLACE ('TO' AS location) "
        f"FROM read_parquet('{second}') WHERE location = 'DE') TO '{wider}' (FORMAT parquet)"
    )
    wider.replace(second)
    note = second.with_suffix(".json")
    said = json.loads(note.read_text(encoding="utf-8")) | {"file_hash": digest_of(second)}
    note.write_text(json.dumps(said), encoding="utf-8")
    rows = live(warehouse, home)
    assert {horizon for location, _, horizon, *_ in rows if location == "TO"} == {1, 2, 3}


def test_damaged_file_of_the_archive_costs_its_date_and_not_the_night(home, warehouse, caplog):
    shutil.rmtree(home.releases)
    for path in home.archive.rglob("000-*.parquet"):
        path.write_bytes(path.read_bytes()[:200])
        assert live(warehouse, home) == []
        assert str(path) in caplog.text


def test_model_that_is_no_longer_run_is_left_out(home, warehouse):
    warehouse.execute("DELETE FROM forecasts.models WHERE model = 'flat'")
    assert {model for _, model, *_ in live(warehouse, home)} == {"champion", "comb_two"}


def test_scores_stay_when_the_releases_are_deleted(home, warehouse):
    before = live(warehouse, home)
    shutil.rmtree(home.releases)
    assert live(warehouse, home) == before
    assert before


def test_only_the_newest_quarter_of_settled_weeks_is_shown(home, warehouse):
    warehouse.execute(
        "INSERT INTO marts.fct_weekly_counts SELECT target, location, "
        "CAST($day AS DATE) - 6 + 7 * unnest(CAST(range(5, 16) AS INTEGER[])) AS week, "
        "10 AS value, 'observed' "
        "FROM marts.fct_weekly_counts WHERE week = CAST($day AS DATE) - 6",
        {"day": SUNDAY},
    )
    rows = live(warehouse, home, SUNDAY + timedelta(weeks=16))
    # week 15 is the newest settled one; the 13 newest begin with week 3, week 4 is provisional
    assert {horizon for _, _, horizon, *_ in rows} == {3, *range(5, 13)}
    counted = warehouse.execute(
        "SELECT scored FROM live.drift WHERE scope = 'location' AND place = 'DE'"
    ).fetchall()
    assert counted == [(11,)], "drift looks further back"


def test_home_without_releases_gives_empty_tables(tmp_path, warehouse):
    rows = write_live(warehouse, published_before(Home(tmp_path)), TONIGHT)
    assert rows == {"scores": 0, "corrections": 0, "drift": 0}


def test_place_is_withheld_where_the_baseline_that_would_stand_in_was_left_out(
    home: Home, warehouse: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    # one reference date is too little evidence of a worse model: here the least is enough
    monkeypatch.setattr(drift, "FALL_BACK", 1.0)
    monkeypatch.setattr(drift, "WITHHOLD", math.inf)
    archive_of_a_poor_model(home)
    states = "SELECT DISTINCT state FROM live.drift WHERE scope = 'location'"
    live(warehouse, home)
    assert warehouse.execute(states).fetchall() == [("fallback",)]
    warehouse.execute(
        "INSERT INTO forecasts.left_out (target, location, model) VALUES "
        "('ransomware_claims', 'DE', 'comb_two'), ('listings', 'WORLD', 'flat')"
    )
    live(warehouse, home)
    assert warehouse.execute(states).fetchall() == [("withhold",)]
