"""Paths as DuckDB must be told them: a folder's name is data, never a pattern.

DuckDB takes `*`, `?` and `[` in any path that it reads for a pattern, also in one that is handed
over as a parameter: a home below `a*b` would read the files of its neighbour below `axb`. It also
takes a folder named `key=value` for a column of that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_PATTERN = re.compile(r"[*?\[]")
ONE_FILE = "hive_partitioning = false"
"""What every `read_…` of DuckDB is told: folders are no columns."""


def exact(path: Path | str) -> str:
    """Return a path as DuckDB must be told it to read that file and no other.

    Examples
    --------
    >>> exact("/data/a*b [1]/x.parquet")
    '/data/a[*]b [[]1]/x.parquet'
    """
    return _PATTERN.sub(r"[\g<0>]", str(path))


def literal(text: str) -> str:
    """Return text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def file_list(paths: Iterable[Path]) -> str:
    """Return files as the SQL list that a `read_…` of DuckDB takes.

    Examples
    --------
    >>> file_list([Path("/it's/x"), Path("/a*/x")])
    "['/it''s/x', '/a[*]/x']"
    """
    return "[" + ", ".join(literal(exact(path)) for path in paths) + "]"
