"""Press reports of attacks: a JSON list in one of three shapes, read by DuckDB.

    2024-06  bare list, country as ISO alpha-3
    2025-05  bare list with `claim_gang`, country as alpha-3 *cut* to two letters: not to be
             trusted, since most cut codes are another country's (AUT became AU)
    2025-07  object with the list `results`, country as true alpha-2

`shape` says which code the country is in. It is told by the codes themselves, since a source
may change its code under an old wrapping: SW, DN and JA are nobody's codes and only cutting
(SWE, DNK, JAM) makes them.
"""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

from threatcast_feeds.exact_paths import literal
from threatcast_feeds.payload import ParseOutcome, PayloadSource
from threatcast_feeds.readers.json_lists import RecordList, is_bare_list
from threatcast_feeds.readers.tables import run_query

WRAPPED_LIST = "results"
REQUIRED = ["victim", "date", "country"]
LATER = ["added"]
CUT_CODES = ("SW", "DN", "JA")
CUT_MARKS = ("claim_gang", "has_infostealer_info", "infostealer_data")
UNREAD = (
    *("domain", "summary", "title", "url", "link", "claim_url"),
    *("infostealer", "ransomware", *CUT_MARKS),
)


def parse(source: PayloadSource, target: Path) -> ParseOutcome:
    """Write the raw rows of one state of the list, each with the shape it came in."""
    bare = is_bare_list(source)
    records = RecordList(source, None if bare else WRAPPED_LIST)
    records.check(REQUIRED, [*LATER, *UNREAD])
    records.load(dict.fromkeys([*REQUIRED, *LATER], "VARCHAR"))
    shape, doubt = _shape(source, records.keys, wrapped=not bare)
    records.note(doubt)
    return records.copy(
        target,
        columns=f"victim, date, added, country, {literal(shape)} AS shape",
        needed=["victim", "date"],
    )


def _shape(source: PayloadSource, there: Container[str], *, wrapped: bool) -> tuple[str, str]:
    """Return in which code the countries are, and a message if they cannot be trusted."""
    codes = ", ".join(literal(code) for code in CUT_CODES)
    [(three, two, cut)] = run_query(
        source,
        "SELECT count(*) FILTER (length(trim(country)) = 3), "
        "count(*) FILTER (length(trim(country)) = 2), "
        f"count(DISTINCT country) FILTER (country IN ({codes})) FROM records",
    )
    # one slip of the pen among true codes must not cost a night's countries
    is_cut = cut > int(wrapped) or any(mark in there for mark in CUT_MARKS)
    if is_cut and three <= two:
        return "2025-05", "its countries are alpha-3 codes cut to two letters, not to be trusted"
    return ("2024-06" if three > two else "2025-07"), ""
