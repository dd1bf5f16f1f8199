"""Panels: tables of weekly counts, checked, and the part of one that a model sees.

A panel has the columns `series_id, target, location, week, value`; `target` and `location` may be
left out. `week` is a Monday; `value` is a whole number, or empty where the week was not monitored.
Rows may be missing, which means the same as an empty value.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_forecasting.errors import PanelError
from threatcast_forecasting.quantiles import LARGEST
from threatcast_forecasting.weeks import read_days, reference_week, week_problem, wrong_weeks

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

COLUMNS = ("series_id", "target", "location", "week", "value")
REQUIRED = ("series_id", "week", "value")

ONE_TARGET = "all"
NO_LOCATION = ""
"""What a panel without `target` or `location` is given in their place."""

AMBIGUOUS = r"[+-]?[1-9][0-9]{0,2}(?:[.,][0-9]{3})+"
"""Texts that some read as thousands and others as decimals: `20.000`, `1,234`, `1.234.567`."""

REGIONS = frozenset({"M49-002", "M49-009", "M49-019", "M49-142", "M49-150"})
"""The five M49 regions; every other code with the prefix is a sub-region."""


@dataclass(frozen=True)
class Batch:
    """What a model sees: some series, up to and including the origin, as known at the origin.

    Parameters
    ----------
    series_ids, targets, locations : tuple of str, length n
    weeks : datetime64[D] array, shape (t,)
        Consecutive Mondays; the last one is the origin.
    values : float array, shape (n, t)
        Counts a week; NaN where missing, which is not zero. Weeks before a series began are NaN.
    """

    series_ids: tuple[str, ...]
    targets: tuple[str, ...]
    locations: tuple[str, ...]
    weeks: NDArray[np.datetime64]
    values: NDArray[np.float64]

    def part(self, first: int, last: int) -> Batch:
        """Return the series from `first` up to, but not including, `last`."""
        rows = slice(first, last)
        return Batch(
            self.series_ids[rows],
            self.targets[rows],
            self.locations[rows],
            self.weeks,
            self.values[rows],
        )

    def before(self, count: int) -> Batch:
        """Return the batch without its newest `count` weeks."""
        until = len(self.weeks) - count
        return replace(self, weeks=self.weeks[:until], values=self.values[:, :until])


def validate(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a panel checked, typed and sorted by series and week.

    Parameters
    ----------
    frame : DataFrame
        See the module's head. Other columns are left out of the result.

    Returns
    -------
    DataFrame
        `series_id, target, location` (text), `week` (datetime64), `value` (float, NaN where
        missing); no two rows of one series share a week.

    Raises
    ------
    PanelError
        Names the series and the row (counted from 1, without the header) of the first fault.
    """
    _check_columns(frame)
    ids = _texts(frame, "series_id")
    weeks = checked_weeks(frame["week"], ids, "the panel")
    panel = _assemble(
        series_id=ids,
        target=_label(frame, "target", ONE_TARGET, ids),
        location=_label(frame, "location", NO_LOCATION, ids),
        week=weeks,
        value=checked_values(frame["value"], ids, weeks),
    )
    _refuse_repeats(panel)
    for label in ("target", "location"):
        _refuse_changing(panel, label)
    return panel.sort_values(["series_id", "week"], kind="stable", ignore_index=True)


def refuse_unfinished(frame: pd.DataFrame, today: np.datetime64) -> None:
    """Refuse a panel with a week that is not over yet: its count would be too small, or a guess.

    Parameters
    ----------
    frame : DataFrame
        Which `validate` takes.
    today : datetime64[D]
        This library reads no clock; who knows the day says it.

    Raises
    ------
    PanelError
        Names the first row whose week ends after `today`.
    """
    weeks = read_days(frame["week"])
    newest = reference_week(today)
    late = weeks > newest
    if late.any():
        row = int(late.argmax())
        raise PanelError(
            f"series {frame['series_id'].iloc[row]}, row {row + 1}",
            f"the week {weeks[row]} is not over on {today}",
            f"The newest week that is over is {newest}; leave out later ones",
        )


def location_level(location: str) -> str:
    """Return the level of a location: world, region, subregion, country, unlocated or unnamed.

    Examples
    --------
    >>> [location_level(place) for place in ("WORLD", "M49-150", "M49-154", "NA", "UNLOCATED", "")]
    ['world', 'region', 'subregion', 'country', 'unlocated', 'unnamed']
    """
    fixed = {"WORLD": "world", "UNLOCATED": "unlocated", NO_LOCATION: "unnamed"}
    if location in fixed:
        return fixed[location]
    if location.startswith("M49-"):
        return "region" if location in REGIONS else "subregion"
    return "country"


def checked_weeks(
    column: pd.Series[Any], ids: NDArray[np.object_], table: str
) -> NDArray[np.datetime64]:
    """Return a column of weeks as days, all of them Mondays.

    Raises
    ------
    PanelError
        Names the first row that is no Monday, or no date, or centuries away.
    """
    days = read_days(column)
    wrong = wrong_weeks(days)
    if wrong.any():
        row = int(wrong.argmax())
        problem = week_problem(days[row])
        found = "" if not np.isnat(days[row]) else f" (found: {column.iloc[row]})"
        raise PanelError(
            f"{table}, series {ids[row]}, row {row + 1}",
            f"{problem}{found}",
            "Weeks are named by their Monday, written YYYY-MM-DD",
        )
    return days


