"""Surges and drops of a night: each series' newest weeks against what was said of them before.

    told = read_forecasts(archive, past, first, reference_date)
    series = unusual_weeks(counts, told, shared, to_date)

A surge that what was counted of the running week proves already is told before the week is over.
What was published counts first. A series whose archive is younger than a year takes the forecasts
of the same origins from the back-test where it has none, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_forecasting.night.past_forecasts import WEEKS
from threatcast_forecasting.quantiles import LEVELS
from threatcast_forecasting.warning.budget import LEVELS_OF_WARNING
from threatcast_forecasting.warning.unusual import already, detect
from threatcast_forecasting.warning.wagers import LONGEST
from threatcast_forecasting.weeks import DAYS

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd
    from numpy.typing import NDArray

    from threatcast_forecasting.warning.unusual import SeriesNight

    Floats = NDArray[np.float64]

ARCHIVE, BACKTEST = "archive", "backtest"
FULL_ARCHIVE_WEEKS = 52
"""Age of a series' archive from which nothing else is asked."""
KEY = ["target", "location"]
LOW, MIDDLE, HIGH = (LEVELS.index(level) for level in (0.1, 0.5, 0.9))


def read_forecasts(
    archive: pd.DataFrame, past: pd.DataFrame, first: pd.DataFrame, reference_date: date
) -> pd.DataFrame:
    """Return the forecasts that the newest weeks are held against.

    Parameters
    ----------
    archive, past : DataFrame
        `target, location, reference_date, horizon, quantile, value`: what was published, and what
        the back-test said from past origins.
    first : DataFrame
        `target, location, first`: the oldest reference date in the archive; series without one
        have no archive.
    reference_date : date
        Of this night.

    Returns
    -------
    DataFrame
        The same columns and `source`: `archive` or `backtest`.
    """
    import pandas as pd

    year_ago = pd.Timestamp(reference_date) - pd.Timedelta(weeks=FULL_ARCHIVE_WEEKS)
    old = first[pd.to_datetime(first["first"]) <= year_ago]
    filled = past.merge(old[KEY], on=KEY, how="left", indicator="is_old")
    filled = filled[filled["is_old"] == "left_only"].drop(columns="is_old")
    both = pd.concat([archive.assign(source=ARCHIVE), filled.assign(source=BACKTEST)])
    both["reference_date"] = pd.to_datetime(both["reference_date"])
    cell = [*KEY, "reference_date", "horizon", "quantile"]
    return both.drop_duplicates(cell, keep="first", ignore_index=True)


