"""What a warning is of: faults of the data first, then threats.

A feed that was cut in half looks like peace, and one that was filled with old entries like an
attack. So each finding below is looked for on small frames, and `judge` tells a threat only where
no fault of the data stands for the same target and place. What the gates found on the payloads
themselves (checks like `shrunk`, `lost`, `old_state`, a source that is `silent`) comes in as frames
with the words of the gates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

DATA_KINDS = ("silence", "emptied", "refilled", "blank_field", "feed_size", "withdrawals")
THREAT_KINDS = ("new_place", "new_name", "surge", "drop")
KINDS = (*DATA_KINDS, *THREAT_KINDS)
"""In the order of judgement."""
EVERYWHERE = ""
"""The place of a finding on a feed or target as a whole."""
COLUMNS = ("kind", "target", "place", "since", "detail")

OF_CHECKS = {
    "shrunk": "emptied",
    "lost_everywhere": "emptied",
    "old_state": "refilled",
    "moved_in": "refilled",
    "silent": "silence",
    "lost": "withdrawals",
    "lost_recent": "withdrawals",
}
"""Kind of warning by the check of a feed's gate that failed."""
SILENT_STATES = ("stale", "failed", "silent")
"""States of a feed of which nothing new can be counted."""
NEW_AFTER_WEEKS = 104
"""Weeks without an event after which a place or a name is new again."""
LEAST_KNOWN_WEEKS = 104
"""Weeks that must have been watched before anything can be called new."""
BLANK_WEEKS = 2
"""Newest weeks in which a field must have lost its values."""
COUNTING_FIELDS = ("location", "day")
"""Fields by which records are counted: others go blank without a trace in the counts."""
BLANK_CHANCE = 1e-4
"""Probability of so few values, by the year before, below which the field is at fault."""


def from_gates(findings: pd.DataFrame) -> pd.DataFrame:
    """Return the data kinds that failed checks of feeds' gates stand for.

    Parameters
    ----------
    findings : frame
        `target, check, since`; checks that are no kind of warning are left out.

    Returns
    -------
    frame
        Columns `COLUMNS`.
    """
    known = findings[findings["check"].isin(list(OF_CHECKS))]
    kinds = known["check"].map(OF_CHECKS)
    return _told(known.assign(kind=kinds, place=EVERYWHERE, detail=known["check"]))


def from_states(health: pd.DataFrame) -> pd.DataFrame:
    """Return a `silence` for each target whose feed no longer brings what can be counted.

    Parameters
    ----------
    health : frame
        `target, state, since`: the state of the target's feed in the words of `feed_health`; a feed
        without `since` never spoke, and so has not fallen silent.
    """
    quiet = health[health["state"].isin(SILENT_STATES) & health["since"].notna()]
    return _told(quiet.assign(kind="silence", place=EVERYWHERE, detail=quiet["state"]))


def from_level_shifts(shifts: pd.DataFrame) -> pd.DataFrame:
    """Return a `feed_size` for each target whose feed changed its level as a whole.

    Parameters
    ----------
    shifts : frame
        `target, scope, since` of the table `level_shifts`; only scope `feed` counts.
    """
    feeds = shifts[shifts["scope"] == "feed"].drop_duplicates("target")
    return _told(feeds.assign(kind="feed_size", place=EVERYWHERE, detail="level of the whole feed"))


def blank_fields(filled: pd.DataFrame) -> pd.DataFrame:
    """Return fields that lost their values in the newest weeks.

    Parameters
    ----------
    filled : frame
        `target, field, week, records, filled`: records that became known of each week, and how
        many of them had a value in the field.

    Returns
    -------
    frame
        Columns `COLUMNS`; `detail` is the field.
    """
    from scipy.special import bdtr  # scipy.stats takes a second to import

    rows = []
    for (target, field), part in filled.sort_values("week").groupby(["target", "field"]):
        newest, before = part.tail(BLANK_WEEKS), part.iloc[:-BLANK_WEEKS].tail(52)
        usual = before["filled"].sum() / max(before["records"].sum(), 1)
        # half of the usual at most: a large feed shows small changes that are no fault
        low = (newest["filled"] / newest["records"] < usual / 2).to_numpy()
        recent = newest.tail(int(low[::-1].cumprod().sum()))
        chance = bdtr(recent["filled"].sum(), recent["records"].sum(), usual)
        if len(recent) and chance < BLANK_CHANCE:
            rows.append((target, field, recent["week"].iloc[0]))
    found = _frame(rows, ("target", "detail", "since"))
    return _told(found.assign(kind="blank_field", place=EVERYWHERE))


