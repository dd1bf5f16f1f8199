"""From a plan to a filled store: cuts the work into batches, and puts what comes back in place.

Series are worked through block by block. What only `champion` needs is let go at the end of its
block, so that memory grows with what was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.backtesting.engine import BatchTask, batch_size, run_all
from threatcast_forecasting.backtesting.inner import add_champion, weights_table
from threatcast_forecasting.backtesting.kept_fits import (
    Wanted,
    fit_keys,
    kept_or_made,
    series_digests,
)
from threatcast_forecasting.backtesting.origins import plan_of
from threatcast_forecasting.backtesting.store import Shelf, Store, scales
from threatcast_forecasting.models.card import is_pooled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from threatcast_forecasting.backtesting.engine import BatchForecast, Clock
    from threatcast_forecasting.backtesting.kept_fits import KeptFits
    from threatcast_forecasting.backtesting.origins import OriginPlan
    from threatcast_forecasting.backtesting.recipe import Recipe
    from threatcast_forecasting.grid import Knowledge
    from threatcast_forecasting.models.card import Model

    Progress = Callable[[int, int, str], None]
    Seconds = dict[str, float]

CHUNK = 2000
"""Most series in a batch, and about as many in a block; bounds memory and changes no number."""
POOL = 2000
"""Most series of one target that are learnt from together; a larger target is cut into pools."""


@dataclass(frozen=True)
class RunOptions:
    """How to run. Only `horizon` and `seed` change any number."""

    horizon: int
    seed: int
    jobs: int = 1
    chunk: int = CHUNK
    progress: Progress | None = None
    clock: Clock | None = None
    kept: KeptFits | None = None


@dataclass(frozen=True)
class Piece:
    """One model on some series at one origin; `places` are places in the plan."""

    name: str
    origin: int
    places: NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """Places of a plan that are whole series of whole pools, and the work they take."""

    places: NDArray[np.int64]
    pool: NDArray[np.int64]
    pieces: list[Piece]


def run(
    knowledge: Knowledge, outer: NDArray[np.int64], recipe: Recipe, settings: RunOptions
) -> tuple[Store, pd.DataFrame, dict[str, float | None]]:
    """Return all forecasts, the weights in `champion`, and the seconds each model took.

    Parameters
    ----------
    knowledge : Knowledge
    outer : int array
        Keys (`plan.keys_of`) of the pairs of series and origin that were asked for.
    recipe : Recipe
    settings : RunOptions
    """
    plan = plan_of(outer, knowledge if recipe.champions else None)
    store = Store.empty(knowledge.grid, plan, recipe, settings.horizon)
    seconds: Seconds = dict.fromkeys(recipe.base, 0.0)
    weights = []
    for shelf in _shelves(knowledge, plan, recipe, settings, seconds):
        shelf.average(recipe)
        for name, members in recipe.champions.items():
            weights += add_champion(name, members, shelf, plan, knowledge)
        store.keep(shelf, plan.outer)
    return store, weights_table(weights, knowledge.grid), _spent(recipe, store.names, seconds)


def _spent(recipe: Recipe, names: tuple[str, ...], seconds: Seconds) -> dict[str, float | None]:
    """Return the seconds of each model with all that it is made of; None without a clock."""
    spent = {name: sum(seconds[k] for k in sorted(recipe.fitted_for(name))) for name in names}
    return {name: None if np.isnan(total) else float(total) for name, total in spent.items()}


def _shelves(
    knowledge: Knowledge, plan: OriginPlan, recipe: Recipe, settings: RunOptions, seconds: Seconds
) -> Iterator[Shelf]:
    """Yield the base forecasts of one block after the other, and add to `seconds`."""
    blocks = _blocks(plan, knowledge.grid.targets, recipe, settings.chunk)
    pieces = [piece for block in blocks for piece in block.pieces]
    outcomes = enumerate(_outcomes(knowledge, plan, recipe, settings, pieces), start=1)
    for block in blocks:
        scale = scales(knowledge, plan, block.places)
        shelf = Shelf(block.places, block.pool, list(recipe.base), settings.horizon, scale)
        for piece in block.pieces:
            done, outcome = next(outcomes)
            shelf.put(piece.name, piece.places, outcome)
            seconds[piece.name] += outcome.seconds
            if settings.progress:
                week = knowledge.grid.week(piece.origin)
                what = f"{piece.name}, origin {week}, {len(piece.places)} series"
                settings.progress(done, len(pieces), what)
        yield shelf


def _outcomes(
    knowledge: Knowledge,
    plan: OriginPlan,
    recipe: Recipe,
    settings: RunOptions,
    pieces: list[Piece],
) -> Iterator[BatchForecast]:
    """Yield what the models forecast for each piece, in order."""

    def task(piece: Piece) -> BatchTask:
        return _task(knowledge, plan, recipe, settings, piece)

    def part(piece: Piece, mask: NDArray[np.bool_]) -> BatchTask:
        return task(replace(piece, places=piece.places[mask]))

    if settings.kept is None:
        return run_all(map(task, pieces), settings.jobs, settings.clock)
    digests = series_digests(knowledge, plan)
    wanted = [
        Wanted(
            fit_keys(
                recipe.base[piece.name],
                f"{piece.name} {settings.horizon} {settings.seed}",
                [digests[place] for place in piece.places],
            ),
            partial(part, piece),
        )
        for piece in pieces
    ]
    return kept_or_made(wanted, settings.kept, settings.jobs, settings.clock)


def pools(series: NDArray[np.int64], targets: NDArray[np.object_]) -> NDArray[np.int64]:
    """Return for each series of a grid the pool it is in; -1 for those that are not forecast.

    Parameters
    ----------
    series : int array
        Series that are forecast, without repeats.
    targets : object array, shape (n,)
        Target of each series of the grid.
    """
    result = np.full(len(targets), -1)
    begun = 0
    for target in sorted(set(targets[series])):
        members = series[targets[series] == target]
        result[members] = begun + np.arange(len(members)) // POOL
        begun = int(result[members[-1]]) + 1
    return result


def _blocks(
    plan: OriginPlan, targets: NDArray[np.object_], recipe: Recipe, chunk: int
) -> list[Block]:
    """Return the plan cut into blocks of whole pools, each of about `chunk` series."""
    series = np.unique(plan.series)
    pool = pools(series, targets)
    sizes = np.bincount(pool[series])
    of_place = pool[plan.series]
    block_of_pool = (np.cumsum(sizes) - sizes) // chunk
    order = np.argsort(of_place, kind="stable")
    edges = np.searchsorted(block_of_pool[of_place[order]], np.unique(block_of_pool))
    blocks = []
    for first, last in pairwise([*edges.tolist(), len(order)]):
        places = np.sort(order[first:last])
        blocks.append(
            Block(places, of_place[places], _pieces(plan, places, of_place[places], recipe, chunk))
        )
    return blocks


def _pieces(
    plan: OriginPlan,
    places: NDArray[np.int64],
    pool: NDArray[np.int64],
    recipe: Recipe,
    chunk: int,
) -> list[Piece]:
    """Return the work of a block: slow models in small pieces, so that no process waits long."""
    origins = plan.origin[places]
    pieces = []
    for origin in np.unique(origins):
        here = origins == origin
        for name, model in recipe.base.items():
            parts = _parts(model, places[here], pool[here], chunk)
            pieces += [Piece(name, int(origin), part) for part in parts]
    return pieces


def _parts(
    model: Model, places: NDArray[np.int64], pool: NDArray[np.int64], chunk: int
) -> list[NDArray[np.int64]]:
    """Return places as a model takes them: a pooled one by pool, others by their speed."""
    if is_pooled(model):
        return [places[pool == one] for one in np.unique(pool)]
    size = batch_size(model, chunk)
    return [places[at : at + size] for at in range(0, len(places), size)]


def _task(
    knowledge: Knowledge, plan: OriginPlan, recipe: Recipe, settings: RunOptions, piece: Piece
) -> BatchTask:
    return BatchTask(
        name=piece.name,
        model=recipe.base[piece.name],
        spare=recipe.spare,
        batch=knowledge.batch(plan.series[piece.places], piece.origin),
        horizon=settings.horizon,
        seed=settings.seed,
    )
