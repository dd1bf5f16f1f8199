"""Past releases' outlooks as the table `history.outlook_history`, and their copies in the archive.

    archive/outlooks/<release>.parquet      the outlook of each release, as it was published

Releases may be taken off the disk, their outlooks stay. Only releases of earlier as-of days count:
a night that is repeated then gives the same bytes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_feeds.durable import write_durably
from threatcast_feeds.exact_paths import ONE_FILE, exact
from threatcast_feeds.outcomes import digest_of
from threatcast_publishing.contract import OUTLOOK_COLUMNS, OUTLOOK_TEXT

from threatcast_orchestration.warehouse.written import WrittenTable

if TYPE_CHECKING:
    import duckdb
    from threatcast_publishing.catalog import ReleaseInfo

log = logging.getLogger(__name__)

_TYPES = dict.fromkeys(OUTLOOK_TEXT, "VARCHAR") | {"as_of": "DATE", "data_through": "DATE"}
OUTLOOK_HISTORY = WrittenTable(
    "history",
    "outlook_history",
    "One row a past release, target and location: the outlook as it was published. Releases of "
    "earlier as-of days only; empty before the second release.",
    ", ".join(
        [
            "release_id VARCHAR",
            *(f"{name} {_TYPES.get(name, 'DOUBLE')}" for name in OUTLOOK_COLUMNS),
        ]
    ),
)
_OUTLOOK = "parquet/outlook.parquet"


def keep_outlooks(releases: Path, archive: Path) -> list[str]:
    """Copy to the archive what it lacks of the outlooks on disk; returns whose were copied.

    An outlook that is not as its release's manifest says is not copied: `threatcast releases
    verify` is the place that speaks about damage.
    """
    from threatcast_publishing.catalog import list_releases

    copied = []
    for info in list_releases(releases):
        source = info.folder / _OUTLOOK
        if has_outlook(archive, info) or not source.is_file() or digest_of(source) != _hash(info):
            continue
        copy = _copy(archive, info.release_id)
        copy.parent.mkdir(parents=True, exist_ok=True)
        write_durably(copy, source.read_bytes())
        copied.append(info.release_id)
    return copied


def has_outlook(archive: Path, info: ReleaseInfo) -> bool:
    """Whether the archive holds the very outlook that a release was published with."""
    copy = _copy(archive, info.release_id)
    return copy.is_file() and digest_of(copy) == _hash(info)


def write_history(
    connection: duckdb.DuckDBPyConnection, releases: Path, archive: Path, as_of: date
) -> tuple[int, str]:
    """Write the table from the archive and the releases; returns its rows and a hash of them.

    An outlook that cannot be read is left out, and named in a warning.
    """
    OUTLOOK_HISTORY.create(connection)
    read = [
        name for name, paths in _outlooks(releases, archive, as_of) if _add(connection, name, paths)
    ]
    known = "\n".join(read)
    return OUTLOOK_HISTORY.count(connection), sha256(known.encode()).hexdigest()


def _outlooks(releases: Path, archive: Path, as_of: date) -> Iterator[tuple[str, list[Path]]]:
    """Yield the releases of earlier days, oldest first, with where their outlooks lie."""
    from threatcast_publishing.catalog import RELEASE_NAME, day_of, list_releases

    there = {info.release_id: info.folder / _OUTLOOK for info in list_releases(releases)}
    files = (archive / "outlooks").glob("*.parquet")
    kept = {path.stem: path for path in files if RELEASE_NAME.fullmatch(path.stem)}
    for name in sorted({*there, *kept}, key=lambda name: (day_of(name), name)):
        if day_of(name) < as_of:
            yield name, [paths[name] for paths in (kept, there) if name in paths]


def _add(connection: duckdb.DuckDBPyConnection, release_id: str, paths: list[Path]) -> bool:
    """Add an outlook from the first file that can be read; returns False if none can, and warns."""
    import duckdb

    said = ""
    for path in paths:
        try:
            # a column that is younger than the release stays null: the past is not rewritten
            there = connection.read_parquet(exact(path), hive_partitioning=False).columns
            names = ", ".join(name for name in OUTLOOK_COLUMNS if name in there)
            connection.execute(
                f"INSERT INTO history.outlook_history BY NAME "
                f"SELECT ? AS release_id, {names} FROM read_parquet(?, {ONE_FILE})",
                [release_id, exact(path)],
            )
        except duckdb.Error as error:
            said = str(error).splitlines()[0]
        else:
            return True
    log.warning(
        "The outlook of the release %s cannot be read (%s); outlook_history goes without it. "
        "Put a copy of %s back, or of its release; "
        "see what is wrong with: threatcast releases verify %s",
        release_id,
        said,
        paths[0],
        release_id,
    )
    return False


def _copy(archive: Path, release_id: str) -> Path:
    return archive / "outlooks" / f"{release_id}.parquet"


def _hash(info: ReleaseInfo) -> str:
    """Return the hash of a release's outlook as its manifest has it; '' if it holds none."""
    from threatcast_publishing.manifest import read_manifest

    entry = read_manifest(info.folder).files.get(_OUTLOOK)
    return str(entry["sha256"]) if entry else ""
