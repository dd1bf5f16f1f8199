"""One night in MLflow: a parent run, one run a target below it, one a model below that."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from threatcast_publishing.marks import mark_of

from threatcast_orchestration.run.home import Home
from threatcast_orchestration.tracking import figures, metrics
from threatcast_orchestration.tracking.artifact_paths import EXPERIMENT, artifacts_of
from threatcast_orchestration.tracking.lookup import keep_names
from threatcast_orchestration.tracking.mlflow_nights import NIGHTLY
from threatcast_orchestration.tracking.night_record import NightRecord
from threatcast_orchestration.tracking.registry import (
    CHALLENGER,
    CHAMPION,
    drop_alias,
    register,
    versions_of,
)
from threatcast_orchestration.tracking.reliability import draw_reliability
from threatcast_orchestration.tracking.store import open_store

if TYPE_CHECKING:
    import pandas as pd
    from threatcast_forecasting.judging.published import Decision

AS_OF = "threatcast.as_of"
ALL_PUBLISHED = "published"
"""In pictures over all targets: each target's published model."""
_PARENT = "mlflow.parentRunId"
_PANEL = [{"name": name, "type": "string"} for name in ("series_id", "target", "location")] + [
    {"name": "week", "type": "datetime"},
    {"name": "value", "type": "double"},
]


def track_night(home: Home, night: NightRecord) -> str:
    """Write a night down and return the id of its parent run.

    A night that was written down to its end before (same day, same `run_id`) is left as it is;
    what an interrupted one left behind is removed first.
    """
    with open_store(home) as client:
        experiment = _experiment(client, home)
        same = " and ".join(
            f"tags.`{key}` = '{night.tags[key]}'" for key in ("threatcast.run_id", AS_OF)
        )
        known = client.search_runs([experiment], same, max_results=1000)
        done = [one for one in known if _PARENT not in one.data.tags]
        written = next((one.info.run_id for one in done if one.info.status == "FINISHED"), None)
        if written is None:
            for run in known:
                client.delete_run(run.info.run_id)
            written = _Writer(client, experiment, night).write()
        keep_names(home, night, client.get_run(written), versions_of(client))
        return str(written)


def _experiment(client: Any, home: Home) -> str:
    known = client.get_experiment_by_name(EXPERIMENT)
    if known is not None:
        return str(known.experiment_id)
    return str(client.create_experiment(EXPERIMENT, artifact_location=artifacts_of(home)))


