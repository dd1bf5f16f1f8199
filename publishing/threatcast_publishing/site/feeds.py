"""What pages say of each feed: health, copies, publisher, licence, and what is counted of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from threatcast_publishing.source import ReleaseContext


@dataclass(frozen=True)
class Vintages:
    """The payloads of one feed that this release was made of, the newest first in `rows`."""

    rows: Sequence[dict[str, Any]]
    modes: tuple[str, ...]
    rejected: int

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.rows)

    @property
    def first(self) -> date:
        """Day of the oldest."""
        day: date = self.rows[-1]["vintage_day"]
        return day

    @property
    def newest(self) -> date:
        """Day of the newest."""
        day: date = self.rows[0]["vintage_day"]
        return day


@dataclass(frozen=True)
class Feed:
    """One feed: its row in `feed_health`, those of its targets in `targets`, and its payloads."""

    key: str
    health: dict[str, Any]
    targets: tuple[dict[str, Any], ...]
    vintages: Vintages | None

    @property
    def title(self) -> str:
        """Its name for readers."""
        return self.health.get("title") or self.key

    @property
    def publishes(self) -> tuple[str, ...]:
        """What its terms let a release hold."""
        return tuple(row["publishes"] for row in self.targets if row.get("publishes"))

    @property
    def licence_url(self) -> str:
        """Where its licence is written; empty if no target says it."""
        return next((row["licence_url"] for row in self.targets if row.get("licence_url")), "")

    @property
    def homepage(self) -> str:
        """Where its publisher describes it; else where it is had."""
        told = (row["homepage"] for row in self.targets if row.get("homepage"))
        return next(told, "") or self.health.get("url") or ""


def sheet_of(feed: str) -> str:
    """Return where the data sheet of a feed lies."""
    return f"sheets/{feed}.html"


def feed_views(release: ReleaseContext) -> list[Feed]:
    """Return one view a feed, by name."""
    vintages: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in release.tables["data_vintages"].data.to_pylist():
        vintages[row["feed"]].append(row)
    targets: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in release.tables["targets"].data.to_pylist():
        targets[row.get("feed") or ""].append(row)
    return [
        Feed(
            key=health["feed"],
            health=health,
            targets=tuple(targets.get(health["feed"], ())),
            vintages=_vintages(vintages.get(health["feed"], [])),
        )
        for health in release.tables["feed_health"].data.to_pylist()
    ]


def _vintages(rows: list[dict[str, Any]]) -> Vintages | None:
    if not rows:
        return None
    return Vintages(
        rows=sorted(rows, key=lambda row: row["vintage_day"], reverse=True),
        modes=tuple(sorted({row["mode"] for row in rows if row.get("mode")})),
        rejected=sum(row.get("rejected_count") or 0 for row in rows),
    )
