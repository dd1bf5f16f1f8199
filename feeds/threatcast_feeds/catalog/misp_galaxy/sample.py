"""Invented actors and ransomware families in the wire format of the MISP galaxy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from threatcast_feeds.bundles import pack
from threatcast_feeds.simulation import World
from threatcast_feeds.simulation.calendars import reference_days

# name, synonyms, country; one synonym belongs to two actors, as some real ones do
ACTORS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("Simulated Heron", ("Grey Heron", "Example Group 1"), "FR"),
    ("Simulated Otter", ("Paper Kite",), ""),
    ("Simulated Lynx", ("Paper Kite", "Example Group 3"), "BR"),
    ("Simulated Dormouse", (), "NZ"),
)
FAMILIES = 24


def payloads(world: World) -> Iterator[tuple[date, str, bytes]]:
    """Yield the same bytes on the first day of the world and near its end, both files in one."""
    actors = [_entry(name, synonyms, country) for name, synonyms, country in ACTORS]
    families = [
        _entry(f"samplelocker{number:02d}", (f"Sample Locker {number}",), "")
        for number in range(1, FAMILIES + 1)
    ]
    members = {
        "threat-actor.json": _galaxy("Threat Actor", "threat-actor", "actor", actors),
        "ransomware.json": _galaxy("Ransomware", "ransomware", "tool", families),
    }
    content = pack(members)
    for day in reference_days(world.start, world.end):
        yield day, "zip", content


def _entry(name: str, synonyms: tuple[str, ...], country: str) -> dict[str, Any]:
    meta: dict[str, Any] = {"refs": ["https://example.org/"]}
    if synonyms:
        meta["synonyms"] = list(synonyms)
    if country:
        meta["country"] = country
    return {"description": "Simulated.", "meta": meta, "uuid": _uuid(name), "value": name}


def _galaxy(name: str, kind: str, category: str, values: list[dict[str, Any]]) -> bytes:
    galaxy = {
        "authors": ["Threatcast's simulation"],
        "category": category,
        "description": "Simulated.",
        "name": name,
        "source": "Simulated",
        "type": kind,
        "uuid": _uuid(kind),
        "values": values,
        "version": 1,
    }
    return (json.dumps(galaxy, indent=2) + "\n").encode()


def _uuid(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"https://example.org/simulated/{name}"))
