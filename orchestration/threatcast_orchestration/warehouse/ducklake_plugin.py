"""Lets dbt build in a lake: its catalogue in Postgres, its data in a bucket, for several machines.

For the target `ducklake` of the profile. What a night wrote is read from a file, as `night`;
staging stays in memory, since no other machine could read its views; all other models lie in the
lake.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError

from threatcast_orchestration.warehouse.dbt_plugin import WAREHOUSE

if TYPE_CHECKING:
    from collections.abc import Mapping

CATALOGUE, DATA = "THREATCAST_DUCKLAKE_POSTGRES_URL", "THREATCAST_DUCKLAKE_DATA"
"""Variables with the address of the catalogue, which holds a password, and of the data."""
_EXTENSIONS = {"httpfs": "httpfs", "postgres": "postgres_scanner", "ducklake": "ducklake"}
"""Packages of DuckDB's signed extensions, and the names that DuckDB wants their files to have."""
_ADDRESS = re.compile(r"postgresql(\+psycopg2)?://(?P<rest>[^\s/?#]+/\S+)")


class LakePlugin(BasePlugin):
    """Attaches the lake as `threatcast` and a night's warehouse as `night`."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Load the extensions and attach both.

        Raises
        ------
        DbtRuntimeError
            If a variable or a package is missing, or a place cannot be reached; says which.
        """
        attach_lake(conn, os.environ)
        night = _told(os.environ, WAREHOUSE)
        with _in_words(f"the warehouse {night} ({WAREHOUSE})"):
            conn.execute(f"ATTACH IF NOT EXISTS {_quoted(night)} AS night (READ_ONLY)")


Plugin = LakePlugin  # by this name dbt-duckdb finds it


def attach_lake(connection: duckdb.DuckDBPyConnection, variables: Mapping[str, str]) -> None:
    """Attach the lake that variables name as `threatcast`; raises as the plugin does."""
    found = _ADDRESS.fullmatch(_told(variables, CATALOGUE))
    if found is None:
        raise DbtRuntimeError(
            f"{CATALOGUE} holds no address of a Postgres database (its value is not shown). Write "
            "it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE, special characters of the "
            "password as %XX."
        )
    for package, name in _EXTENSIONS.items():
        _load(connection, package, name)
    data = _told(variables, DATA)
    if data.startswith("s3://"):
        connection.execute(_secret(variables))
    # errors of Postgres and of the bucket quote addresses
    with _in_words(f"the lake of {CATALOGUE} and {DATA}", hidden=found["rest"]):
        catalogue = _quoted(f"ducklake:postgres:postgresql://{found['rest']}")
        connection.execute(
            f"ATTACH IF NOT EXISTS {catalogue} AS threatcast (DATA_PATH {_quoted(data)})"
        )


def _load(connection: duckdb.DuckDBPyConnection, package: str, name: str) -> None:
    """Load an extension from its package; DuckDB checks its signature."""
    spec = find_spec(f"duckdb_extension_{package}")
    if spec is None or spec.origin is None:
        raise DbtRuntimeError(
            f"The package duckdb-extension-{package} is not installed. Nothing was changed. "
            "Install it: pip install 'threatcast[ducklake]'."
        )
    version = f"v{duckdb.__version__}"
    file = Path(spec.origin).parent / "extensions" / version / f"{package}.duckdb_extension"
    with tempfile.TemporaryDirectory() as folder, _in_words(f"the package {package}"):
        named = Path(folder) / f"{name}.duckdb_extension"  # DuckDB finds its entry by this name
        named.symlink_to(file)
        connection.execute(f"LOAD {_quoted(str(named))}")


def _secret(variables: Mapping[str, str]) -> str:
    """Return the statement that tells DuckDB the bucket's credentials, from the usual variables."""
    given = {
        "KEY_ID": variables.get("AWS_ACCESS_KEY_ID", ""),
        "SECRET": variables.get("AWS_SECRET_ACCESS_KEY", ""),
        "SESSION_TOKEN": variables.get("AWS_SESSION_TOKEN", ""),
        "REGION": variables.get("AWS_DEFAULT_REGION", ""),
    }
    words = [f"{name} {_quoted(value)}" for name, value in given.items() if value]
    endpoint = urlsplit(variables.get("AWS_ENDPOINT_URL", ""))
    if endpoint.netloc:
        ssl = "true" if endpoint.scheme == "https" else "false"
        words += [f"ENDPOINT {_quoted(endpoint.netloc)}", "URL_STYLE 'path'", f"USE_SSL {ssl}"]
    return f"CREATE OR REPLACE SECRET lake ({', '.join(['TYPE s3', *words])})"


def _told(variables: Mapping[str, str], name: str) -> str:
    if value := variables.get(name):
        return value
    raise DbtRuntimeError(
        f"The target ducklake needs the variables {CATALOGUE}, {DATA} and {WAREHOUSE}; {name} is "
        "not set. Nothing was changed."
    )


@contextmanager
def _in_words(what: str, *, hidden: str = "") -> Iterator[None]:
    """Say what cannot be opened, without the part of an address that holds a password."""
    try:
        yield
    except duckdb.Error as error:
        said = str(error).splitlines()[0]
        said = said.replace(hidden, "…") if hidden else said
        raise DbtRuntimeError(f"Cannot open {what}: {said}") from None


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
