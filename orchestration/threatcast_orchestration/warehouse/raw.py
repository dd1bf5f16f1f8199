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
from threatcast_feeds.parsing import prepare_rows
from threatcast_publishing.marks import mark_of

from threatcast_orchestration.run.home import Home
from threatcast_orchestration.warehouse.contents import read_contents
from threatcast_orchestration.warehouse.imported import IMPORTED_COUNTS, write_imported
from threatcast_orchestration.warehouse.night_file import POOL, connect
from threatcast_orchestration.warehouse.written import WrittenTable, by_name

if TYPE_CHECKING:
    import duckdb
    from threatcast_feeds.landing import Landed, Landing
    from threatcast_feeds.outcomes import Outcome
    from threatcast_feeds.registry import FeedSpec

__all__ = ["POOL", "TABLES", "connect", "fingerprint", "vintages_of", "write_raw"]

Row = dict[str, Any]
"""Values by the names of the columns."""

RUN_CONTEXT = WrittenTable(
    "raw",
    "run_context",
    "The night: one row with the as-of day, the source and its mark.",
    "as_of DATE, last_day DATE, source VARCHAR, mark VARCHAR",
    {
        "as_of": "UTC day by whose end all that is read had been retrieved.",
        "last_day": "Last day that was over at the night's moment.",
        "source": "live, mirror, starter or sample: a home holds one.",
        "mark": "Begins the sentence of each outlook that no feed gave. Empty where feeds did.",
    },
)
FEEDS = WrittenTable(
    "raw",
    "feeds",
    "One row a feed: its facts, its limits and how the last attempt to fetch it ended.",
    "feed VARCHAR, title VARCHAR, role VARCHAR, publisher VARCHAR, homepage VARCHAR, url VARCHAR, "
    "licence VARCHAR, licence_url VARCHAR, tlp VARCHAR, fresh_days INTEGER, silent_weeks INTEGER, "
    "quiet_days INTEGER, keeps_days INTEGER, days_a_week INTEGER, attempt_ok BOOLEAN, "
    "attempt_at TIMESTAMP, attempt_error VARCHAR, newest_quarantined DATE, "
    "quarantine_message VARCHAR, "
    "targets VARCHAR[], country_styles VARCHAR[]",
    {
        "feed": "Key of the feed.",
        "title": "Name for readers.",
        "role": "observations if its records are counted or shown, reference if it is looked up.",
        "publisher": "Who publishes it.",
        "homepage": "Where the publisher describes it.",
        "url": "Where it is had.",
        "licence": "Licence of the data, as its publisher states it.",
        "licence_url": "Where that licence is written. Empty if nowhere.",
        "tlp": "Traffic light of what is had of it: CLEAR, as releases are.",
        "fresh_days": "Days for which its newest good payload serves.",
        "silent_weeks": "Weeks without a new event after which it is silent.",
        "quiet_days": "Days for which a copy may have nothing new to tell. Null without a rule.",
        "keeps_days": "Days for which a record surely stays in a list. Null if it forgets nothing.",
        "days_a_week": "Days of a week that must have a part of a bundle. Null if it is none.",
        "attempt_ok": "Whether the last attempt to fetch it succeeded; true before the first.",
        "attempt_at": "Moment (UTC) of that attempt. Null before the first.",
        "attempt_error": "Why it failed. Null if it did not.",
        "newest_quarantined": "Day of the newest payload if that was set aside, else null.",
        "quarantine_message": "Why it was set aside, else null.",
        "targets": "Targets made of it.",
        "country_styles": "How it writes countries: alpha2, alpha3, name. Empty without countries.",
    },
)
VINTAGES = WrittenTable(
    "raw",
    "vintages",
    "One row an accepted copy of a feed that had been retrieved by the as-of day.",
    "feed VARCHAR, payload VARCHAR, copy_number INTEGER, payload_day DATE, vintage_day DATE, "
    "whole_day DATE, retrieved_at TIMESTAMP, mode VARCHAR, size_bytes BIGINT, row_count BIGINT, "
    "rejected_count BIGINT, is_repeat BOOLEAN, content_day DATE, claimed_until DATE, "
    "part_days DATE[]",
    {
        "feed": "Key of the feed.",
        "payload": "First 12 digits of the hash of its bytes.",
        "copy_number": "1, 2, 3 … among the copies of the feed, in the order of their moments.",
        "payload_day": "UTC day on which it was retrieved.",
        "vintage_day": "Day of which it tells: whole_day, or the day after if an earlier copy told "
        "of that one.",
        "whole_day": "Last UTC day that was over when it was taken.",
        "retrieved_at": "Moment (UTC) at which it was retrieved.",
        "mode": "How it was had: live, mirror, sample or git_history.",
        "size_bytes": "Size of the payload as served.",
        "row_count": "Records that were read.",
        "rejected_count": "Records that could not be read.",
        "is_repeat": "Whether it has the bytes of an earlier copy.",
        "content_day": "Newest day of which its records speak. Null for lists that show only now.",
        "claimed_until": "Last day that it says it covers. Null if it does not say.",
        "part_days": "Days of the parts of a bundle. Null if it is none.",
    },
)
UNWATCHED = WrittenTable(
    "raw",
    "unwatched",
    "One row a feed and week of which the history of the starter says that nobody watched it. "
    "Without rows for every other source.",
    "feed VARCHAR, week DATE",
    {"feed": "Key of the feed.", "week": "The week's Monday."},
)
TABLES = by_name(RUN_CONTEXT, FEEDS, VINTAGES, UNWATCHED, IMPORTED_COUNTS)
"""What is known of the run; beside them stands a view for each feed."""


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
    vintages: list[Row] = []
    feeds: list[Row] = []
    for spec in catalog.values():
        rows, quarantined = vintages_of(spec, home, landing, as_of, believed)
        vintages += rows
        feeds.append(_feed_row(spec, landing, quarantined, as_of))
    for table in TABLES.values():
        table.create(connection)
    write_imported(connection, home, as_of)
    night = {"as_of": as_of, "last_day": last_day or as_of, "source": source}
    mark = mark_of(source, as_of)
    RUN_CONTEXT.insert(connection, [night | {"mark": mark.opening if mark else ""}])
    FEEDS.insert(connection, feeds)
    VINTAGES.insert(connection, sorted(vintages, key=_by_payload))
    UNWATCHED.insert(connection, _unwatched(source))
    for feed, spec in catalog.items():
        prepare_rows(home.raw / feed, spec)  # one that was never pulled has no rows, but columns
        _create_view(
            connection, home, feed, {row["payload"] for row in vintages if row["feed"] == feed}
        )
        read_contents(connection, spec)
    return len(vintages)


