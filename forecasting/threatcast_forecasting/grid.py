"""A panel as a matrix, series by weeks, and what of it was known at an origin."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_forecasting.errors import PanelError
from threatcast_forecasting.panels import Batch, checked_values, checked_weeks
from threatcast_forecasting.weeks import column_of, consecutive, target_week

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Columns = NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """A panel, wide. Column c is the week `start + c` weeks; columns outside are missing weeks.

    Parameters
    ----------
    series_ids, targets, locations : object array, shape (n,)
        Series in alphabetical order.
    start : datetime64[D]
    values : float array, shape (n, t)
        NaN where missing.
    first, last : int array, shape (n,)
        Columns of each series' first and last row in the panel, whether or not it has a value.
    """

    series_ids: NDArray[np.object_]
    targets: NDArray[np.object_]
    locations: NDArray[np.object_]
    start: np.datetime64
    values: NDArray[np.float64]
    first: Columns
    last: Columns

    @classmethod
    def of(cls, panel: pd.DataFrame) -> Grid:
        """Return the grid of a panel that `panels.validate` has returned."""
        ids = panel["series_id"].to_numpy(dtype=object)
        begins = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]])
        rows = np.repeat(np.arange(len(begins)), np.diff(np.r_[begins, len(ids)]))
        weeks = panel["week"].to_numpy().astype("datetime64[D]")
        start = weeks.min()
        columns = column_of(weeks, start)
        values = np.full((len(begins), int(columns.max()) + 1), np.nan)
        values[rows, columns] = panel["value"].to_numpy()
        ends = np.r_[begins[1:], len(ids)] - 1
        return cls(
            series_ids=ids[begins],
            targets=panel["target"].to_numpy(dtype=object)[begins],
            locations=panel["location"].to_numpy(dtype=object)[begins],
            start=start,
            values=values,
            first=columns[begins],
            last=columns[ends],
        )

    def week(self, columns: Any) -> Any:
        """Return the Mondays of columns."""
        return target_week(self.start, columns)

    def window(self, rows: Columns, first: int, count: int) -> NDArray[np.float64]:
        """Return `count` columns from `first` on; NaN outside the panel."""
        return cut(self.values[rows], first, count)


def cut(values: NDArray[np.float64], first: int, count: int) -> NDArray[np.float64]:
    """Return columns `first` to `first + count - 1` of a matrix; NaN where it has none."""
    out = np.full((len(values), count), np.nan)
    low, high = max(first, 0), min(first + count, values.shape[1])
    if low < high:
        out[:, low - first : high - first] = values[:, low:high]
    return out


def weeks_behind(values: NDArray[np.float64]) -> Columns:
    """Return how many weeks are missing at the end of each row; 0 for one without any count."""
    if not values.shape[1]:
        return np.zeros(len(values), dtype=np.int64)
    return np.asarray((~np.isnan(values))[:, ::-1].argmax(axis=1))


class Knowledge:
    """What was known at each origin: the panel up to it, or what `known` says instead.

    Parameters
    ----------
    grid : Grid
    known : DataFrame, optional
        `series_id, origin, week, value`: counts as they stood at the end of the origin. Where it
        has rows for a series and an origin, they replace the panel's for training.

    Raises
    ------
    PanelError
        If `known` is not as described; a week after its origin would be hindsight.
    """

    def __init__(self, grid: Grid, known: pd.DataFrame | None = None) -> None:
        self.grid = grid
        self._parts: dict[int, tuple[Columns, Columns, NDArray[np.float64]]] = {}
        if known is not None and len(known):
            self._read(known)

    def _read(self, known: pd.DataFrame) -> None:
        lacking = {"series_id", "origin", "week", "value"} - set(known.columns)
        if lacking:
            raise PanelError("the table of known values", f"no column {', '.join(sorted(lacking))}")
        ids = known["series_id"].astype(str).to_numpy(dtype=object)
        rows = rows_of(self.grid, ids)
        weeks = checked_weeks(known["week"], ids, "the table of known values")
        origins = checked_weeks(known["origin"], ids, "the table of known values, origin")
        values = checked_values(known["value"], ids, weeks)
        _refuse_later(ids, origins, weeks)
        keep = rows >= 0
        rows, values = rows[keep], values[keep]
        start = self.grid.start
        origin, column = column_of(origins[keep], start), column_of(weeks[keep], start)
        order = np.lexsort((column, rows, origin))
        rows, origin, column, values = rows[order], origin[order], column[order], values[order]
        _refuse_twice(self.grid, rows, origin, column)
        origins_found, begins = np.unique(origin, return_index=True)
        edges = pairwise([*begins.tolist(), len(origin)])
        for at, (low, high) in zip(origins_found.tolist(), edges, strict=True):
            self._parts[at] = rows[low:high], column[low:high], values[low:high]

    def has(self, rows: Columns, origin: int) -> NDArray[np.bool_]:
        """Return whether `known` speaks of series at an origin."""
        part = self._parts.get(origin)
        return np.zeros(len(rows), dtype=bool) if part is None else np.isin(rows, part[0])

    def values(self, rows: Columns, origin: int) -> NDArray[np.float64]:
        """Return what was known of series at an origin, in the columns 0 to `origin`."""
        seen = self.grid.window(rows, 0, max(origin + 1, 0))
        part = self._parts.get(origin)
        if part is None:
            return seen
        place = np.full(len(self.grid.series_ids), -1)
        place[rows] = np.arange(len(rows))
        to, column = place[part[0]], part[1]
        seen[np.unique(to[to >= 0])] = np.nan
        # weeks before the panel's first are of no use to a model that reads the panel's weeks
        use = (to >= 0) & (column >= 0)
        seen[to[use], column[use]] = part[2][use]
        return seen

    def batch(self, rows: Columns, origin: int) -> Batch:
        """Return what a model sees of series at an origin."""
        grid = self.grid
        return Batch(
            series_ids=tuple(grid.series_ids[rows]),
            targets=tuple(grid.targets[rows]),
            locations=tuple(grid.locations[rows]),
            weeks=consecutive(grid.start, max(origin + 1, 0)),
            values=self.values(rows, origin),
        )


def rows_of(grid: Grid, ids: NDArray[np.object_]) -> Columns:
    """Return the rows of series by name; -1 for a series that the panel does not have."""
    import pandas as pd

    return np.asarray(pd.Index(grid.series_ids).get_indexer(pd.Index(ids)), dtype=np.int64)


def _refuse_later(
    ids: NDArray[np.object_], origins: NDArray[np.datetime64], weeks: NDArray[np.datetime64]
) -> None:
    later = weeks > origins
    if later.any():
        row = int(later.argmax())
        raise PanelError(
            f"the table of known values, series {ids[row]}, row {row + 1}",
            f"the week {weeks[row]} lies after the origin {origins[row]}",
            "Give only what was known at the end of the origin",
        )


def _refuse_twice(grid: Grid, rows: Columns, origin: Columns, column: Columns) -> None:
    same = (rows[1:] == rows[:-1]) & (origin[1:] == origin[:-1]) & (column[1:] == column[:-1])
    if same.any():
        at = int(same.argmax())
        raise PanelError(
            f"the table of known values, series {grid.series_ids[rows[at]]}",
            f"the week {grid.week(column[at])} is there twice for one origin",
        )
