"""Runs models on batches, in this process or in several, and mends what a model cannot do.

A model is shown each series up to its newest observed week, and asked for so many weeks more: weeks
missing at the end of a series then make its forecast as uncertain as the longer way ahead is.

Whatever happens in a model, each series gets quantiles: a series that makes it fail falls back to
`flat` and says so in its state, and so costs no other series anything.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_forecasting.errors import ModelError
from threatcast_forecasting.grid import weeks_behind
from threatcast_forecasting.models.card import PARTS, Prediction, is_pooled
from threatcast_forecasting.quantiles import LEVELS, finish
from threatcast_forecasting.roles import BASELINE
from threatcast_forecasting.seeds import stable_seed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from threatcast_forecasting.models.card import Model
    from threatcast_forecasting.panels import Batch

    Clock = Callable[[], float]
    Floats = NDArray[np.float64]

LOG = logging.getLogger(__name__)

NOTHING_SEEN = "fallback: no observed week at or before the origin"
MOST_BEHIND = 26
"""Weeks missing at the end of a series that are looked over; a longer gap widens nothing more."""
SECONDS_A_TASK = 0.25
"""Short tasks keep their arrays in the cache and no process waiting for another at the end."""


@dataclass(frozen=True)
class BatchTask:
    """One model on one batch, and the model that steps in where it fails."""

    name: str
    model: Model
    spare: Model
    batch: Batch
    horizon: int
    seed: int


@dataclass(frozen=True)
class BatchForecast:
    """Finished quantiles (n, horizon, 23) as whole numbers, a state a series, and seconds spent.

    `parts` are those of `Prediction`, nought where the model fell back.
    """

    quantiles: NDArray[np.int32]
    states: tuple[str, ...]
    seconds: float
    parts: NDArray[np.float32] | None = None


def run_all(tasks: Iterable[BatchTask], jobs: int, clock: Clock | None) -> Iterator[BatchForecast]:
    """Yield the outcome of each task, in the order of the tasks, as soon as it is there.

    Parameters
    ----------
    tasks : iterable of BatchTask
        Taken one by one, so that not all batches need be in memory at once.
    jobs : int
        1 runs in this process; more are handed to joblib: to as many processes of this machine,
        or to the backend that the caller has chosen with `joblib.parallel_config`.
    clock : callable, optional
        Returns seconds; must be picklable if `jobs` > 1. Without one, seconds are NaN.
    """
    if jobs == 1:
        yield from (run(task, clock) for task in tasks)
        return
    from joblib import Parallel, delayed

    work = Parallel(n_jobs=jobs, return_as="generator", pre_dispatch="3*n_jobs")
    yield from work(delayed(run)(task, clock) for task in tasks)


def run(task: BatchTask, clock: Clock | None = None) -> BatchForecast:
    """Return what a model forecasts for a batch, mended where it fails."""
    begun = clock() if clock else np.nan
    count = len(task.batch.series_ids)
    quantiles = np.zeros((count, task.horizon, len(LEVELS)))
    states = np.full(count, NOTHING_SEEN, dtype=object)
    parts = None
    seen = np.asarray((~np.isnan(task.batch.values)).any(axis=1))
    if seen.any():
        batch = pick(task.batch, seen)
        origin = str(batch.weeks[-1])
        quantiles[seen], states[seen], told = _mended(task, batch, origin)
        if told is not None:
            parts = np.zeros((count, *told.shape[1:]), dtype=np.float32)
            parts[seen] = told
    seconds = clock() - begun if clock else np.nan
    return BatchForecast(quantiles.astype(np.int32), tuple(states), seconds, parts)


def pick(batch: Batch, rows: NDArray[np.bool_]) -> Batch:
    """Return the series of a batch that a mask names."""
    if rows.all():
        return batch
    places = np.flatnonzero(rows)
    return type(batch)(
        series_ids=tuple(batch.series_ids[k] for k in places),
        targets=tuple(batch.targets[k] for k in places),
        locations=tuple(batch.locations[k] for k in places),
        weeks=batch.weeks,
        values=batch.values[places],
    )


def _mended(
    task: BatchTask, batch: Batch, origin: str
) -> tuple[Floats, NDArray[np.object_], Floats | None]:
    """Return finished quantiles, states and parts, with `flat` where the model gave no numbers."""
    seed = stable_seed(task.seed, task.name, origin)
    first = _attempt(task.name, task.model, batch, task.horizon, seed)
    quantiles, states = finish(first.quantiles), np.array(first.states, dtype=object)
    lost = np.asarray(np.isnan(quantiles).any(axis=(1, 2)))
    if not lost.any():
        return quantiles, states, first.parts
    for row in np.flatnonzero(lost & (states == "")):
        states[row] = f"fallback: {task.name} returned no number"
    rest = pick(batch, lost)
    seed = stable_seed(task.seed, BASELINE, origin)
    spare = _attempt(BASELINE, task.spare, rest, task.horizon, seed)
    mended = finish(spare.quantiles)
    bare = np.isnan(mended).any(axis=(1, 2))
    mended[bare] = newest(rest)[bare, None, None]
    quantiles[lost] = mended
    if first.parts is not None:
        first.parts[lost] = 0.0
    return quantiles, states, first.parts


def newest(batch: Batch) -> Floats:
    """Return each series' newest observed count: the last resort if even `flat` fails."""
    place = batch.values.shape[1] - 1 - weeks_behind(batch.values)
    return np.asarray(batch.values[np.arange(len(place)), place])


