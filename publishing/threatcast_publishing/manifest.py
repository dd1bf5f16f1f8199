"""`manifest.json`: what a release holds, what it was made of, and the hash that names it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from threatcast_publishing.contract import CONTRACT_VERSION
from threatcast_publishing.duckdb_content import FILE_NAME, content_digest
from threatcast_publishing.errors import DamagedReleaseError
from threatcast_publishing.files import json_bytes, plain_files, sha256_of
from threatcast_publishing.marks import prefix_of
from threatcast_publishing.source import ReleaseContext

MANIFEST = "manifest.json"
BULLETIN = "bulletin.pdf"
"""The printed pages, which need a browser: told in the manifest, outside the content hash."""


@dataclass(frozen=True)
class Manifest:
    """A parsed manifest; `raw` keeps all of it, the rest is what programs here need.

    `source` is empty if a release of observed counts was made before manifests said it.
    """

    release_id: str
    as_of: date
    source: str
    content_hash: str
    built_at: datetime
    commit: str
    files: Mapping[str, Mapping[str, Any]]
    raw: Mapping[str, Any]


def make_manifest(release: ReleaseContext, folder: Path, *, built_at: datetime) -> dict[str, Any]:
    """Return the manifest of the files under `folder`, its content hash and id included.

    The content hash covers every field but `built_at` (and what is derived from it: the hash and
    the id) and the printed bulletin, with a DuckDB file's content in place of its bytes.
    """
    files = {}
    for path in plain_files(folder):
        name = path.relative_to(folder).as_posix()
        if name == MANIFEST:
            continue
        entry: dict[str, Any] = {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
        if name == FILE_NAME:
            entry["content_sha256"] = content_digest(path)
        files[name] = entry
    body: dict[str, Any] = {
        "name": "threatcast",
        "contract_version": CONTRACT_VERSION,
        "as_of": release.as_of.isoformat(),
        "source": release.source,
        "simulated": release.simulated,
        "commit": release.commit,
        "settings": json.loads(json_bytes(_jsonable(release.settings))),
        "data_vintages": newest_vintages(release),
        "licences": _licences(release),
        "contact": release.contact,
        "tables": {name: table.rows for name, table in release.tables.items()},
        "warnings": list(release.warnings),
        "files": files,
    }
    digest = content_hash(body)
    return {
        **body,
        "content_hash": digest,
        "release_id": release_id(release.as_of, digest, release.source),
        "built_at": built_at.isoformat(),
    }


def content_hash(manifest: Mapping[str, Any]) -> str:
    """Return the SHA-256 that names a release, computed from its manifest alone."""
    outside = ("built_at", "content_hash", "release_id")
    body = {key: value for key, value in manifest.items() if key not in outside}
    body["files"] = {
        name: entry["content_sha256"] if "content_sha256" in entry else dict(entry)
        for name, entry in manifest["files"].items()
        if name != BULLETIN  # the same tables make the same release, with a browser at hand or not
    }
    return hashlib.sha256(json_bytes(body)).hexdigest()


def release_id(as_of: date, digest: str, source: str) -> str:
    """Return the release's name: the day, then 12 digits of the hash; the mark goes before."""
    return f"{prefix_of(source)}{as_of.isoformat()}-{digest[:12]}"


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a release's folder.

    Raises
    ------
    DamagedReleaseError
        If there is none or it is not what this package writes.
    """
    path = folder / MANIFEST
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return Manifest(
            release_id=str(raw["release_id"]),
            as_of=date.fromisoformat(raw["as_of"]),
            source=source_of(raw),
            content_hash=str(raw["content_hash"]),
            built_at=datetime.fromisoformat(raw["built_at"]),
            commit=str(raw["commit"]),
            files={str(name): _entry(entry) for name, entry in raw["files"].items()},
            raw=raw,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedReleaseError(
            f"the manifest cannot be read: {type(error).__name__}: {error}",
            place=str(path),
            cure="Take another copy of the release, or go back: threatcast releases rollback.",
        ) from error


def source_of(raw: Mapping[str, Any]) -> str:
    """Return the source that a manifest names; those before contract 1.3 only tell the sample's.

    Examples
    --------
    >>> source_of({"simulated": True})
    'sample'
    """
    return str(raw.get("source", "sample" if raw["simulated"] else ""))


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {**entry, "bytes": int(entry["bytes"]), "sha256": str(entry["sha256"])}


def newest_vintages(release: ReleaseContext) -> list[dict[str, Any]]:
    """Return for each feed its newest vintage and how many there are."""
    newest: dict[str, dict[str, Any]] = {}
    for row in release.tables["data_vintages"].data.to_pylist():  # sorted by feed and day
        earlier = newest.get(row["feed"], {"vintages": 0})
        entry = {"feed": row["feed"], "vintage_day": _jsonable(row["vintage_day"])}
        if row.get("payload") is not None:
            entry["payload"] = row["payload"]
        newest[row["feed"]] = {**entry, "vintages": earlier["vintages"] + 1}
    return [newest[feed] for feed in sorted(newest)]


def _licences(release: ReleaseContext) -> list[dict[str, Any]]:
    rows = release.tables["feed_health"].data.select(["feed", "licence", "publisher"]).to_pylist()
    return [dict(row) for row in rows]


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(_jsonable(item) for item in value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    return value
