"""Takes away what goes by rule, and says what it was and how much room it took.

Each thing goes by itself and the next call ends what a kill cut short: nothing that is half gone is
ever shown as whole.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threatcast_orchestration.nightly.run_history import files_of, remove_run
from threatcast_orchestration.retention.inventory import holdings_of
from threatcast_orchestration.retention.rules import Outgoing, Spans, outgoing
from threatcast_orchestration.run.stores import shrink
from threatcast_orchestration.tracking.artifact_paths import has_store, store_path
from threatcast_orchestration.tracking.mlflow_nights import content_of, remove_night
from threatcast_orchestration.tracking.store import open_store

if TYPE_CHECKING:
    import dagster as dg

    from threatcast_orchestration.run.home import Home
    from threatcast_orchestration.run.settings import Settings


@dataclass(frozen=True)
class Removal:
    """One thing that goes: `bytes` are those of its own files; `error` says why it is still there.

    `kind` is `release`, `gates`, `mlflow`, `forecasts`, `dagster` or `log`.
    """

    kind: str
    name: str
    bytes: int
    error: str = ""


def prune(
    home: Home,
    settings: Settings,
    today: date,
    *,
    dry_run: bool = False,
    instance: dg.DagsterInstance | None = None,
) -> list[Removal]:
    """Take away what goes of a home; with `dry_run` only say what would go.

    What cannot be removed is said in its row, and the rest goes on.

    Parameters
    ----------
    home
    settings
        `keep_nights` and `keep_runs`.
    today
        For the age of Dagster's runs; all else is counted from the newest as-of day.
    instance
        Of Dagster in this home; None opens it if there is one.

    Raises
    ------
    OrchestrationError
        If the record of decisions or the archive cannot be read; nothing was removed.
    """
    spans = Spans(settings.keep_nights, settings.keep_runs)
    with _stores(home, instance) as (dagster, mlflow):
        goes = outgoing(holdings_of(home, instance=dagster, mlflow=mlflow), spans, today)
        return [
            Removal(kind, name, size, "" if dry_run else _tried(remove))
            for kind, name, size, remove in _steps(home, goes, dagster, mlflow)
        ]


def give_back(home: Home) -> None:
    """Shrink the histories of Dagster and MLflow to what is left in them.

    Not for a night, which is at work in them and will use the room again.
    """
    for store in (*home.history_stores, store_path(home)):
        shrink(store)


def totals(removed: Iterable[Removal]) -> dict[str, dict[str, int]]:
    """Return by kind how many things went, and their bytes."""
    gone = [one for one in removed if not one.error]
    count: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for one in gone:
        count[one.kind] += 1
        size[one.kind] += one.bytes
    return {kind: {"count": count[kind], "bytes": size[kind]} for kind in sorted(count)}


@contextmanager
def _stores(home: Home, given: dg.DagsterInstance | None) -> Iterator[tuple[Any, Any]]:
    """Yield Dagster's instance and MLflow's client of a home; None of what it does not have."""
    import dagster as dg

    with ExitStack() as opened:
        dagster, mlflow = given, None
        if dagster is None and (home.postgres_in or home.history_stores[0].is_file()):
            dagster = opened.enter_context(dg.DagsterInstance.get())
        if has_store(home):
            mlflow = opened.enter_context(open_store(home))
        yield dagster, mlflow


Step = tuple[str, str, int, Callable[[], object]]


def _steps(home: Home, goes: Outgoing, dagster: Any, mlflow: Any) -> Iterator[Step]:
    """Yield kind, name, bytes and removal of each thing; measured before it goes."""
    from threatcast_publishing import catalog

    for release in goes.releases:
        folder = home.releases / release.release_id
        remove = partial(catalog.remove, home.releases, release.release_id)
        yield "release", release.release_id, _size([folder]), remove
    for day in goes.gate_days:
        folder = home.gates / day.isoformat()
        yield "gates", day.isoformat(), _size([folder]), partial(shutil.rmtree, folder)
    for night in goes.tracked:
        content = content_of(mlflow, night.as_of, night.run_id)
        remove = partial(remove_night, mlflow, home, content)
        yield "mlflow", night.name, _size(content.folders(home)), remove
    for kept in goes.forecasts:
        folder = home.forecasts / kept.folder
        yield "forecasts", kept.folder, _size([folder]), partial(shutil.rmtree, folder)
    for run in goes.runs:
        remove = partial(remove_run, dagster, home, run.run_id)
        yield "dagster", run.run_id, _size(files_of(home, run.run_id)), remove
    for name in goes.rotated_logs:
        path = home.dbt_target / name
        yield "log", name, _size([path]), path.unlink


def _tried(remove: Callable[[], object]) -> str:
    """Remove a thing; returns what went wrong, '' if nothing did."""
    try:
        remove()
    except Exception as error:  # noqa: BLE001 whatever a library raises costs this thing alone
        return f"{type(error).__name__}: {error}"
    return ""


def _size(places: Iterable[Path]) -> int:
    """Return the bytes of files, and of all files below folders."""
    files = (path for place in places for path in (place, *place.rglob("*")))
    return sum(path.lstat().st_size for path in files if path.is_file() and not path.is_symlink())
