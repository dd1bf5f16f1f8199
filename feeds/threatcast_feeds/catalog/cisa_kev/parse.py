"""Known Exploited Vulnerabilities: one JSON object with a list of CVEs, read by DuckDB.

Rows are kept as they are, repeats and impossible dates too: the history layer removes repeats
and the gates judge dates. Only a record without a CVE number is no record.
"""

from __future__ import annotations

from pathlib import Path

from threatcast_feeds.payload import ParseOutcome, PayloadSource
from threatcast_feeds.readers.json_lists import RecordList, is_bare_list

LIST = "vulnerabilities"
REQUIRED = ["cveID", "vendorProject", "product", "dateAdded", "dueDate"]
# since 2023-10-12 and 2024-06-26
LATER = {"knownRansomwareCampaignUse": "VARCHAR", "cwes": "VARCHAR[]"}
RELEASE = ["catalogVersion", "dateReleased"]
# in every release, and free text: of no use for counting
UNREAD = ["vulnerabilityName", "shortDescription", "requiredAction", "notes"]


def parse(source: PayloadSource, target: Path) -> ParseOutcome:
    """Write the raw rows of one release of the catalog."""
    if is_bare_list(source):
        raise source.refuse(f"the payload is not the feed: it has no list {LIST!r}")
    records = RecordList(source, LIST)
    records.check(REQUIRED, [*LATER, *UNREAD])
    records.load(dict.fromkeys(REQUIRED, "VARCHAR") | LATER, outer=RELEASE)
    return records.copy(target, columns=", ".join(source.spec.columns), needed=["cveID"])
