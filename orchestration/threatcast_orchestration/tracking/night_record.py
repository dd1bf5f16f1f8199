"""What is kept of one night, gathered from the forecasting step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from threatcast_publishing.marks import mark_of

from threatcast_orchestration.run.keys import settings_key
from threatcast_orchestration.run.provenance import commit, settings_of
from threatcast_orchestration.warehouse.raw import connect

if TYPE_CHECKING:
    import pandas as pd
    from threatcast_forecasting.judging.published import Decision
    from threatcast_forecasting.night.inputs import NightInputs

    from threatcast_orchestration.forecasts.kept import KeptForecasts
    from threatcast_orchestration.run.home import Home
    from threatcast_orchestration.run.plan import Plan


@dataclass(frozen=True)
class NightRecord:
    """What is kept of one night.

    Parameters
    ----------
    as_of
        The night's day.
    run_id
        Name of the numbers: the same inputs, code and settings give the same one.
    commit, vintage_hash, settings_hash, source
        What the numbers depend on; tags of every run.
    params
        Settings of the forecasts, logged with every run; the numbers of them also go into the
        registered models.
    models
        What the night ran.
    panel
        `series_id, target, location, week, value`: what the models were given.
    known
        `series_id, origin, week, value`: what they were given in its place at past origins.
    scores
        `target, location, model, reference_date, horizon, wis, scaled_wis, log_wis, covered_50,
        covered_80, covered_95, pit_low, pit_high`, and `state` if known.
    decisions
        One a target: its published model, the challenger, and what the gate said of them.
    reliability
        How often what was said with a probability came true, by target.
    weights
        How much each member counted in `champion`, by target and origin.
    seconds
        What each model took, by its name.
    parents
        The location that each one is summed into.
    """

    as_of: date
    run_id: str
    commit: str
    vintage_hash: str
    settings_hash: str
    source: str
    params: Mapping[str, Any]
    models: Sequence[str]
    panel: pd.DataFrame
    known: pd.DataFrame
    scores: pd.DataFrame
    decisions: Sequence[Decision]
    weights: pd.DataFrame
    reliability: pd.DataFrame
    seconds: Mapping[str, float] = field(default_factory=dict)
    parents: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def tags(self) -> dict[str, str]:
        """What every run of the night carries."""
        facts = {
            "as_of": self.as_of.isoformat(),
            "run_id": self.run_id,
            "commit": self.commit,
            "vintage_hash": self.vintage_hash,
            "settings_hash": self.settings_hash,
            "source": self.source,
            "mark": mark.word.lower() if (mark := mark_of(self.source, self.as_of)) else "",
        }
        return {f"threatcast.{key}": value for key, value in facts.items()}


def record_of(
    plan: Plan, inputs: NightInputs, results: KeptForecasts, decisions: Sequence[Decision]
) -> NightRecord:
    """Gather what MLflow keeps of a night that has its forecasts."""
    seconds = results.frame("seconds")
    return NightRecord(
        as_of=plan.as_of,
        run_id=inputs.run_id,
        commit=commit(),
        vintage_hash=vintage_hash(plan.home),
        settings_hash=settings_key("forecasts", plan.settings),
        source=plan.source,
        params=settings_of(plan.settings),
        models=inputs.models,
        panel=inputs.panel,
        known=results.frame("known"),
        scores=results.frame("scores"),
        decisions=decisions,
        weights=results.frame("weights"),
        reliability=results.frame("reliability"),
        seconds=dict(zip(seconds["model"], seconds["seconds"], strict=True)),
        parents=inputs.places.parents if inputs.places else {},
    )


def vintage_hash(home: Home) -> str:
    """Return a hash of all payloads that the warehouse was built from."""
    with connect(home, read_only=True) as connection:
        rows = connection.execute(
            "SELECT feed, vintage_day, payload FROM raw.vintages ORDER BY ALL"
        ).fetchall()
    return sha256(repr(rows).encode()).hexdigest()[:16]
