"""The audit of regions on a small warehouse: countries in their region, scores beside the rival."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import pandas as pd
import pytest
from threatcast_orchestration.early_warning.fairness_record import write_fairness

_TABLES = """
    CREATE SCHEMA marts; CREATE SCHEMA intermediate; CREATE SCHEMA forecasts;
    CREATE TABLE marts.dim_locations AS SELECT * FROM (VALUES
        ('WORLD', 'world', ['WORLD']), ('M49-150', 'region', ['M49-150', 'WORLD']),
        ('M49-002', 'region', ['M49-002', 'WORLD']),
        ('M49-155', 'subregion', ['M49-155', 'M49-150', 'WORLD']),
        ('DE', 'country', ['DE', 'M49-155', 'M49-150', 'WORLD']),
        ('FR', 'country', ['FR', 'M49-155', 'M49-150', 'WORLD']),
        ('NA', 'country', ['NA', 'M49-002', 'WORLD']), ('AQ', 'country', ['AQ', 'WORLD'])
    ) AS t (location, location_level, sums_into);
    CREATE TABLE marts.fct_weekly_counts (target VARCHAR, location VARCHAR, week DATE, value INT);
    CREATE TABLE intermediate.int_country_people AS
        SELECT * FROM (VALUES ('DE', 60, 54), ('FR', 20, NULL), ('NA', 20, 6))
        AS t (location, population, internet_users);
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
CLOSED = pd.DataFrame(
    [("DE", "false_alarm"), ("M49-155", "confirmed"), ("M49-150", "false_alarm"),
     ("WORLD", "false_alarm"), ("AQ", "false_alarm")],
    columns=["location", "outcome"],
)  # fmt: skip


@pytest.fixture
def found() -> dict[str, dict[str, object]]:
    with duckdb.connect() as connection:
        connection.execute(_TABLES)
        newest = date(2026, 6, 8)
        weeks = [newest - timedelta(weeks=back) for back in range(60)]
        rows = [("claims", place, week, 1) for place in ("DE", "NA", "WORLD") for week in weeks]
        connection.executemany("INSERT INTO marts.fct_weekly_counts VALUES (?, ?, ?, ?)", rows)
        assert write_fairness(connection, CLOSED) == 2
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


def test_false_alarms_are_those_of_all_places_in_the_region(found) -> None:
    europe, africa = found["M49-150"], found["M49-002"]
    # what was closed of the world and of a place in no region is in none of them
    assert (europe["warnings_closed"], europe["false_alarms"]) == (3, 2)
    assert europe["share_false_alarms"] == pytest.approx(2 / 3)
    assert (africa["warnings_closed"], africa["share_false_alarms"]) == (0, None)