def _attempt(name: str, model: Model, batch: Batch, horizon: int, seed: int) -> Prediction:
    """Return a prediction; NaN and a state for those series, and only those, that make it fail.

    A pooled model that raises loses its whole batch: a part of it would be another pool.
    """
    try:
        return foreseen(model, batch, horizon, seed)
    except Exception as error:  # noqa: BLE001 whatever a model raises must not cost other series
        count = len(batch.series_ids)
        if count > 1 and not is_pooled(model):
            half = count // 2
            parts = (batch.part(0, half), batch.part(half, count))
            return _joined([_attempt(name, model, part, horizon, seed) for part in parts])
        LOG.info("%s failed on series %s: %s", name, ", ".join(batch.series_ids), error)
        # the error's text may hold paths or addresses in memory, which differ from run to run
        state = f"fallback: {name} raised {type(error).__name__}"
        return Prediction(np.full((count, horizon, len(LEVELS)), np.nan), (state,) * count)


def foreseen(model: Model, batch: Batch, horizon: int, seed: int) -> Prediction:
    """Return a prediction that starts, for each series, from its newest observed week.

    A pooled model sees its whole pool up to that week.
    """
    count = len(batch.series_ids)
    lags = np.minimum(weeks_behind(batch.values), MOST_BEHIND)
    quantiles = np.full((count, horizon, len(LEVELS)), np.nan)
    states = np.full(count, "", dtype=object)
    parts = None
    for lag in np.unique(lags).tolist():
        mine = lags == lag
        begun = np.asarray((~np.isnan(batch.before(lag).values)).any(axis=1))
        shown = begun if is_pooled(model) else mine
        seen = pick(batch, shown).before(lag)
        made = _checked(
            model.predict(seen, horizon + lag, seed), len(seen.series_ids), horizon + lag
        )
        quantiles[mine] = made.quantiles[mine[shown], lag:]
        states[mine] = np.array(made.states, dtype=object)[mine[shown]]
        if made.parts is not None:
            parts = np.zeros((count, horizon, len(PARTS))) if parts is None else parts
            parts[mine] = made.parts[mine[shown], lag:]
    return Prediction(quantiles, tuple(states), parts)


def _checked(prediction: Prediction, count: int, horizon: int) -> Prediction:
    """Refuse a prediction that is not of the shape the protocol says."""
    found, expected = np.shape(prediction.quantiles), (count, horizon, len(LEVELS))
    if found != expected:
        raise ModelError("", f"quantiles have the shape {found}, not {expected}")
    if len(prediction.states) != count:
        raise ModelError("", f"{len(prediction.states)} states for {count} series")
    if prediction.parts is not None and np.shape(prediction.parts) != (
        count,
        horizon,
        len(PARTS),
    ):
        raise ModelError("", f"parts have the shape {np.shape(prediction.parts)}")
    return prediction


def _joined(parts: list[Prediction]) -> Prediction:
    return Prediction(
        np.concatenate([part.quantiles for part in parts]),
        tuple(state for part in parts for state in part.states),
        _parts_joined(parts),
    )


def _parts_joined(made: list[Prediction]) -> Floats | None:
    """Return the parts of all; nought where one has none."""
    if all(one.parts is None for one in made):
        return None
    return np.concatenate(
        [
            np.zeros((*one.quantiles.shape[:-1], len(PARTS))) if one.parts is None else one.parts
            for one in made
        ]
    )


def batch_size(model: Any, largest: int) -> int:
    """Return how many series one task takes, so that a task of a slow model ends soon."""
    seconds = float(getattr(model, "seconds_per_series", 0.0))
    return largest if seconds <= 0 else max(1, min(largest, int(SECONDS_A_TASK / seconds)))
