"""What the warnings of a night are made from, as the warehouse and the home hold it."""

from __future__ import annotations

import logging
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from threatcast_feeds.exact_paths import ONE_FILE, exact
from threatcast_forecasting.night.past_forecasts import WEEKS
from threatcast_forecasting.night.warning_night import WarningInputs
from threatcast_forecasting.warning.wagers import LONGEST
from threatcast_forecasting.weeks import reference_date, reference_week

from threatcast_orchestration.early_warning.gate_findings import gate_findings

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb
    import pandas as pd

    from threatcast_orchestration.forecasts.kept import KeptForecasts
    from threatcast_orchestration.run.plan import Plan

log = logging.getLogger(__name__)

_COUNTS = """
    SELECT counts.target, counts.location, counts.week,
        CAST(coalesce(late.nowcast_low80, counts.value) AS DOUBLE) AS low,
        CAST(CASE counts.observation
            WHEN 'observed' THEN counts.value ELSE late.nowcast_high80
        END AS DOUBLE) AS high
    FROM marts.fct_weekly_counts AS counts
    INNER JOIN forecasts.outlook USING (target, location)
    LEFT JOIN forecasts.nowcast AS late
        ON counts.target = late.target AND counts.location = late.location
        AND counts.week = late.week AND counts.observation = 'provisional'
    WHERE counts.week > $reference_date - 7 * $weeks
"""
_TO_DATE = """
    SELECT counts.target, counts.location, counts.week, CAST(counts.value AS DOUBLE) AS low
    FROM marts.fct_week_to_date AS counts
    INNER JOIN forecasts.outlook USING (target, location)
"""
_ARCHIVE = """
    SELECT target, location, reference_date, horizon, quantile, value
    FROM live.forecast_history
    WHERE horizon <= $ahead AND reference_date > $reference_date - 7 * ($weeks + $ahead)
"""
_FIRST = """
    SELECT target, location, min(reference_date) AS first FROM live.forecast_history GROUP BY ALL
"""
_OUTLOOK = "SELECT target, location, model FROM forecasts.outlook"
_SHIFTS = """
    SELECT target, scope, week, noticed_week FROM forecasts.level_shifts WHERE scope = 'feed'
"""
_HEALTH = """
    SELECT targets.target, health.state,
        date_trunc('week', coalesce(health.newest_vintage, health.last_event)) AS since
    FROM marts.fct_feed_health AS health
    INNER JOIN marts.dim_targets AS targets USING (feed)
    WHERE targets.is_counted
"""
_WORLD = """
    SELECT target, week, CAST(value AS DOUBLE) AS value
    FROM marts.fct_weekly_counts WHERE location = 'WORLD'
"""
# a place without a row had none: only weeks with events, and a row for each week that was watched
_PLACES = """
    WITH counts AS (
        SELECT target, location AS place, week, CAST(value AS DOUBLE) AS value
        FROM marts.fct_weekly_counts
        WHERE location_level = 'country' AND value IS NOT NULL
            AND week > $reference_date - 7 * 110
    )
    SELECT * FROM counts WHERE value > 0
    UNION ALL
    SELECT DISTINCT target, '' AS place, week, 0.0 AS value FROM counts
"""
_NAMES = """
    SELECT target, event_name AS name, week, CAST(value AS DOUBLE) AS value
    FROM intermediate.int_events_by_name
    WHERE week <= $reference_date AND week > $reference_date - 7 * 110
"""
_FILLED = """
    SELECT target, field, week, records, filled
    FROM intermediate.int_events_by_field
    WHERE week <= $reference_date AND week > $reference_date - 7 * 60
"""
_SCORES = """
    SELECT target, location, model, reference_date, horizon, scale, pit_low, pit_high
    FROM forecasts.scores
"""
_PAST = "SELECT * FROM live.forecast_history WHERE false"
_NONE = "SELECT kind, target, location, detail, since, week FROM live.warnings WHERE false"
_IN_RELEASE = "parquet/warnings.parquet"


def warning_inputs(
    connection: duckdb.DuckDBPyConnection, plan: Plan, results: KeptForecasts
) -> WarningInputs:
    """Return what the warnings of a night are made from.

    Parameters
    ----------
    connection
        To a warehouse whose marts, forecasts and live scores stand.
    plan
    results
        The night's forecasts.
    """
    newest = reference_week(np.datetime64(plan.last_day, "D"))
    ends = date.fromisoformat(str(reference_date(newest)))
    known = {"reference_date": ends, "weeks": WEEKS, "ahead": LONGEST}

    def frame(query: str) -> pd.DataFrame:
        asked = {name: value for name, value in known.items() if f"${name}" in query}
        return connection.execute(query, asked).df()

    return WarningInputs(
        reference_date=ends,
        counts=frame(_COUNTS),
        to_date=frame(_TO_DATE),
        archive=frame(_ARCHIVE),
        past=results.frame("past_forecasts") if results.scores is not None else frame(_PAST),
        first=frame(_FIRST),
        outlook=frame(_OUTLOOK),
        scores=frame(_SCORES),
        findings=gate_findings(plan),
        health=frame(_HEALTH),
        shifts=frame(_SHIFTS),
        world=frame(_WORLD),
        places=frame(_PLACES),
        names=frame(_NAMES),
        filled=frame(_FILLED),
        before=_warnings_before(connection, plan.home.releases, plan.as_of),
    )


def _warnings_before(
    connection: duckdb.DuckDBPyConnection, releases: Path, as_of: date
) -> pd.DataFrame:
    """Return the warnings of the newest release of an earlier day; none if it has none to be read.

    Without them each warning would begin anew, no more.
    """
    import duckdb
    from threatcast_publishing.catalog import list_releases

    earlier = [info for info in list_releases(releases) if info.as_of < as_of]
    path = earlier[-1].folder / _IN_RELEASE if earlier else None
    if path is None or not path.is_file():
        return connection.execute(_NONE).df()
    try:
        return connection.execute(
            f"SELECT kind, target, location, detail, since, week FROM read_parquet(?, {ONE_FILE})",
            [exact(path)],
        ).df()
    except duckdb.Error as error:
        log.warning(
            "The warnings of the release %s cannot be read (%s): those of tonight begin anew. See "
            "what is wrong with: threatcast releases verify %s",
            earlier[-1].release_id,
            str(error).splitlines()[0],
            earlier[-1].release_id,
        )
        return connection.execute(_NONE).df()
