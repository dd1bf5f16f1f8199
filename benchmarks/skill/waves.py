"""Panels like weekly hospital admissions by state: strong autocorrelation, one wave a year.

Made by an epidemic model with luck in it, so that the waves differ in time and height between
states and years, as those of influenza do. No number comes from a real disease registry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

WEEKS_A_YEAR = 365.25 / 7
DAYS = 7
START = "2021-01-04"
BURN_IN = 10
"""Years before the first one kept, in which immunity finds its level."""


@dataclass(frozen=True)
class Disease:
    """How a disease spreads.

    Parameters
    ----------
    seed : int
        All luck follows from it.
    reproduction : float
        People whom one infects in a yearly mean if all are susceptible.
    season : float
        Share by which this swings over the year.
    immunity : float
        Years for which an infection protects, in the mean.
    luck : float
        Standard deviation of the yearly strain's log transmissibility; half as much again by state.
    dispersion : float
        Size of the negative binomial that admissions are drawn from.
    """

    seed: int
    reproduction: float = 1.6
    season: float = 0.13
    immunity: float = 0.7
    luck: float = 0.045
    dispersion: float = 12.0


VARIANTS = {
    "seasonal_a": Disease(seed=11),
    "seasonal_b": Disease(seed=4243, season=0.15, immunity=0.55, luck=0.05),
}


def wave_panel(disease: Disease, states: int = 50, years: int = 5) -> pd.DataFrame:
    """Return a panel of states: `series_id, target, location, week, value`."""
    import pandas as pd

    rng = np.random.default_rng(disease.seed)
    weeks = round(years * WEEKS_A_YEAR)
    people = np.exp(rng.uniform(np.log(6e5), np.log(3e7), states))
    infections = _infections(disease, people, weeks, rng)
    mean = infections * rng.uniform(0.001, 0.003, states)[:, None] + 0.2
    size = disease.dispersion
    counts = rng.negative_binomial(size, size / (size + mean))
    names = [f"state-{number:02d}" for number in range(states)]
    return pd.DataFrame(
        {
            "series_id": np.repeat(names, weeks),
            "target": "admissions",
            "location": "",
            "week": np.tile(pd.date_range(START, periods=weeks, freq="W-MON"), states),
            "value": counts.ravel().astype(np.float64),
        }
    )


def _infections(disease: Disease, people: Floats, weeks: int, rng: np.random.Generator) -> Floats:
    """Return new infections by state and week, shape (n, weeks), after the burn-in."""
    states = len(people)
    before = round(BURN_IN * WEEKS_A_YEAR)
    strength = _transmission(disease, states, before + weeks, rng)
    recovery, waning = 1.0 / 4.5, 1.0 / (disease.immunity * 365.25)
    susceptible = np.full(states, 0.65)
    infectious = np.full(states, 1e-3)
    found = np.zeros((states, before + weeks))
    for week in range(before + weeks):
        for _ in range(DAYS):
            caught = strength[:, week] * recovery * susceptible * (infectious + 2e-6)
            healed = recovery * infectious
            immune = 1.0 - susceptible - infectious
            susceptible = np.clip(susceptible - caught + waning * immune, 0.0, 1.0)
            infectious = infectious + caught - healed
            found[:, week] += caught
    return np.asarray(found[:, before:] * people[:, None])


def _transmission(disease: Disease, states: int, weeks: int, rng: np.random.Generator) -> Floats:
    """Return the reproduction number by state and week: season, yearly strain, slow chance."""
    time = np.arange(weeks) / WEEKS_A_YEAR
    # seasons begin in summer, so that one strain makes one wave
    year = np.floor(time + 0.5).astype(int)
    peak = rng.normal(0.0, 0.03, (states, 1)) + rng.normal(0.0, 0.03, year.max() + 1)[year]
    wave = disease.season * np.cos(2 * np.pi * (time - peak))
    strain = rng.normal(0.0, disease.luck, year.max() + 1)
    local = rng.normal(0.0, disease.luck / 2, (states, year.max() + 1))
    chance = np.zeros((states, weeks))
    for week in range(1, weeks):
        chance[:, week] = 0.85 * chance[:, week - 1] + rng.normal(0.0, 0.02, states)
    lift = strain[year] + local[:, year] + chance
    return np.asarray(disease.reproduction * (1.0 + wave) * np.exp(lift))
