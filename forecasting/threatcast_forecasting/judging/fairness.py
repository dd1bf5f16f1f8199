"""Whether groups of places are seen and served alike: an audit of ourselves.

A group is whatever the caller puts places into: region, income group, language of the sources. Its
share of the records is held against its share of the people and of the internet users; beside it
stand how forecasts fared there and how many of its outlooks have a number. A difference may lie in
the world, in the sources or in us, and the audit does not say which: it says where to look.

Bounds are this project's own judgement, wide on purpose, and no norm. What is not known is left
out of both shares that are compared, and never counted as zero. Not here: where reference data
come from, and what the pages say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_forecasting.errors import PanelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

SEEN = 4.0
"""A group may hold so many times as many records as of its people, or as few, to be in bounds."""
WORST_SKILL = 1.0
"""Error relative to the baseline above which forecasts are of no use to a group."""
COVERAGE, COVERAGE_MARGIN = 0.8, 0.1
"""What the 80 % range promises, and how far from it the share of weeks inside may lie."""
LEAST_SERVED = 0.5
"""Part of the share of outlooks with a number over all groups that each group has at least."""
FEWEST_FORECASTS = 30
"""Scored forecasts below which neither skill nor coverage of a group is judged."""
MOST_FALSE = 2.0
"""Times the share of false alarms over all groups that a group's own share may be at most."""
FEWEST_CLOSED = 10
"""Closed warnings below which the false alarms of a group are not judged."""
FALSE_ALARM = "false_alarm"
BOUNDED = (
    "per_population", "per_internet_users", "relative_wis", "covered_80", "share_published",
    "share_false_alarms",
)  # fmt: skip
"""The measures that have a bound, in the order in which `beyond` names them."""

_COUNTS = (
    "records", "population", "internet_users", "forecasts", "held_80", "wis", "wis_baseline",
    "cells", "published",
)  # fmt: skip


