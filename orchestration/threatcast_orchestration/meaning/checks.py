"""The checks: which measures are bounded, how much is too much, and what that means.

A bound is learnt: `ROOM` times the worst of the feed's own believed past, at least the prior.
It is a bound for one usual step between copies; after a pause it grows as losses add up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ROOM = 1.5
NEW_HEIGHT = 1.2
"""Times the worst of a feed's past from which a share is told of, although it is believed."""
WORTH_TELLING = 0.3
"""Share of the prior below which nothing is told."""
TRUST = 3.0
"""Times the prior that no past can teach away: small steps must not lead anywhere."""
Kinds = tuple[str, ...]
Fails = Literal["warning", "doubtful", "broken", "silent"]
RECORDS: Kinds = ("cumulative", "table", "ranges")
LISTS: Kinds = ("window", "parts")
STANDING: Kinds = (*RECORDS, "window")
ALL: Kinds = (*RECORDS, *LISTS)


@dataclass(frozen=True)
class MeaningCheck:
    """One bounded measure.

    Attributes
    ----------
    prior
        The share that is believed of any feed of these kinds, whatever its past.
    least
        Records that must be touched before it can fail: a handful is an edit.
    kinds
        The kinds of feed that it is asked of.
    grows
        Whether longer pauses between copies allow more.
    fails
        What a copy is that exceeds the bound: `doubtful` until the source repeats itself,
        `broken` however often it does, or worth a `warning` only.
    limit
        The most that is ever believed, whatever was learnt.
    above_usual
        Whether the prior is what may be added to the feed's own median, which alone widens it.
    """

    name: str
    says: str
    prior: float
    least: float
    kinds: Kinds = RECORDS
    grows: bool = True
    fails: Fails = "doubtful"
    limit: float = 0.95
    above_usual: bool = False

    @property
    def heals(self) -> bool:
        """Whether a source that repeats itself is believed in the end."""
        return self.fails != "broken"

    def teaches(self, count: float, least: dict[str, float]) -> bool:
        """Whether a share of so many records says what is usual; one of a handful does not."""
        return count >= least.get(self.name, self.least)

    def bound(
        self, prior: float | None, worst: float, steps_apart: float, median: float | None = None
    ) -> float:
        """Return the share beyond which a copy is not believed.

        Parameters
        ----------
        prior
            Of the feed; that of the check if it has none.
        worst, median
            Of the feed's believed steps; a median of None is not known.
        steps_apart
            Usual steps since the copy before.
        """
        prior = self.prior if prior is None else prior
        if self.above_usual:
            return self.limit if median is None else min(prior + median, self.limit)
        one = min(max(prior, ROOM * worst), TRUST * prior, self.limit)
        if not self.grows or steps_apart <= 1:
            return one
        return min(1 - float((1 - one) ** steps_apart), self.limit)

    def told(self, prior: float | None, worst: float, bound: float) -> float:
        """Return the share beyond which a copy that is believed is told of: it was never so."""
        prior = self.prior if prior is None else prior
        return min(max(NEW_HEIGHT * worst, WORTH_TELLING * prior), bound)


