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
    """The rows of the table `warnings` in the order in which pages tell them.

    What is unusual in its newest week goes before what fits again, then what stands out among all
    series, then the highest level.

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


def still_runs(row: Row) -> bool:
    """Return whether the newest count is of a week that is not over."""
    week, ended = row["week"], row["reference_date"]
    return bool(week and ended and week > ended)


def fits_again(row: Row) -> bool:
    """Return whether the newest count, as far as it is known, lies in its range."""
    if row["kind"] not in ("surge", "drop") or still_runs(row):
        return False
    low, high = row["observed"], row["expected_high"]
    most = low if row["observed_upper"] is None else row["observed_upper"]
    if low is None or high is None:
        return False
    return bool(low <= high if row["kind"] == "surge" else most >= row["expected_low"])


def _order(row: Row) -> tuple[bool, bool, int, float, str, str, str]:
    return (
        fits_again(row),
        not row["stands_out"],
        LEVELS.index(row["level"]) if row["level"] in LEVELS else len(LEVELS),
        -(row["evidence"] or 0.0),
        row["target"],
        row["location"],
        row["warning_id"],
    )
