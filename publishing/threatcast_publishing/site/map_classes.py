"""What the maps say of each country, and the legend of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from threatcast_publishing.site.messages import N_
from threatcast_publishing.site.sentences import EVEN, LIKELY, VERY_LIKELY, degree

if TYPE_CHECKING:
    from threatcast_publishing.site.views import ReleaseViews, Threat

# what a country's colour says on the front page, the first that holds
MAP_LEGEND = (
    ("up2", N_("more than usual is very likely for at least one threat")),
    ("up1", N_("more than usual is likely for at least one threat")),
    ("near", N_("neither more nor less than usual is likely")),
    ("down1", N_("more than usual is unlikely for every threat")),
    ("dark", N_("no number")),
)
TREND_LEGEND = (
    ("up2", N_("large increase")),
    ("up1", N_("increase")),
    ("near", N_("stable")),
    ("down1", N_("decrease")),
    ("down2", N_("large decrease")),
    ("unsure", N_("direction uncertain")),
    ("dark", N_("no number")),
)
_TREND_CLASSES = {
    "large_increase": "up2",
    "increase": "up1",
    "stable": "near",
    "decrease": "down1",
    "large_decrease": "down2",
}


def map_classes(views: ReleaseViews) -> Mapping[str, str]:
    """Return by country what the front page's map says of it."""
    found = {}
    for code, place in views.places.items():
        if place.row["location_level"] != "country":
            continue
        chances = [one.row["p_above_usual_4w"] or 0.0 for one in place.outlooks]
        found[code] = _class_of(max(chances)) if chances else "dark"
    return found


def _class_of(chance: float) -> str:
    known = degree(chance)
    if known >= LIKELY:
        return "up2" if known >= VERY_LIKELY else "up1"
    return "near" if known >= EVEN else "down1"


def threat_classes(threat: Threat) -> Mapping[str, str]:
    """Return by country the direction of one threat; one less probable than not is uncertain."""
    found = {}
    for one in threat.outlooks:
        row = one.row
        if row["location_level"] == "country" and row["trend"] in _TREND_CLASSES:
            sure = row[f"p_{row['trend']}"] >= 0.5
            found[row["location"]] = _TREND_CLASSES[row["trend"]] if sure else "unsure"
    return found