def _unwatched(source: str) -> list[Row]:
    """Return the weeks that no stand-in record may turn from missing into zero."""
    if source != "starter":
        return []
    from threatcast_feeds.modes.starter import past_of_the_starter

    return [{"feed": feed, "week": week} for feed, week in past_of_the_starter().unwatched()]


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
) -> tuple[list[Row], tuple[date, str] | None]:
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


def copies_of(spec: FeedSpec, home: Home, landing: Landing, as_of: date) -> tuple[list[Row], str]:
    """Return a feed's copies, and why the newest payload was set aside, if it was.

    A copy has the columns of `raw.vintages` but those that are read from its rows.
    """
    rows, refused = vintages_of(spec, home, landing, as_of)
    told = f"The payload of {refused[0]} was set aside: {refused[1]}" if refused else ""
    return rows, told


def _by_payload(row: Mapping[str, Any]) -> tuple[str, str, int]:
    return row["feed"], row["payload"], row["copy_number"]


def _moment(landed: Landed) -> tuple[date, datetime]:
    return landed.day, landed.retrieved_at


def _numbered(accepted: list[tuple[Landed, Outcome]]) -> list[Row]:
    """Return the rows of `raw.vintages` of one feed from its copies in the order of their moments.

    `whole_day` is the last day that was over when a copy was taken. `vintage_day` is the day of
    which it tells: the same, or the day after if an earlier copy told of that one already.
    """
    rows: list[Row] = []
    told = date.min
    for number, (landed, outcome) in enumerate(accepted, start=1):
        whole = min(landed.day, whole_day(landed.retrieved_at))
        vintage = max(min(whole + timedelta(days=whole <= told), landed.day), whole)
        told = max(told, whole)
        rows.append(
            {
                "feed": landed.feed,
                "payload": landed.sha12,
                "copy_number": number,
                "payload_day": landed.day,
                "vintage_day": vintage,
                "whole_day": whole,
                "retrieved_at": landed.retrieved_at.astimezone(UTC).replace(tzinfo=None),
                "mode": landed.mode,
                "size_bytes": landed.size,
                "row_count": outcome.rows,
                "rejected_count": outcome.rejected,
                "is_repeat": landed.is_repeat,
            }
        )
    return rows


def _feed_row(
    spec: FeedSpec, landing: Landing, quarantined: tuple[date, str] | None, as_of: date
) -> Row:
    attempt = landing.attempt(spec.key) or {}
    if str(attempt.get("attempted_at", ""))[:10] > as_of.isoformat():
        attempt = {}  # made after the as-of day, of which it tells nothing
    rule = spec.coverage
    newest, message = quarantined or (None, None)
    return {
        "feed": spec.key,
        "title": spec.title,
        "role": spec.role,
        "publisher": spec.publisher,
        "homepage": spec.homepage,
        "url": spec.live.urls[0] if spec.live.urls else spec.homepage,
        "licence": spec.licence.name,
        "licence_url": spec.licence.url,
        "tlp": spec.tlp,
        "fresh_days": spec.fresh_days,
        "silent_weeks": spec.silent_weeks,
        "quiet_days": rule.quiet_days if rule else None,
        "keeps_days": rule.keeps_days if rule else None,
        "days_a_week": rule.days_a_week if rule and rule.parts else None,
        "attempt_ok": attempt.get("ok", True),
        "attempt_at": attempt.get("attempted_at"),
        "attempt_error": attempt.get("error") or None,
        "newest_quarantined": newest,
        "quarantine_message": message,
        "targets": list(spec.targets),
        "country_styles": list(spec.country_styles),
    }


def fingerprint(connection: duckdb.DuckDBPyConnection) -> str:
    """Return a hash of all that dbt starts from: which payloads, which states, which day."""
    from hashlib import sha256

    parts = [
        connection.execute(f"SELECT * FROM raw.{table} ORDER BY ALL").fetchall()
        for table in ("run_context", "vintages", "unwatched")
    ]
    imported = connection.execute(
        f"SELECT counted_by, count(*), sum(hash(rows)::HUGEINT)::VARCHAR FROM {IMPORTED_COUNTS} AS "
        "rows GROUP BY counted_by ORDER BY counted_by"
    ).fetchall()
    states = connection.execute(
        "SELECT * EXCLUDE (attempt_at) FROM raw.feeds ORDER BY feed"
    ).fetchall()
    return sha256(repr((parts, imported, states)).encode()).hexdigest()
