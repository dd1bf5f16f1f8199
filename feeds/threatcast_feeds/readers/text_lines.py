"""Plain lists, one value a line, read by DuckDB."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_feeds.exact_paths import ONE_FILE, literal
from threatcast_feeds.impostors import refuse_impostors
from threatcast_feeds.payload import ParseOutcome
from threatcast_feeds.readers.tables import MOST_SAMPLES, copy_query, run_query

if TYPE_CHECKING:
    from threatcast_feeds.payload import PayloadSource

# more than any address or URL has; a longer one costs itself
MOST_LINE = 16_777_216
_MENDED = "mended_lines"


def read_lines() -> str:
    """Return `read_csv(...)` that gives a landed text file's lines as `line`.

    Nothing is taken for a delimiter, a quote or a comment; an empty line is null and counts. To
    stand after FROM in `copy_query`, where `{file}` is the landed file.
    """
    return (
        f"read_csv({{file}}, {ONE_FILE}, compression = 'zstd', header = false, "
        "auto_detect = false, "
        "delim = '\\x01', quote = '', escape = '', comment = '', strict_mode = false, "
        f"max_line_size = {MOST_LINE}, columns = {{'line': 'VARCHAR'}})"
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
    is_text = content.isascii() or _is_text(content)
    origin = read_lines() if is_text and _has_short_lines(content) else _mended(source, content)
    # trimming costs as much as all the rest, and no line of a healthy list needs it
    blanks = b" " in content or b"\t" in content
    line = "trim(line, ' \t') AS line" if blanks else "line"
    lines = f"(SELECT row_number() OVER () AS position, {line} FROM {origin})"
    fits = f"regexp_full_match(line, {literal(pattern)})"
    rows = copy_query(source, f"SELECT {columns} FROM {lines} WHERE {fits}", target)
    rejected = _count_lines(content, rows) - rows
    if rows == 0:
        if not is_text:
            source.decode(content)
        raise source.refuse(f"none of its {rejected:,} lines is {what}")
    if rejected <= 0:
        return ParseOutcome(rows)
    strange = run_query(
        source,
        f"SELECT position FROM {lines} WHERE line <> '' AND NOT {fits} "
        f"ORDER BY position LIMIT {MOST_SAMPLES}",
    )
    samples = [f"line {position} is not {what}" for (position,) in strange]
    return ParseOutcome(rows, rejected, samples)


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _has_short_lines(content: bytes) -> bool:
    return len(content) < MOST_LINE or max(map(len, content.split(b"\n"))) < MOST_LINE


def _mended(source: PayloadSource, content: bytes) -> str:
    """Register a payload's lines as a table, those that DuckDB cannot read as no value at all."""
    import pyarrow as pa

    split = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    lines = [
        line.rstrip(b"\r").decode() if len(line) < MOST_LINE and _is_text(line) else "\ufffd"
        for line in split
    ]
    source.duckdb().register(_MENDED, pa.table({"line": pa.array(lines, pa.string())}))
    return _MENDED


def _count_lines(content: bytes, expected: int) -> int:
    """Return the number of lines that are not blank; quick if it is the expected one."""
    quick = content.count(b"\n") + (not content.endswith(b"\n"))
    if quick == expected:
        return quick
    return sum(1 for line in content.split(b"\n") if line.strip(b" \t\r\xef\xbb\xbf"))
