"""XposedOrNot's breaches: one JSON object with the list `exposedBreaches`, read by DuckDB."""

from __future__ import annotations

from pathlib import Path

from threatcast_feeds.payload import ParseOutcome, PayloadSource
from threatcast_feeds.readers.diagnosis import refuse
from threatcast_feeds.readers.json_lists import copy_records, is_bare_list, load_records
from threatcast_feeds.readers.json_rows import check_columns, first_record

LIST = "exposedBreaches"
# texts, and lists that may hold an empty string or a damaged word
UNREAD = (
    *("logo", "passwordRisk", "searchable", "breachType", "exposedData"),
    *("exposureDescription", "referenceURL"),
)


def parse(source: PayloadSource, target: Path) -> ParseOutcome:
    """Write the raw rows of one state of the index."""
    if is_bare_list(source):
        raise refuse(source, f"the payload is not the feed: it has no list {LIST!r}")
    columns = source.spec.columns
    record = first_record(source, LIST)
    message = check_columns(source, record, list(columns), list(UNREAD))
    lenient = load_records(source, LIST, columns)
    return copy_records(
        source,
        target,
        columns=", ".join(columns),
        needed=["breachID", "addedDate"],
        message="; ".join(part for part in (message, lenient) if part),
    )
