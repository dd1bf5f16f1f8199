"""Nights that MLflow holds: which there are, and taking one away for good.

Runs are found by the tags that each of them carries (`threatcast.as_of`, `threatcast.run_id`); what
others keep in the store is left alone.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from threatcast_orchestration.run.home import Home
from threatcast_orchestration.tracking.artifact_paths import EXPERIMENT, store_uri

NIGHTLY = "nightly"
"""How the name of a night's parent run begins; its as-of day follows."""
_AS_OF, _RUN_ID, _PARENT = "threatcast.as_of", "threatcast.run_id", "mlflow.parentRunId"


@dataclass(frozen=True)
class MlflowNight:
    """One night; `serves` if a model with an alias was logged in it."""

    as_of: date
    run_id: str
    is_finished: bool
    serves: bool


@dataclass(frozen=True)
class NightContent:
    """What the store holds of a night: runs, the parent last, and models that were logged in them.

    `active` are the runs that are not deleted yet; `versions` the registered versions of the
    models, by name and number.
    """

    runs: tuple[str, ...]
    active: tuple[str, ...]
    models: tuple[str, ...]
    versions: tuple[tuple[str, str], ...]

    def folders(self, home: Home) -> list[Path]:
        """Return where the artifacts of all that lie."""
        root = home.mlflow / "artifacts"
        places = [root / run for run in self.runs]
        places += [root / "models" / model for model in self.models]
        return [place for place in places if place.is_dir()]


def nights_in(client: Any) -> list[MlflowNight]:
    """Return all nights of the store, also what interrupted ones left; oldest first."""
    serving = {_night_of(client.get_run(run_id)) for run_id in _serving_runs(client)}
    finished: dict[tuple[str, str], bool] = {}
    for run in _runs(client, f"attributes.run_name LIKE '{NIGHTLY} %'"):
        if _AS_OF in run.data.tags and _PARENT not in run.data.tags:
            ended = run.info.status == "FINISHED" and run.info.lifecycle_stage == "active"
            finished[_night_of(run)] = ended or finished.get(_night_of(run), False)
    return [
        MlflowNight(date.fromisoformat(day), run_id, ended, (day, run_id) in serving)
        for (day, run_id), ended in sorted(finished.items())
    ]


def content_of(client: Any, as_of: date, run_id: str) -> NightContent:
    """Return what the store holds of a night."""
    wanted = f"tags.`{_AS_OF}` = '{as_of}' AND tags.`{_RUN_ID}` = '{run_id}'"
    found = sorted(_runs(client, wanted), key=lambda run: _PARENT not in run.data.tags)
    runs = [str(run.info.run_id) for run in found]
    return NightContent(
        runs=tuple(runs),
        active=tuple(str(r.info.run_id) for r in found if r.info.lifecycle_stage == "active"),
        models=tuple(str(one.model_id) for one in _models(client) if one.source_run_id in runs),
        versions=tuple(
            (str(one.name), str(one.version))
            for one in _pages(client.search_model_versions)
            if one.run_id in runs
        ),
    )


def remove_night(client: Any, home: Home, content: NightContent) -> None:
    """Take all of a night out of the store, its artifacts too.

    The parent goes last: while it is there, `nights_in` tells of the night, so that the next
    removal ends what a kill cut short.
    """
    for run in content.active:
        client.delete_run(run)
    for folder in content.folders(home):
        shutil.rmtree(folder)
    for name, version in content.versions:
        client.delete_model_version(name, version)
    for model in content.models:
        client.delete_logged_model(model)
    _collect(home, content.runs[:-1])
    _collect(home, content.runs[-1:])


def _collect(home: Home, runs: Sequence[str]) -> None:
    """Remove deleted runs for good, and all deleted models, as `mlflow gc` does."""
    from mlflow.cli import gc

    if runs:  # named none, it would take all runs that anybody ever deleted
        words = ["--backend-store-uri", store_uri(home), "--run-ids", ",".join(runs)]
        with redirect_stdout(io.StringIO()):
            gc.main(words, standalone_mode=False)


def _night_of(run: Any) -> tuple[str, str]:
    return run.data.tags.get(_AS_OF, ""), run.data.tags.get(_RUN_ID, "")


def _serving_runs(client: Any) -> set[str]:
    """Return the runs in which the versions behind all aliases were logged."""
    return {
        str(client.get_model_version(model.name, version).run_id)
        for model in _pages(client.search_registered_models)
        for version in set(model.aliases.values())
    }


def _runs(client: Any, wanted: str) -> Iterator[Any]:
    """Yield runs of our experiment, deleted ones too."""
    from mlflow.entities import ViewType

    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is not None:
        ours = [experiment.experiment_id]
        yield from _pages(client.search_runs, ours, wanted, run_view_type=ViewType.ALL)


def _models(client: Any) -> Iterator[Any]:
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is not None:
        yield from _pages(client.search_logged_models, [experiment.experiment_id])


def _pages(search: Any, *words: Any, **named: Any) -> Iterator[Any]:
    """Yield all that a search of MLflow finds."""
    token = None
    while True:
        page = search(*words, **named, page_token=token)
        yield from page
        token = page.token
        if not token:
            return
