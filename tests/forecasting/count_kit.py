"""Series of counts with known properties, and how well quantiles hold them."""

from __future__ import annotations

import numpy as np
from threatcast_forecasting.panels import Batch
from threatcast_forecasting.quantiles import finish, interval

FIRST = np.datetime64("2022-01-03")


def batch_of(values) -> Batch:
    """Return a batch of the rows of `values`, named after their content's place."""
    rows = np.atleast_2d(np.asarray(values, dtype=float))
    names = tuple(f"series-{place}" for place in range(len(rows)))
    weeks = FIRST + 7 * np.arange(rows.shape[1])
    return Batch(names, ("claims",) * len(rows), ("WORLD",) * len(rows), weeks, rows)


def only(batch: Batch, place: int) -> Batch:
    """Return one series of a batch, under its own name."""
    here = slice(place, place + 1)
    return Batch(
        batch.series_ids[here],
        batch.targets[here],
        batch.locations[here],
        batch.weeks,
        batch.values[here],
    )


def steady(series: int, weeks: int, mean: float, dispersion: float, seed: int):
    """Return negative-binomial counts around one level, shape (series, weeks)."""
    size = 1 / dispersion
    rng = np.random.default_rng(seed)
    return rng.negative_binomial(size, size / (size + mean), (series, weeks)).astype(float)


def seasonal(series: int, weeks: int, seed: int):
    """Return counts around 40 with a strong yearly season."""
    rng = np.random.default_rng(seed)
    season = np.exp(np.cos(2 * np.pi * np.arange(weeks) / 52.18))
    return rng.poisson(40 * season, (series, weeks)).astype(float)


def held(model, values, horizon: int, share: float) -> float:
    """Return the share of the last `horizon` weeks inside the central interval."""
    past, future = values[:, :-horizon], values[:, -horizon:]
    low, high = interval(finish(model.predict(batch_of(past), horizon, 1).quantiles), share)
    return float(((future >= low) & (future <= high)).mean())
