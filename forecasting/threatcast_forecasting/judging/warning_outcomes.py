"""What warnings turned out to be: how many were told, how many people closed, and as what.

People close those warnings that they looked into, and these may be the clearest: shares of the
closed say little of the rest, so that both numbers stand beside each share. Not here: who closed
one, and what else they said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

OUTCOMES = {
    "confirmed": "confirmed", "false_alarm": "false_alarms", "data_fault": "data_faults",
}  # fmt: skip
"""What a person may find a warning to be, and the column that counts it."""
ALL = "all"
SCOPES = ("level", "kind")
_COUNTS = ("told", "closed", *OUTCOMES.values())


def outcome_shares(told: pd.DataFrame | None) -> pd.DataFrame:
    """Return how many warnings were told and closed, in all, by level and by kind.

    Parameters
    ----------
    told : DataFrame or None
        One row a warning that was told: `level, kind, outcome`, the outcome null where nobody has
        closed it. None if nobody knows: then all numbers are null.

    Returns
    -------
    DataFrame
        `scope` (all, level, kind), `scope_value`, `told, closed, confirmed, false_alarms,
        data_faults`, and of the closed `share_confirmed, share_false_alarms, share_data_faults`,
        null where none is closed. Levels and kinds of which nothing was told have no row.

    Raises
    ------
    ValueError
        If an outcome is none of `OUTCOMES`.

    Examples
    --------
    >>> import pandas as pd
    >>> told = pd.DataFrame({"level": "watch", "kind": "surge", "outcome": ["confirmed", None]})
    >>> outcome_shares(told)[["scope", "told", "closed", "share_confirmed"]].values.tolist()
    [['all', 2.0, 1.0, 1.0], ['level', 2.0, 1.0, 1.0], ['kind', 2.0, 1.0, 1.0]]
    """
    import pandas as pd

    if told is None:
        found = pd.DataFrame([{"scope": ALL, "scope_value": ALL}]).reindex(
            columns=["scope", "scope_value", *_COUNTS]
        )
    else:
        found = pd.DataFrame([*_rows(told)], columns=["scope", "scope_value", *_COUNTS])
    found[list(_COUNTS)] = found[list(_COUNTS)].astype(float)
    whole = found["closed"].where(found["closed"] > 0)
    for name in OUTCOMES.values():
        found[f"share_{name}"] = found[name] / whole
    return found


def _rows(told: pd.DataFrame) -> list[tuple[Any, ...]]:
    unknown = set(told["outcome"].dropna()) - OUTCOMES.keys()
    if unknown:
        raise ValueError(f"no outcome: {', '.join(sorted(map(str, unknown)))}")
    parts: list[tuple[str, str, pd.DataFrame]] = [(ALL, ALL, told)]
    for scope in SCOPES:
        parts += [(scope, str(value), part) for value, part in told.groupby(scope, sort=True)]
    return [
        (
            scope,
            value,
            len(part),
            part["outcome"].notna().sum(),
            *((part["outcome"] == outcome).sum() for outcome in OUTCOMES),
        )
        for scope, value, part in parts
    ]