_CUMULATIVE: Kinds = ("cumulative",)
_CHECKS = (
    MeaningCheck("old_state", "the records are those of an older copy", 0.5, 5, ALL, grows=False),
    MeaningCheck("lost", "records of the copy before are gone", 0.02, 8, STANDING),
    MeaningCheck("lost_recent", "records of the newest weeks are gone", 0.3, 6, _CUMULATIVE),
    MeaningCheck(
        "lost_everywhere",
        "every group has lost records at once",
        0.25,
        40,
        ("window",),
        limit=0.4,
    ),
    MeaningCheck(
        "exchanged", "known records are gone and others stand in their place", 0.3, 30, ("window",)
    ),
    MeaningCheck("shrunk", "the list is much shorter", 0.3, 20, LISTS, limit=0.97),
    MeaningCheck("vanished_places", "whole places are gone", 0.005, 20, STANDING),
    MeaningCheck("vanished_categories", "whole groups of records are gone", 0.02, 20, STANDING),
    MeaningCheck("moved", "records bear another day than before", 0.02, 8, _CUMULATIVE),
    MeaningCheck("moved_in", "old records now bear a day of the newest weeks", 0.3, 6, _CUMULATIVE),
    MeaningCheck("replaced", "records stand in another place than before", 0.02, 8),
    MeaningCheck("replaced_recent", "records of the newest weeks stand in another place", 0.3, 6),
    MeaningCheck("rewritten", "the past of one place stands elsewhere", 0.3, 15),
    MeaningCheck("unplaced", "records have lost their place", 0.02, 8),
    MeaningCheck("unplaced_recent", "records of the newest weeks have lost their place", 0.3, 8),
    MeaningCheck("recategorised", "records are of another kind than before", 0.08, 8),
    MeaningCheck("past", "settled weeks have other counts by place", 0.06, 20, _CUMULATIVE),
    MeaningCheck("past_world", "settled weeks have other counts", 0.03, 12, _CUMULATIVE),
    MeaningCheck("late", "new records lie in the settled past", 0.03, 12, _CUMULATIVE),
    MeaningCheck("repeats", "keys are repeated", 0.05, 10, STANDING, grows=False, fails="broken"),
    MeaningCheck(
        "unrepeated",
        "keys that come in several rows have lost rows",
        0.4,
        40,
        ("parts",),
        grows=False,
    ),
    MeaningCheck("future", "records are dated after the copy", 0.01, 3, ("cumulative", "parts")),
    MeaningCheck(
        "echoes", "new records repeat others under another key", 0.15, 6, ALL, grows=False
    ),
    MeaningCheck(
        "same", "the lists are those of the copy before", 0.5, 20, ("parts",), grows=False
    ),
    MeaningCheck(
        "delivered", "all lists are of days delivered before", 0.5, 5, ("parts",), grows=False
    ),
    MeaningCheck("overlap", "lists are of days delivered before", 0.05, 5, ("parts",), grows=False),
    MeaningCheck(
        "strangers",
        "nothing that is known comes again",
        0.95,
        20,
        ("parts",),
        grows=False,
        limit=0.99,
    ),
    MeaningCheck("doubles", "new records stand there twice", 0.25, 8, ALL, grows=False),
    MeaningCheck("twins", "new records are alike but for their key", 0.4, 15, ALL, grows=False),
    MeaningCheck(
        "unplaced_new",
        "new records lack the place that they usually have",
        0.4,
        12,
        ALL,
        grows=False,
    ),
    MeaningCheck(
        "uniform", "all records stand in one place", 0.4, 20, ALL, grows=False, fails="broken"
    ),
    MeaningCheck(
        "fell_place",
        "new records lie in one place alone",
        0.85,
        12,
        ALL,
        grows=False,
        fails="broken",
    ),
    MeaningCheck("fell_category", "new records are of one kind alone", 0.9, 15, ALL, grows=False),
    MeaningCheck(
        "strange_place", "new records lie where none ever did", 0.08, 50, ("window",), grows=False
    ),
    MeaningCheck("mix_place", "the mix of places is upside down", 0.45, 20, ALL, grows=False),
    MeaningCheck("mix_category", "the mix of kinds is upside down", 0.6, 20, ALL, grows=False),
    MeaningCheck("mix_weekday", "the days of the week are upside down", 0.5, 20, ALL, grows=False),
    MeaningCheck(
        "one_place",
        "one place holds nearly all new records",
        0.9,
        20,
        LISTS,
        grows=False,
        limit=0.99,
    ),
    MeaningCheck(
        "one_category",
        "one kind holds nearly all new records",
        0.9,
        20,
        LISTS,
        grows=False,
        limit=0.99,
        fails="broken",
    ),
    MeaningCheck(
        "one_day", "one day holds a flood of new records", 0.8, 20, _CUMULATIVE, grows=False
    ),
    MeaningCheck(
        "days_missing",
        "days of the span are missing",
        0.1,
        0,
        ("parts",),
        grows=False,
        fails="warning",
        limit=1.0,
        above_usual=True,
    ),
    MeaningCheck(
        "silent",
        "nothing new came where much was due",
        1.0,
        0,
        (*RECORDS, "window"),
        grows=False,
        fails="silent",
    ),
)
CHECKS = {check.name: check for check in _CHECKS}
State = Literal["accepted", "warned", "doubtful", "broken", "silent"]
