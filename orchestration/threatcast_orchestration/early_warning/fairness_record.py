"""The table `live.fairness`: how regions are seen and served, audited each night.

Countries are put into the regions of the UN. Income groups and languages of the sources would be
other groupings: no table of the project holds them yet, and no language of a source is known.
"""

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
    "share_population DOUBLE, per_population DOUBLE, forecasts BIGINT, relative_wis DOUBLE, "
    "covered_80 DOUBLE, cells BIGINT, share_published DOUBLE, beyond VARCHAR",
)
# records of the year before the newest week; scores of published models beside the baseline's
_PLACES = """
    WITH countries AS (
        SELECT own.location,
            coalesce(
                above.location,
                CASE WHEN parent.location_level = 'region' THEN parent.location END
            ) AS region
        FROM marts.dim_locations AS own
        LEFT JOIN marts.dim_locations AS parent ON own.parent = parent.location
        LEFT JOIN marts.dim_locations AS above
            ON parent.parent = above.location AND above.location_level = 'region'
        WHERE own.location_level = 'country'
    ),
    records AS (
        SELECT location, sum(value) AS records
        FROM marts.fct_weekly_counts
        WHERE week > (SELECT max(week) FROM marts.fct_weekly_counts) - 7 * 52
        GROUP BY location
    ),
    scored AS (
        SELECT own.location, count(*) AS forecasts,
            count(*) FILTER (WHERE own.covered_80) AS held_80,
            sum(own.wis ORDER BY own.target, own.reference_date, own.horizon) AS wis,
            sum(base.wis ORDER BY own.target, own.reference_date, own.horizon) AS wis_baseline
        FROM forecasts.scores AS own
        INNER JOIN forecasts.outlook USING (target, location, model)
        INNER JOIN forecasts.scores AS base
            ON own.target = base.target AND own.location = base.location
            AND own.reference_date = base.reference_date AND own.horizon = base.horizon
            AND base.model = $baseline
        WHERE own.wis IS NOT NULL AND base.wis IS NOT NULL
        GROUP BY own.location
    ),
    cells AS (
        SELECT series.location, count(*) AS cells, count(outlook.target) AS published
        FROM marts.dim_series AS series
        LEFT JOIN forecasts.outlook USING (target, location)
        GROUP BY series.location
    )
    SELECT countries.location, countries.region AS "group", records.records::DOUBLE AS records,
        populations.population::DOUBLE AS population, NULL::DOUBLE AS internet_users,
        forecasts::DOUBLE AS forecasts, held_80::DOUBLE AS held_80, wis, wis_baseline,
        cells::DOUBLE AS cells, published::DOUBLE AS published
    FROM countries
    LEFT JOIN records USING (location)
    LEFT JOIN seeds.populations AS populations USING (location)
    LEFT JOIN scored USING (location)
    LEFT JOIN cells USING (location)
    WHERE countries.region IS NOT NULL
    ORDER BY countries.location
"""


def write_fairness(connection: duckdb.DuckDBPyConnection) -> int:
    """Audit the regions and write the table; returns its rows."""
    from threatcast_forecasting.judging.fairness import audit
    from threatcast_forecasting.roles import BASELINE

    FAIRNESS.create(connection)
    places = connection.execute(_PLACES, {"baseline": BASELINE}).df()
    found = audit(places).rename(columns={"group": "location"}).assign(grouping="region")
    connection.register("found", found)
    FAIRNESS.insert_from(connection, "found")
    connection.unregister("found")
    return FAIRNESS.count(connection)
