"""From a plan to a filled store: cuts the work into batches, and puts what comes back in place.

Series are worked through block by block. What only `champion` needs is scored and let go at the
end of its block, so that memory grows with what was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.champions import InnerScores, champions_table
from threatcast_forecasting.engine import Task, batch_size, run_all
from threatcast_forecasting.models import is_pooled
from threatcast_forecasting.plan import plan_of
from threatcast_forecasting.shelves import Shelf, Store, scales

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from threatcast_forecasting.engine import Clock
    from threatcast_forecasting.grid import Knowledge
    from threatcast_forecasting.models import Model
    from threatcast_forecasting.plan import Plan
    from threatcast_forecasting.recipe import Recipe

    Progress = Callable[[int, int, str], None]
    Seconds = dict[str, float]

CHUNK = 2000
"""Most series in a batch, and in a block; bounds memory and changes no number but a pooled model's,
which learns from the series of its target in its block."""


@dataclass(frozen=True)
class Settings:
    """How to run. Only `horizon` and `seed` change a number, and `chunk` those of pooled models."""

    horizon: int
    seed: int
    jobs: int = 1
    chunk: int = CHUNK
    progress: Progress | None = None
    clock: Clock | None = None


@dataclass(frozen=True)
class Piece:
    """One model on some series at one origin; `places` are places in the plan."""

    name: str
    origin: int
    places: NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """Places `first` to `last - 1` of a plan, which are whole series, and the work they take."""

    first: int
    last: int
    pieces: list[Piece]


def run(
    knowledge: Knowledge, outer: NDArray[np.int64], recipe: Recipe, settings: Settings
) -> tuple[Store, pd.DataFrame, dict[str, float | None]]:
    """Return all forecasts, the choices of `champion`, and the seconds each model took.

    Parameters
    ----------
    knowledge : Knowledge
    outer : int array
        Keys (`plan.keys_of`) of the pairs of series and origin that were asked for.
    recipe : Recipe
    settings : Settings
    """
    plan = plan_of(outer, knowledge if recipe.champions else None)
    store = Store.empty(knowledge.grid, plan, recipe, settings.horizon)
    inner = InnerScores(plan, knowledge, recipe.candidates, settings.horizon)
    seconds: Seconds = dict.fromkeys(recipe.base, 0.0)
    for shelf in _shelves(knowledge, plan, recipe, settings, seconds):
        shelf.average(recipe)
        if recipe.champions:
            inner.add(shelf)
        store.keep(shelf, plan.outer)
    table = champions_table([])
    if recipe.champions:
        store.choice, table = inner.result(knowledge.grid.targets)
    return store, table, _spent(recipe, store.names, seconds)


def _spent(recipe: Recipe, names: tuple[str, ...], seconds: Seconds) -> dict[str, float | None]:
    """Return the seconds of each model with all that it is made of; None without a clock."""
    spent = {name: sum(seconds[k] for k in sorted(recipe.fitted_for(name))) for name in names}
    return {name: None if np.isnan(total) else float(total) for name, total in spent.items()}


def _shelves(
    knowledge: Knowledge, plan: Plan, recipe: Recipe, settings: Settings, seconds: Seconds
) -> Iterator[Shelf]:
    """Yield the base forecasts of one block after the other, and add to `seconds`."""
    targets = knowledge.grid.targets[plan.series]
    blocks = _blocks(plan, targets, recipe, settings.chunk)
    pieces = [piece for block in blocks for piece in block.pieces]
    tasks = (_task(knowledge, plan, recipe, settings, piece) for piece in pieces)
    outcomes = enumerate(run_all(tasks, settings.jobs, settings.clock), start=1)
    for block in blocks:
        scale = scales(knowledge, plan, block.first, block.last)
        shelf = Shelf(block.first, block.last, list(recipe.base), settings.horizon, scale)
        for piece in block.pieces:
            done, outcome = next(outcomes)
            shelf.put(piece.name, piece.places, outcome)
            seconds[piece.name] += outcome.seconds
            if settings.progress:
                week = knowledge.grid.week(piece.origin)
                what = f"{piece.name}, origin {week}, {len(piece.places)} series"
                settings.progress(done, len(pieces), what)
        yield shelf


def _blocks(plan: Plan, targets: NDArray[np.object_], recipe: Recipe, chunk: int) -> list[Block]:
    """Return the plan cut into blocks of at most `chunk` series."""
    starts = np.flatnonzero(np.r_[True, plan.series[1:] != plan.series[:-1]])
    edges = [*starts[::chunk].tolist(), len(plan.series)]
    return [
        Block(first, last, _pieces(plan, targets, recipe, chunk, first, last))
        for first, last in pairwise(edges)
    ]


def _pieces(
    plan: Plan, targets: NDArray[np.object_], recipe: Recipe, chunk: int, first: int, last: int
) -> list[Piece]:
    """Return the work of a block: slow models in small pieces, so that no process waits long."""
    origins = plan.origin[first:last]
    pieces = []
    for origin in np.unique(origins):
        places = first + np.flatnonzero(origins == origin)
        for name, model in recipe.base.items():
            parts = _parts(model, places, targets[places], chunk)
            pieces += [Piece(name, int(origin), part) for part in parts]
    return pieces


def _parts(
    model: Model, places: NDArray[np.int64], targets: NDArray[np.object_], chunk: int
) -> list[NDArray[np.int64]]:
    """Return places as a model takes them: a pooled one by target, others by their speed."""
    if is_pooled(model):
        return [places[targets == target] for target in np.unique(targets)]
    size = batch_size(model, chunk)
    return [places[at : at + size] for at in range(0, len(places), size)]


def _task(
    knowledge: Knowledge, plan: Plan, recipe: Recipe, settings: Settings, piece: Piece
) -> Task:
    return Task(
        name=piece.name,
        model=recipe.base[piece.name],
        spare=recipe.spare,
        batch=knowledge.batch(plan.series[piece.places], piece.origin),
        horizon=settings.horizon,
        seed=settings.seed,
    )
