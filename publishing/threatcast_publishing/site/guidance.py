"""What organisations and authorities can do, and which norms and channels apply: `guidance.yaml`.

The file is data that a person reviews: general advice by family of threat, by level of a warning
and by region of the United Nations, each item with its public source. This module reads it and
refuses what does not hold together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator
from threatcast_forecasting.warning.budget import LEVELS_OF_WARNING

from threatcast_publishing.errors import ReleaseError
from threatcast_publishing.kinds import FAMILIES
from threatcast_publishing.site.reviewed_files import Facts, Line, read_reviewed

GUIDANCE = Path(__file__).with_name("guidance.yaml")
REGIONS = frozenset(("WORLD", "M49-002", "M49-009", "M49-019", "M49-142", "M49-150"))


class GuidanceError(ReleaseError):
    """The file of guidance cannot be read or does not hold together."""


class GuidanceSource(Facts):
    """Where an item comes from; `year` is the document's, or that in which a network began."""

    title: Line
    publisher: Line
    url: Annotated[str, Field(pattern=r"^https://[\w./-]+$")]
    year: Annotated[int, Field(ge=1980, le=2100)]


class GuidanceItem(Facts):
    """One thing that can be done, and the key of its source."""

    text: Line
    source: str


class FamilyGuidance(Facts):
    """What can be done about a family of threats or at a level of warning, by who does it."""

    organisations: Annotated[tuple[GuidanceItem, ...], Field(min_length=1)]
    authorities: Annotated[tuple[GuidanceItem, ...], Field(min_length=1)]


class Guidance(Facts):
    """The whole file: sources by key, items by family, by level of a warning and by region."""

    sources: Mapping[str, GuidanceSource]
    families: Mapping[str, FamilyGuidance]
    levels: Mapping[str, FamilyGuidance]
    regions: Mapping[str, Annotated[tuple[GuidanceItem, ...], Field(min_length=1)]]

    def items(self) -> Iterator[GuidanceItem]:
        """Yield every item: families, levels, regions."""
        for family in (*self.families.values(), *self.levels.values()):
            yield from family.organisations
            yield from family.authorities
        for items in self.regions.values():
            yield from items

    @model_validator(mode="after")
    def _holds_together(self) -> Guidance:
        used = {item.source for item in self.items()}
        for problem, keys in (
            ("families without guidance", FAMILIES.keys() - self.families.keys()),
            ("unknown families", self.families.keys() - FAMILIES.keys()),
            ("levels without guidance", set(LEVELS_OF_WARNING) - self.levels.keys()),
            ("unknown levels", self.levels.keys() - set(LEVELS_OF_WARNING)),
            ("regions without guidance", REGIONS - self.regions.keys()),
            ("unknown regions", self.regions.keys() - REGIONS),
            ("items name unknown sources", used - self.sources.keys()),
            ("sources that no item names", self.sources.keys() - used),
        ):
            if keys:
                raise ValueError(f"{problem}: {', '.join(sorted(keys))}")
        return self


@cache
def read_guidance(path: Path = GUIDANCE) -> Guidance:
    """Return the guidance of a file.

    Raises
    ------
    GuidanceError
        If it is no YAML, or lacks or has too much of anything; names the place in it and the cure.
    """
    return read_reviewed(Guidance, path, GuidanceError)
