"""What MLflow calls a night and its models: kept in the home, told without importing MLflow.

Importing it takes seconds; a command that only names a run or a version need not wait for them.
A line a night in `mlflow/nights.jsonl`, written by the step that tracks; a home whose store is
older than these lines is told of from its next night on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threatcast_feeds.durable import write_durably

from threatcast_orchestration.run.home import Home
from threatcast_orchestration.tracking.artifact_paths import artifacts_of

if TYPE_CHECKING:
    from threatcast_orchestration.tracking.night_record import NightRecord


def registered_versions(home: Home) -> dict[str, dict[str, str]]:
    """Return the version behind each alias, by target; empty before the first night."""
    nights = _nights(home)
    return dict(nights[-1]["versions"]) if nights else {}


def night_of(home: Home, run_id: str, as_of: str) -> dict[str, Any] | None:
    """Return the MLflow run that made a run's numbers: its id, artifacts and tags; or None.

    A night with nothing new keeps the numbers, and so the `run_id`, of an earlier one.
    """
    same = [row for row in _nights(home) if row["run_id"] == run_id and row["as_of"] <= as_of]
    if not same:
        return None
    newest = max(same, key=lambda row: str(row["as_of"]))
    return newest | {"artifacts": artifacts_of(home) + newest["artifacts"]}


def newest_page(home: Home) -> str | None:
    """Return where MLflow's page has the night that was tracked last: what follows the host.

    A night of a home made before the experiment was kept has the list of experiments; None if
    there is no night.
    """
    nights = _nights(home)
    if not nights:
        return None
    found = ""
    if "experiment_id" in nights[-1]:
        found = "/{experiment_id}/runs/{mlflow_run_id}".format_map(nights[-1])
    # else it opens an empty page about language models
    return f"/#/experiments{found}?workflowType=machine_learning"


def keep_names(
    home: Home, night: NightRecord, run: Any, versions: Mapping[str, Mapping[str, str]]
) -> None:
    """Keep what MLflow calls a night.

    Parameters
    ----------
    run
        MLflow's run of the night. The place of its artifacts is kept below the home's, so that it
        holds in a home that was moved.
    versions
        The version behind each alias, by target.
    """
    tags = {key.removeprefix("threatcast."): value for key, value in night.tags.items()}
    row = tags | {
        "mlflow_run_id": str(run.info.run_id),
        "experiment_id": str(run.info.experiment_id),
        "artifacts": str(run.info.artifact_uri).removeprefix(artifacts_of(home)),
        "versions": versions,
    }
    nights = _nights(home)
    if not nights or nights[-1] != row:
        lines = "".join(json.dumps(one, sort_keys=True) + "\n" for one in [*nights, row])
        write_durably(_path(home), lines.encode())


def _path(home: Home) -> Path:
    return home.mlflow / "nights.jsonl"


def _nights(home: Home) -> list[dict[str, Any]]:
    """Return all lines; one that is damaged is no reason to say nothing of the others."""
    try:
        lines = _path(home).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    rows = []
    for line in lines:
        try:
            rows.append(json.loads(line))
        except ValueError:
            continue
    return rows
