"""Which parts of each feed's records say what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Record = dict[str, Any]

LIST, MEMBER = "list", "member"
"""Where a bundle's record is written down which of its files it came from."""


@dataclass(frozen=True)
class Shape:
    """Which parts of a feed's record say what.

    Attributes
    ----------
    key : str
        What tells records apart.
    day : str
        The event's day; empty where the vintage dates it.
    known : str
        When the source learnt of it, or another date column.
    place, category : str
        Empty where a record has none.
    form : str
        How the bytes are written: json, csv, lines, tools (a file of lines each), orders (a file
        of JSON each), ranges and posts (CSV without a header), clusters (MISP).
    under : str
        The key of the JSON object that holds the list; empty for a bare list.
    """

    form: str
    key: str
    day: str = ""
    known: str = ""
    place: str = ""
    category: str = ""
    under: str = ""
    weekly: int = 10
    is_reference: bool = False

    @property
    def is_address(self) -> bool:
        """Whether a record is an address, which is placed by where it is registered."""
        return self.key in ("address", "ip")

    @property
    def dates(self) -> tuple[str, ...]:
        """All date columns."""
        return tuple(name for name in (self.day, self.known) if name)


SHAPES = {
    "ransomware_live": Shape(
        "json", "post_title", "published", "discovered", "country", "group_name", weekly=170
    ),
    "cisa_kev": Shape(
        "json", "cveID", "dateAdded", "dueDate", "", "vendorProject", "vulnerabilities", weekly=6
    ),
    "xposedornot_breaches": Shape(
        "json", "breachID", "addedDate", "breachedDate", "", "industry", "exposedBreaches", weekly=4
    ),
    "ransomware_live_press": Shape(
        "json", "victim", "date", "added", "country", "", "results", weekly=20
    ),
    "eurepoc": Shape(
        "csv", "ID", "start_date", "added_to_DB", "receiver_country", "incident_type", weekly=5
    ),
    "accessnow_keepiton": Shape(
        "csv", "area_name", "start_date", "end_date", "country", "shutdown_type", weekly=4
    ),
    "threatfox_ips": Shape("lines", "address", weekly=600),
    "openphish": Shape("lines", "url", weekly=300),
    "sefinek_ips": Shape("lines", "address", weekly=2600),
    "c2_tracker": Shape("tools", "address", category=LIST, weekly=270),
    "ddosia_targets": Shape("orders", "host", day=LIST, weekly=97),
    "honeypot_hosts": Shape(
        "csv", "ip", "first_seen", "last_seen", category="category", weekly=880
    ),
    "tweetfeed": Shape("posts", "value", "posted", category="kind", weekly=550),
    "ip_country": Shape("ranges", "start", place="country", is_reference=True),
    "country_codes": Shape(
        "csv",
        "ISO3166-1-Alpha-3",
        place="ISO3166-1-Alpha-2",
        category="Sub-region Code",
        is_reference=True,
    ),
    "misp_galaxy": Shape("clusters", "value", place="country", is_reference=True),
}
