"""A world made of counts: what a history says of each week and place, as events to be re-enacted.

Where the simulated world draws how many events there are, this one is told. What an event is like
is invented here as there; only how many there were, where and in which week is real.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from threatcast_feeds.history import FeedPast, History
from threatcast_feeds.simulation.address_allocation import Allocation
from threatcast_feeds.simulation.calendars import SUNDAY, WEEK, every_week, monday
from threatcast_feeds.simulation.countries import countries
from threatcast_feeds.simulation.patterns import UNLOCATED, WORLD
from threatcast_feeds.simulation.world import SEED, Event, generator_for

# share of a first list that is new in a usual week, if that list forgets less
_NEWS = 0.1


@dataclass(frozen=True)
class CountedWorld:
    """The weeks of a history.

    Attributes
    ----------
    history : History
        Weekly counts, and what is known of each feed.
    """

    history: History

    @property
    def start(self) -> date:
        """The first Monday of any target."""
        return min(self._weeks[target][0] for target in self._weeks)

    @property
    def end(self) -> date:
        """The day on which the history stood so."""
        return self.history.as_of

    @cached_property
    def allocation(self) -> Allocation:
        """Which country each stand-in address belongs to."""
        return Allocation.even(countries())

    def generator(self, *purpose: str) -> np.random.Generator:
        """Return a generator of random numbers that this purpose has for itself."""
        return generator_for(SEED, "past", *purpose)

    def last_copy(self, feed: str) -> date:
        """Return the day of the newest copy of a feed that the history knows."""
        return self.history.feeds[feed].last_copy

    def feeds(self) -> tuple[str, ...]:
        """Return the feeds that were counted."""
        return tuple(self.history.feeds)

    def weeks(self, target: str) -> list[date]:
        """Return all weeks of a target, watched or not, in order."""
        first, last = self._weeks[target]
        return list(every_week(first, last))

    def unwatched(self) -> Iterator[tuple[str, date]]:
        """Yield feed and week of which the history says that nobody watched."""
        for feed, facts in self.history.feeds.items():
            for target in facts.targets:
                for week, places in self._counts.get(target, {}).items():
                    if places[WORLD] is None:
                        yield feed, week

    def events(self, target: str) -> list[Event]:
        """Return as many events as were counted, in order of their days.

        Days are spread in the week by chance. Events of a located target that the history does
        not place are `UNLOCATED`. The newest event falls on the day on which the history last saw
        one. Where the week of that day is too young to be counted, it goes on as the one before.
        """
        chance = self.generator("events", target)
        drawn = [
            (days[day], place)
            for week, places in self._counts[target].items()
            for days in [[week + timedelta(days=number) for number in range(7)]]
            for place, count in self._placed(target, places)
            for day in chance.integers(0, 7, size=count).tolist()
        ]
        last = self._feed_of(target).last_event
        if last is not None:
            drawn = _ending(drawn, last)
        return [Event(number, *event, 0) for number, event in enumerate(sorted(drawn), start=1)]

    def addresses(self, target: str) -> Iterator[tuple[Event, int]]:
        """Yield each event with an IPv4 address of its own, as number.

        Events without a place have addresses that belong to nobody.
        """
        unused = self._unused_numbers()
        for event in self.events(target):
            yield event, unused(event.location)

    def lists(
        self, target: str, *, forgets: float, copied: timedelta = SUNDAY
    ) -> Iterator[tuple[date, list[int]]]:
        """Yield the day and the addresses of a list's weekly copies, from before the first week on.

        Each event is an IPv4 address (as number) that was not listed before. A week that nobody
        watched goes on as the one before: a list without news would end what its feed covers, and
        a gate would not believe it. That week is not counted. The list before the first week is
        stock, of which nothing is counted.

        Parameters
        ----------
        target : str
            The target whose events are addresses.
        forgets : float
            Share of the list that leaves it each week, the oldest first. What comes back later is
            no news, so that a short list tells the same as a long one.
        copied : timedelta
            From a week's Monday to the day of the copy that shows it. No copy is later than the
            last one that the history knows.
        """
        last = self._feed_of(target).last_copy
        unused = self._unused_numbers()
        events, weeks = self.events(target), self.weeks(target)
        by_week: dict[date, list[str]] = defaultdict(list)
        for event in events:
            by_week[monday(event.day)].append(event.location)
        # stock lies where things usually lie
        size = int(len(events) / len(weeks) / max(forgets, _NEWS))
        stock = self.generator("stock", target).choice(len(events), size=size).tolist()
        shown = [unused(events[number].location) for number in stock]
        yield weeks[0] - WEEK + copied, sorted(shown)
        places = [events[0].location]
        for week in every_week(weeks[0], last - copied):
            if self._counts[target].get(week, {}).get(WORLD) is not None:
                places = by_week[week]
            shown = [*shown[int(forgets * len(shown)) :], *map(unused, places)]
            yield week + copied, sorted(shown)

    def _unused_numbers(self) -> Callable[[str], int]:
        """Return what gives, of a place, an IPv4 address (as number) that it has not given yet."""
        streams: dict[str, Iterator[int]] = {}

        def unused(place: str) -> int:
            if place not in streams:
                streams[place] = self.allocation.numbers_of(place)
            return next(streams[place])

        return unused

    @cached_property
    def _counts(self) -> dict[str, dict[date, dict[str, int | None]]]:
        counts: dict[str, dict[date, dict[str, int | None]]] = {}
        columns = (self.history.counts[name].to_pylist() for name in ("target", "week"))
        places, values = (self.history.counts[name].to_pylist() for name in ("location", "value"))
        for target, week, place, value in zip(*columns, places, values, strict=True):
            counts.setdefault(target, {}).setdefault(week, {})[place] = value
        return counts

    @cached_property
    def _weeks(self) -> dict[str, tuple[date, date]]:
        return {target: (min(weeks), max(weeks)) for target, weeks in self._counts.items()}

    @cached_property
    def _located(self) -> frozenset[str]:
        return frozenset(
            target
            for target, weeks in self._counts.items()
            if any(len(places) > 1 for places in weeks.values())
        )

    def _placed(self, target: str, places: dict[str, int | None]) -> Iterator[tuple[str, int]]:
        """Yield how many events a week had at each place; those left over have none."""
        rest = places[WORLD] or 0
        if target not in self._located:
            yield WORLD, rest
            return
        for place, value in sorted(places.items()):
            if place != WORLD and value:
                rest -= value
                yield place, value
        yield UNLOCATED, rest

    def _feed_of(self, target: str) -> FeedPast:
        return next(one for one in self.history.feeds.values() if target in one.targets)


def _ending(drawn: list[tuple[date, str]], last: date) -> list[tuple[date, str]]:
    """Return the events with the newest one on the day of the last."""
    kept = [(min(day, last), place) for day, place in drawn]
    this_week = monday(last)
    newest = max((one for one in kept if one[0] >= this_week), default=None)
    if newest is not None:
        if newest[0] < last:
            kept.remove(newest)
            kept.append((last, newest[1]))
        return kept
    # a week that is not counted yet: that there was an event is all that is known of it, but a list
    # that was lively until then and brings one event only would not be believed
    week_before = [(day + WEEK, place) for day, place in kept if day >= this_week - WEEK]
    usual = Counter(place for _, place in kept).most_common(1)
    return [
        *kept,
        *((day, place) for day, place in week_before if day < last),
        *((last, place) for place, _ in usual),
    ]
