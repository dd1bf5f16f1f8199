"""Published forecasts of earlier days against what came: the schema `live` of the warehouse.

Knows no Dagster. Only releases of earlier as-of days count: a night that is repeated then gives
the same bytes. A week is scored once its count is settled (`observed`), so that late reports are
not taken for calm; the newest settled weeks are scored again each night, with the counts known now.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from threatcast_feeds.exact_paths import exact

from threatcast_orchestration.forecasts.tables import SCORES
from threatcast_orchestration.live_scores.archive import Kept, keep_releases
from threatcast_orchestration.live_scores.archive_files import readable_archive
from threatcast_orchestration.warehouse.written import WrittenTable, by_name

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from threatcast_orchestration.run.home import Home

SHOWN_WEEKS = 13
"""Newest settled target weeks whose scores a release shows; older ones stand in older releases."""
LIVE_SCORES = WrittenTable(
    "live",
    "scores",
    "One row a target, location, model, reference date and horizon: how the forecast that was "
    "published first fared, for the newest settled weeks. Empty before the first such week.",
    SCORES.types,
)
CORRECTIONS = WrittenTable(
    "live",
    "corrections",
    "One row a target, reference date and later forecast that differs from the first: why, and "
    "both scores.",
    "target VARCHAR, reference_date DATE, number INTEGER, model VARCHAR, "
    "first_release_id VARCHAR, release_id VARCHAR, as_of DATE, reason VARCHAR, "
    "changed BIGINT, scored BIGINT, scaled_wis_first DOUBLE, scaled_wis DOUBLE",
)
DRIFT = WrittenTable(
    "live",
    "drift",
    "One row a target and place or location level: whether live scores keep what was promised.",
    "target VARCHAR, scope VARCHAR, place VARCHAR, model VARCHAR, location_level VARCHAR, "
    "reference_weeks INTEGER, scored INTEGER, scaled_wis DOUBLE, covered_80 DOUBLE, "
    "covered_95 DOUBLE, relative_to_flat DOUBLE, relative_to_comb_two DOUBLE, "
    "relative_in_backtest DOUBLE, coverage_evidence DOUBLE, skill_evidence DOUBLE, "
    "drift_evidence DOUBLE, state VARCHAR, reason VARCHAR",
)
TABLES = by_name(LIVE_SCORES, CORRECTIONS, DRIFT)

_BATCH = 100_000
_TRUTH = """
    CREATE OR REPLACE TEMP TABLE truth AS
    SELECT target, location, week, value, settled - week AS age
    FROM (
        SELECT target, location, week, value, max(week) OVER (PARTITION BY target) AS settled
        FROM marts.fct_weekly_counts WHERE observation = 'observed'
    )
    WHERE settled - week < 7 * $weeks
"""
_PUBLISHED = """
    CREATE OR REPLACE TEMP TABLE published AS
    SELECT target, first(model ORDER BY places DESC, model) AS name
    FROM (
        SELECT target, model, count(*) AS places
        FROM forecasts.outlook INNER JOIN forecasts.models USING (model) GROUP BY ALL
    )
    GROUP BY target
"""
# of each cell the first forecast that was published counts. A model that is no longer run has no
# card to explain it, and is left out
_FIRSTS = """
    CREATE OR REPLACE TEMP TABLE firsts AS
    SELECT target, location, places.location_level, model, reference_date, min(number) AS first
    FROM read_parquet($files, filename = true, hive_partitioning = false) AS rows
    INNER JOIN entries ON rows.filename = entries.file
    INNER JOIN forecasts.models USING (model)
    INNER JOIN marts.dim_locations AS places USING (location)
    WHERE horizon = 1
    GROUP BY ALL
