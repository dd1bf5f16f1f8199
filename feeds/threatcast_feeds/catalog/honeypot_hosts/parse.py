"""ShadowWhisperer's honeypots: a table in CSV, one row an address."""

from __future__ import annotations

from pathlib import Path

from threatcast_feeds.payload import ParseOutcome, PayloadSource, first_of
from threatcast_feeds.readers.addresses import ipv6_keys
from threatcast_feeds.readers.columns import check_columns
from threatcast_feeds.readers.csv_rows import read_csv_table
from threatcast_feeds.readers.tables import MOST_SAMPLES, write_rows

REQUIRED = ["ip", "category", "detail", "first_seen", "last_seen"]
UNREAD = ("note", "tags")


def parse(source: PayloadSource, target: Path) -> ParseOutcome:
    """Write the rows of one state of the table that begin with an address."""
    import pyarrow as pa

    table = read_csv_table(source)
    message = check_columns(source, table.header, REQUIRED, UNREAD)
    addresses = [record["ip"].strip() for _, record in table.records]
    keys, good = ipv6_keys(pa.array(addresses, pa.string()))
    rows: list[tuple[str | None, ...]] = []
    rejected = table.rejected
    for (number, record), address, key, is_address in zip(
        table.records, addresses, keys, good, strict=True
    ):
        if is_address:
            rows.append((address, key, *(record[name] for name in REQUIRED[1:])))
        else:
            rejected.append(f"record {number}: ip is not an address")
    if not rows:
        raise source.refuse(f"the table holds no address{first_of(rejected)}")
    written = write_rows(source, rows, target)
    return ParseOutcome(written, len(rejected), rejected[:MOST_SAMPLES], message)
