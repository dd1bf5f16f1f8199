"""Weeks that this home did not count itself: whose counts they are, and until when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threatcast_publishing.source import ReleaseContext

OWN = "own"


@dataclass(frozen=True)
class ImportedPast:
    """Weeks of one target that other releases counted.

    Attributes
    ----------
    sources : tuple of str
        Who counted them, as `counted_by` in `activity_weekly` says it.
    first, last : date
        Mondays of the first and the last of them.
    own_since : date or None
        Monday of the first week that this home counted itself; None if there is none yet.
    """

    sources: tuple[str, ...]
    first: date
    last: date
    own_since: date | None


def imported_pasts(release: ReleaseContext) -> Mapping[str, ImportedPast]:
    """Return by target whose counts its past is; targets that are all of this home's own are out.

    Weeks of the world with a count tell: what nobody counted is nobody's.
    """
    import pyarrow.compute as pc

    data = release.tables["activity_weekly"].data
    if "counted_by" not in data.column_names:
        return {}
    is_counted = pc.and_(pc.equal(data["location"], "WORLD"), pc.is_valid(data["value"]))
    spans = (
        data.filter(is_counted)
        .group_by(["target", "counted_by"])
        .aggregate([("week", "min"), ("week", "max")])
        .to_pylist()
    )
    of_others: dict[str, list[dict[str, date]]] = defaultdict(list)
    own_since: dict[str, date] = {}
    for span in spans:
        if span["counted_by"] == OWN:
            own_since[span["target"]] = span["week_min"]
        else:
            of_others[span["target"]].append(span)
    return {
        target: ImportedPast(
            tuple(sorted(str(span["counted_by"]) for span in parts)),
            min(span["week_min"] for span in parts),
            max(span["week_max"] for span in parts),
            own_since.get(target),
        )
        for target, parts in sorted(of_others.items())
    }
