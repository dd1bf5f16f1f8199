"""The register of decisions: what was changed, corrected and held, from the release's own records.

Nothing is written by hand: `model_changes`, `model_decisions`, `corrections` and
`warnings_closed` are put in order.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threatcast_publishing.site.outlook_details import Row
    from threatcast_publishing.site.views import ReleaseViews

CORRECTION = "correction"


@dataclass(frozen=True)
class Entry:
    """One decision that changed what readers see.

    Parameters
    ----------
    kind
        An action of `model_changes`, or `CORRECTION`.
    day
        From which day on it counts; None if the table does not tell.
    row
        The row of the table.
    """

    kind: str
    day: date | None
    row: Row


@dataclass(frozen=True)
class Hold:
    """A target whose published model was looked at and stayed.

    Parameters
    ----------
    row
        The newest such decision, of `model_decisions`.
    nights
        On how many days it was decided so since the record began.
    """

    row: Row
    nights: int


@dataclass(frozen=True)
class Register:
    """All decisions: changes, the newest first, holds by target, and the warnings closed."""

    changes: tuple[Entry, ...]
    holds: tuple[Hold, ...]
    closed: tuple[Row, ...]


def register_of(views: ReleaseViews) -> Register:
    """Return the register of a release's tables."""
    entries = [Entry(row["action"], row["since"], row) for row in views.rows("model_changes")]
    entries += [Entry(CORRECTION, row.get("as_of"), row) for row in views.rows("corrections")]
    held: dict[str, list[Row]] = defaultdict(list)
    for row in views.rows("model_decisions"):
        if row["action"] == "keep":
            held[row["target"]].append(row)
    return Register(
        # sorting is stable: what is of one day stays in the order of the tables
        changes=tuple(sorted(entries, key=lambda one: one.day or date.min, reverse=True)),
        holds=tuple(
            Hold(max(rows, key=lambda row: row["as_of"]), len({row["as_of"] for row in rows}))
            for rows in held.values()
        ),
        closed=tuple(
            sorted(views.rows("warnings_closed"), key=lambda row: row["closed_on"], reverse=True)
        ),
    )
