"""What a home's MLflow store knows of a night or a target, read without importing MLflow.

Importing it takes seconds; a command that only names a run or a version need not wait for them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from threatcast_orchestration.run.home import Home
from threatcast_orchestration.tracking.places import open_to_read, store_path

_ALIASES = "SELECT name, alias, version FROM registered_model_aliases ORDER BY name, alias"
_NIGHT = """
    SELECT runs.run_uuid, runs.artifact_uri
    FROM runs
    INNER JOIN tags AS named
        ON runs.run_uuid = named.run_uuid AND named.key = 'threatcast.run_id' AND named.value = ?
    INNER JOIN tags AS dated
        ON runs.run_uuid = dated.run_uuid AND dated.key = 'threatcast.as_of' AND dated.value <= ?
    LEFT JOIN tags AS parent
        ON runs.run_uuid = parent.run_uuid AND parent.key = 'mlflow.parentRunId'
    WHERE parent.value IS NULL AND runs.status = 'FINISHED' AND runs.lifecycle_stage = 'active'
    ORDER BY dated.value DESC
"""
_TAGS = "SELECT key, value FROM tags WHERE run_uuid = ? AND key LIKE 'threatcast.%' ORDER BY key"


def registered_versions(home: Home) -> dict[str, dict[str, str]]:
    """Return the version behind each alias, by target; empty without a store."""
    found: dict[str, dict[str, str]] = {}
    for name, alias, version in _ask(home, _ALIASES):
        found.setdefault(name.removeprefix("threatcast-"), {})[alias] = str(version)
    return found


def night_of(home: Home, run_id: str, as_of: str) -> dict[str, Any] | None:
    """Return the MLflow run that made a run's numbers: its id, artifacts and tags; None if lost.

    A night with nothing new keeps the numbers, and so the `run_id`, of an earlier one.
    """
    rows = _ask(home, _NIGHT, (run_id, as_of))
    if not rows:
        return None
    tags = dict(_ask(home, _TAGS, (rows[0][0],)))
    return {
        "mlflow_run_id": rows[0][0],
        "artifacts": rows[0][1],
        **{key.removeprefix("threatcast."): value for key, value in tags.items()},
    }


def _ask(home: Home, sql: str, values: Sequence[str] = ()) -> list[Any]:
    path = store_path(home)
    if not path.is_file():
        return []
    with closing(open_to_read(path)) as store:
        try:
            return store.execute(sql, values).fetchall()
        except sqlite3.DatabaseError:  # a store of another version is no reason to say nothing
            return []
