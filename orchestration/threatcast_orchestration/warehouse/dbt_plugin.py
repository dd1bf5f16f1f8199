"""Tells dbt where the warehouse of this home lies, apart from its profile.

dbt reads the whole project again for each profile that it has not seen. A path in there would be
another profile in each home, and cost each first night the ten seconds that reading takes.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from dbt.adapters.duckdb.plugins import BasePlugin

if TYPE_CHECKING:
    import duckdb
    from dbt.adapters.duckdb.credentials import DuckDBCredentials

WAREHOUSE = "THREATCAST_WAREHOUSE"
"""Variable with the path of the warehouse; without it dbt works in memory."""


class Plugin(BasePlugin):
    """Attaches the warehouse as `threatcast`, before dbt-duckdb attaches an empty one."""

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Let what does not fit into memory be spilt beside the warehouse."""
        del creds
        if path := os.environ.get(WAREHOUSE):
            # once, at the opening: it cannot be set again after something was spilt there
            config["temp_directory"] = f"{path}.tmp"

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Attach the warehouse under its name.

        It is not opened: dbt reads a path that it opens as an address, and takes a `#` in it for
        the end.
        """
        if path := os.environ.get(WAREHOUSE):
            quoted = path.replace("'", "''")
            conn.execute(f"ATTACH IF NOT EXISTS '{quoted}' AS threatcast")
