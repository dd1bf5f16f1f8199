"""The warnings of a release in the parts in which pages tell them: threats, faults, the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from threatcast_forecasting.warning.warning_kinds import DATA_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from threatcast_publishing.site.outlook_details import Row

LEVELS = ("severe", "elevated", "watch")


@dataclass(frozen=True)
class StandingWarnings:
    """The rows of the table `warnings`, as pages tell them; the highest level first.

    Parameters
    ----------
    threats
        Of the levels elevated and severe.
    watched
        Of the level watch.
    faults
        Of the data.
    behind
        Not told as threats, since a fault of the data may have made them.
    """

    threats: tuple[Row, ...]
    watched: tuple[Row, ...]
    faults: tuple[Row, ...]
    behind: tuple[Row, ...]

    @classmethod
    def of(cls, rows: Iterable[Row]) -> StandingWarnings:
        """Return rows in their parts and in order."""
        ordered = sorted(rows, key=_order)
        faults = tuple(row for row in ordered if row["kind"] in DATA_KINDS)
        behind = tuple(row for row in ordered if row["behind"])
        told = [row for row in ordered if row["kind"] not in DATA_KINDS and not row["behind"]]
        return cls(
            tuple(row for row in told if row["level"] != "watch"),
            tuple(row for row in told if row["level"] == "watch"),
            faults,
            behind,
        )

    @property
    def told(self) -> tuple[Row, ...]:
        """All but those that a fault may have made."""
        return (*self.threats, *self.faults, *self.watched)

    def at(self, location: str) -> list[Row]:
        """Return what is told of threats at a place."""
        return [row for row in (*self.threats, *self.watched) if row["location"] == location]


def _order(row: Row) -> tuple[bool, int, float, str, str, str]:
    return (
        not row["stands_out"],
        LEVELS.index(row["level"]) if row["level"] in LEVELS else len(LEVELS),
        -(row["evidence"] or 0.0),
        row["target"],
        row["location"],
        row["warning_id"],
    )
