"""How DuckDB is opened: within the memory that is allowed, and without asking the network.

What is done with it is said where it is opened.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

MEMORY = "THREATCAST_DUCKDB_MEMORY"
"""Variable with the memory of each DuckDB, as `2GB`; set by the settings, read by dbt as well."""


def connect(
    path: str | Path = ":memory:", *, read_only: bool = False, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """Return a connection to a file, or to memory of its own.

    Raises
    ------
    duckdb.Error
        If the file cannot be opened.
    """
    import duckdb

    connection = duckdb.connect(str(path), read_only=read_only)
    # set afterwards: a file that this process holds open already may only be opened in the same way
    connection.execute(f"SET memory_limit = '{os.environ.get(MEMORY) or '2GB'}'")
    connection.execute("SET autoinstall_known_extensions = false")
    if threads is not None:
        connection.execute(f"SET threads = {threads}")
    return connection
