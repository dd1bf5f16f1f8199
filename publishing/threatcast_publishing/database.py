"""How DuckDB is opened here: within the memory that is allowed, and without asking the network.

What is done with it is said where it is opened.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb
    import pyarrow as pa

MEMORY = "THREATCAST_DUCKDB_MEMORY"
"""Variable with the memory of each DuckDB, as `2GB`; whoever runs this package sets it."""


def connect(
    path: str | Path = ":memory:",
    *,
    read_only: bool = False,
    **options: str | bool | int | float | list[str],
) -> duckdb.DuckDBPyConnection:
    """Return a connection to a file, or to memory of its own.

    Parameters
    ----------
    options
        Further settings of DuckDB.

    Raises
    ------
    duckdb.Error
        If the file cannot be opened.
    """
    import duckdb

    allowed: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": os.environ.get(MEMORY) or "2GB",
        "autoinstall_known_extensions": False,
    }
    if options:  # which may lock what can be set
        return duckdb.connect(str(path), read_only=read_only, config={**allowed, **options})
    connection = duckdb.connect(str(path), read_only=read_only)
    # set afterwards: a file that this process holds open already may only be opened in the same way
    for name, value in allowed.items():
        connection.execute(f"SET {name} = '{value}'")
    return connection


def as_arrow(result: duckdb.DuckDBPyConnection | duckdb.DuckDBPyRelation) -> pa.Table:
    """Return the rows of a query as one contiguous chunk a column.

    They are fetched in small batches: DuckDB keeps room for a whole batch in each column, of a
    million rows unless told, and a table of three rows then holds on to a hundred megabytes.
    """
    return result.to_arrow_table(10_000).combine_chunks()