def unusual_weeks(
    counts: pd.DataFrame,
    told: pd.DataFrame,
    shared: pd.DataFrame | None = None,
    to_date: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return what the night says of each series that has forecasts, in both directions.

    Parameters
    ----------
    counts : DataFrame
        `target, location, week, low, high`: the newest weeks; bounds of the nowcast where a count
        still grows, `high` NaN where nobody knows how far, both NaN where nobody watched.
    told : DataFrame
        What `read_forecasts` returned.
    shared : DataFrame, optional
        `target, location, shared`: correlation of the errors of one origin; none is 0.
    to_date : DataFrame, optional
        `target, location, week, low`: what was counted so far of the week that runs; a series
        without a row has none yet. Only targets whose newest watched week is the one before count.

    Returns
    -------
    DataFrame
        Two rows a series: `kind` (surge, drop), `target, location, level` (empty: nothing is
        told), `since, week, observed, observed_upper, expected, expected_low, expected_high,
        peak, peak_week, evidence, stands_out, forecasts_of`, and `leans`: 1 if the newest count
        lies above the 80 % range, -1 below, else 0. The peak is the most of a week since then, of a
        drop the least. A surge whose level the running week raises has that week as `week`, and no
        `observed_upper`.
    """
    found = _whole_weeks(counts, told, shared)
    if to_date is None or to_date.empty or found.empty:
        return found
    return _raised(found, _running_week(counts, told, shared, to_date))


def _raised(found: pd.DataFrame, early: pd.DataFrame) -> pd.DataFrame:
    """Return the series with those surges in place of their own whose level the new week raises."""
    import pandas as pd

    ranks = {level: rank for rank, level in enumerate(("", *LEVELS_OF_WARNING))}
    own = found[found["kind"] == "surge"][[*KEY, "level"]].rename(columns={"level": "before"})
    both = early.merge(own, on=KEY)
    higher = both[both["level"].map(ranks) > both["before"].map(ranks)].drop(columns="before")
    marked = found.merge(higher[[*KEY, "kind"]], on=[*KEY, "kind"], how="left", indicator=True)
    kept = found[(marked["_merge"] == "left_only").to_numpy()]
    return pd.concat([part for part in (kept, higher) if len(part)], ignore_index=True)


def _running_week(
    counts: pd.DataFrame, told: pd.DataFrame, shared: pd.DataFrame | None, to_date: pd.DataFrame
) -> pd.DataFrame:
    """Return the surges that the running week proves, of targets that were watched to its start."""
    import pandas as pd

    rows = counts.assign(week=pd.to_datetime(counts["week"]))
    newest = rows.dropna(subset=["low"]).groupby("target")["week"].max().rename("newest")
    week = to_date.assign(week=pd.to_datetime(to_date["week"])).merge(newest, on="target")
    week = week[week["week"] == week["newest"] + pd.Timedelta(days=DAYS)]
    running = week.groupby("target")["week"].first()
    # none so far is the least that a series can come to
    series = rows[KEY].drop_duplicates().merge(running.reset_index(), on="target")
    least = series.merge(week[[*KEY, "low"]], on=KEY, how="left").fillna({"low": 0.0})
    own = pd.concat([rows[rows["target"].isin(running.index)], least.assign(high=np.nan)])
    grid = _Grid.of(own, told)
    if grid.keys.empty:
        return pd.DataFrame(columns=["kind", *grid.facts(), *_FOUND])
    side = already(grid.low, grid.quantiles, _shared_of(grid, shared))
    return _side(grid.facts(), side, grid.low)


def _shared_of(grid: _Grid, shared: pd.DataFrame | None) -> Floats:
    if shared is None:
        return np.zeros(len(grid.keys))
    found = grid.keys.merge(shared, on=KEY, how="left")["shared"].fillna(0.0)
    return np.asarray(found, np.float64)


def _whole_weeks(
    counts: pd.DataFrame, told: pd.DataFrame, shared: pd.DataFrame | None
) -> pd.DataFrame:
    """Return what the weeks that are over say of each series, in both directions."""
    import pandas as pd

    grid = _Grid.of(counts, told)
    facts = grid.facts()
    if grid.keys.empty:
        return pd.DataFrame(columns=["kind", *facts, *_FOUND])
    sides = detect(grid.low, grid.high, grid.quantiles, _shared_of(grid, shared))
    far = (grid.low, -grid.high)
    return pd.concat(
        [_side(facts, side, counts) for side, counts in zip(sides, far, strict=True)],
        ignore_index=True,
    )


_FOUND = ("level", "since", "peak", "peak_week", "evidence", "stands_out")


def _side(facts: pd.DataFrame, side: SeriesNight, counts: Floats) -> pd.DataFrame:
    """Return the rows of one direction; `counts` grow with it."""
    import pandas as pd

    def week_of(column: NDArray[np.int64]) -> pd.Series[Any]:
        return facts["week"] - pd.to_timedelta(DAYS * (WEEKS - 1 - column), unit="D")

    within = (np.arange(WEEKS) >= side.since[:, None]) & ~np.isnan(counts)
    peak = np.where(within, counts, -np.inf).argmax(axis=1)
    is_known = np.asarray(within.any(axis=1))
    return facts.assign(
        kind=side.direction,
        level=side.level,
        since=week_of(side.since),
        peak=np.where(is_known, np.abs(counts[np.arange(len(facts)), peak]), np.nan),
        peak_week=week_of(peak).where(is_known),
        evidence=side.evidence,
        stands_out=side.stands_out,
    )


@dataclass(frozen=True)
class _Grid:
    """Series by weeks; the last column is the newest week that was watched of the target.

    Parameters
    ----------
    keys : DataFrame
        `target, location, week`: the series, and the week of its last column.
    low, high : float array, shape (series, weeks)
    quantiles : float array, shape (series, weeks, 4, 23)
    sources : object array, shape (series,)
    """

    keys: pd.DataFrame
    low: Floats
    high: Floats
    quantiles: Floats
    sources: NDArray[np.object_]

    @classmethod
    def of(cls, counts: pd.DataFrame, told: pd.DataFrame) -> _Grid:
        import pandas as pd

        rows = counts.assign(week=pd.to_datetime(counts["week"]))
        newest = rows.dropna(subset=["low"]).groupby("target")["week"].max().rename("newest")
        known = told[KEY].drop_duplicates().merge(rows[KEY].drop_duplicates(), on=KEY)
        keys = known.merge(newest, on="target").sort_values(KEY, ignore_index=True)
        keys = keys.rename(columns={"newest": "week"})
        index = keys.assign(row=np.arange(len(keys))).rename(columns={"week": "newest"})
        low, high = (np.full((len(keys), WEEKS), np.nan) for _ in range(2))
        quantiles = np.full((len(keys), WEEKS, LONGEST, len(LEVELS)), np.nan)
        here = _placed(rows, index)
        low[here["row"], here["column"]] = here["low"]
        high[here["row"], here["column"]] = here["high"]
        ahead = told[told["horizon"] <= LONGEST]
        days = pd.to_timedelta(DAYS * ahead["horizon"] - (DAYS - 1), unit="D")
        there = _placed(ahead.assign(week=ahead["reference_date"] + days), index)
        level = np.searchsorted(np.array(LEVELS), there["quantile"].to_numpy() - 1e-9)
        quantiles[there["row"], there["column"], there["horizon"] - 1, level] = there["value"]
        filled = set(there.loc[there["source"] == BACKTEST, "row"])
        sources = [BACKTEST if row in filled else ARCHIVE for row in range(len(keys))]
        return cls(keys, low, high, quantiles, np.array(sources, dtype=object))

    def facts(self) -> pd.DataFrame:
        """Return what is told of the newest week: count, and range by its youngest forecast."""
        newest = self.quantiles[:, -1]
        youngest = (~np.isnan(newest[:, :, MIDDLE])).argmax(axis=1)
        said = newest[np.arange(len(newest)), youngest]
        low, high = self.low[:, -1], self.high[:, -1]
        leans = (low > said[:, HIGH]).astype(int) - (high < said[:, LOW]).astype(int)
        return self.keys.assign(
            observed=low,
            observed_upper=high,
            expected=said[:, MIDDLE],
            expected_low=said[:, LOW],
            expected_high=said[:, HIGH],
            forecasts_of=self.sources,
            leans=leans,
        )


def _placed(rows: pd.DataFrame, index: pd.DataFrame) -> pd.DataFrame:
    """Return rows of weeks with the row and the column of the grid where they belong."""
    found = rows.merge(index, on=KEY)
    column = WEEKS - 1 - (found["newest"] - found["week"]).dt.days // DAYS
    return found.assign(column=column)[(column >= 0) & (column < WEEKS)]
