"""Claims of leak sites: a JSON list in one of three wire formats, read by DuckDB.

    A  `victims.json` and API v1: post_title, group_name, published
    B  API v2: victim, group, attackdate
    C  pro API: an object whose list `victims` holds records as in B

The form is told by what the payload holds, never by its day. Dates stay as written (naive,
with offset or bare, all occur in one file) and so does the country; staging reads both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from threatcast_feeds.payload import ParseOutcome, PayloadSource
from threatcast_feeds.readers.json_lists import copy_records, is_bare_list, load_records
from threatcast_feeds.readers.json_rows import check_columns, first_record

PRO_LIST = "victims"
# raw column: key in form A, key in forms B and C
KEYS = {
    "post_title": ("post_title", "victim"),
    "group_name": ("group_name", "group"),
    "discovered": ("discovered", "discovered"),
    "published": ("published", "attackdate"),
    "country": ("country", "country"),
    "activity": ("activity", "activity"),
}
# absent before June 2024
LATER = ["activity"]
NEEDED = ["post_title", "group_name", "published"]
# texts, links and names, of no use for counting, and not to be kept longer than that takes
UNREAD = (
    *("description", "website", "post_url", "screenshot", "infostealer", "duplicates"),
    *("extrainfos", "domain", "claim_url", "url", "press", "modifications", "data_size"),
    *("ransom", "id", "permalink"),
)


def parse(source: PayloadSource, target: Path) -> ParseOutcome:
    """Write the raw rows of one state of the list, under form A's names."""
    key = None if is_bare_list(source) else PRO_LIST
    record = first_record(source, key)
    form = _form(record)
    keys = {name: both[form] for name, both in KEYS.items()}
    required = [key for name, key in keys.items() if name not in LATER]
    message = check_columns(source, record, required, [*LATER, *UNREAD])
    lenient = load_records(source, key, dict.fromkeys(keys.values(), "VARCHAR"))
    return copy_records(
        source,
        target,
        columns=", ".join(f'"{key}" AS "{name}"' for name, key in keys.items()),
        needed=[keys[name] for name in NEEDED],
        message="; ".join(part for part in (message, lenient) if part),
    )


def _form(record: dict[str, Any]) -> int:
    """Return 0 for form A, 1 for B and C: the one of whose own keys more are there."""
    own = [(a, b) for a, b in KEYS.values() if a != b]
    return int(sum(b in record for _, b in own) > sum(a in record for a, _ in own))
