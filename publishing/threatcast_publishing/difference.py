"""What differs between the outlooks of two releases: rows of both, side by side.

Facts only. Why a number differs from the release before is said by the table `changes`, which knows
the feeds and models of that night.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_publishing import catalog
from threatcast_publishing.database import as_arrow, connect
from threatcast_publishing.errors import DamagedReleaseError
from threatcast_publishing.manifest import read_manifest
from threatcast_publishing.marks import mark_of
from threatcast_publishing.query import QueryResult

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

COMPARED = ("state", "expected_4w", "low80_4w", "high80_4w", "usual_4w", "data_through", "model")
"""Columns of the outlook that are shown of both; a column that a release lacks is null."""
_OUTLOOK = "parquet/outlook.parquet"


def difference(releases: Path, old: str | None = None, new: str | None = None) -> QueryResult:
    """Return the rows of the outlook that differ between two releases.

    Parameters
    ----------
    releases
        Folder of releases.
    old, new
        Releases, or how their names begin. Default: the current one as `new`, and the one before
        it as `old`.

    Returns
    -------
    QueryResult
        `target, location, location_name`, then each of `COMPARED` as it was (`…_before`) and is;
        the largest changes of what is expected first, after rows whose state differs. Its release
        is the newer one's.

    Raises
    ------
    NoReleaseError, UnknownReleaseError
        As `catalog.resolve` says, or if there is none before.
    DamagedReleaseError
        If an outlook cannot be read.
    """
    import duckdb
    import pyarrow as pa

    after = catalog.resolve(releases, new)
    before = catalog.resolve(releases, old) if old else catalog.release_before(releases, after)
    with connect() as connection:
        for name, folder in (("before", before), ("after", after)):
            try:
                rows = _rows(connection, folder)
            except (OSError, duckdb.Error, pa.ArrowException) as error:
                raise DamagedReleaseError(
                    f"cannot be read: {str(error).splitlines()[0]}",
                    place=str(folder / _OUTLOOK),
                    cure=f"See what is wrong with: threatcast releases verify {folder.name}",
                ) from error
            connection.register(name, rows)
        data = as_arrow(connection.execute(_query()))
    manifest = read_manifest(after)
    return QueryResult(data, after.name, mark_of(manifest.source, manifest.as_of))


def _rows(connection: duckdb.DuckDBPyConnection, folder: Path) -> pa.Table:
    """Return a release's outlook with all columns that are compared."""
    import pyarrow.parquet as pq

    relation = connection.from_arrow(pq.read_table(folder / _OUTLOOK, partitioning=None))
    known = ("target", "location", "location_name", *COMPARED)
    columns = [name if name in relation.columns else f"NULL AS {name}" for name in known]
    return as_arrow(relation.project(", ".join(columns)))


def _query() -> str:
    pairs = ", ".join(f"before.{name} AS {name}_before, after.{name}" for name in COMPARED)
    differs = " OR ".join(f"before.{name} IS DISTINCT FROM after.{name}" for name in COMPARED)
    return f"""
        SELECT target, location, coalesce(after.location_name, before.location_name) AS
            location_name, {pairs}
        FROM before FULL JOIN after USING (target, location)
        WHERE {differs}
        ORDER BY before.state IS NOT DISTINCT FROM after.state,
            abs(ln((after.expected_4w + 1) / (before.expected_4w + 1))) DESC NULLS LAST,
            target, location
    """
