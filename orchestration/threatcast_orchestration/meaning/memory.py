"""What a feed's believed copies have taught: how many records arrive, where, and how they vary.

Everything here comes from copies believed before the one that is judged; nothing looks ahead.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_orchestration.meaning.compare import Arrivals, Share
from threatcast_orchestration.meaning.copies import NO_DAY, NOWHERE, Copy

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

STEPS = 60
"""Comparisons that bounds are learnt from: a year and a bit of weekly copies."""
RATES = 16
FADE = 0.92
"""What a step's mix still weighs a step later: about twelve steps speak."""
UNHEARD = 0.0005
"""Usual share below which a place is hardly ever named; one of them may rise, many may not."""
SIGN_OF_LIFE = 0.02
"""Share of the usual new records that still shows that a source lives."""
STOCK_DAYS = 182
"""Span of dated records of a first copy that stand for arrivals not seen."""
SPREAD = 0.6
"""Least spread of the level from step to step, as share of itself: a doubling is no surprise."""


@dataclass
class Mix:
    """Shares of fresh records over places, categories or weekdays, older steps fading."""

    weight: Array = field(default_factory=lambda: np.zeros(1))

    def learn(self, counts: Array) -> None:
        """Take in the counts of one step."""
        size = max(len(self.weight), len(counts))
        self.weight = FADE * np.pad(self.weight, (0, size - len(self.weight)))
        self.weight[: len(counts)] += counts

    def shares(self, size: int) -> Array:
        """Return the usual share of each code, at least `size` of them; zeros if none is known."""
        total = self.weight.sum()
        weight = np.pad(self.weight, (0, max(size - len(self.weight), 0)))
        return weight / total if total else weight


