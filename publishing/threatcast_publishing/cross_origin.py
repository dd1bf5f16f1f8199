"""What pages of other sites may read here from a browser: the tables, not our pages.

A browser lets a page of another origin read an answer only if the answer says so (Fetch standard,
"CORS protocol"), and use of it only those header fields that are named.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

DATA = (".csv", ".csv.gz", ".parquet", ".duckdb", ".json", ".atom", ".yml")
"""Endings of tables and of what describes them."""

READABLE: Mapping[str, str] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "Accept-Ranges, Content-Length, Content-Range, ETag, X-Threatcast-Release"
    ),
}
"""On every answer to an address of data, refusals included."""

BEFOREHAND: Mapping[str, str] = {
    "Allow": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "If-Match, If-None-Match, If-Range, Range",
    "Access-Control-Max-Age": "86400",
}
"""On the answer to OPTIONS, with which a browser asks whether it may ask."""


def is_data(address: str) -> bool:
    """Whether the path of a URL ends as a table or its description does."""
    return urlsplit(address).path.endswith(DATA)
