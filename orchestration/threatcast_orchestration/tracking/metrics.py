"""What is worth a metric in a night's scores; plain numbers, no MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from threatcast_forecasting.judging.published import Decision

RIVALS = ("flat", "comb_two")
_MEANS = {
    "scaled_wis": "scaled_wis",
    "log_wis": "log_wis",
    "coverage_50": "covered_50",
    "coverage_80": "covered_80",
    "coverage_95": "covered_95",
}
_GATE = (
    *(f"{side}{name}" for side in ("", "challenger_") for name in _MEANS if name != "log_wis"),
    "ratio",
    "ratio_low90",
    "ratio_high90",
)


@dataclass(frozen=True)
class Value:
    """One metric; `step` is the horizon where it differs by horizon."""

    name: str
    value: float
    step: int = 0


def overall(scores: pd.DataFrame) -> list[Value]:
    """Return each model's mean scaled and log WIS, for a run above the models."""
    means = _by_series(scores, "model")
    return [
        Value(f"{score}.{model}", value)
        for score in ("scaled_wis", "log_wis")
        for model, value in means[score].items()
    ]


def of_model(scores: pd.DataFrame, model: str) -> list[Value]:
    """Return one model's metrics in one target: means, skill against the rivals, by horizon.

    Parameters
    ----------
    scores
        All models' scores in the target.
    model
        The one that is described.
    """
    own = scores[scores["model"] == model]
    means = _by_series(scores, "model")
    values = [Value(name, means[column][model]) for name, column in _MEANS.items()]
    values += [
        Value(f"{prefix}relative_to_{rival}", means[score][model] / means[score][rival])
        for rival in RIVALS
        for score, prefix in (("scaled_wis", ""), ("log_wis", "log_"))
        if rival != model and means[score].get(rival)
    ]
    values.append(Value("series", own["location"].nunique()))
    values.append(Value("fallbacks", own.loc[_fell_back(own), "location"].nunique()))
    by_horizon = _by_series(own, "horizon")
    values += [
        Value(f"{name}_by_horizon", value, int(horizon))
        for name, column in _MEANS.items()
        for horizon, value in by_horizon[column].items()
    ]
    return values


def of_decision(decision: Decision) -> list[Value]:
    """Return what the gate saw of the published model and of its challenger."""
    values = asdict(decision)
    return [
        Value(f"gate.{name}", float(values[name])) for name in _GATE if values[name] is not None
    ]


def of_seconds(seconds: Mapping[str, float]) -> list[Value]:
    """Return what each model took."""
    return [Value(f"seconds.{model}", float(value)) for model, value in seconds.items()]


def _by_series(scores: pd.DataFrame, key: str) -> dict[str, dict[str, float]]:
    """Return means over a series' origins and horizons, then over series: column, key, mean."""
    from threatcast_forecasting.judging.means import means_over_series

    columns = list(_MEANS.values())
    means = means_over_series(scores, columns, series=["target", "location"], by=key)
    return {column: {str(k): mean for k, mean in means[column].items()} for column in columns}


def _fell_back(scores: pd.DataFrame) -> pd.Series[bool]:
    import pandas as pd

    if "state" not in scores:
        return pd.Series(data=False, index=scores.index)
    return scores["state"].fillna("").str.startswith("fallback")