@dataclass
class Memory:
    """All that a feed's believed copies have taught so far.

    Attributes
    ----------
    places, categories, weekdays
        The usual mix of fresh records.
    rates
        Fresh records and days of the last steps.
    by_place
        Fresh records of the same steps by place.
    news
        The same of all new records, also those that tell of earlier days.
    measures
        For each measure its shares in the last steps.
    quiet
        Records that were expected since the last sign of life, and the most of that ever.
    steps
        How many comparisons were believed.
    """

    places: Mix = field(default_factory=Mix)
    categories: Mix = field(default_factory=Mix)
    weekdays: Mix = field(default_factory=Mix)
    rates: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=RATES))
    by_place: deque[Array] = field(default_factory=lambda: deque(maxlen=RATES))
    news: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=RATES))
    measures: dict[str, deque[float]] = field(default_factory=dict)
    quiet: float = 0.0
    longest_quiet: float = 0.0
    steps: int = 0

    def start(self, first: Copy) -> None:
        """Learn from a first copy: its dated records stand for arrivals that nobody saw."""
        dated = first.days != NO_DAY
        recent = (first.days > first.moment - STOCK_DAYS) & (first.days <= first.moment)
        told = recent if dated.any() else np.ones(len(first), bool)
        self.places.learn(np.bincount(first.places[told]))
        self.categories.learn(np.bincount(first.categories[told]))
        if dated.any():
            self.weekdays.learn(np.bincount((first.days[recent] + 3) % 7, minlength=7))
            count = int(np.count_nonzero(recent))
            if count:
                # a bundle of a few days speaks of these alone
                span = float(first.moment - first.days[recent].min() + 1)
                self.rates.append((count, span))
                self.by_place.append(np.bincount(first.places[recent]))
                self.news.append((count, span))

    def learn(self, arrivals: Arrivals, measures: dict[str, Share]) -> None:
        """Take in one believed step; measures of a step that was only tolerated are left out."""
        due = self.due(arrivals.days)
        self.quiet = 0.0 if arrivals.new > SIGN_OF_LIFE * due else self.quiet + due
        self.longest_quiet = max(self.longest_quiet, self.quiet)
        self.places.learn(arrivals.places)
        self.categories.learn(arrivals.categories)
        self.weekdays.learn(arrivals.weekdays)
        self.rates.append((arrivals.fresh, arrivals.days))
        self.by_place.append(arrivals.places)
        self.news.append((arrivals.new, arrivals.days))
        usual = self.usual_days()
        for name, share in measures.items() if arrivals.days <= 2 * usual else ():
            self.measures.setdefault(name, deque(maxlen=STEPS)).append(share.value)
        self.steps += 1

    def due(self, days: float) -> float:
        """Return how many new records of any day so many days usually bring, at least."""
        by_step = sorted(new / span for new, span in self.news)
        total = sum(span for _, span in self.news)
        mean = sum(new for new, _ in self.news) / total if total else 0.0
        middle = by_step[len(by_step) // 2] if by_step else 0.0
        return days * (min(mean, middle) if middle else mean)

    def expected(self, days: float) -> float | None:
        """Return how many fresh records so many days usually bring; None if nobody knows."""
        total = sum(days for _, days in self.rates)
        if not total:
            return None
        by_step = sorted(fresh / span for fresh, span in self.rates)
        middle = by_step[len(by_step) // 2]
        mean = sum(fresh for fresh, _ in self.rates) / total
        # a median of small counts says nothing; a mean is carried away by one surge
        rate = mean if mean * total / len(self.rates) < 10 else middle
        return float(rate * days)

    def most(self, days: float) -> float:
        """Return how many fresh records so many days would bring at the highest pace ever seen."""
        return days * max((fresh / span for fresh, span in self.rates), default=0.0)

    def expected_places(self, days: float, least: int) -> tuple[Array, Array]:
        """Return how many fresh records so many days usually bring by place, and their spread.

        Two arrays of at least `least` places: counts (above 0), and how far the level varies as
        share of itself, what few records cannot tell included. Empty if nobody knows.
        """
        if not self.by_place:
            return np.zeros(0), np.zeros(0)
        size = max(least, *(len(counts) for counts in self.by_place))
        seen = np.array([np.pad(counts, (0, size - len(counts))) for counts in self.by_place])
        spans = np.array([span for _, span in self.rates])[:, None]
        total = seen.sum(axis=0) + 0.5
        mean = total / spans.sum()
        steady = np.median(seen / spans, axis=0)
        rate = np.where(total / len(seen) < 10, mean, np.maximum(steady, mean / 4))
        level = mean * spans + 0.5
        beyond = np.mean(np.square(np.log((seen + 0.5) / level)) - 1 / level, axis=0)
        spread = np.sqrt(np.maximum(beyond, self.spread() ** 2) + 1 / total)
        return rate * days, spread

    def spread(self) -> float:
        """Return how much the level varies from step to step beyond counting noise."""
        mean = self.expected(1.0)
        if not mean or len(self.rates) < 4:
            return 2 * SPREAD
        logs = [np.log((fresh + 0.5) / (mean * span + 0.5)) for fresh, span in self.rates]
        noise = float(np.mean([1 / (mean * span + 0.5) for _, span in self.rates]))
        beyond = float(np.mean(np.square(logs))) - noise
        return max(math.sqrt(max(beyond, 0.0)), SPREAD)

    def usual_days(self) -> float:
        """Return the days of one usual step; a week as long as few are known."""
        spans = sorted(days for _, days in self.rates if days < STOCK_DAYS)
        return spans[len(spans) // 2] if len(spans) > 3 else 7.0

    def high(self, name: str) -> float:
        """Return what one in twenty of the remembered steps exceeded; the largest of few."""
        seen = sorted(self.measures.get(name, ()))
        return seen[len(seen) - 1 - len(seen) // 20] if seen else 0.0

    def middle(self, name: str) -> float | None:
        """Return the mean of a measure over the remembered steps; None if there is none."""
        seen = self.measures.get(name)
        return sum(seen) / len(seen) if seen else None

    def median(self, name: str) -> float | None:
        """Return the median of a measure over the remembered steps; None if there is none."""
        seen = sorted(self.measures.get(name, ()))
        return seen[len(seen) // 2] if seen else None

    def worst(self, name: str) -> float:
        """Return the largest share of a measure in the steps that are remembered."""
        return max(self.measures.get(name, ()), default=0.0)


def mix_measures(name: str, counts: Array, mix: Mix, expected: float | None) -> dict[str, Share]:
    """Hold the mix of fresh records against the usual one, without the code that stands out most.

    One place that rises or falls alone is news. Signs of a broken source are that the others
    change places among themselves (`mix_`), or that they vanish while the whole is as large as
    ever (`fell_`).
    """
    size = max(len(counts), len(mix.weight))
    usual = mix.shares(size)
    total = float(counts.sum())
    if not usual.any() or not total:
        return {}
    counts = np.pad(counts.astype(float), (0, size - len(counts)))
    rare = usual < 0.005
    if usual[rare].sum() > 0.5:
        # nearly every record has a name of its own: there is no usual mix
        return {f"one_{name}": Share(float(counts[1:].max(initial=0.0)), total)}
    seen = np.append(counts[~rare], counts[rare].sum())
    shares = np.append(usual[~rare], usual[rare].sum())
    odd = int(np.argmax(np.abs(seen / total - shares)))
    rest, rest_usual = np.delete(seen, odd), np.delete(shares, odd)
    measures = {f"one_{name}": Share(float(counts[1:].max(initial=0.0)), total)}
    unheard = counts[usual < UNHEARD]
    measures[f"strange_{name}"] = Share(float(unheard.sum() - unheard.max(initial=0.0)), total)
    share_of_rest = float(rest_usual.sum())
    if expected and share_of_rest > 0.1:
        due = min(expected, total) * share_of_rest
        measures[f"fell_{name}"] = Share(max(due - float(rest.sum()), 0.0), due)
    if rest.sum() >= 10 and share_of_rest > 0.05:
        p = rest_usual / share_of_rest
        n = float(rest.sum())
        noise = float(np.sqrt(2 * p * (1 - p) / (np.pi * n)).sum()) / 2
        distance = float(np.abs(rest / n - p).sum()) / 2
        measures[f"mix_{name}"] = Share(max(distance - noise, 0.0) * n, n)
    return measures


def blank_measure(arrivals: Arrivals, mix: Mix) -> dict[str, Share]:
    """Return how many of the fresh records lack a place that usually have one."""
    usual = mix.shares(1)
    placed = 1 - float(usual[NOWHERE]) if usual.any() else 0.0
    due = placed * arrivals.fresh
    if due < 1:
        return {}
    return {"unplaced_new": Share(max(due - arrivals.placed, 0.0), due)}


def stranger_measure(unknown: Share, before: float, memory: Memory) -> dict[str, Share]:
    """Return how many of the known records that usually come again do not."""
    usual = memory.middle("unknown")
    if usual is None:
        return {}
    due = (1 - usual) * min(unknown.of, before)
    return {"strangers": Share(max(due - (unknown.of - unknown.count), 0.0), due)}
