"""The table `live.fairness`: what it holds, and how a night's audit gets there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatcast_orchestration.warehouse.written import WrittenTable

if TYPE_CHECKING:
    import duckdb

FAIRNESS = WrittenTable(
    "live",
    "fairness",
    "One row a grouping of countries and group of it: its share of the records against its share "
    "of the people, how forecasts fared there, and how many of its outlooks have a number.",
    "grouping VARCHAR, location VARCHAR, places INTEGER, share_records DOUBLE, "
    "share_population DOUBLE, per_population DOUBLE, share_internet_users DOUBLE, "
    "per_internet_users DOUBLE, forecasts BIGINT, relative_wis DOUBLE, covered_80 DOUBLE, "
    "cells BIGINT, share_published DOUBLE, beyond VARCHAR",
)
_COUNTRIES = """
    SELECT own.location,
        coalesce(
            above.location, CASE WHEN parent.location_level = 'region' THEN parent.location END
        ) AS region,
        CAST(populations.population AS DOUBLE) AS population,
        populations.population * internet.percent / 100 AS internet_users
    FROM marts.dim_locations AS own
    LEFT JOIN marts.dim_locations AS parent ON own.parent = parent.location
    LEFT JOIN marts.dim_locations AS above
        ON parent.parent = above.location AND above.location_level = 'region'
    LEFT JOIN seeds.populations AS populations ON own.location = populations.location
    LEFT JOIN seeds.internet_shares AS internet ON own.location = internet.location
    WHERE own.location_level = 'country'
    ORDER BY own.location
"""
_COUNTS = """
    SELECT counts.location, counts.week, CAST(counts.value AS DOUBLE) AS value
    FROM marts.fct_weekly_counts AS counts
    INNER JOIN marts.dim_locations AS places USING (location)
    WHERE places.location_level = 'country'
"""
_SCORES = """
    SELECT scores.target, scores.location, scores.reference_date, scores.horizon, scores.model,
        scores.wis, scores.covered_80
    FROM forecasts.scores AS scores
    INNER JOIN forecasts.outlook AS outlook USING (target, location)
    WHERE scores.model IN (outlook.model, $baseline)
"""
_OUTLOOK = "SELECT target, location, model FROM forecasts.outlook"
_SERIES = "SELECT target, location FROM marts.dim_series"


def write_fairness(connection: duckdb.DuckDBPyConnection) -> int:
    """Audit the regions and write the table; returns its rows."""
    from threatcast_forecasting.night.region_audit import AuditInputs, region_audit
    from threatcast_forecasting.roles import BASELINE

    FAIRNESS.create(connection)
    inputs = AuditInputs(
        countries=connection.execute(_COUNTRIES).df(),
        counts=connection.execute(_COUNTS).df(),
        scores=connection.execute(_SCORES, {"baseline": BASELINE}).df(),
        outlook=connection.execute(_OUTLOOK).df(),
        series=connection.execute(_SERIES).df(),
    )
    connection.register("found", region_audit(inputs))
    FAIRNESS.insert_from(connection, "found")
    connection.unregister("found")
    return FAIRNESS.count(connection)
