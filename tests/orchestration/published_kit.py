"""Releases with whole forecasts of two countries, for tests of what is scored later."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
from small_release import make_release, write_warehouse
from threatcast_forecasting.quantiles import LEVELS
from threatcast_publishing.catalog import ReleaseInfo

SUNDAY = date(2026, 3, 1)
"""A reference date; its week begins on Monday 2026-02-23."""


def release_of(
    folder: Path,
    reference_date: date,
    *,
    days_later: int = 1,
    level: float = 10.0,
    commit: str = "1" * 40,
    places: tuple[str, ...] = ("DE", "FR"),
    models: tuple[str, ...] = ("champion", "comb_two", "flat"),
) -> ReleaseInfo:
    """Publish a release whose quantiles lie evenly between 0 and twice a level.

    Parameters
    ----------
    folder
        Where the warehouse and the folder `releases` go.
    reference_date
        A Sunday; counts before it are 4 a week for 26 weeks, and 8 a week before.
    days_later
        As-of day, counted from the reference date.
    """
    warehouse = folder / f"{reference_date}-{days_later}-{level}.duckdb"
    warehouse.unlink(missing_ok=True)
    write_warehouse(warehouse)
    with duckdb.connect(str(warehouse)) as con:
        con.execute("DELETE FROM published.forecast")
        con.execute(
            "INSERT INTO published.forecast BY NAME "
            "SELECT 'ransomware_claims' AS target, location, model, $day AS reference_date, "
            "horizon, CAST($day AS DATE) - 6 + 7 * horizon AS target_week, quantile, "
            "round(2 * $level * quantile) AS value, '' AS state, "
            "model = $models[1] AS is_published "
            "FROM unnest($places) AS p (location), unnest($models) AS m (model), "
            "unnest(CAST(range(1, 13) AS INTEGER[])) AS h (horizon), "
            "unnest($levels) AS q (quantile)",
            {
                "day": reference_date,
                "level": level,
                "places": list(places),
                "models": list(models),
                "levels": list(LEVELS),
            },
        )
        con.execute(
            "DELETE FROM published.forecast_published;"
            "INSERT INTO published.forecast_published BY NAME "
            "SELECT * EXCLUDE (is_published) FROM published.forecast WHERE is_published"
        )
        con.execute(
            "INSERT INTO published.models (model) SELECT unnest($models) "
            "EXCEPT SELECT model FROM published.models",
            {"models": list(models)},
        )
        con.execute("DELETE FROM published.activity_weekly")
        con.execute(
            "INSERT INTO published.activity_weekly BY NAME "
            "SELECT 'ransomware_claims' AS target, location, "
            "CAST($day AS DATE) - 6 - 7 * back AS week, if(back < 26, 4, 8) AS value, "
            "'observed' AS observation, CAST($day AS DATE) AS as_of "
            "FROM unnest(['DE', 'FR']) AS p (location), "
            "unnest(CAST(range(60) AS INTEGER[])) AS b (back)",
            {"day": reference_date},
        )
    return make_release(
        warehouse,
        folder / "releases",
        source="mirror",
        as_of=reference_date + timedelta(days=days_later),
        commit=commit,
    ).info
