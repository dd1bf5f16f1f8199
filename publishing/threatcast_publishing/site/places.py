"""Which countries a release sees: those with an outlook of at least one target, and all others."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threatcast_publishing.source import ReleaseContext


@dataclass(frozen=True)
class Sight:
    """Countries by name.

    Attributes
    ----------
    seen : tuple of (str, tuple of str)
        Each with an outlook, and the titles of the targets that have one of it.
    unseen : tuple of str
        Those of which no target has an outlook.
    """

    seen: tuple[tuple[str, tuple[str, ...]], ...]
    unseen: tuple[str, ...]


def countries_in_sight(release: ReleaseContext) -> Sight:
    """Return which countries have an outlook, and of what."""
    titles = {
        row["target"]: row.get("title") or row["target"]
        for row in release.tables["targets"].data.to_pylist()
    }
    columns = ["target", "location", "location_name", "location_level", "state"]
    targets: dict[str, list[str]] = defaultdict(list)
    for row in release.tables["outlook"].data.select(columns).to_pylist():
        if row["location_level"] == "country":
            of_country = targets[row["location_name"] or row["location"]]
            if row["state"] == "published":
                of_country.append(titles.get(row["target"], row["target"]))
    return Sight(
        tuple((name, tuple(sorted(found))) for name, found in sorted(targets.items()) if found),
        tuple(name for name, found in sorted(targets.items()) if not found),
    )
