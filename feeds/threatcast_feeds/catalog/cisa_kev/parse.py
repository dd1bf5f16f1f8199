"""Known Exploited Vulnerabilities: one JSON object with a list of CVEs, read by DuckDB.

Rows are kept as they are, repeats and impossible dates too: the history layer removes repeats
and the gates judge dates. Only a record without a CVE number is no record.
"""

from __future__ import annotations

import json
from pathlib import Path

from threatcast_feeds.errors import ParseError
from threatcast_feeds.payload import ParseOutcome, PayloadSource
from threatcast_feeds.readers.diagnosis import refuse
from threatcast_feeds.readers.json_rows import check_columns, first_record, read_json
from threatcast_feeds.readers.tables import copy_query, run_query

REQUIRED = ["cveID", "vendorProject", "product", "dateAdded", "dueDate"]
MOST_SAMPLES = 5
# since 2023-10-12 and 2024-06-26
LATER = {"knownRansomwareCampaignUse": "VARCHAR", "cwes": "VARCHAR[]"}
# in every release, and free text: of no use for counting
UNREAD = ["vulnerabilityName", "shortDescription", "requiredAction", "notes"]


def parse(source: PayloadSource, target: Path) -> ParseOutcome:
    """Write the raw rows of one release of the catalog."""
    record = first_record(source, "vulnerabilities")
    message = check_columns(source, record, REQUIRED, [*LATER, *UNREAD])
    try:
        _load(source, f"STRUCT({_fields()})[]", "record")
    except ParseError as error:
        message = f"{message}; {_load_leniently(source, error)}".removeprefix("; ")
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
    samples = [f"record {place}: no cveID" for (place,) in nameless[:MOST_SAMPLES]]
    return ParseOutcome(rows, len(nameless), samples, message)


def _load(source: PayloadSource, kind: str, record: str) -> None:
    """Read the list into the table `records`: place in the list, record, release."""
    document = read_json(
        {"catalogVersion": "VARCHAR", "dateReleased": "VARCHAR", "vulnerabilities": kind}
    )
    run_query(
        source,
        f"CREATE OR REPLACE TEMP TABLE records AS SELECT {record} AS record, place, "
        "catalogVersion, dateReleased FROM (SELECT unnest(vulnerabilities) AS record, "
        "unnest(range(1, len(vulnerabilities) + 1)) AS place, catalogVersion, dateReleased "
        f"FROM {document})",
    )


def _load_leniently(source: PayloadSource, error: ParseError) -> str:
    """Read the list again, record by record; what does not fit its type becomes null.

    Raises
    ------
    ParseError
        The one that the strict reading gave, if it is not single records that are bad.
    """
    try:
        _load(source, "JSON[]", f"json_transform(record, '{_structure()}')")
    except ParseError:
        raise error from None
    return "values that do not fit their column's type are null"


def _kinds() -> dict[str, str]:
    return dict.fromkeys(REQUIRED, "VARCHAR") | LATER


def _fields() -> str:
    return ", ".join(f"{name} {kind}" for name, kind in _kinds().items())


def _structure() -> str:
    kinds = {
        name: [kind.removesuffix("[]")] if kind.endswith("[]") else kind
        for name, kind in _kinds().items()
    }
    return json.dumps(kinds)
