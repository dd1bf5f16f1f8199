"""Dagster's history of runs: which there are, and taking one away with all that it left.

`DagsterInstance.delete_run` leaves a run's own event file and rows in SQLite; those go here too.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from threatcast_orchestration.nightly.jobs import JOB
from threatcast_orchestration.nightly.record import is_night

if TYPE_CHECKING:
    import dagster as dg

    from threatcast_orchestration.run.home import Home


def runs_of(instance: dg.DagsterInstance, home: Home) -> Iterator[tuple[str, datetime, bool, bool]]:
    """Yield each run: its id, when it began, whether it is alive, whether it was a night.

    What a kill left of a run that was being taken away counts as one.
    """
    known = set()
    for record in instance.get_run_records():
        run = record.dagster_run
        known.add(run.run_id)
        began = record.create_timestamp.replace(tzinfo=UTC)
        yield run.run_id, began, not run.is_finished, is_night(run, JOB)
    for path in sorted(_events(home).glob("*.db")):
        if path.stem not in known and _is_run(path.stem):
            yield path.stem, datetime.fromtimestamp(path.stat().st_mtime, UTC), False, False


def remove_run(instance: dg.DagsterInstance, home: Home, run_id: str) -> None:
    """Take a run out of the history; files last, so that a kill leaves nothing half told."""
    from threatcast_orchestration.run.dagster_internals import forget_run

    instance.delete_run(run_id)
    forget_run(home, run_id)
    for path in files_of(home, run_id):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def files_of(home: Home, run_id: str) -> list[Path]:
    """Return what lies on the disk of one run alone: its events, what its steps printed."""
    events = [_events(home) / f"{run_id}.db{ending}" for ending in ("-wal", "-shm", "")]
    return [path for path in (home.dagster / "storage" / run_id, *events) if path.exists()]


def _events(home: Home) -> Path:
    return home.dagster / "history" / "runs"


def _is_run(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False
