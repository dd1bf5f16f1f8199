"""What a back-test or a forecast gives back, as tables of the contract, whole or in parts.

Tables are sorted by series, model, origin, horizon and quantile. A whole table of 20,000 series
does not fit into a usual machine's memory: `forecast_frames` and `score_frames` give the same rows
part by part, each part holding whole series.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_forecasting.quantiles import LEVELS
from threatcast_forecasting.scores import SHARES, score_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from threatcast_forecasting.backtesting.store import Store

FORECAST_COLUMNS = ("series_id", "model", "origin", "horizon", "quantile", "value")
SCORE_COLUMNS = (
    "series_id", "model", "origin", "horizon", "wis", "scale", "scaled_wis", "log_wis",
    "covered_50", "covered_80", "covered_95", "pit_low", "pit_high", "state",
)  # fmt: skip
ROWS_A_PART = 2_000_000
BOOLEANS = tuple(f"covered_{round(share * 100)}" for share in SHARES)


@dataclass(frozen=True)
class ForecastResult:
    """Forecasts of the models asked for.

    Parameters
    ----------
    store : Store
    weights : DataFrame
        `target, origin, model, weight, scaled_wis, series`: how much each member counted in
        `champion` and by which numbers; empty if it was not asked for.
    seconds : dict of float
        Time in fits for each model, its members included; None without a clock.
    """

    store: Store
    weights: pd.DataFrame
    seconds: dict[str, float | None]

    @property
    def forecasts(self) -> pd.DataFrame:
        """All forecasts: `series_id, model, origin, horizon, quantile, value`."""
        return _whole(self.forecast_frames())

    @property
    def states(self) -> pd.DataFrame:
        """One row a series, model and origin: `state` is empty, or says what stood in and why."""
        everything = slice(0, len(self.store.series))
        rows = _Rows(self.store, everything)
        return rows.frame(1, {"state": rows.states()}).drop(columns="horizon")

    def forecast_frames(self, rows: int = ROWS_A_PART) -> Iterator[pd.DataFrame]:
        """Yield the forecasts in parts of about `rows` rows."""
        store = self.store
        pairs = rows // (len(store.asked) * store.horizon * len(LEVELS))
        for here in store.parts(max(1, pairs)):
            yield _forecasts(store, here)


@dataclass(frozen=True)
class BacktestResult(ForecastResult):
    """Forecasts and their scores, for the models asked for."""

    @property
    def scores(self) -> pd.DataFrame:
        """All scores, with the columns of the contract.

        Scores are null where the panel does not know the week. `scale` and `scaled_wis` are null as
        well where a series had no observed week at or before the origin.
        """
        return _whole(self.score_frames())

    def score_frames(self, rows: int = ROWS_A_PART // 8) -> Iterator[pd.DataFrame]:
        """Yield the scores in parts of about `rows` rows."""
        store = self.store
        for here in store.parts(max(1, rows // (len(store.asked) * store.horizon))):
            yield _scores(store, here)


@dataclass(frozen=True)
class NightResult:
    """Forecasts from the panel's last week on, and the back-test of the same models.

    Parameters
    ----------
    newest : ForecastResult
    past : BacktestResult
        What `summary.summarise` takes.
    recent : ForecastResult
        From origins between the two, not all of whose weeks have come.
    """

    newest: ForecastResult
    past: BacktestResult
    recent: ForecastResult

    @property
    def forecasts(self) -> pd.DataFrame:
        """The newest forecasts, with the `state` of each beside the columns of the contract."""
        rows = self.newest.forecasts
        return rows.merge(self.newest.states, on=["series_id", "model", "origin"], how="left")

    @property
    def scores(self) -> pd.DataFrame:
        """The scores of the back-test."""
        return self.past.scores

    @property
    def weights(self) -> pd.DataFrame:
        """How much members counted in `champion`, now and at the origins of the back-test."""
        return self.newest.weights

    @property
    def seconds(self) -> dict[str, float | None]:
        """Seconds by model, both parts together."""
        return self.newest.seconds


class _Rows:
    """The order of rows in a part of a table, and the key columns that go with it."""

    def __init__(self, store: Store, here: slice) -> None:
        self.store = store
        self.here = here
        self.names = sorted(store.asked)
        count = len(self.names)
        series, origin = store.series[here], store.origin[here]
        self._model = np.repeat(np.arange(count), len(series))
        self._series, self._origin = np.tile(series, count), np.tile(origin, count)
        self.order = np.lexsort((self._origin, self._model, self._series))

    def joined(self, parts: list[NDArray[Any]]) -> NDArray[Any]:
        """Return one array a model as one array in the order of the table."""
        return np.asarray(np.concatenate(parts)[self.order])

    def states(self) -> NDArray[Any]:
        return self.joined([self.store.states(name, self.here) for name in self.names])

    def frame(self, weeks: int, columns: dict[str, Any], levels: int = 1) -> pd.DataFrame:
        """Return key columns for each pair, week and level, followed by `columns`."""
        import pandas as pd

        grid, order = self.store.grid, self.order
        each = weeks * levels
        origins = grid.week(self._origin[order]).astype("datetime64[ns]")
        keys = {
            "series_id": np.repeat(grid.series_ids[self._series[order]], each),
            "model": np.repeat(np.array(self.names, dtype=object)[self._model[order]], each),
            "origin": np.repeat(origins, each),
            "horizon": np.tile(np.repeat(np.arange(1, weeks + 1), levels), len(order)),
        }
        return pd.DataFrame(keys | columns, copy=False)


def _forecasts(store: Store, here: slice) -> pd.DataFrame:
    rows = _Rows(store, here)
    values = rows.joined([store.quantiles(name, here) for name in rows.names])
    levels = np.tile(np.array(LEVELS), values.size // len(LEVELS))
    columns = {"quantile": levels, "value": values.ravel().astype(np.float64)}
    return rows.frame(store.horizon, columns, len(LEVELS))


def _scores(store: Store, here: slice) -> pd.DataFrame:
    import pandas as pd

    rows = _Rows(store, here)
    truth, scale = store.truth(here), store.scale[here]
    tables = [score_table(truth, store.quantiles(name, here), scale) for name in rows.names]
    columns: dict[str, Any] = {
        name: rows.joined([table[name] for table in tables]).ravel() for name in tables[0]
    }
    for name in BOOLEANS:
        unknown = np.isnan(columns[name])
        columns[name] = pd.arrays.BooleanArray(columns[name] == 1.0, unknown)
    columns["state"] = np.repeat(rows.states(), store.horizon)
    return rows.frame(store.horizon, columns)


def _whole(frames: Iterator[pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    return pd.concat(list(frames), ignore_index=True)
