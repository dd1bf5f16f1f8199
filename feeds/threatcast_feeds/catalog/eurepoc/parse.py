"""EuRepoC's incidents: one CSV in one of three releases, told by its columns.

    1.1     `ID`; several values in a cell are a Python list, nested or not
    export  `ID` and `added_to_DB`; `; ` between receivers; byte order mark, CRLF
    1.3     `incident_id` (Zenodo); `;` between receivers; days as DD.MM.YYYY

In the two later ones ` - ` stands between receivers in columns with several values each. It is
not split here: receiving countries are between `; `, and a name may hold a dash. Repeats within
a cell and markers of missing values go; names stay as written, regions and bodies included.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from threatcast_feeds.payload import ParseOutcome, PayloadSource, first_of
from threatcast_feeds.readers.columns import check_columns
from threatcast_feeds.readers.csv_rows import read_csv_table
from threatcast_feeds.readers.tables import MOST_SAMPLES, write_rows

MISSING = frozenset(
    ("", "not available", "unknown", "nat", "nan", "none", "n/a", "[]", "not applicable")
)
# what makes an incident, by release; without `added_to_DB` there is no knowing when it was known
REQUIRED = {
    "1.1": ["ID", "start_date", "end_date", "incident_type", "receiver_country"],
    "export": [
        *("ID", "start_date", "end_date", "incident_type", "receiver_country"),
        *("added_to_DB", "updated_at", "status"),
    ],
    "1.3": ["incident_id", "start_date", "end_date", "incident_type", "receiver_country"],
}
# columns of 1.1 and the export that nothing reads; those of 1.3 (85) are not written down here
UNREAD = (
    *("name", "description", "inclusion_criteria", "inclusion_criteria_subcode"),
    *("source_incident_detection_disclosure", "receiver_name", "receiver_region"),
    *("receiver_category", "receiver_category_subcode", "initiator_name", "initiator_country"),
    *("initiator_category", "initiator_category_subcode", "number_of_attributions"),
    *("attribution_ID", "attribution_date", "attribution_type", "attribution_basis"),
    *("attributing_actor", "attribution_it_company", "attributing_country"),
    *("attributed_initiator", "attributed_initiator_country", "attributed_initiator_category"),
    *("attributed_initiator_subcategory", "sources_attribution", "cyber_conflict_issue"),
    *("offline_conflict_issue", "offline_conflict_name_HIIK", "offline_conflict_intensity"),
    *("offline_conflict_issue_subcode", "offline_conflict_intensity_subcode"),
    *("number_of_political_responses", "political_response_date", "political_response_type"),
    *("political_response_type_subcode", "political_response_country"),
    *("political_response_actor", "zero_days", "zero_days_subcode", "MITRE_initial_access"),
    *("MITRE_impact", "user_interaction", "has_disruption", "data_theft", "disruption"),
    *("hijacking", "physical_effects_spatial", "physical_effects_temporal"),
    *("unweighted_cyber_intensity", "target_multiplier", "weighted_cyber_intensity"),
    *("impact_indicator", "impact_indicator_value", "functional_impact"),
    *("intelligence_impact", "political_impact_affected_entities"),
    *("political_impact_affected_entities_exact_value", "political_impact_third_countries"),
    *("political_impact_third_countries_exact_value", "economic_impact"),
    *("economic_impact_exact_value", "economic_impact_currency"),
    *("state_responsibility_indicator", "IL_breach_indicator", "IL_breach_indicator_subcode"),
    *("evidence_for_sanctions_indicator", "number_of_legal_responses", "legal_response_date"),
    *("legal_response_type", "legal_response_type_subcode", "legal_response_country"),
    *("legal_response_actor", "legal_attribution_reference"),
    *("legal_attribution_reference_subcode", "legal_response_indicator", "casualties"),
    *("sources_url",),
)
_DAY_FIRST = re.compile(r"(\d\d?)[./](\d\d?)[./](\d{4})")


def parse(source: PayloadSource, target: Path) -> ParseOutcome:
    """Write the raw rows of one release."""
    table = read_csv_table(source)
    release = _release(table.header)
    known = () if release == "1.3" else UNREAD
    message = check_columns(source, table.header, REQUIRED[release], known)
    rows: list[tuple[Any, ...]] = []
    places: list[str] = []
    rejected = table.rejected
    for number, record in table.records:
        row = _row(record, release)
        if isinstance(row, str):
            rejected.append(f"record {number}: {row}")
        else:
            rows.append(row)
            places.append(f"record {number}")
    written = write_rows(source, rows, target, places=places, rejected=rejected)
    if not written:
        raise source.refuse(f"the table holds no incident{first_of(rejected)}")
    return ParseOutcome(written, len(rejected), rejected[:MOST_SAMPLES], message)


def _release(header: list[str]) -> str:
    if "incident_id" in header:
        return "1.3"
    marks = {"added_to_DB", "updated_at", "status", "attribution_ID"}
    return "export" if marks & set(header) else "1.1"


def _row(record: dict[str, str], release: str) -> tuple[Any, ...] | str:
    """Return a record as raw row, or in words why it is none."""
    lower = {name.lower(): value for name, value in record.items()}
    key = lower["incident_id" if release == "1.3" else "id"].strip()
    if not key:
        return "no ID"
    countries = receivers(record["receiver_country"])
    if countries is None:
        return "receiver_country is a list that cannot be read"
    # 1.3 writes the day first, so 03.04.2024 is in April
    day = day_first if release == "1.3" else _value
    return (
        key,
        day(record["start_date"]),
        day(record["end_date"]),
        countries,
        _value(record["incident_type"]),
        day(lower.get("added_to_db", "")),
        day(lower.get("updated_at", "")),
        _value(lower.get("status", "")),
        release,
    )


def receivers(cell: str) -> list[str] | None:
    """Return the receiving countries of a cell, each once; None for a list that is broken.

    Examples
    --------
    >>> receivers("[['Not available'], ['Armenia']]"), receivers("France; Unknown; France")
    (['Armenia'], ['France'])
    """
    text = cell.strip()
    if text.startswith("["):
        try:
            values = _flat(ast.literal_eval(text))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    else:
        values = text.split(";")
    names = (value.strip() for value in values)
    return list(dict.fromkeys(name for name in names if name.lower() not in MISSING))


def day_first(cell: str) -> str | None:
    """Return `D.M.YYYY` as `YYYY-MM-DD`; anything else as written, null if missing.

    Examples
    --------
    >>> day_first("03.04.2024"), day_first("2024-04-03"), day_first("Not available")
    ('2024-04-03', '2024-04-03', None)
    """
    match = _DAY_FIRST.fullmatch(cell.strip())
    return f"{match[3]}-{match[2]:0>2}-{match[1]:0>2}" if match else _value(cell)


def _value(cell: str) -> str | None:
    text = cell.strip()
    return None if text.lower() in MISSING else text


def _flat(value: Any) -> list[str]:
    if isinstance(value, list | tuple):
        return [text for one in value for text in _flat(one)]
    return [value] if isinstance(value, str) else []
