"""The file of a history: weekly counts as Parquet, and what is known of each feed beside them.

Grain: target, location, week. A located target has rows of `WORLD` and of its leaves (countries
and `UNLOCATED`); sums in between are left out. A leaf has no row for a week in which it says what
the world's row implies: 0 if the week was watched, missing if it was not.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threatcast_feeds.durable import write_durably
from threatcast_feeds.errors import FeedError

if TYPE_CHECKING:
    import pyarrow as pa

SHIPPED = Path(__file__).with_name("history.parquet")
COLUMNS = ("target", "location", "week", "value", "observation")
OBSERVATIONS = ("observed", "provisional", "missing")
MOST_BYTES = 1_000_000
_KEY = b"threatcast"
_FORMAT = 1


@dataclass(frozen=True)
class FeedPast:
    """What a history knows of one feed.

    Attributes
    ----------
    publisher, licence, url : str
        Whose facts are counted, on which terms, and where they are had.
    targets : tuple of str
        What is counted of it.
    last_copy : date
        Day of the newest copy that the counts know.
    last_event : date or None
        Newest day of which that copy tells.
    """

    publisher: str
    licence: str
    url: str
    targets: tuple[str, ...]
    last_copy: date
    last_event: date | None


@dataclass(frozen=True)
class History:
    """Weekly counts as they were known on a day.

    Attributes
    ----------
    as_of : date
        The day.
    release_id : str
        The release that published them.
    contract_version : str
        The version of the contract that this release kept.
    feeds : mapping of str to FeedPast
        By the feeds' keys.
    counts : pyarrow.Table
        `target, location, week, value, observation` in this order; `value` is null where a week
        is missing.
    """

    as_of: date
    release_id: str
    contract_version: str
    feeds: Mapping[str, FeedPast]
    counts: pa.Table


def write_history(path: Path, history: History) -> int:
    """Write a history so that the same counts give the same bytes; returns how many.

    Raises
    ------
    FeedError
        If the counts are no history, or the file would be larger than what may ship.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    counts = _checked(history.counts, str(path)).sort_by(
        [(column, "ascending") for column in COLUMNS[:3]]
    )
    facts = {
        "format": _FORMAT,
        "as_of": history.as_of,
        "release_id": history.release_id,
        "contract_version": history.contract_version,
        "feeds": {feed: asdict(past) for feed, past in sorted(history.feeds.items())},
    }
    text = json.dumps(facts, default=str, sort_keys=True)
    sink = io.BytesIO()
    pq.write_table(
        counts.combine_chunks().replace_schema_metadata({_KEY: text}),
        pa.PythonFile(sink),
        compression="zstd",
        compression_level=19,
    )
    content = sink.getvalue()
    if len(content) > MOST_BYTES:
        raise _refused(str(path), f"would have {len(content):,} bytes, more than {MOST_BYTES:,}")
    write_durably(path, content)
    return len(content)


def read_history(path: Path = SHIPPED) -> History:
    """Return the history of a file; by default the one that ships.

    Raises
    ------
    FeedError
        If there is no such file, or it is none that `write_history` wrote.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if path.stat().st_size > MOST_BYTES:
            raise _refused(str(path), f"is larger than {MOST_BYTES:,} bytes")
        counts = pq.read_table(path)
        facts = json.loads((counts.schema.metadata or {})[_KEY])
        if facts["format"] != _FORMAT:
            raise _refused(str(path), f"has the unknown format {facts['format']!r}")
        return History(
            date.fromisoformat(facts["as_of"]),
            str(facts["release_id"]),
            str(facts["contract_version"]),
            {str(feed): _past(past) for feed, past in facts["feeds"].items()},
            _checked(counts.replace_schema_metadata(None), str(path)),
        )
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError, AttributeError) as error:
        raise _refused(str(path), f"cannot be read: {type(error).__name__}: {error}") from error


def _past(facts: Mapping[str, Any]) -> FeedPast:
    last_event = facts["last_event"]
    return FeedPast(
        publisher=str(facts["publisher"]),
        licence=str(facts["licence"]),
        url=str(facts["url"]),
        targets=tuple(str(target) for target in facts["targets"]),
        last_copy=date.fromisoformat(facts["last_copy"]),
        last_event=None if last_event is None else date.fromisoformat(last_event),
    )


def _checked(counts: pa.Table, place: str) -> pa.Table:
    """Return the counts in their types; refuse what no history can say."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if counts.column_names != list(COLUMNS):
        raise _refused(place, f"has the columns {', '.join(counts.column_names)}")
    types = (pa.string(), pa.string(), pa.date32(), pa.int32(), pa.string())
    counts = counts.cast(pa.schema(list(zip(COLUMNS, types, strict=True))))
    empty = [name for name in COLUMNS if name != "value" and counts[name].null_count]
    if empty:
        raise _refused(place, f"has rows without {empty[0]}")
    keys = counts.group_by(list(COLUMNS[:3])).aggregate([([], "count_all")])
    missing = pc.equal(counts["observation"], "missing")
    wrong = {
        "a week that is named by no Monday": pc.not_equal(pc.day_of_week(counts["week"]), 0),
        "a count below 0": pc.less(counts["value"], 0),
        "a word for no kind of observation": pc.invert(
            pc.is_in(counts["observation"], pa.array(OBSERVATIONS))
        ),
        "a count in a missing week, or none in another": pc.not_equal(
            missing, pc.is_null(counts["value"])
        ),
        "a place and week twice": pc.greater(keys["count_all"], 1),
    }
    for what, rows in wrong.items():
        if pc.any(rows).as_py():
            raise _refused(place, f"holds {what}")
    return counts


def _refused(place: str, what: str) -> FeedError:
    return FeedError(
        "", place, f"the history {what}", cure="Write one with: threatcast history write RELEASE"
    )