def audit(places: pd.DataFrame, closed: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return how each group of places is seen and served.

    Parameters
    ----------
    places
        One row a place that lies in no other of them: `location`, `group`, and, null where not
        known, `records` (events of the weeks that are looked at), `population`, `internet_users`,
        `forecasts` (scored), `held_80` (of these inside the 80 % range), `wis` and
        `wis_baseline` (sums over these), `cells` (pairs with a target that is located there) and
        `published` (of these with a number).
    closed
        One row a warning that a person closed: its `group`, and `outcome`. None if nobody knows.

    Returns
    -------
    One row a group, sorted: the number of `places`; `share_records`, `share_population` and
    `per_population`, the first by the second, over the places where both are known;
    `share_internet_users` and `per_internet_users` likewise; `forecasts`, `relative_wis`
    (below 1 is better than the baseline), `covered_80`; `cells`, `share_published`;
    `warnings_closed`, `false_alarms` among them and `share_false_alarms`; and `beyond`, the names
    of the measures beyond their bound, separated by commas, empty if none is. A measure is null
    where nothing is known, and a null one is beyond no bound.

    Raises
    ------
    PanelError
        If a column lacks, a place stands twice or has no group, or a count is negative, infinite
        or larger than the whole that it is part of.
    """
    import pandas as pd

    _check(places)
    groups = places.groupby("group", sort=True)
    sums = groups[list(_COUNTS)].sum(min_count=1)
    found = pd.DataFrame({"places": groups.size()})
    for denominator in ("population", "internet_users"):
        both = places.dropna(subset=["records", denominator])
        own = both.groupby("group")[["records", denominator]].sum()
        whole = own.sum()
        shares = own.div(whole.where(whole > 0)).reindex(found.index)
        if denominator == "population":
            found["share_records"] = shares["records"]
        found[f"share_{denominator}"] = shares[denominator]
        found[f"per_{denominator}"] = _ratio(shares["records"], shares[denominator])
    found["forecasts"] = sums["forecasts"]
    found["relative_wis"] = _ratio(sums["wis"], sums["wis_baseline"])
    found["covered_80"] = _ratio(sums["held_80"], sums["forecasts"])
    found["cells"] = sums["cells"]
    found["share_published"] = _ratio(sums["published"], sums["cells"])
    for name, count in _alarms(closed).items():
        # a group of which no warning was closed has none, if anybody knows
        found[name] = count.reindex(found.index, fill_value=np.nan if closed is None else 0.0)
    found["share_false_alarms"] = _ratio(found["false_alarms"], found["warnings_closed"])
    return judged(found)


def audit_without_people(parts: pd.DataFrame, closed: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the same of groups of what has no people, such as kinds of sources.

    Parameters
    ----------
    parts
        As `places` of `audit`, without `location`, `population` and `internet_users`.
    closed
        As of `audit`.

    Returns
    -------
    As `audit`: `share_records` is the share of all records, and all that needs people is null.
    `places` is the number of parts in the group.
    """
    nobody = dict.fromkeys(("population", "internet_users"), np.nan)
    named = parts.assign(location=range(len(parts)), **nobody)
    found = audit(named, closed).set_index("group")
    records = parts.groupby("group")["records"].sum(min_count=1)
    whole = records.sum()
    return found.assign(share_records=records / whole if whole > 0 else np.nan).reset_index()


def judged(found: pd.DataFrame) -> pd.DataFrame:
    """Return groups, the index, with `beyond`: the names of the measures beyond their bound.

    Parameters
    ----------
    found
        One row a group, with the columns that `audit` returns.
    """
    usual = {
        "share_published": _share(found["share_published"] * found["cells"], found["cells"]),
        "share_false_alarms": _share(found["false_alarms"], found["warnings_closed"]),
    }
    beyond = [_beyond(row, usual) for row in found.to_dict("records")]
    return found.assign(beyond=beyond).reset_index()


def _share(part: pd.Series, whole: pd.Series) -> float:
    """Return the share over all groups; 0 where there is nothing to share."""
    return float(part.sum() / max(whole.sum(), 1))


def _alarms(closed: pd.DataFrame | None) -> dict[str, pd.Series]:
    import pandas as pd

    told = closed if closed is not None else pd.DataFrame(columns=["group", "outcome"])
    false = told[told["outcome"] == FALSE_ALARM]
    return {
        "warnings_closed": told.groupby("group").size().astype(float),
        "false_alarms": false.groupby("group").size().astype(float),
    }


def _ratio(part: pd.Series, whole: pd.Series) -> pd.Series:
    return part.div(whole.where(whole > 0))


def _beyond(row: Mapping[Any, Any], usual: Mapping[str, float]) -> str:
    is_scored = (row["forecasts"] or 0) >= FEWEST_FORECASTS
    is_answered = (row["warnings_closed"] or 0) >= FEWEST_CLOSED
    are_beyond = (
        _far(row["per_population"]),
        _far(row["per_internet_users"]),
        is_scored and row["relative_wis"] > WORST_SKILL,
        is_scored and abs(row["covered_80"] - COVERAGE) > COVERAGE_MARGIN,
        row["share_published"] < LEAST_SERVED * usual["share_published"],
        is_answered and row["share_false_alarms"] > MOST_FALSE * usual["share_false_alarms"],
    )
    return ",".join(name for name, is_beyond in zip(BOUNDED, are_beyond, strict=True) if is_beyond)


def _far(ratio: float) -> bool:
    return ratio > SEEN or ratio < 1 / SEEN


def _check(places: pd.DataFrame) -> None:
    lacking = [name for name in ("location", "group", *_COUNTS) if name not in places.columns]
    if lacking:
        raise PanelError("places", f"the columns {', '.join(lacking)} lack", "Add them")
    twice = places["location"][places["location"].duplicated()]
    if len(twice):
        raise PanelError(f"place {twice.iloc[0]}", "it stands twice", "Give one row a place")
    if places["group"].isna().any():
        place = places["location"][places["group"].isna()].iloc[0]
        raise PanelError(f"place {place}", "it has no group", "Put it into one, or leave it out")
    for name in _COUNTS:
        values = places[name].to_numpy(dtype=float, na_value=np.nan)
        wrong = (values < 0) | np.isinf(values)
        if wrong.any():
            place = places["location"].to_numpy()[wrong][0]
            raise PanelError(f"place {place}, {name}", f"{values[wrong][0]} is no count")
    for part, whole in (("held_80", "forecasts"), ("published", "cells")):
        wrong = (places[part] > places[whole]).to_numpy(dtype=bool, na_value=False)
        if wrong.any():
            place = places["location"].to_numpy()[wrong][0]
            raise PanelError(f"place {place}", f"{part} is more than {whole}", "Count them again")
