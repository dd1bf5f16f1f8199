"""Two clusters of the MISP galaxy in one bundle: threat actors and ransomware families.

A name alone is no key: some belong to two actors. Only names, synonyms and the country are
read; notes, links and descriptions stay in the landing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from threatcast_feeds.payload import ParseOutcome, PayloadSource
from threatcast_feeds.readers.diagnosis import decode, refuse
from threatcast_feeds.readers.tables import write_rows
from threatcast_feeds.unpack import zip_members

GALAXIES = ("threat-actor", "ransomware")
MOST_SAMPLES = 5


def parse(source: PayloadSource, target: Path) -> ParseOutcome:
    """Write the raw rows of one state of both clusters."""
    rows: list[tuple[Any, ...]] = []
    rejected: list[str] = []
    seen: set[str] = set()
    for name, content in zip_members(source, source.spec):
        galaxy = PurePosixPath(name).stem
        if galaxy not in GALAXIES or PurePosixPath(name).suffix != ".json":
            continue
        seen.add(galaxy)
        before = len(rows)
        for place, row in _rows(source, galaxy, name, content):
            if row is None:
                rejected.append(f"{name}, record {place}: no uuid or value")
            else:
                rows.append(row)
        if len(rows) == before:
            raise refuse(source, f"{name} holds no record with uuid and value")
    missing = [f"{galaxy}.json" for galaxy in GALAXIES if galaxy not in seen]
    if missing:
        raise refuse(source, f"the bundle lacks {', '.join(missing)}")
    written = write_rows(source, rows, target)
    return ParseOutcome(written, len(rejected), rejected[:MOST_SAMPLES])


def _rows(
    source: PayloadSource, galaxy: str, name: str, content: bytes
) -> Iterator[tuple[int, tuple[Any, ...] | None]]:
    """Yield each record's place and its row, None for a record without uuid or value."""
    text = decode(source, content, name)
    try:
        cluster = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise refuse(source, f"{name} is not JSON, or cut ({error})") from error
    if not isinstance(cluster, dict) or not isinstance(cluster.get("values"), list):
        raise refuse(source, f"{name} has no list 'values'")
    version = cluster.get("version")
    version = version if isinstance(version, int) else None
    for place, record in enumerate(cluster["values"], start=1):
        record = record if isinstance(record, dict) else {}
        uuid, value = _text(record.get("uuid")), _text(record.get("value"))
        if uuid is None or value is None:
            yield place, None
            continue
        meta = record.get("meta")
        meta = meta if isinstance(meta, dict) else {}
        synonyms = meta.get("synonyms")
        listed = synonyms if isinstance(synonyms, list) else [synonyms]
        also = [known for one in listed if (known := _text(one)) is not None]
        yield place, (galaxy, uuid, value, also, _text(meta.get("country")), version)


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
