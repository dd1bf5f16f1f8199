"""One copy held against the one before it: what was lost, moved, replaced, and what is new.

Pure computing on arrays. Every measure is a share with the count behind it, so that a bound can
ask for both: much of the whole, and more than a handful.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_orchestration.meaning.copies import NO_DAY, NOWHERE, Copy

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

RECENT_DAYS = 21
SETTLED_DAYS = 28
NEARLY_ALL = 0.9
FAMILY = 20
"""Records from which on a place or category is large enough to be missed."""

FEW_GROUPS = 4
"""Large groups from which on one can say that all of them do the same."""


@dataclass(frozen=True)
class Share:
    """A share, and the counts that it is made of."""

    count: float
    of: float

    @property
    def value(self) -> float:
        """Return the share; 0 of nothing is 0."""
        return self.count / self.of if self.of else 0.0


@dataclass(frozen=True)
class Arrivals:
    """The new records of a copy: how many, where, what, and on which days.

    `fresh` are those that the time since the copy before can have brought: dated in it, or not
    dated at all. `places`, `categories` and `weekdays` count the fresh ones.
    """

    new: int
    fresh: int
    days: float
    placed: int
    dated: int
    places: Array
    categories: Array
    weekdays: Array


@dataclass(frozen=True)
class Comparison:
    """All measures of a copy against the one before, and its arrivals."""

    measures: dict[str, Share]
    arrivals: Arrivals
    fresh: Array = field(repr=False)


def compare(before: Copy, copy: Copy, ever: Array | None) -> Comparison:
    """Hold a copy against the last one that was believed.

    Parameters
    ----------
    before, copy
        The two copies.
    ever
        Keys of all copies believed so far, sorted, for feeds whose events are keys never seen
        before; None where the copy before holds all that ever was.
    """
    at, common = _match(copy.keys, before.keys)
    old = at[common]
    kept = np.zeros(len(before), bool)
    kept[old] = True
    is_new = ~common
    if ever is not None:
        is_new[is_new] = ~_match(copy.keys[is_new], ever)[1]
    stays = np.zeros(len(before), bool)
    stays[old] = (copy.places[common] == before.places[old]) & (
        copy.days[common] == before.days[old]
    )
    measures = _lost(before, kept, stays) | _changed(before, copy, old, common)
    measures |= _whole(before, copy, is_new, is_list=ever is not None)
    dated = copy.days != NO_DAY
    fresh = is_new & (~dated | (copy.days > settled_until(before)))
    measures |= _twins(before, copy, is_new) | _days(before, copy, fresh)
    measures["late"] = Share(_count(is_new & ~fresh), len(before))
    arrivals = _arrivals(before, copy, is_new, fresh)
    return Comparison(measures, arrivals, fresh)


def _count(mask: Array) -> int:
    return int(np.count_nonzero(mask))


def settled_until(copy: Copy) -> int:
    """Return the last day whose records a copy should hold nearly all.

    Some weeks before its moment; or where its content ends, as in a release for the year before.
    """
    past = copy.days[(copy.days != NO_DAY) & (copy.days <= copy.moment)]
    newest = int(past.max()) if len(past) else copy.moment
    return min(copy.moment - SETTLED_DAYS, newest)


def _match(keys: Array, among: Array) -> tuple[Array, Array]:
    """Return where each key would stand among others (sorted), and whether it is there."""
    if not len(among):
        return np.zeros(len(keys), int), np.zeros(len(keys), bool)
    at = np.minimum(np.searchsorted(among, keys), len(among) - 1)
    return at, among[at] == keys


def _lost(before: Copy, kept: Array, stays: Array) -> dict[str, Share]:
    recent = _newest(before)
    return {
        "lost": Share(_count(~kept), len(before)),
        "lost_recent": Share(_count(~kept & recent), _count(recent)),
        "rewritten": _worst(before.places, stays),
        "lost_everywhere": _everywhere(before.categories, kept),
        "vanished_places": _vanished(before.places, kept),
        "vanished_categories": _vanished(before.categories, kept),
    }


def _newest(copy: Copy) -> Array:
    """Return which records are of the newest weeks, or among the newest few of a slow feed."""
    edge = copy.moment - RECENT_DAYS
    if len(copy) > FAMILY:
        edge = min(edge, int(np.partition(copy.days, -FAMILY)[-FAMILY]) - 1)
    newest: Array = (copy.days > edge) & (copy.days != NO_DAY)
    return newest


def _vanished(codes: Array, kept: Array) -> Share:
    """Count the records of large places (or categories) that are lost nearly whole."""
    size = np.bincount(codes, minlength=1)
    stay = np.bincount(codes[kept], minlength=len(size))
    gone = (size >= FAMILY) & (stay < 0.05 * size)
    gone[NOWHERE] = False
    return Share(float(size[gone].sum()), len(codes))


def _everywhere(codes: Array, kept: Array) -> Share:
    """Return what the middle one of the large groups has lost; groups rarely shrink together."""
    size = np.bincount(codes, minlength=1)
    stay = np.bincount(codes[kept], minlength=len(size))
    large = size >= FAMILY
    large[NOWHERE] = False
    if np.count_nonzero(large) < FEW_GROUPS:
        return Share(0.0, len(codes))
    middle = float(np.median(1 - stay[large] / size[large]))
    return Share(middle * len(codes), len(codes))


def _worst(codes: Array, stays: Array) -> Share:
    """Return how much of the place that changes most is lost, moved, or somewhere else now."""
    size = np.bincount(codes, minlength=1)
    changed = size - np.bincount(codes[stays], minlength=len(size))
    changed[(size < FAMILY) | (np.arange(len(size)) == NOWHERE)] = 0
    worst = int(np.argmax(changed / np.maximum(size, 1)))
    return Share(float(changed[worst]), float(size[worst]))


def _changed(before: Copy, copy: Copy, old: Array, common: Array) -> dict[str, Share]:
    """Measure what records that stand in both copies say now and said before."""
    days, days_before = copy.days[common], before.days[old]
    moved = (days != days_before) & (days_before != NO_DAY)
    dated = _count(days_before != NO_DAY)
    edge = settled_until(before)
    usual = max(_count(before.days > edge), 5)
    places, places_before = copy.places[common], before.places[old]
    known = places_before != NOWHERE
    recent = known & _newest(before)[old]
    blank = known & (places == NOWHERE)
    kinds, kinds_before = copy.categories[common], before.categories[old]
    return {
        "moved": Share(_count(moved), dated),
        "moved_in": Share(_count(moved & (days > edge) & (days_before <= edge)), usual),
        "replaced": Share(_count(known & (places != places_before) & ~blank), _count(known)),
        "replaced_recent": Share(
            _count(known & recent & (places != places_before) & ~blank), _count(known & recent)
        ),
        "unplaced": Share(_count(blank), _count(known)),
        "unplaced_recent": Share(_count(blank & recent), _count(recent)),
        "recategorised": Share(
            _count((kinds != kinds_before) & (kinds_before != NOWHERE)),
            _count(kinds_before != NOWHERE),
        ),
    }


def _whole(before: Copy, copy: Copy, is_new: Array, *, is_list: bool) -> dict[str, Share]:
    """Measure the copy as a whole: repeats, days to come, the settled past cell by cell."""
    repeats = (copy.rows - len(copy)) / max(copy.rows, 1)
    repeats_before = (before.rows - len(before)) / max(before.rows, 1)
    dated = copy.days != NO_DAY
    more = max(repeats - repeats_before, 0.0)
    measures = {
        "repeats": Share(more * copy.rows, copy.rows),
        "unrepeated": Share(
            max(repeats_before - repeats, 0.0) * copy.rows, repeats_before * copy.rows
        ),
        "future": Share(_count(copy.days > copy.moment + 1), len(copy)),
        "uniform": Share(_uniform(before, copy) * len(copy), len(copy)),
        "shrunk": Share(max(len(before) - len(copy), 0), len(before)),
    }
    if is_list:
        lost = _count(~_match(before.keys, copy.keys)[1])
        measures["unknown"] = Share(_count(is_new), len(copy))
        measures["exchanged"] = Share(min(lost, _count(is_new)), len(before))
        is_same = len(copy) == len(before) and bool((copy.keys == before.keys).all())
        measures["same"] = Share(float(len(copy) if is_same else 0), len(copy))
    if dated.any():
        edge = settled_until(before)
        measures["past"] = _cells(before, copy, edge, by_place=True)
        measures["past_world"] = _cells(before, copy, edge, by_place=False)
    return measures


def _uniform(before: Copy, copy: Copy) -> float:
    """Return how much more one place holds than before, if it holds nearly all."""
    top = _top(copy.places)
    return max(top - _top(before.places), 0.0) if top > NEARLY_ALL else 0.0


def _top(codes: Array) -> float:
    """Return the share of the most frequent code among the known ones."""
    sizes = np.bincount(codes)[NOWHERE + 1 :]
    return float(sizes.max() / sizes.sum()) if sizes.any() else 0.0


def _cells(before: Copy, copy: Copy, edge: int, *, by_place: bool) -> Share:
    """Return how much the settled weeks change, as the sum of all changes of their counts."""
    parts = []
    for one, sign in ((before, -1.0), (copy, 1.0)):
        settled = (one.days != NO_DAY) & (one.days <= edge)
        week = (one.days[settled] + 3) // 7
        cell = week * 100_000 + (one.places[settled] if by_place else 0)
        parts.append((cell, np.full(len(cell), sign)))
    cells = np.concatenate([cell for cell, _ in parts])
    signs = np.concatenate([sign for _, sign in parts])
    _, place = np.unique(cells, return_inverse=True)
    change = np.bincount(place, weights=signs)
    return Share(float(np.abs(change).sum()), len(parts[0][0]))


def _twins(before: Copy, copy: Copy, is_new: Array) -> dict[str, Share]:
    """Count new records alike but for their key: to one that is there, or among themselves."""
    twins = copy.twins[is_new]
    if not len(twins) or not twins.any():
        return {"twins": Share(0, len(twins))}
    _, sizes = np.unique(twins, return_counts=True)
    return {
        "twins": Share(float(sizes[sizes > 3].sum()), len(twins)),
        "doubles": Share(float((sizes - 1).sum()), len(twins)),
        "echoes": Share(_count(np.isin(twins, before.twins)), len(twins)),
    }


def _days(before: Copy, copy: Copy, fresh: Array) -> dict[str, Share]:
    """Measure how new records lie over the days since the copy before, a week at most."""
    days = copy.days[fresh & (copy.days != NO_DAY)]
    if not len(days):
        days = copy.days[copy.days != NO_DAY]
    if not len(days):
        return {}
    span = min(copy.moment - before.moment, 7)
    listed = copy.listed_days
    newest = before.listed_days.max(initial=NO_DAY)
    seen = np.count_nonzero((listed > copy.moment - span) & (listed <= copy.moment))
    top = np.unique(days, return_counts=True)[1].max()
    return {
        "one_day": Share(float(top if span > 2 else 0), len(days)),
        "overlap": Share(_count((copy.days <= newest) & (copy.days != NO_DAY)), len(copy)),
        "delivered": Share(float(len(copy) if listed.max() <= newest else 0), len(copy)),
        "days_missing": Share(float(span - seen), span),
    }


def _arrivals(before: Copy, copy: Copy, is_new: Array, fresh: Array) -> Arrivals:
    days = copy.days[fresh]
    dated = days != NO_DAY
    return Arrivals(
        new=_count(is_new),
        fresh=_count(fresh),
        days=max(copy.moment - before.moment, 1),
        placed=_count(copy.places[fresh] != NOWHERE),
        dated=_count(dated),
        places=np.bincount(copy.places[fresh]),
        categories=np.bincount(copy.categories[fresh]),
        weekdays=np.bincount((days[dated] + 3) % 7, minlength=7),
    )
