"""All recorded vintages in the order of their moments, judged as nights would judge them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .homes import catalog
from .judging import judge_all

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from threatcast_orchestration.run.home import Home

    from .judging import Past


@dataclass(frozen=True)
class Replayed:
    """What came of one feed's recordings.

    Attributes
    ----------
    past : tuple of Past
        Every vintage, by its moment.
    blank : dict
        For each dated break of the feed the recorded nights after it on which its targets would
        be blank: the last payload that counts is older than the feed allows.
    """

    feed: str
    past: tuple[Past, ...]
    blank: dict[date, int]

    @property
    def refused(self) -> list[Past]:
        return [one for one in self.past if not one.counts]

    @property
    def warned(self) -> int:
        return sum(one.counts and bool(one.said) for one in self.past)


def replay(base: Home, feed: str) -> Replayed:
    """Judge all recordings of a feed that the base home has landed."""
    spec = catalog()[feed]
    past = tuple(judge_all(base, feed))
    breaks = [shift.day for shift in spec.breaks]
    return Replayed(feed, past, blank_nights(past, breaks, fresh_days=spec.fresh_days))


def blank_nights(
    past: Sequence[Past], breaks: Sequence[date], *, fresh_days: int
) -> dict[date, int]:
    """Count the nights on which the last payload that counts is too old, by the break before.

    Parameters
    ----------
    past : sequence of Past
        In the order of their days; each is a night.
    breaks : sequence of date
        Dated breaks of the feed.
    fresh_days : int
        Days for which outlooks stay published from a payload.
    """
    last: date | None = None
    blank = dict.fromkeys(breaks, 0)
    for one in past:
        last = one.day if one.counts else last
        before = max((day for day in breaks if day <= one.day), default=None)
        if before is not None and (last is None or (one.day - last).days > fresh_days):
            blank[before] += 1
    return blank
