"""Plain lists, one value a line, read by DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatcast_feeds.readers.tables import explain

if TYPE_CHECKING:
    from threatcast_feeds.parsing import PayloadSource


def read_lines() -> str:
    """Return `read_csv(...)` that gives a landed text file's lines as `line`.

    Nothing is taken for a delimiter, a quote or a comment, and every line counts; to stand after
    FROM in `copy_query`.
    """
    return (
        "read_csv({file}, compression = 'zstd', header = false, auto_detect = false, "
        "delim = '\\x01', quote = '', escape = '', comment = '', strict_mode = false, "
        "null_padding = false, max_line_size = 16777216, columns = {'line': 'VARCHAR'})"
    )


def query(source: PayloadSource, statement: str) -> list[tuple[object, ...]]:
    """Run a query over the payload (`{file}` stands for it) and return its rows."""
    import duckdb

    from threatcast_feeds.readers.tables import literal

    try:
        return (
            source.duckdb()
            .execute(statement.replace("{file}", literal(str(source.path))))
            .fetchall()
        )
    except duckdb.Error as error:
        raise explain(source, error) from error