class _Writer:
    """Writes one night's runs."""

    def __init__(self, client: Any, experiment: str, night: NightRecord) -> None:
        self._client = client
        self._experiment = experiment
        self._night = night
        moment = datetime.combine(night.as_of, time(), tzinfo=UTC)
        self._stamp = int(moment.timestamp() * 1000)
        self._given: list[Any] = []
        self._logged: dict[str, str] = {}

    def write(self) -> str:
        """Write all runs; the parent is finished last, or failed if anything is missing."""
        night = self._night
        values = metrics.overall(night.scores) + metrics.of_seconds(night.seconds)
        parent = self._run(f"{NIGHTLY} {night.as_of}", None, {}, values)
        try:
            with TemporaryDirectory() as folder:
                self._tables(parent, Path(folder))
                scores = _with_published(night)
                self._figures(parent, Path(folder), scores, ALL_PUBLISHED, "all targets")
            for target, scores in night.scores.groupby("target", sort=True):
                self._target(parent, str(target), scores)
        except BaseException:
            self._client.set_terminated(parent, "FAILED")
            raise
        self._client.set_terminated(parent)
        return parent

    def _target(self, parent: str, target: str, scores: pd.DataFrame) -> None:
        decision = next(one for one in self._night.decisions if one.target == target)
        published = decision.shown or ""
        values = metrics.overall(scores) + metrics.of_decision(decision)
        params = {
            "target": target,
            "published": published,
            "challenger": decision.challenger or "",
        }
        run = self._run(target, parent, params, values)
        self._tell(run, decision)
        self._client.log_inputs(run, self._given)
        self._register(run, target, CHAMPION, published)
        if decision.challenger and decision.challenger != published:
            self._register(run, target, CHALLENGER, decision.challenger)
        else:
            drop_alias(self._client, target, CHALLENGER)
        with TemporaryDirectory() as folder:
            self._figures(run, Path(folder), scores, published, target)
        for model in sorted(scores["model"].unique()):
            child = self._run(
                model, run, {"target": target, "model": model}, metrics.of_model(scores, model)
            )
            self._client.set_terminated(child)
        self._client.set_terminated(run)

    def _tell(self, run: str, decision: Decision) -> None:
        """Tag a target's run with what was decided in its night."""
        for key in ("action", "model_before", "model_after", "challenger", "reason"):
            value = getattr(decision, key)
            if value is not None:
                self._client.set_tag(run, f"threatcast.decision.{key}", value)

    def _register(self, run: str, target: str, alias: str, model: str) -> None:
        night = self._night
        identity = {"threatcast.model": model} | {
            key: night.tags[key] for key in ("threatcast.commit", "threatcast.settings_hash")
        }
        config: dict[str, Any] = {"model": model} | {
            key: night.params[key]
            for key in ("horizon", "origins", "step", "seed")
            if key in night.params
        }
        if night.parents:
            config["parents"] = dict(night.parents)
        from threatcast_forecasting.night.tables import champion_members

        config["candidates"] = list(champion_members(night.models))
        number = register(self._client, run, target, alias, identity, config, self._logged)
        self._client.set_tag(run, f"threatcast.{alias}_version", number)

    def _run(
        self,
        name: str,
        parent: str | None,
        params: Mapping[str, str],
        values: Sequence[metrics.Value],
    ) -> str:
        """Start a run with all that is known of it; returns its id."""
        from mlflow.entities import Metric, Param

        night = self._night
        tags = night.tags | {
            "mlflow.source.name": "threatcast run",
            "mlflow.source.type": "JOB",
            "mlflow.source.git.commit": night.commit,
        }
        if parent is not None:
            tags[_PARENT] = parent
        run = self._client.create_run(self._experiment, tags=tags, run_name=name)
        shown = {"as_of": night.as_of.isoformat()} | dict(night.params) | dict(params)
        self._client.log_batch(
            run.info.run_id,
            metrics=[
                Metric(one.name, float(one.value), self._stamp, one.step)
                for one in values
                # a model without scores in a target has no mean, which MLflow cannot draw
                if math.isfinite(one.value)
            ],
            params=[Param(key, str(value)) for key, value in shown.items()],
        )
        return str(run.info.run_id)

    def _tables(self, run: str, folder: Path) -> None:
        """Keep scores and panel as Parquet, and name the panel as what the run was given."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        night = self._night
        for name in ("scores", "panel", "known", "weights"):
            path = folder / f"{name}.parquet"
            getattr(night, name).to_parquet(path, index=False)
            self._client.log_artifact(run, str(path), "tables")
        place = self._client.get_run(run).info.artifact_uri
        panel = Dataset(
            name="panel",
            digest=digest(night.panel),
            source_type="local",
            source=json.dumps({"uri": f"{place}/tables/panel.parquet"}),
            schema=json.dumps({"mlflow_colspec": _PANEL}),
            profile=json.dumps(
                {"num_rows": len(night.panel), "series": night.panel["series_id"].nunique()}
            ),
        )
        tag = InputTag("mlflow.data.context", "training")
        self._given = [DatasetInput(panel, [tag])]
        self._client.log_inputs(run, self._given)

    def _figures(
        self, run: str, folder: Path, scores: pd.DataFrame, model: str, subject: str
    ) -> None:
        title = f"{subject}, {self._night.as_of}"
        mark = mark_of(self._night.source, self._night.as_of)
        if mark:
            title += f" ({mark.word.lower()})"
        figures.draw_scaled_wis(scores, model, title, folder / "scaled_wis_by_horizon.png")
        figures.draw_calibration(scores, model, title, folder / "calibration.png")
        figures.draw_coverage(scores, title, folder / "coverage.png")
        draw_reliability(self._night.reliability, subject, title, folder / "reliability.png")
        for path in sorted(folder.glob("*.png")):
            self._client.log_artifact(run, str(path), "figures")


def _with_published(night: NightRecord) -> pd.DataFrame:
    """Return the scores, and those of each target's published model as a model of its own."""
    import pandas as pd

    shown = {decision.target: decision.shown for decision in night.decisions}
    scores = night.scores
    own = scores[scores["model"] == scores["target"].map(shown)]
    return pd.concat([scores, own.assign(model=ALL_PUBLISHED)], ignore_index=True)


def digest(panel: pd.DataFrame) -> str:
    """Return a hash of a panel's rows that does not depend on their order."""
    import pandas as pd

    columns = ["series_id", "week", "value"]
    rows = panel[columns].sort_values(columns[:2], kind="stable")
    hashes = pd.util.hash_pandas_object(rows, index=False)
    return sha256(hashes.to_numpy().tobytes()).hexdigest()[:16]
