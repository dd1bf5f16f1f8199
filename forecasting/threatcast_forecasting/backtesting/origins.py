"""Which series are forecast from which origins: those asked for, and those `champion` looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.errors import OriginError
from threatcast_forecasting.grid import Grid, Knowledge, rows_of
from threatcast_forecasting.panels import checked_weeks
from threatcast_forecasting.weeks import column_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Columns = NDArray[np.int64]

INNER_STEP = 4
INNER_ORIGINS = 8
"""`champion` looks 4, 8, ... 32 weeks back from its origin."""

SPAN = 1 << 20
"""More columns than any panel has; makes one sortable number of a series and a column."""


@dataclass(frozen=True)
class OriginPlan:
    """Pairs of series and origin, sorted by series, then origin.

    Parameters
    ----------
    series, origin : int array, shape (p,)
        Row and column of the grid; an origin may lie outside the panel.
    outer : bool array, shape (p,)
        True for a pair that was asked for, False for one that only `champion` needs.
    """

    series: Columns
    origin: Columns
    outer: NDArray[np.bool_]

    @property
    def keys(self) -> Columns:
        """Pairs as sorted numbers."""
        return keys_of(self.series, self.origin)

    def find(self, series: Columns, origin: Columns) -> Columns:
        """Return the places of pairs in the plan; -1 where it does not have them."""
        wanted = keys_of(series, origin)
        keys = self.keys
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[place] == wanted, place, -1)


def keys_of(series: Columns, origin: Columns) -> Columns:
    """Return one number a pair, in the order of series, then origin."""
    return series * SPAN + origin + SPAN // 2


def regular(grid: Grid, horizon: int, origins: int, step: int) -> Columns:
    """Return the keys of each series' last week - horizon - k * step, k = 0 ... origins - 1."""
    series = np.repeat(np.arange(len(grid.last)), origins)
    back = np.tile(np.arange(origins) * step, len(grid.last))
    return keys_of(series, grid.last[series] - horizon - back)


def between(grid: Grid, horizon: int) -> Columns:
    """Return the keys of each series' last week - k * `INNER_STEP`, less than a horizon back.

    `champion` looks there anyhow on its way to the newest forecast, so that they cost little.
    """
    return regular(grid, INNER_STEP, max((horizon - 1) // INNER_STEP, 0), INNER_STEP)


def newest(grid: Grid) -> Columns:
    """Return the keys of all series at the panel's last week."""
    series = np.arange(len(grid.last))
    return keys_of(series, np.full(len(series), grid.last.max()))


def named(grid: Grid, table: pd.DataFrame) -> Columns:
    """Return the keys of the pairs in a table `series_id, origin`.

    Raises
    ------
    OriginError
        If a column is missing, the table is empty, or a series is not in the panel.
    PanelError
        If an origin is not a Monday.
    """
    lacking = {"series_id", "origin"} - set(table.columns)
    if lacking or table.empty:
        problem = f"no column {', '.join(sorted(lacking))}" if lacking else "it has no rows"
        raise OriginError("the table of origins", problem, "It needs series_id, origin")
    ids = table["series_id"].astype(str).to_numpy(dtype=object)
    series = rows_of(grid, ids)
    if (series < 0).any():
        row = int((series < 0).argmax())
        raise OriginError(
            f"the table of origins, row {row + 1}", f"series {ids[row]} is not in the panel"
        )
    origins = checked_weeks(table["origin"], ids, "the table of origins")
    return keys_of(series, column_of(origins, grid.start))


def plan_of(outer: Columns, knowledge: Knowledge | None = None) -> OriginPlan:
    """Return a plan for outer pairs and, if `knowledge` is given, the inner pairs beneath them."""
    asked = np.unique(outer)
    keys = asked if knowledge is None else np.union1d(asked, _inner(asked, knowledge))
    series, origin = keys // SPAN, keys % SPAN - SPAN // 2
    return OriginPlan(series, origin, np.isin(keys, asked))


def _inner(outer: Columns, knowledge: Knowledge) -> Columns:
    found = [
        keys_of(series, np.full(len(series), origin - back))
        for origin, series in by_origin(outer)
        for back, series in usable_inner(knowledge, series, origin)
    ]
    return np.unique(np.concatenate(found)) if found else outer[:0]


def by_origin(keys: Columns) -> list[tuple[int, Columns]]:
    """Return each origin once, with its series in order."""
    series, origin = keys // SPAN, keys % SPAN - SPAN // 2
    return [(int(column), series[origin == column]) for column in np.unique(origin)]


def usable_inner(knowledge: Knowledge, series: Columns, origin: int) -> list[tuple[int, Columns]]:
    """Return how many weeks back to look from an origin, and for which series.

    A series is left out where it had no observed week yet. It is also left out where `known` speaks
    of the origin but not of the inner one: the panel's values there may hold later revisions,
    which nobody knew at the origin.
    """
    usable = []
    told = knowledge.has(series, origin)
    for back in INNER_STEP * np.arange(1, INNER_ORIGINS + 1):
        inner = origin - int(back)
        fair = ~told | knowledge.has(series, inner)
        seen = ~np.isnan(knowledge.values(series, inner)).all(axis=1)
        usable.append((int(back), series[fair & seen]))
    return usable
