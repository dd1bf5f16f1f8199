"""Tables in CSV small enough for Python: quoted line feeds, byte order marks, ragged records."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from threatcast_feeds.readers.diagnosis import decode, refuse, refuse_impostors

if TYPE_CHECKING:
    from threatcast_feeds.payload import PayloadSource

# a cell holds free text, and whole pages of sources
LARGEST_CELL = 10_000_000


@dataclass(frozen=True)
class Table:
    """A table of texts with one header.

    `records` are the header's cells by name and the record's number, from 1; `ragged` are the
    numbers of records with more or fewer cells than the header.
    """

    header: list[str]
    records: list[tuple[int, dict[str, str]]] = field(repr=False)
    ragged: list[int]


def read_csv_table(source: PayloadSource, header: Sequence[str] | None = None) -> Table:
    """Return a payload in CSV as a table; blank lines do not count.

    Parameters
    ----------
    source : PayloadSource
        A payload in UTF-8, with or without byte order mark.
    header : sequence of str, optional
        Names of the columns of a file that has no header of its own.

    Raises
    ------
    ParseError
        If the payload is empty, a web page or an archive, not UTF-8, damaged, or cut in the
        middle of its last record.
    """
    head = refuse_impostors(source)
    if head.lstrip()[:1] in (b"{", b"["):
        raise refuse(source, "the payload is a JSON message, not csv")
    text = decode(source, source.read())
    return _table(source, text, _records(source, text), header)


def check_header(
    source: PayloadSource,
    header: Sequence[str],
    required: Sequence[str],
    known: Sequence[str] = (),
    place: str = "",
) -> str:
    """Return a message on columns never seen before; refuse a table that lost one.

    Parameters
    ----------
    source : PayloadSource
        The payload, for messages.
    header : sequence of str
        Its columns.
    required : sequence of str
        Those that must be there.
    known : sequence of str
        All that have been there before; empty where that is not written down.
    place : str
        Which part of the payload it is, if it has several.

    Raises
    ------
    ParseError
        If a required column is gone; names it.
    """
    inside = f" of {place}" if place else ""
    gone = [name for name in required if name not in header]
    if gone:
        there = ", ".join(header[:10]) + (", …" if len(header) > 10 else "")
        raise refuse(
            source,
            f"column {', '.join(gone)}{inside} is gone; there are {there}",
            cure="If the source renamed it, its parser and defs.yaml must follow",
        )
    new = [name for name in header if known and name and name not in (*required, *known)]
    return f"new column{inside}: {', '.join(new)}" if new else ""


def _records(source: PayloadSource, text: str) -> Iterator[list[str]]:
    earlier = csv.field_size_limit(LARGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for record in reader:
            if record:
                yield record
    except csv.Error as error:
        raise refuse(
            source, f"the CSV is cut or damaged at line {reader.line_num}: {error}"
        ) from error
    finally:
        csv.field_size_limit(earlier)


def _table(
    source: PayloadSource, text: str, records: Iterator[list[str]], header: Sequence[str] | None
) -> Table:
    names = list(header) if header else [name.strip() for name in next(records, [])]
    kept: list[tuple[int, dict[str, str]]] = []
    ragged: list[int] = []
    shortest = len(names)
    number = 0
    for number, record in enumerate(records, start=1):
        shortest = len(record)
        if shortest == len(names):
            kept.append((number, dict(zip(names, record, strict=True))))
        elif any(cell.strip() for cell in record):
            ragged.append(number)
    if shortest < len(names) and not text.endswith(("\n", "\r")):
        raise refuse(source, f"the CSV is cut: it ends in the middle of record {number:,}")
    return Table(names, kept, ragged)
