"""How much stands behind a forecast: the grade that is published beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatcast_forecasting.scores import BUSY

if TYPE_CHECKING:
    import pandas as pd

LONG = 104
"""Observed weeks from which grade A is possible."""
HELD = {"covered_80": 0.70, "covered_95": 0.88}
"""Least share of back-test weeks inside: nominal less what 96 dependent weeks allow."""


def grades(panel: pd.DataFrame, scores: pd.DataFrame, chosen: pd.DataFrame) -> pd.DataFrame:
    """Return the evidence grade of each series that has a model of its own.

    A: busy, long, and its intervals held in the back-test; B: the rest; D: the model published
    for its target is the flat baseline. (C, borrowing from a sub-region, is not given to a series
    here.)

    Parameters
    ----------
    panel : frame
        Columns series_id, target, week, value; NaN is a week that nobody watched.
    scores : frame
        Columns series_id, covered_80, covered_95: the back-test of the model that is published
        for the series' target; nulls are left out.
    chosen : frame
        Columns target, chosen: the model that is published for a target.

    Returns
    -------
    frame
        Columns series_id, evidence_grade; one row a series of the panel.
    """
    observed = panel.dropna(subset=["value"]).sort_values(["series_id", "week"])
    grouped = observed.groupby("series_id")["value"]
    facts = (
        panel[["series_id", "target"]]
        .drop_duplicates()
        .merge(chosen[["target", "chosen"]], on="target", how="left")
        .set_index("series_id")
    )
    recent = observed.groupby("series_id").tail(52).groupby("series_id")["value"].mean()
    own = scores.dropna(subset=list(HELD))
    held = own.astype(dict.fromkeys(HELD, float)).groupby("series_id")[list(HELD)].mean()
    good = (
        (recent.reindex(facts.index) >= BUSY)
        & (grouped.size().reindex(facts.index) >= LONG)
        & (held["covered_80"].reindex(facts.index) >= HELD["covered_80"])
        & (held["covered_95"].reindex(facts.index) >= HELD["covered_95"])
    )
    facts["evidence_grade"] = good.map({True: "A", False: "B"})
    facts.loc[facts["chosen"] == "flat", "evidence_grade"] = "D"
    return facts.reset_index()[["series_id", "evidence_grade"]]
