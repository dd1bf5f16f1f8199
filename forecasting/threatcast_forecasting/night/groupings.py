"""The outlook of groupings of countries (EU, African Union …): sums of their members' draws.

Draws of the members were made together, so that a sum of them is a draw of the whole; quantiles
could not be added. A member without a forecast is left out of both the sum and its usual level.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_forecasting.outlook.answers import COLUMNS, answers, columns_of, usual_levels

if TYPE_CHECKING:
    import pandas as pd

    from threatcast_forecasting.night.coherence import CoherentForecasts
    from threatcast_forecasting.night.inputs import NightInputs

_FACTS = (
    "target", "grouping", "model", "run_id", "members_with_outlook", "usual_weekly",
    "evidence_grade",
)  # fmt: skip


def grouping_table(
    inputs: NightInputs, coherent: CoherentForecasts, outlook: pd.DataFrame
) -> pd.DataFrame:
    """Return the outlook of each target and grouping of which a member has one.

    Parameters
    ----------
    inputs
    coherent
        The night's draws.
    outlook : DataFrame
        The night's: `target, location, model, expected_4w, evidence_grade, run_id`.

    Returns
    -------
    DataFrame
        `target, grouping, model, run_id, members_with_outlook, usual_weekly, evidence_grade` and
        `outlook.answers.COLUMNS`. Without a week in which all were watched there is no usual level,
        and what depends on it is null.
    """
    import pandas as pd

    groupings = inputs.places.groupings if inputs.places else None
    if groupings is None:
        return pd.DataFrame(columns=[*_FACTS, *COLUMNS])
    counts = inputs.counts
    rows = [
        _row(found, coherent, counts[counts["target"] == target])
        | {"target": target, "grouping": grouping}
        for (target, grouping), found in _members(outlook, groupings, coherent)
    ]
    return pd.DataFrame(rows, columns=[*_FACTS, *COLUMNS])


def _members(outlook: pd.DataFrame, groupings: pd.DataFrame, coherent: CoherentForecasts) -> Any:
    """Return the outlooks of members that were drawn together, by target and grouping."""
    drawn = {
        (model, *series.split("|", 1)) for model, series in coherent.totals
    }  # a series is named by its target and place
    keys = zip(outlook["model"], outlook["target"], outlook["location"], strict=True)
    together = outlook[[key in drawn for key in keys]]
    return together.merge(groupings, on="location").groupby(["target", "grouping"], sort=True)


def _row(
    members: pd.DataFrame, coherent: CoherentForecasts, counts: pd.DataFrame
) -> dict[str, Any]:
    series = members["target"] + "|" + members["location"]
    totals = sum(coherent.totals[pair] for pair in zip(members["model"], series, strict=True))
    wide = counts[counts["series_id"].isin(set(series))].pivot_table(
        index="week", columns="series_id", values="value", dropna=False, aggfunc="first"
    )
    # a week in which a member was not watched says nothing of the whole
    weekly = wide.sum(axis=1, skipna=False).rename("value").reset_index()
    usual = usual_levels(weekly.assign(series_id="")).reindex([""])
    found = answers(np.asarray(totals)[None], np.asarray(usual, dtype=np.float64))
    return columns_of({name: values[0] for name, values in found.items()}) | {
        "model": members["model"].iloc[0],
        "run_id": members["run_id"].iloc[0],
        "members_with_outlook": len(members),
        "usual_weekly": float(usual.iloc[0]),
        "evidence_grade": grade_of(members["evidence_grade"], members["expected_4w"]),
    }


def grade_of(grades: pd.Series[str], expected: pd.Series[float]) -> str:
    """Return the grade in the middle of what is expected: half of it stands on this one or better.

    Examples
    --------
    >>> import pandas as pd
    >>> grade_of(pd.Series(["C", "A", "B"]), pd.Series([2.0, 7.0, 4.0]))
    'A'
    >>> grade_of(pd.Series(["A", "C"]), pd.Series([0.0, 0.0]))
    'C'
    """
    ordered = expected.groupby(grades.to_numpy()).sum().sort_index()
    if not ordered.sum():
        return str(ordered.index[-1])
    return str(ordered.index[int(np.argmax(ordered.cumsum() >= ordered.sum() / 2))])
