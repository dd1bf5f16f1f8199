"""What the gate between models decides in a night, one decision a target."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING, Any

from threatcast_forecasting.judging.promotion import PromotionVerdict, best_rival, judge
from threatcast_forecasting.judging.published import Decision
from threatcast_forecasting.night.outlooks import published_model

if TYPE_CHECKING:
    import pandas as pd

    from threatcast_forecasting.night.inputs import NightInputs

DECIMALS = 6


def decide(
    inputs: NightInputs, scores: pd.DataFrame, *, as_of: date, code_commit: str
) -> list[Decision]:
    """Return what the gate decides in this night, one decision a target.

    Parameters
    ----------
    inputs
    scores
        The night's table `scores`.
    as_of
        Day of the night.
    code_commit
        What the scores were made by.
    """
    compared = comparable(scores)
    facts = {"as_of": as_of, "decided_by": "gate", "run_id": inputs.run_id}
    facts["code_commit"] = code_commit
    targets = sorted(inputs.panel["target"].unique())
    return [_decision(inputs, target, compared, facts) for target in targets]


def comparable(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the back-test of a table `scores` with the names that the library compares by."""
    return scores[scores["kind"] == "backtest"].rename(
        columns={"location": "series_id", "reference_date": "origin"}
    )


def _decision(
    inputs: NightInputs, target: str, scores: pd.DataFrame, facts: dict[str, Any]
) -> Decision:
    shown = published_model(inputs, target)
    recorded = inputs.published[target].model if target in inputs.published else shown.model
    facts = facts | {"target": target, "model_before": recorded, "model_after": recorded}
    if shown.model != recorded:
        # for this night only: settings that were meant for a trial must not change the record
        facts |= {"challenger": shown.model, "reason": f"{shown.reason}; {shown.model} stands in"}
        return Decision(**facts, action="fall_back")
    own = scores[scores["target"] == target]
    rival = best_rival(own, shown.model)
    if rival is None:
        return Decision(**facts, action="keep", reason="no other model was scored")
    verdict = judge(own, shown.model, rival, seed=inputs.options.seed)
    facts |= numbers_of(verdict) | {"challenger": rival, "reason": verdict.reason}
    if verdict.won and shown.previous_until:
        facts["reason"] += f"; but {shown.previous} is published beside it until "
        facts["reason"] += f"{shown.previous_until}, and two changes at once confuse readers"
    elif verdict.won:
        return Decision(**facts | {"model_after": rival}, action="promote")
    return Decision(**facts, action="keep")


def numbers_of(verdict: PromotionVerdict) -> dict[str, float | None]:
    """Return a verdict's numbers by their names in the record; null where there is none."""
    named = {
        f"{prefix}{name.replace('covered', 'coverage')}": value
        for prefix, values in (("", verdict.own), ("challenger_", verdict.other))
        for name, value in values.items()
    }
    named |= {
        "ratio": verdict.ratio.ratio,
        "ratio_low90": verdict.ratio.low90,
        "ratio_high90": verdict.ratio.high90,
    }
    # not all digits: the last ones of a long sum may differ between machines
    return {
        name: round(float(value), DECIMALS) if math.isfinite(value) else None
        for name, value in named.items()
    }
