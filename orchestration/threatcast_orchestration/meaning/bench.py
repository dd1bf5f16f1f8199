"""The bench on which the copies of one feed are judged: what is believed and what it taught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_orchestration.meaning.checks import CHECKS
from threatcast_orchestration.meaning.compare import Comparison, Share, compare
from threatcast_orchestration.meaning.copies import Copy, Names, day_number, looked_up
from threatcast_orchestration.meaning.memory import Memory

if TYPE_CHECKING:
    from threatcast_feeds.registry import FeedSpec

    from threatcast_orchestration.meaning.facts import Meaning

    Array = np.ndarray[Any, Any]

REPEATS = 3
"""Copies in a row that must say the same before what they say is believed."""
BREAK_DAYS = 3
"""Days around a declared break of a feed within which what looks broken is only warned of."""


@dataclass
class Bench:
    """The state of judging one feed: what was believed last, and what it taught.

    Attributes
    ----------
    meaning, breaks
        What the feed's records are, and the days on which a person declared that they change.
    places, categories
        Names of the codes in all copies.
    memory
        What believed copies have taught.
    last
        By edition, the copy believed last.
    ever
        Keys of all believed copies, rising; None where the copy before holds all that ever was.
    states
        A hash of the keys of each believed copy: an old one that is served again is told by it.
    doubted
        The copies doubted since, as many as a repetition needs.
    """

    meaning: Meaning
    breaks: Sequence[date]
    places: Names = field(default_factory=Names)
    categories: Names = field(default_factory=Names)
    memory: Memory = field(default_factory=Memory)
    last: dict[str, Copy] = field(default_factory=dict)
    ever: Array | None = None
    states: set[bytes] = field(default_factory=set)
    doubted: list[Copy] = field(default_factory=list)

    @classmethod
    def of(cls, spec: FeedSpec, meaning: Meaning) -> Bench:
        """Return the bench of a feed of which nothing is believed yet."""
        return cls(meaning, [shift.day for shift in spec.breaks])

    @property
    def is_list(self) -> bool:
        """Whether events are keys never seen before."""
        return self.meaning.kind in ("window", "parts")

    @property
    def heals(self) -> bool:
        """Whether a source that repeats itself is believed; a table that places all is not."""
        return self.meaning.kind not in ("table", "ranges")

    def believe(self, copy: Copy, comparison: Comparison | None, *, tolerated: bool) -> None:
        """Take a copy in: what comes next is held against it."""
        if comparison is not None:
            self.memory.learn(comparison.arrivals, {} if tolerated else self._taught(comparison))
        else:
            self.memory = Memory()
            self.memory.start(copy)
        self.last[copy.edition] = copy
        self.states.add(_state(copy))
        self.doubted.clear()
        if self.is_list:
            self.ever = copy.keys if self.ever is None else _joined(self.ever, copy.keys)

    def doubt(self, copy: Copy) -> None:
        """Remember a copy that is not believed: a source that repeats itself may be, in time."""
        self.doubted = [*self.doubted, copy][-(REPEATS - 1) :]

    def _taught(self, comparison: Comparison) -> dict[str, Share]:
        """Return the measures of a believed step that say what is usual."""
        return {
            name: share
            for name, share in comparison.measures.items()
            if name not in CHECKS or CHECKS[name].teaches(share.count, self.meaning.least)
        }

    def compared(self, copy: Copy, before: Copy) -> Comparison:
        """Hold a copy against another one."""
        if self.meaning.kind == "ranges":
            copy = looked_up(before, copy)
        comparison = compare(before, copy, self.ever if self.is_list else None)
        is_old = _state(copy) in self.states and _state(copy) != _state(before)
        comparison.measures["old_state"] = Share(float(len(copy) if is_old else 0), len(copy))
        return comparison

    def is_break(self, copy: Copy, before: Copy) -> bool:
        """Whether a break of the feed that a person declared lies between two copies."""
        low, high = before.moment - BREAK_DAYS, copy.moment + BREAK_DAYS
        return any(low < day_number(day) <= high for day in self.breaks)


def _state(copy: Copy) -> bytes:
    """Return what tells the records of one copy from those of another."""
    return sha256(copy.keys.tobytes()).digest()


def _joined(ever: Array, keys: Array) -> Array:
    if not len(ever):
        return keys
    at = np.searchsorted(ever, keys)
    is_new = ever[np.minimum(at, len(ever) - 1)] != keys
    joined: Array = np.insert(ever, at[is_new], keys[is_new])
    return joined
