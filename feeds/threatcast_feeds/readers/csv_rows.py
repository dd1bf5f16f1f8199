"""Tables in CSV small enough for Python: quoted line feeds, byte order marks, bad records."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from threatcast_feeds.impostors import refuse_impostors
from threatcast_feeds.readers.json_records import BAD_BYTE, BOM
from threatcast_feeds.readers.tables import MOST_SAMPLES

if TYPE_CHECKING:
    from threatcast_feeds.payload import PayloadSource

# a cell holds free text, and whole pages of sources
LARGEST_CELL = 10_000_000


@dataclass(frozen=True)
class Table:
    """A table of texts with one header.

    `records` are the header's cells by name and the record's number, from 1; `rejected` says of
    records that cannot be read which they are and why.
    """

    header: list[str]
    records: list[tuple[int, dict[str, str]]] = field(repr=False)
    rejected: list[str]

    def lower(self) -> Table:
        """Return the same table with its columns named in lower case."""
        records = [
            (number, {name.lower(): cell for name, cell in record.items()})
            for number, record in self.records
        ]
        return Table([name.lower() for name in self.header], records, self.rejected)


def read_csv_table(source: PayloadSource, header: Sequence[str] | None = None) -> Table:
    """Return a payload in CSV as a table; blank lines do not count.

    A record with a stray quote, bytes that are no text, a cell too large or a wrong number of
    cells costs itself.

    Parameters
    ----------
    source : PayloadSource
        A payload in UTF-8, with or without byte order mark.
    header : sequence of str, optional
        Names of the columns of a file that has no header of its own.

    Raises
    ------
    ParseError
        If the payload is empty, a web page or an archive, has a header that cannot be read, or
        is cut in the middle of its last record.
    """
    head = refuse_impostors(source)
    if head.lstrip()[:1] in (b"{", b"["):
        raise source.refuse("the payload is a JSON message, not csv")
    content = source.read()
    lines = io.StringIO(
        content.removeprefix(BOM).decode("utf-8", errors="surrogateescape"), newline=""
    ).readlines()
    earlier = csv.field_size_limit(LARGEST_CELL)
    try:
        return _table(source, content, lines, header)
    finally:
        csv.field_size_limit(earlier)


def _table(
    source: PayloadSource, content: bytes, lines: list[str], header: Sequence[str] | None
) -> Table:
    skipped = len(BOM) if content.startswith(BOM) else 0
    records = _records(source, lines)
    names = list(header or ())
    if header is None:
        first = next(records, Read(0, [], ""))
        if first.problem or BAD_BYTE.search("".join(first.cells)):
            source.decode(content)
            raise source.refuse(f"the header cannot be read: {first.problem}")
        names = [name.strip() for name in first.cells]
    kept: list[tuple[int, dict[str, str]]] = []
    rejected: list[str] = []
    shortest = len(names)
    number = 0
    for number, one in enumerate(records, start=1):
        shortest = len(one.cells)
        problem = one.problem
        if not problem and shortest != len(names):
            if not any(cell.strip() for cell in one.cells):
                continue
            problem = "has not as many cells as the header"
        if not problem and any(BAD_BYTE.search(cell) for cell in one.cells):
            # to name a byte costs a pass over the file
            told = len(rejected) < MOST_SAMPLES
            problem = _bad_byte(lines, one.line, skipped) if told else "is not UTF-8"
        if problem:
            rejected.append(f"record {number} {problem}")
        else:
            kept.append((number, dict(zip(names, one.cells, strict=True))))
    if shortest < len(names) and lines and not lines[-1].endswith(("\n", "\r")):
        raise source.refuse(f"the CSV is cut: it ends in the middle of record {number:,}")
    return Table(names, kept, rejected)


@dataclass(frozen=True)
class Read:
    """A record as read: the line it begins in, from 0, its cells, and why it has none."""

    line: int
    cells: list[str]
    problem: str


def _records(source: PayloadSource, lines: list[str]) -> Iterator[Read]:
    """Yield records; after one that cannot be read, go on with the line after its first.

    Raises
    ------
    ParseError
        If the text ends within a quoted cell, and not because of one stray quote before.
    """
    cells = before = 0
    reader = csv.reader(_lines_from(lines, 0), strict=True)
    while True:
        first = before + reader.line_num
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            at_end = before + reader.line_num >= len(lines)
            if at_end and not _goes_on(lines, first + 1, cells):
                problem = f"the CSV is cut or damaged at line {len(lines)}: {error}"
                raise source.refuse(problem) from error
            yield Read(first, [], f"(line {first + 1}) is no CSV: {error}")
            before = first + 1
            reader = csv.reader(_lines_from(lines, before), strict=True)
            continue
        if record:
            cells = cells or len(record)
            yield Read(first, record, "")


def _lines_from(lines: list[str], first: int) -> Iterator[str]:
    return (lines[at] for at in range(first, len(lines)))


def _goes_on(lines: list[str], first: int, cells: int) -> bool:
    """Whether whole records follow, so that a quote that is never closed was a stray one."""
    try:
        return any(
            len(record) == cells for record in csv.reader(_lines_from(lines, first), strict=True)
        )
    except csv.Error:
        return False


def _bad_byte(lines: list[str], first: int, skipped: int) -> str:
    """Say which byte of the file is no UTF-8: the first one from a line on."""
    for at in range(first, len(lines)):
        found = BAD_BYTE.search(lines[at])
        if found:
            before = "".join(lines[:at]) + lines[at][: found.start()]
            place = skipped + len(before.encode("utf-8", errors="surrogateescape"))
            return f"is not UTF-8: byte {place} is 0x{ord(found[0]) - 0xDC00:02x}"
    return "is not UTF-8"
