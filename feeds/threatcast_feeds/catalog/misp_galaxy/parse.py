"""Two clusters of the MISP galaxy in one bundle: threat actors and ransomware families.

A name alone is no key: some belong to two actors. Only names, synonyms and the country are
read; notes, links and descriptions stay in the landing.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from threatcast_feeds.payload import ParseOutcome, PayloadSource, first_of
from threatcast_feeds.readers.json_records import DamagedJsonError, Document, read_document
from threatcast_feeds.readers.tables import MOST_SAMPLES, write_rows
from threatcast_feeds.unpack import zip_members

GALAXIES = ("threat-actor", "ransomware")
# what the column can hold
MOST_VERSION = 2**31 - 1


def parse(source: PayloadSource, target: Path) -> ParseOutcome:
    """Write the raw rows of one state of both clusters."""
    rows: list[tuple[Any, ...]] = []
    places: list[str] = []
    rejected: list[str] = []
    seen: set[str] = set()
    for name, content in zip_members(source, source.spec, rejected):
        galaxy = PurePosixPath(name).stem
        if galaxy not in GALAXIES or PurePosixPath(name).suffix != ".json":
            continue
        seen.add(galaxy)
        before = len(rows)
        cluster = _cluster(source, name, content)
        version = cluster.others.get("version")
        version = version if isinstance(version, int) and abs(version) <= MOST_VERSION else None
        for record in cluster.records:
            place = f"{name}, record {record.place}"
            row = None if record.problem else _row(record.value)
            if row is None:
                rejected.append(f"{place}: {record.problem or 'no uuid or value'}")
            else:
                rows.append((galaxy, *row, version))
                places.append(place)
        if len(rows) == before:
            why = first_of(rejected[-1:])
            raise source.refuse(f"{name} holds no record with uuid and value{why}")
    missing = [f"{galaxy}.json" for galaxy in GALAXIES if galaxy not in seen]
    if missing:
        raise source.refuse(f"the bundle lacks {', '.join(missing)}")
    written = write_rows(source, rows, target, places=places, rejected=rejected)
    return ParseOutcome(written, len(rejected), rejected[:MOST_SAMPLES])


def _cluster(source: PayloadSource, name: str, content: bytes) -> Document:
    try:
        cluster = read_document(content, "values")
    except DamagedJsonError as error:
        raise source.refuse(f"{name} is not JSON, or cut ({error})") from error
    if cluster.listed != "list":
        raise source.refuse(f"{name} has no list 'values'")
    return cluster


def _row(record: Any) -> tuple[Any, ...] | None:
    """Return uuid, name, other names and country; None without uuid or name."""
    record = record if isinstance(record, dict) else {}
    uuid, value = _text(record.get("uuid")), _text(record.get("value"))
    if uuid is None or value is None:
        return None
    meta = record.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    synonyms = meta.get("synonyms")
    listed = synonyms if isinstance(synonyms, list) else [synonyms]
    also = [known for one in listed if (known := _text(one)) is not None]
    return uuid, value, also, _text(meta.get("country"))


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
