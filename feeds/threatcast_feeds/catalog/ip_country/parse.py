"""Address ranges and the country each is delegated to: `start,end,CC`, IPv4 and IPv6.

One file with both, or a bundle with a file for each, as the live source serves them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from threatcast_feeds.payload import ParseOutcome, PayloadSource
from threatcast_feeds.readers.addresses import ipv6_key, is_ipv4
from threatcast_feeds.readers.diagnosis import decode, refuse, refuse_impostors
from threatcast_feeds.readers.tables import write_columns
from threatcast_feeds.unpack import zip_members

CELLS = 3
MOST_SAMPLES = 5
ZIP_MAGIC = b"PK"
_COUNTRY = re.compile("[A-Z]{2}")


def parse(source: PayloadSource, target: Path) -> ParseOutcome:
    """Write the raw rows of one state of the table, in the order of the files."""
    columns: dict[str, list[object]] = {name: [] for name in source.spec.columns}
    appends = [values.append for values in columns.values()]
    rejected: list[str] = []
    for place, text in _texts(source):
        lines = text.splitlines()
        _refuse_cut(source, place, text, lines)
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            row = _row(line)
            if row is None:
                rejected.append(f"{place}line {number} is not `start,end,country`")
                continue
            for append, value in zip(appends, row, strict=True):
                append(value)
    if not columns["country"]:
        raise refuse(source, f"none of its {len(rejected):,} lines is `start,end,country`")
    rows = write_columns(source, columns, target)
    return ParseOutcome(rows, len(rejected), rejected[:MOST_SAMPLES])


def _texts(source: PayloadSource) -> Iterator[tuple[str, str]]:
    """Yield how messages name each file, and its text."""
    head = refuse_impostors(source, binary=True)
    if not head.startswith(ZIP_MAGIC):
        refuse_impostors(source)
        yield "", source.text()
        return
    for name, content in zip_members(source, source.spec):
        yield f"{name}, ", decode(source, content, name)


def _refuse_cut(source: PayloadSource, place: str, text: str, lines: list[str]) -> None:
    """Refuse a file that ends within a range; the ranges that it lost would be nobody's."""
    if lines and not text.endswith("\n") and _row(lines[-1]) is None and _row(lines[0]):
        raise refuse(source, f"{place}the CSV is cut: it ends in the middle of line {len(lines):,}")


def _row(line: str) -> tuple[object, ...] | None:
    """Return a line as raw row; None if it is not a range of one family with a country.

    Examples
    --------
    >>> _row("192.0.2.0,192.0.2.255,NA")
    (4, '192.0.2.0', '192.0.2.255', 'NA', 3221225984, 3221226239, None, None)
    """
    cells = [cell.strip().strip('"') for cell in line.split(",")]
    if len(cells) != CELLS or not _COUNTRY.fullmatch(cells[2]):
        return None
    start, end, country = cells
    if is_ipv4(start) and is_ipv4(end):
        first, last = _number(start), _number(end)
        return (4, start, end, country, first, last, None, None) if first <= last else None
    first_key, last_key = ipv6_key(start), ipv6_key(end)
    if first_key is None or last_key is None or first_key > last_key:
        return None
    return (6, start, end, country, None, None, first_key, last_key)


def _number(address: str) -> int:
    a, b, c, d = address.split(".")
    return (int(a) << 24) | (int(b) << 16) | (int(c) << 8) | int(d)