"""
# later forecasts of the published models that differ, while they are new or just settled
_CHANGED = """
    CREATE OR REPLACE TEMP TABLE changed AS
    WITH kept AS (
        SELECT rows.target, rows.location, rows.model, entries.reference_date, rows.horizon,
            entries.number, rows.quantiles, entries.number = firsts.first AS is_first
        FROM read_parquet($files, filename = true, hive_partitioning = false) AS rows
        INNER JOIN entries ON rows.filename = entries.file AND entries.is_repeated
        INNER JOIN firsts USING (target, location, model, reference_date)
        LEFT JOIN published USING (target)
        LEFT JOIN truth
            ON rows.target = truth.target AND rows.location = truth.location
            AND rows.target_week = truth.week
        WHERE rows.model = coalesce(published.name, $model)
            AND (truth.age < 7 * $weeks OR entries.reference_date > $as_of - 7 * $weeks)
    )
    SELECT later.* EXCLUDE (quantiles, is_first)
    FROM kept AS later
    INNER JOIN kept AS first USING (target, location, model, reference_date, horizon)
    WHERE first.is_first AND NOT later.is_first AND later.quantiles <> first.quantiles
"""
# drift looks further back than what is shown, and at the published model and its rivals only
_SCORED = """
    SELECT rows.target, rows.location, firsts.location_level, rows.model, entries.reference_date,
        rows.horizon, entries.number, entries.number = firsts.first AS is_first, rows.state,
        rows.scale, truth.age, truth.value AS observed, rows.quantiles
    FROM read_parquet($files, filename = true, hive_partitioning = false) AS rows
    INNER JOIN entries ON rows.filename = entries.file
    INNER JOIN firsts USING (target, location, model, reference_date)
    INNER JOIN truth
        ON rows.target = truth.target AND rows.location = truth.location
        AND rows.target_week = truth.week
    LEFT JOIN changed
        ON rows.target = changed.target AND rows.location = changed.location
        AND rows.model = changed.model AND rows.horizon = changed.horizon
        AND entries.reference_date = changed.reference_date AND entries.number = changed.number
    WHERE (entries.number = firsts.first OR changed.number IS NOT NULL)
        AND (truth.age < 7 * $weeks OR list_contains($judged, rows.model))
    ORDER BY rows.target, rows.location, rows.model, entries.reference_date, rows.horizon,
        entries.number
"""
_REPEATED = "SELECT file FROM entries WHERE is_repeated ORDER BY file"
_NEEDED = """
    SELECT DISTINCT file FROM entries
    INNER JOIN (
        SELECT reference_date, first AS number FROM firsts
        UNION SELECT reference_date, number FROM changed
    ) USING (reference_date, number)
    ORDER BY file
"""
_WITHOUT_RIVAL = "SELECT DISTINCT target FROM forecasts.left_out WHERE model = $model"
_BACKTEST = """
    SELECT scores.target, scores.location, places.location_level, scores.model,
        scores.reference_date, scores.horizon, scores.scaled_wis, scores.covered_80,
        scores.covered_95
    FROM forecasts.scores AS scores
    INNER JOIN marts.dim_locations AS places USING (location)
    WHERE scores.kind = 'backtest'
"""
_CORRECTIONS = """
    INSERT INTO live.corrections BY NAME
    WITH differing AS (
        SELECT target, reference_date, number, model, count(*) AS changed
        FROM changed GROUP BY ALL
    ),
    earliest AS (
        SELECT reference_date, min_by(release_id, number) AS first_release_id
        FROM entries GROUP BY reference_date
    )
    SELECT differing.*, first_release_id, release_id, as_of, reason,
        coalesce(scored, 0) AS scored, scaled_wis_first, scaled_wis
    FROM differing
    INNER JOIN entries USING (reference_date, number)
    INNER JOIN earliest USING (reference_date)
    LEFT JOIN corrected USING (target, reference_date, number, model)
"""


def published_before(home: Home) -> list[Kept]:
    """Return the archive's notes that can be read, once it holds every release on disk."""
    keep_releases(home.releases, home.archive)
    return readable_archive(home.archive, home.releases)


