"""The world itself: rates a week by target and place, and the events drawn from them.

`simulate` gives a World; everything in it follows from the seed and the patterns alone. Each
use of chance has a generator of its own, named after what it is for, so that a change in one
feed's sample leaves all others as they were.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from threatcast_feeds.simulation.address_allocation import Allocation
from threatcast_feeds.simulation.calendars import FIRST_DAY, LAST_DAY, every_week, monday
from threatcast_feeds.simulation.patterns import PATTERNS, UNLOCATED, WORLD, Pattern

SEED = 20_260_101
_WEEKS_A_YEAR = 365.2425 / 7
# how much of the random walk is left after a week
_MEMORY = 0.97
# how long a country stays a target, or is left alone
_MEAN_SPELL = 6.0

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


class Event(NamedTuple):
    """One thing that happened in the simulated world.

    `location` is an alpha-2 code, `UNLOCATED` or `WORLD`; `campaign` is 0 for an event of its
    own, else a number that all events of one campaign share. Events are in order of day.
    """

    number: int
    day: date
    location: str
    campaign: int


@dataclass(frozen=True)
class Rates:
    """What is true of one target.

    Attributes
    ----------
    places : tuple of str
        n locations.
    rate : float array, shape (n, t)
        Expected events a week, campaigns left aside.
    campaign : int array, shape (n, t)
        Events that campaigns added.
    count : int array, shape (n, t)
        Events that happened, campaigns among them.
    dispersion : float
        Size of the negative binomial distribution around `rate`.
    """

    places: tuple[str, ...]
    rate: Floats
    campaign: Counts
    count: Counts
    dispersion: float


@dataclass(frozen=True)
class World:
    """A simulated world.

    Attributes
    ----------
    seed : int
        All follows from it.
    start, end : date
        First and last day, a Monday and a Sunday.
    """

    seed: int
    start: date
    end: date
    _rates: dict[str, Rates] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def weeks(self) -> tuple[date, ...]:
        """The Mondays of the simulated weeks."""
        return tuple(every_week(self.start, self.end))

    @cached_property
    def allocation(self) -> Allocation:
        """Which country each simulated address belongs to."""
        return Allocation.draw(self.generator("allocation"))

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets that have rates."""
        return tuple(PATTERNS)

    def generator(self, *purpose: str) -> np.random.Generator:
        """Return a generator of random numbers that this purpose has for itself."""
        return generator_for(self.seed, *purpose)

    def rates(self, target: str) -> Rates:
        """Return the true rates and counts of a target; KeyError if there is none so called."""
        if target not in self._rates:
            self._rates[target] = _draw(self, target, PATTERNS[target])
        return self._rates[target]

    def events(self, target: str, *, first: date | None = None) -> list[Event]:
        """Return the events of a target in order of their days, from `first` on."""
        rates = self.rates(target)
        chance = self.generator("events", target)
        weekdays = np.array(PATTERNS[target].weekdays)
        drawn: list[tuple[date, str, int]] = []
        for row, column in zip(*np.nonzero(rates.count), strict=True):
            total, massed = int(rates.count[row, column]), int(rates.campaign[row, column])
            days = chance.choice(7, size=total - massed, p=weekdays / weekdays.sum())
            together = [int(weekdays.argmax())] * massed
            week, place = self.weeks[column], rates.places[row]
            drawn += [(week + timedelta(days=int(day)), place, 0) for day in days]
            campaign = int(row) * len(self.weeks) + int(column) + 1
            drawn += [(week + timedelta(days=day), place, campaign) for day in together]
        drawn.sort()
        events = [Event(number, *event) for number, event in enumerate(drawn, start=1)]
        return [event for event in events if first is None or event.day >= first]

    def truth(self) -> Iterator[tuple[str, str, date, float, int, float]]:
        """Yield target, location, week, rate, events of campaigns, and dispersion.

        The rate leaves campaigns aside. For a located target the world is the sum of its
        places, and its dispersion that of the negative binomial with the sum's variance.
        """
        for target in self.targets:
            rates = self.rates(target)
            for place, rate, campaign in zip(rates.places, rates.rate, rates.campaign, strict=True):
                for week, value, massed in zip(self.weeks, rate, campaign, strict=True):
                    yield target, place, week, float(value), int(massed), rates.dispersion
            if WORLD in rates.places:
                continue
            total = rates.rate.sum(axis=0)
            size = total**2 / (rates.rate**2 / rates.dispersion).sum(axis=0)
            massed_total = rates.campaign.sum(axis=0)
            for column, week in enumerate(self.weeks):
                yield (
                    *(target, WORLD, week, float(total[column])),
                    *(int(massed_total[column]), float(size[column])),
                )


