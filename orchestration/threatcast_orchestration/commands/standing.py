"""How the models of a home stand: what the current release and the record of decisions say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from threatcast_forecasting.judging.published import (
    Decision,
    PublishedModel,
    published_model_of,
)

from threatcast_orchestration.errors import NothingToPublish, WrongUse
from threatcast_orchestration.published_models.decision_record import read_decisions
from threatcast_orchestration.run.settings import Settings
from threatcast_orchestration.tracking.lookup import night_of, registered_versions

if TYPE_CHECKING:
    import pandas as pd
    from threatcast_forecasting.judging.promotion import PromotionVerdict
    from threatcast_publishing.marks import Mark

    from threatcast_orchestration.run.home import Home

_SCORES = """
    SELECT target, location, model, reference_date, horizon, kind, scale, scaled_wis, log_wis,
        covered_50, covered_80, covered_95
    FROM scores WHERE kind = 'backtest'
"""
_RUNS = "SELECT DISTINCT target, run_id FROM outlook WHERE run_id IS NOT NULL"


@dataclass(frozen=True)
class Standing:
    """Scores of the current release beside the record of decisions of its home."""

    home: Home
    release_id: str
    mark: Mark | None
    as_of: date
    commit: str
    seed: int
    scores: pd.DataFrame
    runs: dict[str, str]
    record: Sequence[Decision]

    @cached_property
    def targets(self) -> list[str]:
        """Targets that were forecast."""
        return sorted(self.scores["target"].unique())

    @property
    def day(self) -> date:
        """Day under which a decision made now is recorded: that of the newest night."""
        return max([self.as_of, *(row.as_of for row in self.record)])

    def next_published(self, target: str) -> PublishedModel:
        """Return what the next night publishes for a target."""
        return published_model_of(target, self.record, self.day + timedelta(days=1))

    def published(self, target: str) -> PublishedModel:
        """Return what the release publishes for a target."""
        before = [row for row in self.record if row.as_of < self.as_of]
        return published_model_of(target, before, self.as_of)

    def of_target(self, target: str) -> pd.DataFrame:
        """Return a target's scores, or refuse a target that has none.

        Raises
        ------
        WrongUse
            Names those that were forecast.
        """
        if target not in self.targets:
            raise WrongUse(
                f"No forecast of the target '{target}' was scored in {self.release_id}. Nothing "
                f"was changed. Forecast are: {', '.join(self.targets)}."
            )
        return self.scores[self.scores["target"] == target]

    def model(self, target: str, name: str) -> str:
        """Return the name of a model that was scored for a target, or refuse another one.

        Raises
        ------
        WrongUse
            Names those that were scored.
        """
        known = sorted(self.of_target(target)["model"].unique())
        if name not in known:
            raise WrongUse(
                f"No model '{name}' was scored for {target} in {self.release_id}. Nothing was "
                f"changed. Scored were: {', '.join(known)}."
            )
        return name

    def rival(self, target: str, published: str) -> str | None:
        """Return the best other model of a target."""
        from threatcast_forecasting.judging.promotion import best_rival

        return best_rival(self.of_target(target), published)

    def verdict(self, target: str, published: str, challenger: str) -> PromotionVerdict:
        """Return what the gate says of a challenger."""
        from threatcast_forecasting.judging.promotion import judge

        return judge(self.of_target(target), published, challenger, seed=self.seed)

    def source(self, target: str) -> dict[str, Any]:
        """Return what a target's numbers were made from: run, data, commit, MLflow's run."""
        run_id = self.runs.get(target)
        night = night_of(self.home, run_id, self.as_of.isoformat()) if run_id else None
        return {
            "release_id": self.release_id,
            "as_of": self.as_of,
            "run_id": run_id,
            "commit": self.commit,
            "vintage_hash": night["vintage_hash"] if night else None,
            "mlflow_run_id": night["mlflow_run_id"] if night else None,
            "artifacts": night["artifacts"] if night else None,
        }


def standing_of(home: Home) -> Standing:
    """Return how the models of a home stand.

    Raises
    ------
    threatcast_publishing.errors.NoReleaseError
        If there is no release.
    NothingToPublish
        If the release holds no forecast that was scored.
    OrchestrationError
        If the record of decisions cannot be read.
    """
    from threatcast_forecasting.night.decisions import comparable
    from threatcast_publishing.catalog import show
    from threatcast_publishing.marks import mark_of
    from threatcast_publishing.query import run_query

    shown = show(home.releases)
    manifest = shown.raw
    scores = run_query(home.releases, _SCORES).data.to_pandas()
    if scores.empty:
        raise NothingToPublish(
            f"The release {manifest['release_id']} holds no forecast that was scored: no series "
            "was long enough. See why with: threatcast status"
        )
    runs = run_query(home.releases, _RUNS).data.to_pylist()
    return Standing(
        home=home,
        release_id=str(manifest["release_id"]),
        mark=mark_of(shown.source, shown.as_of),
        as_of=date.fromisoformat(str(manifest["as_of"])),
        commit=str(manifest["commit"]),
        seed=int(manifest["settings"].get("seed", Settings().seed)),
        scores=comparable(scores),
        runs={row["target"]: row["run_id"] for row in runs},
        record=read_decisions(home),
    )


def table(standing: Standing) -> list[dict[str, Any]]:
    """Return one row a target: what is published, how it scores, and its challenger."""
    from threatcast_forecasting.night.decisions import numbers_of

    versions = registered_versions(standing.home)
    rows = []
    for target in standing.targets:
        now, later = standing.published(target), standing.next_published(target)
        row: dict[str, Any] = {
            "target": target,
            "model": now.model,
            "version": versions.get(target, {}).get("champion"),
            "since": now.since,
            "previous": now.previous if now.previous_until else None,
            "previous_until": now.previous_until,
            "next": later.model if later.model != now.model else None,
        }
        rival = standing.rival(target, now.model)
        row["challenger"] = rival
        scored = now.model in set(standing.of_target(target)["model"])
        if rival and scored:
            numbers = numbers_of(standing.verdict(target, now.model, rival))
            row |= {name: numbers[name] for name in ("scaled_wis", "challenger_scaled_wis")}
            row |= {name: numbers[name] for name in ("ratio", "ratio_low90", "ratio_high90")}
            row |= {name: numbers[name] for name in ("coverage_80", "coverage_95")}
        rows.append(row)
    return rows


def by_horizon(standing: Standing, target: str, models: Sequence[str]) -> list[dict[str, Any]]:
    """Return one row a horizon: each model's means over origins, then over series."""
    from threatcast_forecasting.judging.means import means_over_series

    measures = {"scaled_wis": "scaled_wis", "log_wis": "log_wis"}
    measures |= {"covered_80": "coverage_80", "covered_95": "coverage_95"}
    scores = standing.of_target(target)
    scores = scores[scores["model"].isin(list(models))].dropna(subset=list(measures))
    means = means_over_series(scores, list(measures), series=["series_id"], by=["horizon", "model"])
    return [
        {"horizon": int(horizon)}
        | {
            f"{name}.{model}": round(float(means.loc[(horizon, model), column]), 4)
            for column, name in measures.items()
            for model in models
            if (horizon, model) in means.index
        }
        for horizon in sorted(set(scores["horizon"]))
    ]
