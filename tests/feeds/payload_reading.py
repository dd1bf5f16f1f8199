"""Reading payloads in the tests of parsers: handmade ones, and all recorded ones of a feed."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from threatcast_feeds.landing import Landing
from threatcast_feeds.modes.mirror import arrivals
from threatcast_feeds.parsing import Outcome, parse_new
from threatcast_feeds.payload import ParseOutcome, PayloadSource
from threatcast_feeds.registry import FeedSpec, parser_of

Rows = list[dict[str, Any]]
DAY = date(2026, 8, 22)
PAGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>"
# what no text feed is, and what its reader should call it
IMPOSTORS = [
    (b"", "the payload is empty"),
    (b" \r\n\t", "the payload is empty"),
    (PAGE, "the payload is a web page titled 'Just a moment...', not "),
    (b"<HTML><BODY>Access Denied</BODY></HTML>", "the payload is a web page, not "),
    (gzip.compress(b"[]", mtime=0), "the payload is a gzip file, not "),
]


def read_payload(
    spec: FeedSpec, content: bytes, folder: Path, ext: str = ""
) -> tuple[ParseOutcome, Rows]:
    """Parse bytes as the feed's parser would, and return what it says and the rows it wrote."""
    source = PayloadSource.of_bytes(spec, content, folder, day=DAY, ext=ext)
    target = folder / "rows.parquet"
    outcome: ParseOutcome = parser_of(spec).parse(source, target)
    found = duckdb.sql(f"SELECT * FROM '{target}'")
    assert found.columns == [*spec.columns, "payload"]
    assert [str(kind) for kind in found.types[:-1]] == list(spec.columns.values())
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    assert len(rows) == outcome.rows
    assert {row.pop("payload") for row in rows} <= {source.payload}
    return outcome, rows


def read_json(spec: FeedSpec, document: Any, folder: Path) -> tuple[ParseOutcome, Rows]:
    """Parse a document as JSON; `float("nan")` becomes a bare `NaN`, as with some mirrors."""
    return read_payload(spec, json.dumps(document, indent=1).encode(), folder)


def bundle(members: Mapping[str, bytes | str]) -> bytes:
    """Return members as a zip archive; always the same bytes, as names of tests hold some."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            # without a date of its own a member is given the time of day
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def read_recordings(spec: FeedSpec, mirror: Path, folder: Path) -> dict[date, Outcome]:
    """Land and parse all recorded payloads of a feed; returns the outcomes by first day."""
    landing = Landing(folder / "landing")
    days: dict[str, date] = {}
    for arrival in arrivals(spec, mirror, None, set()):
        days.setdefault(landing.land(arrival).sha12, arrival.day)
    outcomes = parse_new(spec, landing, folder / "raw")
    return {days[outcome.payload]: outcome for outcome in outcomes}


def ask(folder: Path, spec: FeedSpec, query: str, outcome: Outcome | None = None) -> Any:
    """Return the first row of a query on the raw rows (`raw`) of all payloads, or of one."""
    name = outcome.payload if outcome else "*"
    raw = f"read_parquet('{folder}/raw/{spec.key}/{name}.parquet')"
    return duckdb.sql(query.replace("FROM raw", f"FROM {raw} AS raw")).fetchone()
