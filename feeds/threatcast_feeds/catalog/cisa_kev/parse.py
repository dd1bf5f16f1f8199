"""Known Exploited Vulnerabilities: one JSON object with a list of CVEs, read by DuckDB.

Rows are kept as they are, repeats and impossible dates too: the history layer removes repeats
and the gates judge dates. Only a record without a CVE number is no record.
"""

from __future__ import annotations

from pathlib import Path

from threatcast_feeds.parsing import ParseOutcome, PayloadSource
from threatcast_feeds.readers.diagnosis import refuse
from threatcast_feeds.readers.json_rows import check_columns, first_record, read_json
from threatcast_feeds.readers.tables import copy_query, run_query

REQUIRED = ["cveID", "vendorProject", "product", "dateAdded", "dueDate"]
# since 2023-10-12 and 2024-06-26
LATER = {"knownRansomwareCampaignUse": "VARCHAR", "cwes": "VARCHAR[]"}
# in every release, and free text: of no use for counting
UNREAD = ["vulnerabilityName", "shortDescription", "requiredAction", "notes"]


def parse(source: PayloadSource, target: Path) -> ParseOutcome:
    """Write the raw rows of one release of the catalog."""
    record = first_record(source, "vulnerabilities")
    message = check_columns(source, record, REQUIRED, [*LATER, *UNREAD])
    fields = ", ".join(f"{name} {kind}" for name, kind in _kinds().items())
    document = read_json(
        {
            "catalogVersion": "VARCHAR",
            "dateReleased": "VARCHAR",
            "vulnerabilities": f"STRUCT({fields})[]",
        }
    )
    run_query(
        source,
        "CREATE OR REPLACE TEMP TABLE records AS "
        "SELECT unnest(vulnerabilities) AS record, catalogVersion, dateReleased, "
        f"unnest(range(1, len(vulnerabilities) + 1)) AS place FROM {document}",
    )
    rows = copy_query(
        source,
        "SELECT record.*, catalogVersion, dateReleased FROM records "
        "WHERE trim(record.cveID) <> '' ORDER BY place",
        target,
    )
    nameless = run_query(
        source, "SELECT place FROM records WHERE coalesce(trim(record.cveID), '') = '' ORDER BY 1"
    )
    if rows == 0:
        raise refuse(source, "the list `vulnerabilities` holds no CVE")
    samples = [f"record {place}: no cveID" for (place,) in nameless[:5]]
    return ParseOutcome(rows, len(nameless), samples, message)


def _kinds() -> dict[str, str]:
    return dict.fromkeys(REQUIRED, "VARCHAR") | LATER
