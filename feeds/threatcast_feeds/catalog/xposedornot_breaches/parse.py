"""XposedOrNot's breaches: one JSON object with the list `exposedBreaches`, read by DuckDB."""

from __future__ import annotations

from pathlib import Path

from threatcast_feeds.payload import ParseOutcome, PayloadSource
from threatcast_feeds.readers.json_lists import RecordList, is_bare_list

LIST = "exposedBreaches"
# texts, and lists that may hold an empty string or a damaged word
UNREAD = (
    *("logo", "passwordRisk", "searchable", "breachType", "exposedData"),
    *("exposureDescription", "referenceURL"),
)


def parse(source: PayloadSource, target: Path) -> ParseOutcome:
    """Write the raw rows of one state of the index."""
    if is_bare_list(source):
        raise source.refuse(f"the payload is not the feed: it has no list {LIST!r}")
    columns = source.spec.columns
    records = RecordList(source, LIST)
    records.check(list(columns), UNREAD)
    records.load(columns)
    return records.copy(target, columns=", ".join(columns), needed=["breachID", "addedDate"])