def generator_for(seed: int, *purpose: str) -> np.random.Generator:
    """Return a generator of random numbers that a purpose has for itself."""
    digest = sha256("/".join(purpose).encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "big")])


def simulate(seed: int = SEED, start: date = FIRST_DAY, end: date = LAST_DAY) -> World:
    """Return the simulated world of a seed.

    Parameters
    ----------
    seed : int
        The same seed gives the same world and the same bytes of all samples.
    start, end : date
        First and last day; a Monday and a Sunday.

    Raises
    ------
    ValueError
        If these days do not bound whole weeks.

    Examples
    --------
    >>> simulate().events("malware_hosts")[0].location in simulate().rates("malware_hosts").places
    True
    """
    if start != monday(start) or end.weekday() != 6 or end < start:
        message = f"a world lasts from a Monday to a later Sunday, not from {start} to {end}"
        raise ValueError(message)
    return World(seed, start, end)


def _draw(world: World, target: str, pattern: Pattern) -> Rates:
    places = tuple(place for place in pattern.places() if pattern.level(place) > 0)
    chance = world.generator("rates", target)
    common = _shape(pattern, world.weeks)
    rate = np.array(
        [
            pattern.level(place) * common * _walk(chance, pattern, len(world.weeks))
            for place in places
        ]
    )
    if pattern.duty < 1:
        spells = [
            np.ones(len(world.weeks))
            if place == UNLOCATED
            else _spells(chance, pattern.duty, len(world.weeks))
            for place in places
        ]
        rate = rate * np.array(spells)
    campaign = _campaigns(chance, pattern, rate)
    share = pattern.dispersion / (pattern.dispersion + rate)
    count = chance.negative_binomial(pattern.dispersion, share) + campaign
    return Rates(places, rate, campaign, count, pattern.dispersion)


def _shape(pattern: Pattern, weeks: tuple[date, ...]) -> Floats:
    """Return trend, season and level shift by week, 1 at the level of the last weeks."""
    years = np.arange(1 - len(weeks), 1) / _WEEKS_A_YEAR
    number = np.array([week.isocalendar().week for week in weeks])
    season = 1 + pattern.season * np.cos(2 * np.pi * (number - pattern.peak) / _WEEKS_A_YEAR)
    shape: Floats = np.exp(pattern.growth * years) * season
    if pattern.shift is not None:
        day, factor = pattern.shift
        shape = shape * np.where([week < monday(day) for week in weeks], factor, 1.0)
    return shape


def _walk(chance: np.random.Generator, pattern: Pattern, length: int) -> Floats:
    """Return a slow random factor by week with mean 1."""
    steps = chance.normal(0.0, pattern.wander * np.sqrt(1 - _MEMORY**2), size=length)
    state = chance.normal(0.0, pattern.wander)
    logarithms = np.empty(length)
    for index, step in enumerate(steps):
        state = _MEMORY * state + step
        logarithms[index] = state
    factors: Floats = np.exp(logarithms - pattern.wander**2 / 2)
    return factors


def _spells(chance: np.random.Generator, duty: float, length: int) -> Floats:
    """Return a factor by week, 0 while the country is left alone; its mean is 1."""
    leave, enter = 1 / _MEAN_SPELL, duty / (1 - duty) / _MEAN_SPELL
    active = chance.random() < duty
    factors = np.zeros(length)
    for index, dice in enumerate(chance.random(length)):
        active = dice >= leave if active else dice < enter
        factors[index] = active / duty
    return factors


def _campaigns(chance: np.random.Generator, pattern: Pattern, rate: Floats) -> Counts:
    """Return the events that campaigns add, by place and week."""
    added = np.zeros(rate.shape, dtype=np.int64)
    often, size = pattern.campaigns
    weekly = rate.mean(axis=1)
    for week in range(rate.shape[1]):
        for _ in range(chance.poisson(often / _WEEKS_A_YEAR)):
            place = chance.choice(len(weekly), p=weekly / weekly.sum())
            added[place, week] += 1 + chance.poisson(size - 1)
    return added
