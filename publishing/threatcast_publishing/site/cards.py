"""What the card of a model says: itself, where it speaks and spoke, and how it fared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threatcast_publishing.site.outlook_details import Row
    from threatcast_publishing.site.views import ReleaseViews


@dataclass(frozen=True)
class Card:
    """One model: its row in `models`, and what other tables say of it.

    `targets` are those it is published for; `skill` holds its rows, `changes`
    the rows of `model_changes` that it comes or goes with, the newest first.
    """

    row: Row
    targets: tuple[str, ...]
    skill: Sequence[Row]
    changes: Sequence[Row]

    @property
    def model(self) -> str:
        """Name of the model."""
        return str(self.row["model"])


def card_of(model: str) -> str:
    """Return where the card of a model lies."""
    return f"models/{model}.html"


def model_cards(views: ReleaseViews) -> list[Card]:
    """Return one card a model, by name."""
    changes = sorted(views.rows("model_changes"), key=lambda row: row["since"], reverse=True)
    return [
        Card(
            row=row,
            targets=tuple(filter(None, (row.get("published_for") or "").split(", "))),
            skill=[one for one in views.skill if one["model"] == row["model"]],
            changes=[one for one in changes if row["model"] in (one["model"], one["model_before"])],
        )
        for row in views.rows("models")
    ]
