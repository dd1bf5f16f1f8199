"""The simulated world that all sample feeds report on.

Rates a week are known for every target and place, so that what a forecast says can be held
against the truth. The feeds of the sample (`catalog/<feed>/sample.py`) see this world as the
real ones see ours: late, with gaps, in their own wire formats. Nothing in it is recorded:
bodies, hosts, groups and addresses are invented, only countries and their codes are real.
"""

from __future__ import annotations

from threatcast_feeds.simulation.calendars import FIRST_DAY, LAST_DAY
from threatcast_feeds.simulation.past import CountedWorld
from threatcast_feeds.simulation.world import SEED, Event, World, simulate

__all__ = ["FIRST_DAY", "LAST_DAY", "SEED", "CountedWorld", "Event", "World", "simulate"]
