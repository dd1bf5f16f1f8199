"""What the page says of each feed: health, vintages, publisher and licence."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from threatcast_publishing.source import ReleaseContext


@dataclass(frozen=True)
class Vintages:
    """The payloads of one feed that this release was made of."""

    number: int
    first: date
    newest: date
    modes: tuple[str, ...]
    rejected: int


@dataclass(frozen=True)
class Feed:
    """One feed: its row in `feed_health`, the targets that it counts for, and its payloads.

    `publishes` says what its terms let a release hold.
    """

    key: str
    health: dict[str, Any]
    targets: tuple[str, ...]
    publishes: tuple[str, ...]
    licence_url: str
    vintages: Vintages | None


def feed_views(release: ReleaseContext) -> list[Feed]:
    """Return one view a feed, by name."""
    vintages: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in release.tables["data_vintages"].data.to_pylist():
        vintages[row["feed"]].append(row)
    targets: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in release.tables["targets"].data.to_pylist():
        targets[row.get("feed") or ""].append(row)
    views = []
    for health in release.tables["feed_health"].data.to_pylist():
        own = targets.get(health["feed"], [])
        views.append(
            Feed(
                key=health["feed"],
                health=health,
                targets=tuple(row.get("title") or row["target"] for row in own),
                publishes=tuple(row["publishes"] for row in own if row.get("publishes")),
                licence_url=next((row["licence_url"] for row in own if row.get("licence_url")), ""),
                vintages=_summary(vintages.get(health["feed"], [])),
            )
        )
    return views


def _summary(rows: list[dict[str, Any]]) -> Vintages | None:
    if not rows:
        return None
    days = [row["vintage_day"] for row in rows]
    return Vintages(
        number=len(rows),
        first=min(days),
        newest=max(days),
        modes=tuple(sorted({row["mode"] for row in rows if row.get("mode")})),
        rejected=sum(row.get("rejected_count") or 0 for row in rows),
    )
