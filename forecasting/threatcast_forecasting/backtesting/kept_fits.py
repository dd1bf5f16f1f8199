"""Fits that need not be made again: each is known by all that it depends on.

What a model forecasts for a series depends on that series as it was known at the origin, on the
horizon and on the seed alone (`models.card.Model`); what a pooled model forecasts, on all series of
its pool. So a series that did not change is not fitted again, whatever changed beside it, and an
old origin of which nobody learnt anything new is not tested again.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol

import numpy as np

from threatcast_forecasting.backtesting.engine import BatchForecast, run, run_all
from threatcast_forecasting.models.card import is_pooled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from threatcast_forecasting.backtesting.engine import BatchTask, Clock
    from threatcast_forecasting.backtesting.origins import OriginPlan
    from threatcast_forecasting.grid import Knowledge
    from threatcast_forecasting.models.card import Model

    Mask = NDArray[np.bool_]

_BYTES = 16


class KeptFits(Protocol):
    """Where fits of earlier runs of the same code lie; it may forget any of them at any time."""

    def has(self, keys: Sequence[bytes]) -> Mask:
        """Return of which keys a fit is kept."""
        ...

    def find(self, keys: Sequence[bytes]) -> BatchForecast | None:
        """Return the fits of some keys as one batch; None if one is gone or damaged."""
        ...

    def add(self, keys: Sequence[bytes], made: BatchForecast) -> None:
        """Keep the fits of a batch, whose series have these keys."""
        ...


def series_digests(knowledge: Knowledge, plan: OriginPlan) -> list[bytes]:
    """Return a hash of each place of a plan: the series, and its counts as known at the origin."""
    grid = knowledge.grid
    found = [b""] * len(plan.series)
    for origin in np.unique(plan.origin).tolist():
        here = np.flatnonzero(plan.origin == origin)
        series = plan.series[here]
        values = np.ascontiguousarray(knowledge.values(series, origin))
        for place, row, counts in zip(here.tolist(), series.tolist(), values, strict=True):
            names = (grid.series_ids[row], grid.targets[row], grid.locations[row])
            about = "\0".join((*map(str, names), str(grid.start), str(origin), ""))
            found[place] = blake2b(about.encode() + counts.tobytes(), digest_size=_BYTES).digest()
    return found


def fit_keys(model: Model, options: str, digests: Sequence[bytes]) -> list[bytes]:
    """Return the key of a model's fit of each series of a batch, by their digests.

    `options` says all else that changes a number: the model's name, the horizon, the seed.
    """
    about = f"{options}\0".encode()
    if is_pooled(model):
        about += blake2b(b"".join(digests), digest_size=_BYTES).digest()
    return [blake2b(about + one, digest_size=_BYTES).digest() for one in digests]


@dataclass(frozen=True)
class Wanted:
    """Fits that are wanted together: their keys, and the task for those of them that a mask names.

    Parameters
    ----------
    keys : list of bytes, length n
    task : callable
        Takes a mask of n.
    """

    keys: list[bytes]
    task: Callable[[Mask], BatchTask]


def kept_or_made(
    wanted: Sequence[Wanted], kept: KeptFits, jobs: int, clock: Clock | None
) -> Iterator[BatchForecast]:
    """Yield what is wanted, in its order: fits that are kept, and the rest as `run_all` makes it.

    `seconds` are those of this run.
    """
    there = [kept.has(one.keys) for one in wanted]
    pairs = list(zip(wanted, there, strict=True))
    made = run_all((one.task(~mask) for one, mask in pairs if not mask.all()), jobs, clock)
    for one, mask in pairs:
        new = None if mask.all() else next(made)
        if new is not None:
            kept.add(_chosen(one.keys, ~mask), new)
        old = kept.find(_chosen(one.keys, mask)) if mask.any() else None
        if old is None and mask.any():
            old = run(one.task(mask), clock)
            kept.add(_chosen(one.keys, mask), old)
        yield _together(mask, old, new)


def _chosen(keys: Sequence[bytes], mask: Mask) -> list[bytes]:
    return [key for key, is_chosen in zip(keys, mask, strict=True) if is_chosen]


def _together(mask: Mask, old: BatchForecast | None, new: BatchForecast | None) -> BatchForecast:
    """Return the fits that a mask names from the old ones, the others from the new ones."""
    if old is None or new is None:
        return old or new  # type: ignore[return-value]  # a task has a series
    quantiles = np.zeros((len(mask), *new.quantiles.shape[1:]), dtype=np.int32)
    states = np.full(len(mask), "", dtype=object)
    parts = None
    for rows, batch in ((mask, old), (~mask, new)):
        quantiles[rows], states[rows] = batch.quantiles, batch.states
        if batch.parts is not None:
            if parts is None:
                parts = np.zeros((len(mask), *batch.parts.shape[1:]), dtype=np.float32)
            parts[rows] = batch.parts
    return BatchForecast(quantiles, tuple(states), old.seconds + new.seconds, parts)
