"""What a night's forecasts are made from, as the warehouse holds it: the marts in, frames out."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
from threatcast_forecasting.night.inputs import LateReports, NightInputs, NightOptions, Places

from threatcast_orchestration.published_models.decision_record import published_models
from threatcast_orchestration.run import keys
from threatcast_orchestration.warehouse.raw import connect

if TYPE_CHECKING:
    import duckdb

    from threatcast_orchestration.run.plan import Plan
    from threatcast_orchestration.run.settings import Settings

_PANEL = """
    SELECT counts.target || '|' || counts.location AS series_id, counts.target, counts.location,
        counts.week, CAST(counts.value AS DOUBLE) AS value
    FROM marts.fct_weekly_counts AS counts
    INNER JOIN marts.dim_series AS series USING (target, location)
    WHERE series.is_eligible AND counts.week >= series.first_week
    ORDER BY series_id, week
"""
_KNOWN = """
    SELECT target || '|' || location AS series_id, origin, week, CAST(value AS DOUBLE) AS value
    FROM marts.fct_vintage_counts
    ORDER BY series_id, origin, week
"""
_KINDS = """
    SELECT DISTINCT target, location, origin, as_of_kind FROM marts.fct_vintage_counts
"""
_TRIANGLE = """
    SELECT target, scope, week, delay, count_day, as_of_kind, arrived, removed, settles_after
    FROM marts.fct_reporting_triangle
    ORDER BY target, scope, week, delay
"""
# every series whose newest weeks may still grow, whether or not it may be forecast
_COUNTS = """
    SELECT counts.target || '|' || counts.location AS series_id, counts.target, counts.location,
        counts.week, CAST(counts.value AS DOUBLE) AS value
    FROM marts.fct_weekly_counts AS counts
    INNER JOIN marts.dim_targets AS targets USING (target)
    WHERE targets.settle_weeks > 0 AND counts.value IS NOT NULL
    QUALIFY counts.week > max(counts.week) OVER (PARTITION BY target) - 7 * 130
    ORDER BY series_id, week
"""
_LOOKS = """
    SELECT targets.target, arg_max(looks.covers_until, looks.copy_number) AS seen
    FROM marts.dim_targets AS targets
    INNER JOIN intermediate.int_feed_looks AS looks USING (feed)
    WHERE looks.covers_until IS NOT NULL
    GROUP BY targets.target
    ORDER BY targets.target
"""
_LAST_DAY = "SELECT last_day FROM raw.run_context"
_PARENTS = "SELECT location, parent FROM marts.dim_locations ORDER BY location"
# countries that borrow, over the weeks by which their share is taken
_SPARSE = """
    SELECT counts.target || '|' || counts.location AS series_id, counts.target, counts.location,
        places.parent, counts.week, CAST(counts.value AS DOUBLE) AS value
    FROM marts.fct_weekly_counts AS counts
    INNER JOIN marts.dim_series AS series USING (target, location)
    INNER JOIN marts.dim_locations AS places USING (location)
    WHERE series.borrows
    QUALIFY counts.week > max(counts.week) OVER (PARTITION BY counts.target) - 7 * 104
    ORDER BY series_id, week
"""
_GROUPINGS = """
    SELECT grouping, location FROM marts.dim_groupings WHERE is_member ORDER BY grouping, location
"""
_QUERIES = (
    _PANEL, _KNOWN, _KINDS, _TRIANGLE, _COUNTS, _LOOKS, _LAST_DAY, _PARENTS, _SPARSE, _GROUPINGS,
)  # fmt: skip
"""All that a night's numbers depend on in the warehouse."""


def inputs_of_night(plan: Plan) -> tuple[NightInputs, str]:
    """Return what a night's forecasts are made from, and the key of these very inputs.

    The one way to both: each step that needs them asks here, and keeps none for the next.
    """
    with connect(plan.home, read_only=True) as connection:
        key = key_of(connection, plan)
        return load_inputs(connection, plan, key), key


def key_of(connection: duckdb.DuckDBPyConnection, plan: Plan) -> str:
    """Return the key of a night's forecasts: its inputs, its settings, the code that makes them."""
    return keys.key("forecasts", plan.settings, data_hash(connection, plan))


def load_inputs(connection: duckdb.DuckDBPyConnection, plan: Plan, key: str) -> NightInputs:
    """Return the eligible series, and all else that the night's forecasts are made from.

    Parameters
    ----------
    connection
        To a warehouse whose marts stand.
    plan
    key
        Of these very inputs (`key_of`); names the numbers.
    """
    panel = connection.execute(_PANEL).df()
    return NightInputs(
        panel,
        connection.execute(_KNOWN).df(),
        connection.execute(_KINDS).df(),
        options_of(plan.settings),
        run_id=key[:16],
        late=_load_late(connection),
        published=published_models(plan.home, panel["target"], plan.as_of),
        places=_load_places(connection),
    )


def options_of(settings: Settings) -> NightOptions:
    """Return the settings that the library is asked with."""
    return NightOptions(
        models=settings.models,
        origins=settings.origins,
        step=settings.step,
        seed=settings.seed,
        jobs=settings.jobs,
    )


def data_hash(connection: duckdb.DuckDBPyConnection, plan: Plan) -> str:
    """Return a hash of all that `load_inputs` would load, without loading it into Python."""
    digest = sha256()
    for query in _QUERIES:
        ordered = query if "ORDER BY" in query else f"{query} ORDER BY ALL"
        row = connection.execute(
            f"SELECT count(*), sum(hash(rows)::HUGEINT)::VARCHAR FROM ({ordered}) AS rows"
        ).fetchone()
        digest.update(repr(row).encode())
    targets = connection.execute(f"SELECT DISTINCT target FROM ({_PANEL})").fetchall()
    published = published_models(plan.home, [target for (target,) in targets], plan.as_of)
    digest.update(repr(sorted(published.items())).encode())
    return digest.hexdigest()


def _load_late(connection: duckdb.DuckDBPyConnection) -> LateReports:
    """Return what nowcasts are made from."""
    looks = connection.execute(_LOOKS).fetchall()
    row = connection.execute(_LAST_DAY).fetchone()
    return LateReports(
        triangle=connection.execute(_TRIANGLE).df(),
        counts=connection.execute(_COUNTS).df(),
        seen={target: np.datetime64(day, "D") for target, day in looks},
        day=np.datetime64(row[0] if row else "NaT", "D"),
    )


def _load_places(connection: duckdb.DuckDBPyConnection) -> Places:
    """Return how places are summed, and the countries that borrow."""
    parents = dict(connection.execute(_PARENTS).fetchall())
    return Places(parents, connection.execute(_SPARSE).df(), connection.execute(_GROUPINGS).df())
