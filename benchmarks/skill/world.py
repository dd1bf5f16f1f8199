"""The project's own generated world as a panel: weekly counts, and the true law behind each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from threatcast_feeds.simulation import simulate
from threatcast_feeds.simulation.patterns import PATTERNS, WORLD

from .panel import DRAWS
from .processes import THICKNESS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from threatcast_feeds.simulation.world import Rates

    Floats = NDArray[np.float64]

FEWEST_EVENTS = 20
"""In the last 104 weeks: what the project asks of a series that is forecast."""
WEEKS_A_YEAR = 365.2425 / 7
SEED = 78


@dataclass(frozen=True)
class Truth:
    """The law of one series: rate a week, dispersion a week, campaigns a week and their size."""

    rate: Floats
    size: Floats
    campaigns: float
    campaign_size: float


@dataclass
class WorldOracle:
    """Draws from the true rates of the weeks to come, which no forecaster can know."""

    start: np.datetime64
    truths: dict[str, Truth]
    what: str = "knows the true rate of each future week, so that nobody reaches it"

    def draws(
        self, series: NDArray[np.object_], origins: NDArray[np.datetime64], horizon: int
    ) -> Floats:
        columns = (origins.astype("datetime64[D]") - self.start).astype(int) // 7
        out = np.zeros((len(series), horizon, DRAWS))
        rng = np.random.default_rng(SEED)
        for row, (name, column) in enumerate(zip(series, columns, strict=True)):
            truth = self.truths[name]
            ahead = slice(column + 1, column + 1 + horizon)
            rate, size = truth.rate[ahead, None], truth.size[ahead, None]
            shape = (horizon, THICKNESS * DRAWS)
            counts = rng.negative_binomial(size, size / (size + rate), shape)
            often = rng.poisson(truth.campaigns, shape)
            counts = counts + often + rng.poisson(often * (truth.campaign_size - 1))
            out[row] = np.sort(counts, axis=1)[:, THICKNESS // 2 :: THICKNESS]
        return out


def world_panel() -> tuple[pd.DataFrame, WorldOracle]:
    """Return the counts of all busy enough places of the generated world, and its oracle."""
    import pandas as pd

    world = simulate()
    weeks = np.array(world.weeks, dtype="datetime64[D]")
    truths: dict[str, Truth] = {}
    frames = []
    for target in world.targets:
        for place, truth, counts in _series(target, world.rates(target)):
            if counts[-104:].sum() < FEWEST_EVENTS:
                continue
            name = f"{target}|{place}"
            truths[name] = truth
            facts = {"series_id": name, "target": target, "location": place}
            frames.append(pd.DataFrame(facts | {"week": weeks, "value": counts.astype(float)}))
    return pd.concat(frames, ignore_index=True), WorldOracle(weeks[0], truths)


def _series(target: str, rates: Rates) -> list[tuple[str, Truth, NDArray[np.int64]]]:
    """Return place, law and counts of a target's places, and of the world they add up to."""
    often, size = PATTERNS[target].campaigns
    weekly = rates.rate.mean(axis=1)
    share = weekly / weekly.sum()
    one = np.ones(rates.rate.shape[1])
    found = [
        (place, Truth(rate, rates.dispersion * one, often * part / WEEKS_A_YEAR, size), count)
        for place, rate, part, count in zip(
            rates.places, rates.rate, share, rates.count, strict=True
        )
    ]
    if WORLD in rates.places:
        return found
    total = rates.rate.sum(axis=0)
    spread = total**2 / (rates.rate**2 / rates.dispersion).sum(axis=0)
    whole = Truth(total, spread, often / WEEKS_A_YEAR, size)
    return [*found, (WORLD, whole, rates.count.sum(axis=0))]
