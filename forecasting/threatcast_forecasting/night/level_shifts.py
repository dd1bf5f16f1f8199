"""Level shifts of a night: which series and whole feeds stand at another level, since when."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

DAYS = 7
COLUMNS = (
    "target", "location", "week", "noticed_week", "scope", "level_before", "level_after", "ratio",
    "evidence",
)  # fmt: skip
RECENT_WEEKS = 8
"""How long a shift is called recent."""


def shift_table(panel: pd.DataFrame, nowcasts: pd.DataFrame) -> pd.DataFrame:
    """Return the table `level_shifts`: one row a target, location and first week of a new level.

    Parameters
    ----------
    panel : DataFrame
        `target, location, week, value`.
    nowcasts : DataFrame
        `target, location, week, nowcast`: they stand in for weeks that still grow, so that late
        reports are no fall.

    Returns
    -------
    DataFrame
        `target, location, week, noticed_week, scope, level_before, level_after, ratio, evidence`.
    """
    import numpy as np
    import pandas as pd

    from threatcast_forecasting.breaks.shifts import feed_shifts

    tables = []
    for target, rows in _settled(panel, nowcasts).groupby("target", sort=True, observed=True):
        grid = rows.dropna(subset=["value"]).pivot_table(
            index="location", columns="week", values="value", aggfunc="first"
        )
        if grid.empty:
            continue
        weeks = pd.date_range(grid.columns.min(), grid.columns.max(), freq=f"{DAYS}D")
        values = grid.reindex(columns=weeks).to_numpy(dtype=np.float64)
        places = [str(place) for place in grid.index]
        found = feed_shifts(values, [str(target)] * len(places), places)
        before = np.where(found.before > 0, found.before, np.nan)
        tables.append(
            pd.DataFrame(
                {
                    "target": target,
                    "location": np.array(places, dtype=object)[found.series],
                    "week": weeks[found.start],
                    "noticed_week": weeks[found.noticed],
                    "scope": found.scope.astype(object),
                    "level_before": found.before,
                    "level_after": found.after,
                    "ratio": found.after / before,
                    "evidence": found.evidence,
                }
            )
        )
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(COLUMNS))


def recent(table: pd.DataFrame, panel: pd.DataFrame) -> str:
    """Return in words how many series and whole feeds changed level in the last weeks."""
    import pandas as pd

    newest = pd.to_datetime(panel["week"]).max()
    since = newest - pd.Timedelta(days=DAYS * (RECENT_WEEKS - 1))
    rows = table[pd.to_datetime(table["noticed_week"]) >= since]
    series = len(rows[["target", "location"]].drop_duplicates())
    feeds = sorted(set(rows.loc[rows["scope"] == "feed", "target"]))
    named = f" ({', '.join(feeds)})" if feeds else ""
    return (
        f"{series} series changed level in the last {RECENT_WEEKS} weeks, "
        f"{len(feeds)} targets as a whole{named}"
    )


def _settled(panel: pd.DataFrame, nowcasts: pd.DataFrame) -> pd.DataFrame:
    """Return the panel with nowcasts in the place of counts that still grow."""
    import pandas as pd

    key = ["target", "location", "week"]
    rows = panel[[*key, "value"]].assign(week=pd.to_datetime(panel["week"]))
    late = nowcasts[[*key, "nowcast"]].assign(week=pd.to_datetime(nowcasts["week"]))
    rows = rows.merge(late, on=key, how="left")
    rows["value"] = rows["nowcast"].astype("float64").fillna(rows["value"])
    return rows.drop(columns="nowcast")