def silent_feeds(counts: pd.DataFrame) -> pd.DataFrame:
    """Return targets that bring nothing for more than twice the longest pause before.

    Parameters
    ----------
    counts : frame
        `target, week, value`: counts of the whole target, NaN where nobody watched.
    """
    rows = []
    for target, part in counts.dropna(subset=["value"]).sort_values("week").groupby("target"):
        values, weeks = part["value"].to_numpy(float), part["week"].to_numpy()
        events = np.flatnonzero(values > 0)
        if len(events) < 2:
            continue
        longest = int(np.diff(events).max()) - 1
        quiet = len(values) - 1 - int(events[-1])
        # not the longest itself: pauses of a short past say little
        if quiet > 2 * longest + 1:
            rows.append((target, weeks[events[-1] + 1]))
    found = _frame(rows, ("target", "since"))
    return _told(found.assign(kind="silence", place=EVERYWHERE, detail="no events"))


def new_places(counts: pd.DataFrame) -> pd.DataFrame:
    """Return places with their first events in years in the newest week.

    Parameters
    ----------
    counts : frame
        `target, place, week, value`; NaN where nobody watched. A place without rows had none.
    """
    return _first_in_years(counts, "place", "new_place").assign(detail="")[list(COLUMNS)]


def new_names(counts: pd.DataFrame) -> pd.DataFrame:
    """Return names of tools or groups that were not listed for years before the newest week.

    Parameters
    ----------
    counts : frame
        `target, name, week, value`.

    Returns
    -------
    frame
        Columns `COLUMNS`; `detail` is the name, as the feed gives it.
    """
    found = _first_in_years(counts, "name", "new_name")
    return found.rename(columns={"name": "detail"}).assign(place=EVERYWHERE)[list(COLUMNS)]


def judge(data: pd.DataFrame, threats: pd.DataFrame) -> pd.DataFrame:
    """Return what is told: each fault of the data, and the threats that no fault could have made.

    Parameters
    ----------
    data, threats : frames
        Columns `COLUMNS`, of `DATA_KINDS` and of `THREAT_KINDS`.

    Returns
    -------
    frame
        Columns `COLUMNS` and `behind`: null if it is told, else the data kind that stands before
        it. Sorted in the order of `KINDS`, then by target and place.

    Raises
    ------
    ValueError
        If a kind stands on the wrong side.
    """
    import pandas as pd

    if not set(data["kind"]) <= set(DATA_KINDS) or not set(threats["kind"]) <= set(THREAT_KINDS):
        raise ValueError("a kind of data is among the threats, or a threat among the data kinds")
    order = {kind: rank for rank, kind in enumerate(KINDS)}
    faults = data.assign(rank=data["kind"].map(order)).sort_values("rank", kind="stable")
    # a blank sector makes no surge: only what is counted by can
    made = faults[(faults["kind"] != "blank_field") | faults["detail"].isin(["", *COUNTING_FIELDS])]
    first = {
        (row.target, row.place): row.kind for row in reversed(list(made.itertuples(index=False)))
    }
    behind = [
        first.get((target, EVERYWHERE), first.get((target, place)))
        for target, place in zip(threats["target"], threats["place"], strict=True)
    ]
    parts: list[pd.DataFrame] = [
        data.assign(behind=None),
        threats.assign(behind=np.array(behind, dtype=object)),
    ]
    told = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    told["rank"] = told["kind"].map(order)
    ordered = told.sort_values(["rank", "target", "place"], kind="stable", ignore_index=True)
    return ordered[[*COLUMNS, "behind"]]


def _first_in_years(counts: pd.DataFrame, key: str, kind: str) -> pd.DataFrame:
    """Return who has events in a target's newest watched week and none in the weeks before."""
    known = counts.dropna(subset=["value"])
    rows = []
    for target, part in known.groupby("target"):
        weeks = np.sort(part["week"].unique())
        if len(weeks) <= LEAST_KNOWN_WEEKS:
            continue
        newest, before = weeks[-1], weeks[-1 - NEW_AFTER_WEEKS : -1]
        events = part[part["value"] > 0]
        now = set(events.loc[events["week"] == newest, key])
        then = set(events.loc[events["week"].isin(before), key])
        rows += [(target, who, newest) for who in sorted(now - then)]
    return _frame(rows, ("target", key, "since")).assign(kind=kind)


def _frame(rows: list[Any], columns: tuple[str, ...]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows, columns=list(columns))


def _told(found: pd.DataFrame) -> pd.DataFrame:
    return found[list(COLUMNS)].reset_index(drop=True)