def write_live(
    connection: duckdb.DuckDBPyConnection, notes: list[Kept], as_of: date
) -> dict[str, int]:
    """Write the scores, corrections and drift of the schema `live`; returns rows by table.

    `notes` are what `published_before` returned. The model that is judged is the one that tonight's
    outlook of a target rests on.
    """
    from threatcast_forecasting.judging.drift import WEEKS, assess
    from threatcast_forecasting.roles import BASELINE, DEFAULT_PUBLISHED, RIVAL

    for table in TABLES.values():
        table.create(connection)
    connection.execute(_TRUTH, {"weeks": WEEKS})
    files = _write_entries(connection, notes, as_of)
    if files:
        connection.execute(_PUBLISHED)
        published = dict(connection.execute("SELECT target, name FROM published").fetchall())
        connection.execute(_FIRSTS, {"files": files})
        repeated = _files(connection, _REPEATED) or files[:1]
        named = {
            "files": repeated,
            "model": DEFAULT_PUBLISHED,
            "weeks": SHOWN_WEEKS,
            "as_of": as_of,
        }
        connection.execute(_CHANGED, named)
        scored = _scores(
            connection, sorted({DEFAULT_PUBLISHED, RIVAL, BASELINE, *published.values()})
        )
        first = scored[scored["is_first"]]
        shown = first[first["age"] < 7 * SHOWN_WEEKS]
        _insert(connection, LIVE_SCORES, shown.assign(kind="live", as_of_kind="vintage"))
        _write_corrections(connection, scored)
        if not first.empty:
            past = connection.execute(_BACKTEST).df()
            without = connection.execute(_WITHOUT_RIVAL, {"model": RIVAL}).fetchall()
            drift = assess(first, past, published, without_rival=[target for (target,) in without])
            _insert(connection, DRIFT, drift)
    return {table.name: table.count(connection) for table in TABLES.values()}


def _write_entries(
    connection: duckdb.DuckDBPyConnection, notes: list[Kept], as_of: date
) -> list[str]:
    """Write which files of earlier nights may count as a table; returns those files."""
    from threatcast_forecasting.weeks import HORIZON

    oldest = connection.execute("SELECT min(week) FROM truth").fetchall()[0][0]
    entries = [
        (str(note.file), note.reference_date, note.number, note.release_id, note.as_of, note.reason)
        for note in notes
        if note.file is not None
        and note.as_of < as_of
        and oldest is not None
        and note.reference_date >= oldest - timedelta(weeks=HORIZON)
    ]
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE entries (file VARCHAR, reference_date DATE, "
        "number INTEGER, release_id VARCHAR, as_of DATE, reason VARCHAR, is_repeated BOOLEAN)"
    )
    dates = [entry[1] for entry in entries]
    for entry in entries:
        connection.execute(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)",
            [*entry, dates.count(entry[1]) > 1],
        )
    return [exact(entry[0]) for entry in entries]


def _files(connection: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    return [exact(file) for (file,) in connection.execute(query).fetchall()]


def _scores(connection: duckdb.DuckDBPyConnection, judged: list[str]) -> pd.DataFrame:
    """Return the archived forecasts of settled weeks with their scores."""
    import pandas as pd
    import pyarrow as pa

    files = _files(connection, _NEEDED) or _files(connection, "SELECT file FROM entries")
    named = {"files": files, "judged": judged, "weeks": SHOWN_WEEKS}
    reader = connection.execute(_SCORED, named).to_arrow_reader(_BATCH)
    frames = [_scored(pa.Table.from_batches([batch])) for batch in reader]
    return pd.concat(frames or [_scored(reader.schema.empty_table())], ignore_index=True)


def _scored(rows: Any) -> pd.DataFrame:
    """Return one batch with its scores; the list of quantiles gives way to them."""
    import numpy as np
    from threatcast_forecasting.quantiles import LEVELS
    from threatcast_forecasting.scores import score_table

    flat = rows["quantiles"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    quantiles = flat.reshape(len(rows), 1, len(LEVELS))
    frame = rows.drop_columns(["quantiles"]).to_pandas()
    observed = frame["observed"].to_numpy(dtype=np.float64)[:, None]
    scores = score_table(observed, quantiles, frame["scale"].to_numpy(dtype=np.float64))
    scored: pd.DataFrame = frame.assign(**{name: each[:, 0] for name, each in scores.items()})
    return scored


def _write_corrections(connection: duckdb.DuckDBPyConnection, scored: pd.DataFrame) -> None:
    """Write what later forecasts changed, with both scores where a week is settled."""
    from threatcast_forecasting.judging.corrections import corrected_scores

    connection.register("corrected", corrected_scores(scored))
    connection.execute(_CORRECTIONS)
    connection.unregister("corrected")


def _insert(
    connection: duckdb.DuckDBPyConnection, table: WrittenTable, frame: pd.DataFrame
) -> None:
    connection.register("frame", frame)
    table.insert_from(connection, "frame")
    connection.unregister("frame")
