"""The audit of regions on a small warehouse: countries in their region, scores beside the rival."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import pytest
from threatcast_orchestration.early_warning.fairness_record import write_fairness

_TABLES = """
    CREATE SCHEMA marts; CREATE SCHEMA seeds; CREATE SCHEMA forecasts;
    CREATE TABLE marts.dim_locations AS SELECT * FROM (VALUES
        ('WORLD', 'world', NULL), ('M49-150', 'region', 'WORLD'), ('M49-002', 'region', 'WORLD'),
        ('M49-155', 'subregion', 'M49-150'), ('DE', 'country', 'M49-155'),
        ('FR', 'country', 'M49-155'), ('NA', 'country', 'M49-002'), ('AQ', 'country', 'WORLD')
    ) AS t (location, location_level, parent);
    CREATE TABLE marts.fct_weekly_counts (target VARCHAR, location VARCHAR, week DATE, value INT);
    CREATE TABLE seeds.populations AS SELECT * FROM (VALUES ('DE', 60), ('FR', 20), ('NA', 20))
        AS t (location, population);
    CREATE TABLE seeds.internet_shares AS SELECT * FROM (VALUES ('DE', 90, 2023), ('NA', 30, 2020))
        AS t (location, percent, year);
    CREATE TABLE marts.dim_series AS
        SELECT 'claims' AS target, location FROM marts.dim_locations;
    CREATE TABLE forecasts.outlook AS SELECT 'claims' AS target, 'DE' AS location,
        'champion' AS model;
    CREATE TABLE forecasts.scores AS
        SELECT 'claims' AS target, 'DE' AS location, model, DATE '2026-05-03' AS reference_date,
            horizon, wis, horizon <= 3 AS covered_80
        FROM (VALUES ('champion', 1.0), ('flat', 2.0)) AS models (model, wis),
            range(1, 5) AS weeks (horizon);
"""


@pytest.fixture
def found() -> dict[str, dict[str, object]]:
    with duckdb.connect() as connection:
        connection.execute(_TABLES)
        newest = date(2026, 6, 8)
        weeks = [newest - timedelta(weeks=back) for back in range(60)]
        rows = [("claims", place, week, 1) for place in ("DE", "NA", "WORLD") for week in weeks]
        connection.executemany("INSERT INTO marts.fct_weekly_counts VALUES (?, ?, ?, ?)", rows)
        assert write_fairness(connection) == 2
        table = connection.execute("FROM live.fairness").to_arrow_table().to_pylist()
    return {str(row["location"]): row for row in table}


def test_records_of_a_year_are_held_against_the_people(found) -> None:
    europe, africa = found["M49-150"], found["M49-002"]
    assert europe["grouping"] == "region"
    # FR has people and no row of counts: it is in neither share
    assert europe["share_records"] == pytest.approx(0.5)
    assert europe["share_population"] == pytest.approx(0.75)
    assert africa["per_population"] == pytest.approx(2.0)
    # 54 and 6 users, half of the records each
    assert africa["share_internet_users"] == pytest.approx(0.1)
    assert africa["per_internet_users"] == pytest.approx(5.0)


def test_scores_and_outlooks_are_those_of_the_countries(found) -> None:
    europe, africa = found["M49-150"], found["M49-002"]
    assert (europe["places"], europe["cells"], europe["forecasts"]) == (2, 2, 4)
    assert europe["relative_wis"] == pytest.approx(0.5)
    assert europe["covered_80"] == pytest.approx(0.75)
    assert europe["share_published"] == pytest.approx(0.5)
    assert africa["relative_wis"] is None
    assert africa["beyond"] == "per_internet_users,share_published"
