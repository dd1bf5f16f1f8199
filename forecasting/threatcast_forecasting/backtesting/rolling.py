"""Rolling-origin back-tests and forecasts: a panel in, quantiles and scores out.

Every model is given only values at or before the origin, of all series, as they were known then.
Base models are fitted once a series and origin; combinations are formed of what they forecast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.backtesting.origins import between, keys_of, named, newest, regular
from threatcast_forecasting.backtesting.pipeline import CHUNK, RunOptions, run
from threatcast_forecasting.backtesting.recipe import recipe_of
from threatcast_forecasting.backtesting.results import BacktestResult, ForecastResult, NightResult
from threatcast_forecasting.combinations.members import all_models
from threatcast_forecasting.errors import ForecastError
from threatcast_forecasting.grid import Grid, Knowledge
from threatcast_forecasting.panels import validate
from threatcast_forecasting.roles import REFERENCES
from threatcast_forecasting.seeds import SEED
from threatcast_forecasting.weeks import HORIZON

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from threatcast_forecasting.backtesting.engine import Clock
    from threatcast_forecasting.backtesting.kept_fits import KeptFits
    from threatcast_forecasting.backtesting.pipeline import Progress
    from threatcast_forecasting.backtesting.recipe import Registry


def backtest(
    panel: pd.DataFrame,
    models: Sequence[str],
    *,
    horizon: int = HORIZON,
    origins: int = 8,
    step: int = 4,
    origins_table: pd.DataFrame | None = None,
    known: pd.DataFrame | None = None,
    candidates: Sequence[str] | None = None,
    registry: Registry | None = None,
    jobs: int = 1,
    seed: int = SEED,
    chunk: int = CHUNK,
    progress: Progress | None = None,
    clock: Clock | None = None,
) -> BacktestResult:
    """Forecast each series from past origins and score the forecasts by what came.

    Parameters
    ----------
    panel : DataFrame
        See `panels.validate`. It is also the truth that forecasts are scored by.
    models : sequence of str
        Names from `all_models()`. `flat` and `comb_two` are computed in any case, for
        `summarise` to compare with.
    horizon : int
        Weeks ahead.
    origins, step : int
        A series' origins are its last week - horizon - k * step weeks, k = 0 ... origins - 1.
    origins_table : DataFrame, optional
        `series_id, origin`: names the origins instead.
    known : DataFrame, optional
        `series_id, origin, week, value`: counts as they stood at the end of an origin; they replace
        the panel's for training where there are any for the series and origin.
    candidates : sequence of str, optional
        Base models that `champion` pools instead of its own members.
    registry : mapping, optional
        Models by name; default `all_models()`.
    jobs : int
        Processes.
    seed : int
        All random numbers follow from it.
    chunk : int
        Largest number of series in one batch.
    progress : callable, optional
        Called with (batches done, batches in all, what was done).
    clock : callable, optional
        Returns seconds (`time.perf_counter`): this library reads no clock of its own.

    Returns
    -------
    BacktestResult

    Raises
    ------
    PanelError, OriginError, ModelError
    """
    _check_counts(horizon=horizon, origins=origins, step=step, jobs=jobs, chunk=chunk)
    grid = Grid.of(validate(panel))
    if origins_table is None:
        outer = regular(grid, horizon, origins, step)
    else:
        outer = named(grid, origins_table)
    recipe = recipe_of(models, registry or all_models(), candidates, REFERENCES)
    settings = RunOptions(horizon, seed, jobs, chunk, progress, clock)
    return BacktestResult(*run(Knowledge(grid, known), outer, recipe, settings))


def forecast(
    panel: pd.DataFrame,
    models: Sequence[str],
    *,
    horizon: int = HORIZON,
    known: pd.DataFrame | None = None,
    candidates: Sequence[str] | None = None,
    registry: Registry | None = None,
    jobs: int = 1,
    seed: int = SEED,
    chunk: int = CHUNK,
    progress: Progress | None = None,
    clock: Clock | None = None,
) -> ForecastResult:
    """Forecast each series from the panel's last week on.

    Parameters are those of `backtest`. `known` serves the inner back-test of `champion`.
    """
    _check_counts(horizon=horizon, jobs=jobs, chunk=chunk)
    grid = Grid.of(validate(panel))
    recipe = recipe_of(models, registry or all_models(), candidates)
    settings = RunOptions(horizon, seed, jobs, chunk, progress, clock)
    return ForecastResult(*run(Knowledge(grid, known), newest(grid), recipe, settings))


def nightly(
    panel: pd.DataFrame,
    models: Sequence[str],
    *,
    horizon: int = HORIZON,
    origins: int = 8,
    step: int = 4,
    known: pd.DataFrame | None = None,
    candidates: Sequence[str] | None = None,
    registry: Registry | None = None,
    jobs: int = 1,
    seed: int = SEED,
    chunk: int = CHUNK,
    progress: Progress | None = None,
    clock: Clock | None = None,
    kept: KeptFits | None = None,
) -> NightResult:
    """Forecast from the panel's last week on and back-test the same models, in one go.

    The numbers are those of `forecast` and `backtest`; what `champion` learns from on its way to
    the newest forecast is fitted once for both. Between the two lie origins whose weeks have not
    all come yet: too young for a score, and what the newest weeks are held against (`recent`).
    Parameters are those of `backtest`, and `kept`: fits of earlier runs, which are not made again.
    """
    _check_counts(horizon=horizon, origins=origins, step=step, jobs=jobs, chunk=chunk)
    grid = Grid.of(validate(panel))
    now = newest(grid)
    past = regular(grid, horizon, origins, step)
    outer = np.concatenate([past, between(grid, horizon), now])
    recipe = recipe_of(models, registry or all_models(), candidates, REFERENCES)
    settings = RunOptions(horizon, seed, jobs, chunk, progress, clock, kept)
    store, weights, seconds = run(Knowledge(grid, known), outer, recipe, settings)
    keys = keys_of(store.series, store.origin)
    is_now, is_past = np.isin(keys, now), np.isin(keys, past)
    return NightResult(
        ForecastResult(store.part(is_now), weights, seconds),
        BacktestResult(store.part(is_past), weights, seconds),
        ForecastResult(store.part(~is_now & ~is_past), weights, seconds),
    )


def _check_counts(**counts: int) -> None:
    for name, count in counts.items():
        if count < 1:
            raise ForecastError(name, f"it is {count}", "Give a whole number from 1")
