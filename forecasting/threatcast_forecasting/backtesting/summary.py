"""How models compare in a back-test: means, coverage and relative scores, ready for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_forecasting.backtesting.results import BOOLEANS
from threatcast_forecasting.panels import location_level
from threatcast_forecasting.roles import BASELINE, RIVAL
from threatcast_forecasting.scores import BUSY, PIT_GRID, pit_sums, score_table

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from threatcast_forecasting.backtesting.results import BacktestResult
    from threatcast_forecasting.backtesting.store import Store

    Floats = NDArray[np.float64]
    Row = dict[str, Any]

MEASURES = ("scaled_wis", "log_wis", *BOOLEANS)
PAIRS_A_PART = 4096
DECIMALS = 6
ACTIVITIES = ("sparse", "busy")


def summarise(result: BacktestResult, panel: pd.DataFrame) -> dict[str, Any]:
    """Return how the models of a back-test compare.

    Scaled and log WIS and coverage are averaged over origins and horizons, then over series; weeks
    that the panel does not know are left out. `relative_to_flat` and `relative_to_comb_two` are
    ratios of mean scaled WIS, `log_relative_to_...` of mean log WIS: below 1 is better than the
    rival. Both rivals are in the result whether or not they were asked for.

    `pit_distance` is the largest distance between the distribution of the randomised PIT (its
    expectation, so nothing is drawn) and the uniform one, all forecasts together: 0 is calibrated.
    A series is `busy` at an origin if it had 5 events a week or more in the 52 weeks before.

    Parameters
    ----------
    result : BacktestResult
    panel : DataFrame
        The panel that was back-tested.

    Returns
    -------
    dict
        `models` (sorted, best first), `by_target`, `by_location_level`, `by_horizon`,
        `by_activity`: lists of rows; `panel`: what was tested. Numbers that do not exist are None.
    """
    store = result.store
    tallies = {name: _Tally(store, name) for name in store.names}
    sums = {name: tally.sums for name, tally in tallies.items()}
    everyone = np.full(len(store.grid.series_ids), "", dtype=object)
    levels = np.array([location_level(place) for place in store.grid.locations], dtype=object)
    models = _compared(sums, everyone, "")
    by_target = _compared(sums, store.grid.targets, "target")
    for row in models:
        row["pit_distance"] = tallies[row["model"]].pit.distance()
        row["seconds"] = _rounded(result.seconds[row["model"]], 3)
        row["fallbacks"] = _fallbacks(store, row["model"])
        row["asked"] = row["model"] in store.asked
    models.sort(key=lambda row: (row["scaled_wis"] is None, row["scaled_wis"], row["model"]))
    for row in by_target:
        row["pit_distance"] = tallies[row["model"]].pit.distance(target=row["target"])
    return {
        "models": models,
        "by_target": by_target,
        "by_location_level": _compared(sums, levels, "location_level"),
        "by_horizon": _by_horizon(sums, everyone, store.horizon),
        "by_activity": _by_activity(tallies, everyone),
        "panel": _described(store, panel),
    }


class _Sums:
    """Sums and counts of each measure by series and horizon, shape (n, h)."""

    def __init__(self, series: int, horizon: int) -> None:
        self.totals = {name: np.zeros((series, horizon)) for name in MEASURES}
        self.counts = {name: np.zeros((series, horizon), dtype=np.int64) for name in MEASURES}

    def add(self, series: NDArray[np.int64], table: dict[str, Floats]) -> None:
        for name in MEASURES:
            np.add.at(self.totals[name], series, np.nan_to_num(table[name]))
            np.add.at(self.counts[name], series, ~np.isnan(table[name]))

    def at(self, horizon: int) -> _Sums:
        """Return the sums of one horizon alone."""
        part = _Sums(0, 0)
        column = slice(horizon - 1, horizon)
        part.totals = {name: values[:, column] for name, values in self.totals.items()}
        part.counts = {name: values[:, column] for name, values in self.counts.items()}
        return part

    def means(self, members: NDArray[np.bool_]) -> Row:
        """Return the mean over series of each measure's mean over origins and horizons."""
        return {name: _mean(self.by_series(name)[members]) for name in MEASURES}

    def by_series(self, name: str) -> Floats:
        totals, counts = self.totals[name].sum(axis=1), self.counts[name].sum(axis=1)
        none = np.full(len(totals), np.nan)
        return np.asarray(np.divide(totals, counts, out=none, where=counts > 0))


