"""The schema `raw` of the warehouse, which dbt starts from.

What was known on the as-of day is decided here, once: the views show only payloads that had
been retrieved by its end, so that all that follows is as-of by construction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from threatcast_feeds.exact_paths import ONE_FILE, file_list
from threatcast_feeds.moments import whole_day
from threatcast_feeds.outcomes import read_outcome

from threatcast_orchestration.run.home import Home
from threatcast_orchestration.warehouse.contents import read_contents
from threatcast_orchestration.warehouse.file import POOL, connect

if TYPE_CHECKING:
    import duckdb
    from threatcast_feeds.landing import Landed, Landing
    from threatcast_feeds.outcomes import Outcome
    from threatcast_feeds.registry import FeedSpec

__all__ = ["POOL", "RAW_TABLES", "connect", "fingerprint", "vintages_of", "write_raw"]

RAW_TABLES = {
    "run_context": "as_of DATE, last_day DATE, source VARCHAR, simulated BOOLEAN",
    "feeds": (
        "feed VARCHAR, title VARCHAR, role VARCHAR, publisher VARCHAR, homepage VARCHAR, "
        "url VARCHAR, licence VARCHAR, licence_url VARCHAR, tlp VARCHAR, fresh_days INTEGER, "
        "silent_weeks INTEGER, quiet_days INTEGER, days_a_week INTEGER, attempt_ok BOOLEAN, "
        "attempt_at TIMESTAMP, attempt_error VARCHAR, "
        "newest_quarantined DATE, quarantine_message VARCHAR, targets VARCHAR[], "
        "country_styles VARCHAR[]"
    ),
    "vintages": (
        "feed VARCHAR, payload VARCHAR, copy_number INTEGER, payload_day DATE, vintage_day DATE, "
        "whole_day DATE, retrieved_at TIMESTAMP, mode VARCHAR, size_bytes BIGINT, "
        "row_count BIGINT, rejected_count BIGINT, is_repeat BOOLEAN, content_day DATE, "
        "claimed_until DATE, part_days DATE[]"
    ),
}


def write_raw(
    connection: duckdb.DuckDBPyConnection,
    home: Home,
    catalog: Mapping[str, FeedSpec],
    landing: Landing,
    *,
    as_of: date,
    source: str,
    last_day: date | None = None,
    believed: str = "",
) -> int:
    """Write the schema `raw` for one as-of day; returns the number of accepted vintages.

    `last_day` is the last day that was over at the night's moment; default: the as-of day.
    `believed` names a payload that counts as accepted though it was set aside: its gate looks at
    it once more.
    """
    vintages: list[tuple[Any, ...]] = []
    feeds: list[tuple[Any, ...]] = []
    for spec in catalog.values():
        rows, quarantined = vintages_of(spec, home, landing, as_of, believed)
        vintages += rows
        feeds.append(_feed_row(spec, landing, quarantined))
    connection.execute("CREATE SCHEMA IF NOT EXISTS raw")
    for table, columns in RAW_TABLES.items():
        connection.execute(f"CREATE OR REPLACE TABLE raw.{table} ({columns})")
    connection.execute(
        "INSERT INTO raw.run_context VALUES (?, ?, ?, ?)",
        [as_of, last_day or as_of, source, source == "sample"],
    )
    connection.executemany(f"INSERT INTO raw.feeds VALUES ({', '.join('?' * 20)})", feeds)
    if vintages:
        connection.executemany(
            f"INSERT INTO raw.vintages VALUES ({', '.join('?' * 12)}, NULL, NULL, NULL)",
            sorted(vintages),
        )
    for feed, spec in catalog.items():
        _create_view(connection, home, feed, {row[1] for row in vintages if row[0] == feed})
        read_contents(connection, spec)
    return len(vintages)


def _create_view(
    connection: duckdb.DuckDBPyConnection, home: Home, feed: str, payloads: Iterable[str]
) -> None:
    """Show the rows of these payloads; each file by its name, never whatever fits a pattern."""
    names = ("_empty", *sorted(payloads))
    files = file_list(home.raw / feed / f"{name}.parquet" for name in names)
    connection.execute(
        f"""
        CREATE OR REPLACE VIEW raw.{feed} AS
        SELECT vintages.copy_number, vintages.vintage_day, rows.*
        FROM read_parquet({files}, union_by_name = true, {ONE_FILE}) AS rows
        INNER JOIN raw.vintages AS vintages
            ON rows.payload = vintages.payload AND vintages.feed = '{feed}'
        """
    )


def vintages_of(
    spec: FeedSpec, home: Home, landing: Landing, as_of: date, believed: str = ""
) -> tuple[list[tuple[Any, ...]], tuple[date, str] | None]:
    """Return the accepted vintages of a feed, and the newest payload if it was set aside."""
    accepted: list[tuple[Landed, Outcome]] = []
    later: list[tuple[Landed, Outcome]] = []
    newest_refused: tuple[date, str] | None = None
    for landed in landing.payloads(spec.key):
        outcome = read_outcome(home.raw / spec.key, landed.sha12)
        if outcome is None:
            continue
        is_told = bool(accepted) and _moment(accepted[-1][0]) == _moment(landed)
        if not outcome.is_believed(landed.retrieved_at) and landed.sha12 != believed:
            # two recordings may bear the same moment: the good one counts
            if landed.day <= as_of and not is_told:
                newest_refused = (landed.day, outcome.why_not(landed.retrieved_at))
        elif landed.day <= as_of:
            accepted[-1 if is_told else len(accepted) :] = [(landed, outcome)]
            newest_refused = None
        else:
            later.append((landed, outcome))
    if not accepted and later and spec.role == "reference":
        # places do not change with the events counted in them; `data_vintages` says the day
        accepted = later[:1]
    return _numbered(accepted), newest_refused


def copies_of(
    spec: FeedSpec, home: Home, landing: Landing, as_of: date
) -> tuple[list[dict[str, Any]], str]:
    """Return a feed's copies, and why the newest payload was set aside, if it was.

    A copy has the columns of `raw.vintages` but those that are read from its rows.
    """
    rows, refused = vintages_of(spec, home, landing, as_of)
    names = [column.split()[0] for column in RAW_TABLES["vintages"].split(", ")]
    told = f"The payload of {refused[0]} was set aside: {refused[1]}" if refused else ""
    return [dict(zip(names, row, strict=False)) for row in rows], told


def _moment(landed: Landed) -> tuple[date, datetime]:
    return landed.day, landed.retrieved_at


def _numbered(accepted: list[tuple[Landed, Outcome]]) -> list[tuple[Any, ...]]:
    """Return the rows of `raw.vintages` of one feed from its copies in the order of their moments.

    `whole_day` is the last day that was over when a copy was taken. `vintage_day` is the day of
    which it tells: the same, or the day after if an earlier copy told of that one already.
    """
    rows: list[tuple[Any, ...]] = []
    told = date.min
    for number, (landed, outcome) in enumerate(accepted, start=1):
        whole = min(landed.day, whole_day(landed.retrieved_at))
        vintage = max(min(whole + timedelta(days=whole <= told), landed.day), whole)
        told = max(told, whole)
        rows.append(
            (
                landed.feed,
                landed.sha12,
                number,
                landed.day,
                vintage,
                whole,
                landed.retrieved_at.astimezone(UTC).replace(tzinfo=None),
                landed.mode,
                landed.size,
                outcome.rows,
                outcome.rejected,
                landed.is_repeat,
            )
        )
    return rows


def _feed_row(
    spec: FeedSpec, landing: Landing, quarantined: tuple[date, str] | None
) -> tuple[Any, ...]:
    attempt = landing.attempt(spec.key) or {}
    return (
        spec.key,
        spec.title,
        spec.role,
        spec.publisher,
        spec.homepage,
        spec.live.urls[0] if spec.live.urls else spec.homepage,
        spec.licence.name,
        spec.licence.url,
        spec.tlp,
        spec.fresh_days,
        spec.silent_weeks,
        spec.coverage.quiet_days if spec.coverage else None,
        spec.coverage.days_a_week if spec.coverage and spec.coverage.parts else None,
        attempt.get("ok", True),
        attempt.get("attempted_at"),
        attempt.get("error") or None,
        quarantined[0] if quarantined else None,
        quarantined[1] if quarantined else None,
        list(spec.targets),
        list(spec.country_styles),
    )


def fingerprint(connection: duckdb.DuckDBPyConnection) -> str:
    """Return a hash of all that dbt starts from: which payloads, which states, which day."""
    from hashlib import sha256

    parts = [
        connection.execute(f"SELECT * FROM raw.{table} ORDER BY ALL").fetchall()
        for table in ("run_context", "vintages")
    ]
    states = connection.execute(
        "SELECT * EXCLUDE (attempt_at) FROM raw.feeds ORDER BY feed"
    ).fetchall()
    return sha256(repr((parts, states)).encode()).hexdigest()
