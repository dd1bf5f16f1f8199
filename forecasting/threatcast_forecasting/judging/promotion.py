"""The gate between a target's published model and the one that would take its place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.judging.comparison import PairedRatio, paired_ratio
from threatcast_forecasting.judging.means import means_over_series
from threatcast_forecasting.roles import BASELINE
from threatcast_forecasting.scores import BUSY

if TYPE_CHECKING:
    import pandas as pd

LEAST_ORIGINS = 6
"""Origins of the back-test below which nothing is promoted: blocks of fewer show no spread."""
SLACK = 0.02
"""How much further from nominal the challenger's coverage may be on busy series."""
HELD = {"covered_80": 0.80, "covered_95": 0.95}
MEASURES = ("scaled_wis", "covered_50", "covered_80", "covered_95")
_CLOSE = 1e-9


@dataclass(frozen=True)
class PromotionVerdict:
    """What the gate says of a challenger, and by which numbers.

    Parameters
    ----------
    own, other : dict of float
        `MEASURES` of the published model and of the challenger, over origins and horizons, then
        over series; only of scores that both have.
    ratio : PairedRatio
        Mean scaled WIS of the challenger by that of the published model.
    won : bool
    reason : str
        Why, in plain words.
    """

    own: dict[str, float]
    other: dict[str, float]
    ratio: PairedRatio
    won: bool
    reason: str


def best_rival(scores: pd.DataFrame, published: str) -> str | None:
    """Return the model with the least mean scaled WIS besides the published one and `flat`.

    Parameters
    ----------
    scores : DataFrame
        One target's back-test: `series_id, model, origin, horizon, scaled_wis`.
    published : str

    Returns
    -------
    str or None
        None if no other model has a score; of two equally good ones the first by name.
    """
    # the baseline is what everyone is measured by, never a challenger
    others = scores[~scores["model"].isin([published, BASELINE])]
    table = means_over_series(others, ["scaled_wis"], series=["series_id"], by="model")
    means = table["scaled_wis"].dropna()
    return None if means.empty else str(means.index[int(np.argmin(means.to_numpy()))])


def judge(scores: pd.DataFrame, published: str, challenger: str, *, seed: int) -> PromotionVerdict:
    """Return whether the challenger may take the published model's place in one target.

    It must win on WIS: the upper end of the 90 % interval of the ratio of mean scaled WIS (see
    `comparison.paired_ratio`, widened for few origins) lies below 1. And it must keep coverage: on
    series of at least 5 events a week its 80 % and 95 % intervals hold no share further from
    nominal than the published model's by more than 2 points; on sparser ones they are not under
    nominal by more.

    Parameters
    ----------
    scores : DataFrame
        One target's back-test: `series_id, model, origin, horizon, scale, scaled_wis, covered_50,
        covered_80, covered_95`.
    published, challenger : str
    seed : int
    """
    own, other = _common(scores, published, challenger)
    ratio = paired_ratio(other, own, seed=seed, few=True)
    ours, theirs = _overall(own), _overall(other)
    origins = own["origin"].nunique()
    if origins < LEAST_ORIGINS:
        reason = f"{origins} past origins were scored, {LEAST_ORIGINS} are needed to tell"
    elif not ratio.high90 < 1:
        reason = f"it does not win on WIS: {_said(ratio)}, and the upper end must be below 1"
    else:
        reason = _lost_coverage(own, other)
        if not reason:
            won = f"{challenger} wins on WIS ({_said(ratio)}) and keeps coverage"
            return PromotionVerdict(ours, theirs, ratio, won=True, reason=won)
    return PromotionVerdict(ours, theirs, ratio, won=False, reason=f"{challenger}: {reason}")


def _common(
    scores: pd.DataFrame, published: str, challenger: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the scores of both models for the weeks that both have."""
    keys = ["series_id", "origin", "horizon"]
    known = scores.dropna(subset=list(MEASURES))
    own = known[known["model"] == published]
    other = known[known["model"] == challenger]
    common = own[keys].merge(other[keys], on=keys).sort_values(keys)
    return common.merge(own, on=keys), common.merge(other, on=keys)


def _lost_coverage(own: pd.DataFrame, other: pd.DataFrame) -> str:
    """Return where the challenger does not keep coverage; empty if nowhere."""
    weekly = own.groupby("series_id")["scale"].mean()
    busy = own["series_id"].map(weekly).to_numpy(float) >= BUSY
    for column, nominal in HELD.items():
        for kind, where in (
            (True, f"series of {BUSY:g} a week or more"),
            (False, "sparser series"),
        ):
            rows = busy == kind
            before, after = (_mean(frame[rows], column) - nominal for frame in (own, other))
            if rows.any() and _further(before, after, busy=kind):
                return (
                    f"it loses coverage on {where}: its {100 * nominal:.0f} % intervals held "
                    f"{100 * (after + nominal):.1f} %, the published model's "
                    f"{100 * (before + nominal):.1f} %"
                )
    return ""


def _further(before: float, after: float, *, busy: bool) -> bool:
    """Return whether coverage less nominal moved too far: either way if busy, else down."""
    if busy:
        return abs(after) > abs(before) + SLACK + _CLOSE
    return min(after, 0) < min(before, 0) - _CLOSE


def _said(ratio: PairedRatio) -> str:
    return f"ratio {ratio.ratio:.4f}, 90 % interval {ratio.low90:.4f} to {ratio.high90:.4f}"


def _overall(rows: pd.DataFrame) -> dict[str, float]:
    return {column: _mean(rows, column) for column in MEASURES}


def _mean(rows: pd.DataFrame, column: str) -> float:
    """Return one model's mean; NaN without rows."""
    means = means_over_series(rows, [column], series=["series_id"], by="model")[column]
    return float(means.iloc[0]) if len(means) else math.nan
