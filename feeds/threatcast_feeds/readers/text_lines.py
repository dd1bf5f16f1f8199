"""Plain lists, one value a line, read by DuckDB."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_feeds.payload import ParseOutcome
from threatcast_feeds.readers.diagnosis import decode, refuse, refuse_impostors
from threatcast_feeds.readers.tables import copy_query, literal, run_query

if TYPE_CHECKING:
    from threatcast_feeds.payload import PayloadSource

MOST_SAMPLES = 5


def read_lines() -> str:
    """Return `read_csv(...)` that gives a landed text file's lines as `line`.

    Nothing is taken for a delimiter, a quote or a comment; an empty line is null and counts. To
    stand after FROM in `copy_query`, where `{file}` is the landed file.
    """
    return (
        "read_csv({file}, compression = 'zstd', header = false, auto_detect = false, "
        "delim = '\\x01', quote = '', escape = '', comment = '', strict_mode = false, "
        "max_line_size = 16777216, columns = {'line': 'VARCHAR'})"
    )


def copy_lines(
    source: PayloadSource, target: Path, *, pattern: str, columns: str, what: str
) -> ParseOutcome:
    """Write the lines of a plain list that are what they should be; set the others aside.

    Parameters
    ----------
    source : PayloadSource
        The list. Blank lines do not count.
    target : Path
        The raw Parquet file to write.
    pattern : str
        Regular expression (RE2) that a whole line must match.
    columns : str
        What to select: `line` is the line, `position` its number, from 1.
    what : str
        What a line should be, for messages ("an IPv4 address").

    Raises
    ------
    ParseError
        If the payload is empty, a web page, not UTF-8, or no line of it matches.
    """
    refuse_impostors(source)
    content = source.read()
    if not content.isascii():
        decode(source, content)
    # trimming costs as much as all the rest, and no line of a healthy list needs it
    blanks = b" " in content or b"\t" in content
    line = "trim(line, ' \t') AS line" if blanks else "line"
    lines = f"(SELECT row_number() OVER () AS position, {line} FROM {read_lines()})"
    fits = f"regexp_full_match(line, {literal(pattern)})"
    rows = copy_query(source, f"SELECT {columns} FROM {lines} WHERE {fits}", target)
    rejected = _count_lines(content, rows) - rows
    if rows == 0:
        raise refuse(source, f"none of its {rejected:,} lines is {what}")
    if rejected <= 0:
        return ParseOutcome(rows)
    strange = run_query(
        source,
        f"SELECT position FROM {lines} WHERE line <> '' AND NOT {fits} "
        f"ORDER BY position LIMIT {MOST_SAMPLES}",
    )
    samples = [f"line {position} is not {what}" for (position,) in strange]
    return ParseOutcome(rows, rejected, samples)


def _count_lines(content: bytes, expected: int) -> int:
    """Return the number of lines that are not blank; quick if it is the expected one."""
    quick = content.count(b"\n") + (not content.endswith(b"\n"))
    if quick == expected:
        return quick
    return sum(1 for line in content.split(b"\n") if line.strip(b" \t\r\xef\xbb\xbf"))