class _Pit:
    """Sums of the distribution of the randomised PIT, by target and activity."""

    def __init__(self, store: Store) -> None:
        self.targets, self._target = np.unique(store.grid.targets, return_inverse=True)
        self.sums = np.zeros((len(self.targets), len(ACTIVITIES), len(PIT_GRID)))
        self.counts = np.zeros((len(self.targets), len(ACTIVITIES)))

    def add(self, series: NDArray[np.int64], busy: NDArray[np.bool_], table: Row) -> None:
        target = self._target[series]
        for place in np.unique(target):
            for activity in (0, 1):
                rows = (target == place) & (busy == activity)
                sums, count = pit_sums(table["pit_low"][rows], table["pit_high"][rows])
                self.sums[place, activity] += sums
                self.counts[place, activity] += count

    def distance(self, target: str | None = None, activity: str | None = None) -> float | None:
        """Return the largest distance to the uniform distribution, of all or of a part."""
        here = self.targets == (self.targets if target is None else target)
        columns = [n for n, name in enumerate(ACTIVITIES) if activity in (None, name)]
        count = self.counts[here][:, columns].sum()
        if not count:
            return None
        share = self.sums[here][:, columns].sum(axis=(0, 1)) / count
        return _rounded(float(np.abs(share - PIT_GRID).max()))


class _Tally:
    """What one model's scores add up to: by series and horizon, by activity, and its PIT."""

    def __init__(self, store: Store, name: str) -> None:
        series = len(store.grid.series_ids)
        self.sums = _Sums(series, store.horizon)
        self.by_activity = {activity: _Sums(series, store.horizon) for activity in ACTIVITIES}
        self.pit = _Pit(store)
        for here in store.parts(PAIRS_A_PART):
            at, busy = store.series[here], store.scale[here] >= BUSY
            table = score_table(store.truth(here), store.quantiles(name, here), store.scale[here])
            self.pit.add(at, busy, table)
            self.sums.add(at, table)
            for activity, chosen in zip(ACTIVITIES, (~busy, busy), strict=True):
                part = {measure: table[measure][chosen] for measure in MEASURES}
                self.by_activity[activity].add(at[chosen], part)


def _mean(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def _compared(sums: dict[str, _Sums], groups: NDArray[np.object_], label: str) -> list[Row]:
    """Return one row a group and model; `groups` names the group of each series."""
    rows = []
    for group in sorted(set(groups)):
        members = groups == group
        means = {name: part.means(members) for name, part in sums.items()}
        flat, rival = means[BASELINE], means[RIVAL]
        for name, measures in means.items():
            own, log = measures["scaled_wis"], measures["log_wis"]
            scored = ~np.isnan(sums[name].by_series("scaled_wis")[members])
            key = {label: group} if label else {}
            rows.append(
                {"model": name}
                | key
                | {
                    "scaled_wis": _rounded(own),
                    "log_wis": _rounded(log),
                    "relative_to_flat": _ratio(own, flat["scaled_wis"]),
                    "relative_to_comb_two": _ratio(own, rival["scaled_wis"]),
                    "log_relative_to_flat": _ratio(log, flat["log_wis"]),
                    "log_relative_to_comb_two": _ratio(log, rival["log_wis"]),
                }
                | {f"coverage_{n.split('_')[1]}": _rounded(measures[n]) for n in BOOLEANS}
                | {"series": int(scored.sum())}
            )
    return rows


def _by_horizon(sums: dict[str, _Sums], everyone: NDArray[np.object_], horizon: int) -> list[Row]:
    rows = []
    for week in range(1, horizon + 1):
        part = {name: table.at(week) for name, table in sums.items()}
        rows += [{"horizon": week} | row for row in _compared(part, everyone, "")]
    return rows


def _by_activity(tallies: dict[str, _Tally], everyone: NDArray[np.object_]) -> list[Row]:
    rows = []
    for activity in ACTIVITIES:
        part = {name: tally.by_activity[activity] for name, tally in tallies.items()}
        for row in _compared(part, everyone, ""):
            distance = tallies[row["model"]].pit.distance(activity=activity)
            rows.append({"activity": activity} | row | {"pit_distance": distance})
    return rows


def _ratio(own: float | None, other: float | None) -> float | None:
    return None if own is None or not other else _rounded(own / other)


def _rounded(value: float | None, decimals: int = DECIMALS) -> float | None:
    return None if value is None else round(value, decimals)


def _fallbacks(store: Store, name: str) -> int:
    """Return for how many pairs of series and origin something stood in for a model."""
    return int((store.states(name, slice(0, len(store.series))) != "").sum())


def _described(store: Store, panel: pd.DataFrame) -> Row:
    """Return what was tested, in numbers."""
    grid = store.grid
    cells = int((grid.last - grid.first + 1).sum())
    values = panel["value"]
    known = int((~np.isnan(grid.values)).sum())
    origins = np.unique(store.origin)
    return {
        "series": len(grid.series_ids),
        "targets": len(set(grid.targets)),
        "rows": len(values),
        "first_week": str(grid.week(int(grid.first.min()))),
        "last_week": str(grid.week(int(grid.last.max()))),
        "missing_share": _rounded((cells - known) / cells),
        "horizon": store.horizon,
        "origins": len(origins),
        "first_origin": str(grid.week(int(origins[0]))),
        "last_origin": str(grid.week(int(origins[-1]))),
        "forecasts": len(store.series),
        "series_without_origin": len(grid.series_ids) - len(np.unique(store.series)),
    }
