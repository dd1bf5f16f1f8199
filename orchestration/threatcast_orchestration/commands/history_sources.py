"""Where a history may come from: a file, a release on disk, or either at an address.

Whatever it is, it is verified before it is used: a history's file by its own rules, a release by
its manifest and the hashes in it.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from threatcast_orchestration.errors import OrchestrationError, WrongUse

if TYPE_CHECKING:
    from threatcast_feeds.history import FeedPast, History
    from threatcast_publishing.manifest import Manifest

TABLES = ("activity_weekly", "locations", "feed_health", "targets", "data_vintages")
"""The tables of a release that its history is made from."""
_MOST_BYTES = 100_000_000
_TIMEOUT = 60.0
# what the row of the world says of a week holds for all places without a row of their own
_COUNTS = """
    SELECT counts.target, counts.location, counts.week,
        CAST(counts.value AS INTEGER) AS value, counts.observation
    FROM activity_weekly AS counts
    INNER JOIN locations USING (location)
    INNER JOIN activity_weekly AS worlds
        ON counts.target = worlds.target AND counts.week = worlds.week
        AND worlds.location = 'WORLD'
    WHERE counts.location = 'WORLD'
        OR (
            locations.location_level IN ('country', 'unlocated')
            AND (coalesce(counts.value, 0) <> 0 OR counts.observation <> worlds.observation)
        )
"""
_FEEDS = """
    SELECT health.feed, health.publisher, health.licence, health.url,
        copies.last_copy, health.last_event, counted.targets
    FROM feed_health AS health
    INNER JOIN (
        SELECT feed, list(target ORDER BY target) AS targets FROM targets
        WHERE target IN (SELECT target FROM activity_weekly) GROUP BY feed
    ) AS counted USING (feed)
    INNER JOIN (
        SELECT feed, max(vintage_day) AS last_copy FROM data_vintages GROUP BY feed
    ) AS copies USING (feed)
"""


def history_from(source: str, releases: Path) -> History:
    """Return the history that a word of the command line names.

    Parameters
    ----------
    source : str
        `shipped`, a file, a release's folder, a release of this home, or the address of a file or
        of a release's folder.
    releases : Path
        The releases of this home.

    Raises
    ------
    WrongUse
        If it is nothing of that, or its counts are simulated.
    OrchestrationError
        If an address does not give it, or what it gives is not what its manifest says.
    FeedError, ReleaseError
        If a file or a release is damaged; names it.
    """
    from threatcast_feeds.history import SHIPPED, read_history
    from threatcast_publishing.catalog import resolve

    if source == "shipped":
        return read_history(SHIPPED)
    if source.startswith(("https://", "http://")):
        with TemporaryDirectory(prefix="threatcast-") as folder:
            return _fetched(source, Path(folder))
    path = Path(source)
    if path.is_file():
        return read_history(path)
    return history_of(path if path.is_dir() else resolve(releases, source))


def history_of(folder: Path) -> History:
    """Return the history of a release on disk.

    Raises
    ------
    OrchestrationError
        If a file of it is not what the manifest says.
    WrongUse
        If its counts are simulated.
    """
    from threatcast_publishing.manifest import read_manifest
    from threatcast_publishing.verify import verify

    outcome = verify(folder)
    if not outcome.ok:
        raise OrchestrationError(
            f"{folder.name}: {outcome.summary()}. Nothing was written. Take another copy of it."
        )
    return _read(folder, _real(read_manifest(folder)))


def _real(manifest: Manifest) -> Manifest:
    """Refuse a release whose counts were not observed."""
    from threatcast_publishing.marks import mark_of

    mark = mark_of(manifest.source, manifest.as_of)
    if mark:
        raise WrongUse(
            f"{manifest.release_id} was not counted of the feeds themselves ({mark.word}): no past "
            "is to be made of it. Nothing was written. Name a release of live or recorded feeds: "
            "threatcast releases list"
        )
    return manifest


def _read(folder: Path, manifest: Manifest) -> History:
    """Return the history of a release from its Parquet tables."""
    from threatcast_feeds.database import connect
    from threatcast_feeds.exact_paths import ONE_FILE, exact
    from threatcast_feeds.history import History

    with connect() as connection:
        for table in TABLES:
            path = exact(folder / "parquet" / f"{table}.parquet")
            quoted = path.replace("'", "''")
            connection.execute(f"CREATE VIEW {table} AS FROM read_parquet('{quoted}', {ONE_FILE})")
        counts = connection.execute(_COUNTS).to_arrow_table()
        feeds = connection.execute(_FEEDS).to_arrow_table().to_pylist()
    return History(
        manifest.as_of,
        manifest.release_id,
        str(manifest.raw["contract_version"]),
        {row["feed"]: _past(row) for row in feeds},
        counts,
    )


def _past(row: dict[str, Any]) -> FeedPast:
    from threatcast_feeds.history import FeedPast

    return FeedPast(
        publisher=row["publisher"],
        licence=row["licence"],
        url=row["url"],
        targets=tuple(row["targets"]),
        last_copy=row["last_copy"],
        last_event=row["last_event"],
    )


def _fetched(url: str, folder: Path) -> History:
    """Return the history at an address: of a file, or of a release by its manifest's hashes."""
    from threatcast_feeds.history import read_history
    from threatcast_publishing.files import sha256_of
    from threatcast_publishing.manifest import MANIFEST, content_hash, read_manifest

    if url.endswith(".parquet"):
        return read_history(_download(url, folder / "history.parquet"))
    base = url.rstrip("/")
    _download(f"{base}/{MANIFEST}", folder / MANIFEST)
    manifest = _real(read_manifest(folder))
    wrong = [] if content_hash(manifest.raw) == manifest.content_hash else [MANIFEST]
    for table in TABLES:
        name = f"parquet/{table}.parquet"
        path = _download(f"{base}/{name}", folder / name)
        if sha256_of(path) != manifest.files.get(name, {}).get("sha256"):
            wrong.append(name)
    if wrong:
        raise OrchestrationError(
            f"{url}: {', '.join(wrong)} is not what the manifest says. Nothing was written. Ask "
            "its publisher, or take another copy of the release."
        )
    return _read(folder, manifest)


def _download(url: str, path: Path) -> Path:
    """Write what an address serves into a file.

    Raises
    ------
    OrchestrationError
        If it serves nothing, too much, or sends us elsewhere; says what to do.
    """
    import ssl

    import httpx
    import truststore

    path.parent.mkdir(parents=True, exist_ok=True)
    verify = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    taken = 0
    try:
        with (
            httpx.stream("GET", url, timeout=_TIMEOUT, verify=verify) as response,
            path.open("wb") as file,
        ):
            if response.status_code != httpx.codes.OK:
                raise _no_history(url, f"it answers {response.status_code}")
            for part in response.iter_bytes():
                taken += len(part)
                if taken > _MOST_BYTES:
                    raise _no_history(url, f"it has more than {_MOST_BYTES:,} bytes")
                file.write(part)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _no_history(url, f"it cannot be had: {error or type(error).__name__}") from error
    return path


def _no_history(url: str, problem: str) -> OrchestrationError:
    from threatcast_feeds.http.redirects import public

    return OrchestrationError(
        f"{public(url)}: {problem}. Nothing was written. Name a history's file (.parquet) or the "
        "folder of a release with its manifest.json."
    )
