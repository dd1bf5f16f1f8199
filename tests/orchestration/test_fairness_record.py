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
    CREATE TABLE marts.fct_weekly_counts (
        target VARCHAR, location VARCHAR, week DATE, value INT, location_level VARCHAR
    );
    CREATE SCHEMA seeds;
    CREATE TABLE seeds.income_groups AS SELECT * FROM (VALUES
        ('DE', 'high_income'), ('NA', 'upper_middle_income')) AS t (location, income_group);
    CREATE TABLE intermediate.int_country_people AS
        SELECT * FROM (VALUES ('DE', 60, 54), ('FR', 20, NULL), ('NA', 20, 6))
        AS t (location, population, internet_users);
    CREATE TABLE marts.dim_targets AS
        SELECT target, target <> 'shown' AS is_counted
        FROM (VALUES ('claims'), ('hosts'), ('reports'), ('shown')) AS t (target);
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
    [("claims", "DE", "false_alarm"), ("claims", "M49-155", "confirmed"),
     ("claims", "M49-150", "false_alarm"), ("hosts", "WORLD", "false_alarm"),
     ("claims", "AQ", "false_alarm")],
    columns=["target", "location", "outcome"],
)  # fmt: skip


@pytest.fixture
def found() -> dict[str, dict[str, object]]:
    with duckdb.connect() as connection:
        connection.execute(_TABLES)
        newest = date(2026, 6, 8)
        weeks = [newest - timedelta(weeks=back) for back in range(60)]
        levels = {"DE": "country", "NA": "country", "WORLD": "world"}
        rows = [
            ("claims", place, week, 1, level) for place, level in levels.items() for week in weeks
        ]
        rows += [("hosts", "WORLD", week, 3, "world") for week in weeks]
        connection.executemany("INSERT INTO marts.fct_weekly_counts VALUES (?, ?, ?, ?, ?)", rows)
        read = {"claims": ["fr", "en"], "hosts": [], "reports": [], "shown": []}
        assert write_fairness(connection, CLOSED, read) == 6
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


def test_income_groups_hold_the_countries_that_are_classified(found) -> None:
    high, middle = found["high_income"], found["upper_middle_income"]
    assert high["grouping"] == middle["grouping"] == "income"
    # FR is in no group here, and of no group are its people
    assert (high["places"], high["share_population"]) == (1, pytest.approx(0.75))
    assert high["targets"] is None
    # a warning on a region is of no income group
    assert (high["warnings_closed"], high["false_alarms"]) == (1, 1)


def test_languages_hold_targets_and_all_their_records(found) -> None:
    read, machines = found["en,fr"], found["none"]
    assert read["grouping"] == machines["grouping"] == "language"
    assert (read["targets"], machines["targets"], read["places"]) == (1, 2, None)
    assert read["share_records"] == pytest.approx(1 / 4)
    assert machines["share_records"] == pytest.approx(3 / 4)
    assert read["per_population"] is None
    assert (read["forecasts"], read["relative_wis"]) == (4, pytest.approx(0.5))
    assert (machines["warnings_closed"], machines["false_alarms"]) == (1, 1)
