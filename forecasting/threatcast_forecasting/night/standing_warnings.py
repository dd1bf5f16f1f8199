"""The warnings that stand at the end of a night: one row each, faults of the data first.

    table = standing_warnings(series, faults, news, before, reference_date)

A warning keeps its id and its first week while it stands: what stood on the night before is known
by kind, target, place and detail. No row names an actor, a tool or anybody: details are names of
checks and fields.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_forecasting.warning.warning_kinds import COLUMNS as FINDING
from threatcast_forecasting.warning.warning_kinds import DATA_KINDS, EVERYWHERE, judge

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import pandas as pd

DATA_LEVEL = "elevated"
"""Level of every fault of the data: somebody should look, and there are no degrees of it."""
NEW_LEVEL = "watch"
"""Level of what is new: a first event says little of the next."""
WORLD = "WORLD"
COLUMNS = (
    "warning_id", "reference_date", "kind", "level", "target", "location", "detail", "since",
    "week", "observed", "observed_upper", "expected", "expected_low", "expected_high", "peak",
    "peak_week", "evidence", "stands_out", "behind", "forecasts_of", "agrees", "disagrees",
)  # fmt: skip
_SAME = ["kind", "target", "location", "detail"]
_DIRECTIONS = {"surge": 1, "drop": -1, "new_place": 1, "new_name": 1}
_ID_DIGITS = 16


def standing_warnings(
    series: pd.DataFrame,
    faults: pd.DataFrame,
    news: pd.DataFrame,
    before: pd.DataFrame,
    reference_date: date,
) -> pd.DataFrame:
    """Return the table `warnings`: one row a warning that stands.

    Parameters
    ----------
    series : DataFrame
        What `unusual_weeks` returned.
    faults : DataFrame
        Findings of data kinds: the columns of `warning_kinds`.
    news : DataFrame
        Findings of new places and names: the same columns, and `observed`, the events of the week.
    before : DataFrame
        `kind, target, location, detail, since, week` of the warnings of the night before.
    reference_date : date

    Returns
    -------
    DataFrame
        `COLUMNS`; what a kind does not have is null.
    """
    import pandas as pd

    told = _threats(series, news)
    judged = judge(faults[list(FINDING)], told[list(FINDING)])
    table = judged.merge(
        told.drop(columns="since"), on=["kind", "target", "place", "detail"], how="left"
    )
    is_data = table["kind"].isin(DATA_KINDS)
    table["level"] = table["level"].where(~is_data, DATA_LEVEL)
    table["stands_out"] = table["stands_out"].eq(other=True)
    table["location"] = table["place"].replace(EVERYWHERE, WORLD)
    table["since"] = pd.to_datetime(table["since"])
    monday = pd.Timestamp(reference_date) - pd.Timedelta(days=6)
    table["week"] = pd.to_datetime(table["week"]).fillna(monday)
    table["since"] = _first_weeks(table, before)
    table["warning_id"] = [_id_of(row) for row in table.to_dict("records")]
    table["reference_date"] = pd.Timestamp(reference_date)
    table["agrees"], table["disagrees"] = _others(table, series)
    return table[list(COLUMNS)]


def _threats(series: pd.DataFrame, news: pd.DataFrame) -> pd.DataFrame:
    """Return surges, drops and what is new as findings, with what is known of each."""
    import pandas as pd

    stands = series[series["level"] != ""].drop(columns="leans").assign(detail="")
    rows = stands.rename(columns={"location": "place"})
    new = news.assign(level=NEW_LEVEL, week=news["since"], observed_upper=news["observed"])
    parts = [part for part in (rows, new) if len(part)]
    found = pd.concat(parts or [rows], ignore_index=True)
    return found.reindex(columns=list(dict.fromkeys([*rows.columns, *FINDING])))


def _first_weeks(table: pd.DataFrame, before: pd.DataFrame) -> pd.Series[Any]:
    """Return since when each warning stands: if it stood the night before, since when it did so.

    What ended before this one began is another warning.
    """
    import pandas as pd

    past = before[[*_SAME, "since", "week"]].rename(columns={"since": "was", "week": "until"})
    both = table[[*_SAME, "since"]].merge(past.drop_duplicates(_SAME), on=_SAME, how="left")
    was, until = pd.to_datetime(both["was"]), pd.to_datetime(both["until"])
    goes_on = (both["since"] <= until + pd.Timedelta(days=7)).to_numpy()
    return pd.Series(np.where(goes_on, was, both["since"]), index=table.index)


def _id_of(row: Mapping[Any, Any]) -> str:
    """Return the name of a warning: the same while it stands."""
    parts = [*(str(row[name]) for name in _SAME), row["since"].date().isoformat()]
    return sha256("\0".join(parts).encode()).hexdigest()[:_ID_DIGITS]


def _others(table: pd.DataFrame, series: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Return which other targets at a place go the same way, and which the other way.

    A target goes a way if a surge or a drop of it stands there, else if its newest count lies
    outside its range. Faults of the data go no way, and nothing goes with them.
    """
    ways: dict[str, dict[str, int]] = {}
    for row in series.to_dict("records"):
        here = ways.setdefault(row["location"], {})
        if row["level"]:
            here[row["target"]] = _DIRECTIONS[row["kind"]]
        else:
            here.setdefault(row["target"], row["leans"])
    found: tuple[list[str], list[str]] = ([], [])
    for row in table.to_dict("records"):
        way = _DIRECTIONS.get(row["kind"], 0)
        others = sorted(ways.get(row["location"], {}).items())
        for side, told in zip((way, -way), found, strict=True):
            names = [name for name, one in others if way and one == side and name != row["target"]]
            told.append(",".join(names))
    return found
