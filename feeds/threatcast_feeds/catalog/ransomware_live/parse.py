"""Claims of leak sites: a JSON list in one of three wire formats, read by DuckDB.

    A  `victims.json` and API v1: post_title, group_name, published
    B  API v2: victim, group, attackdate
    C  pro API: an object whose list `victims` holds records as in B

The form is told by what the payload holds, never by its day. Dates stay as written (naive,
with offset or bare, all occur in one file) and so does the country; staging reads both.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from threatcast_feeds.payload import ParseOutcome, PayloadSource
from threatcast_feeds.readers.json_lists import RecordList, is_bare_list

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
    records = RecordList(source, None if is_bare_list(source) else PRO_LIST)
    form = _form(records.keys)
    keys = {name: both[form] for name, both in KEYS.items()}
    required = [key for name, key in keys.items() if name not in LATER]
    records.check(required, [*LATER, *UNREAD])
    records.load(dict.fromkeys(keys.values(), "VARCHAR"))
    return records.copy(
        target,
        columns=", ".join(f'"{key}" AS "{name}"' for name, key in keys.items()),
        needed=[keys[name] for name in NEEDED],
    )


def _form(there: Mapping[str, int]) -> int:
    """Return 0 for form A, 1 for B and C: the one of whose own keys more records have."""
    own = [(a, b) for a, b in KEYS.values() if a != b]
    return int(sum(there.get(b, 0) for _, b in own) > sum(there.get(a, 0) for a, _ in own))