def checked_values(
    column: pd.Series[Any], ids: NDArray[np.object_], weeks: NDArray[np.datetime64]
) -> NDArray[np.float64]:
    """Return a column of counts as floats, NaN where a week is missing.

    Raises
    ------
    PanelError
        Names the first value that is not a whole number between 0 and 1e9, or that is written
        so that it may be another one (`20.000` is twenty or twenty thousand; `20.0` is twenty).
    """
    import pandas as pd

    if column.dtype == bool:
        raise PanelError("column value", "it holds true and false, not counts")
    empty = column.isna().to_numpy(dtype=bool)
    doubtful = np.zeros(len(column), dtype=bool)
    if column.dtype == object or isinstance(column.dtype, pd.StringDtype):
        texts = column.astype(str).str.strip()
        empty |= (texts == "").to_numpy(dtype=bool)
        doubtful = texts.str.fullmatch(AMBIGUOUS).to_numpy(dtype=bool)
    numbers = pd.to_numeric(column.where(~empty), errors="coerce").to_numpy(
        dtype=np.float64, na_value=np.nan
    )
    known = ~empty
    faults = (
        (doubtful, "may be thousands or decimals"),
        (known & np.isnan(numbers), "is not a number"),
        (known & np.isinf(numbers), "is infinite"),
        (numbers < 0, "is negative"),
        (numbers > LARGEST, "is above 1e9, which no weekly count reaches"),
        (known & np.isfinite(numbers) & (numbers != np.floor(numbers)), "is not whole"),
    )
    for wrong, text in faults:
        if wrong.any():
            row = int(wrong.argmax())
            raise PanelError(
                f"series {ids[row]}, row {row + 1}, week {weeks[row]}",
                f"the value {column.iloc[row]} {text}",
                "A value is a whole number from 0, or empty where the week was not monitored",
            )
    return numbers + 0.0  # turns -0.0 into 0.0


def _check_columns(frame: pd.DataFrame) -> None:
    missing = [name for name in REQUIRED if name not in frame.columns]
    if missing:
        found = ", ".join(map(str, frame.columns[:10])) or "none"
        found += f" and {len(frame.columns) - 10} more" if len(frame.columns) > 10 else ""
        raise PanelError(
            "the panel", f"column {', '.join(missing)} is missing; the columns are {found}"
        )
    twice = [name for name in COLUMNS if (frame.columns == name).sum() > 1]
    if twice:
        raise PanelError("the panel", f"column {twice[0]} is there twice")
    if frame.empty:
        raise PanelError("the panel", "it has no rows")


def _texts(frame: pd.DataFrame, name: str) -> NDArray[np.object_]:
    """Return a column as texts; refuse empty ones."""
    column = frame[name]
    empty = _empty(column)
    if empty.any():
        row = int(empty.argmax())
        raise PanelError(
            f"the panel, row {row + 1}",
            f"{name} is empty",
            "If it was NA (Namibia), read the table so that NA stays text",
        )
    return column.astype(str).to_numpy(dtype=object)


def _empty(column: pd.Series[Any]) -> NDArray[np.bool_]:
    return (column.isna() | (column.astype(str) == "")).to_numpy(dtype=bool)


def _label(
    frame: pd.DataFrame, name: str, default: str, ids: NDArray[np.object_]
) -> NDArray[np.object_]:
    """Return `target` or `location`; the default if the column is absent or empty throughout."""
    if name not in frame.columns or _empty(frame[name]).all():
        return np.full(len(ids), default, dtype=object)
    return _texts(frame, name)


def _assemble(**columns: NDArray[Any]) -> pd.DataFrame:
    import pandas as pd

    columns["week"] = columns["week"].astype("datetime64[ns]")
    return pd.DataFrame(columns)


def _refuse_repeats(panel: pd.DataFrame) -> None:
    again = panel.duplicated(["series_id", "week"]).to_numpy()
    if again.any():
        row = int(again.argmax())
        first = panel.iloc[row]
        raise PanelError(
            f"series {first['series_id']}, row {row + 1}",
            f"the week {first['week']:%Y-%m-%d} is there twice",
            "Give each series one row a week",
        )


def _refuse_changing(panel: pd.DataFrame, label: str) -> None:
    """Refuse a series whose target or location is not the same in all its rows."""
    firsts = panel.groupby("series_id", sort=False)[label].transform("first")
    other = (firsts != panel[label]).to_numpy()
    if other.any():
        row = int(other.argmax())
        raise PanelError(
            f"series {panel['series_id'].iloc[row]}, row {row + 1}",
            f"its {label} is {panel[label].iloc[row]!r} here and {firsts.iloc[row]!r} before",
            "Give each series one target and one location",
        )
