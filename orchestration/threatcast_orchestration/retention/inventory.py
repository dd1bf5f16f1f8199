"""What a home holds of all that grows, as the rules see it. Nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threatcast_forecasting.judging.published import changes_of

from threatcast_orchestration.forecasts.kept import MADE
from threatcast_orchestration.live_scores.archive_files import archived_releases
from threatcast_orchestration.nightly.run_history import runs_of
from threatcast_orchestration.published_models.decision_record import read_decisions
from threatcast_orchestration.retention.rules import (
    HeldForecasts,
    HeldRelease,
    HeldRun,
    Holdings,
    TrackedNight,
)
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.tracking.mlflow_nights import nights_in
from threatcast_orchestration.warehouse.outlook_history import has_outlook

if TYPE_CHECKING:
    import dagster as dg
    from threatcast_publishing.catalog import ReleaseInfo


def holdings_of(
    home: Home, *, instance: dg.DagsterInstance | None = None, mlflow: Any = None
) -> Holdings:
    """Return what a home holds.

    Parameters
    ----------
    home
    instance
        Of Dagster in this home; None if it has none.
    mlflow
        A client of the home's store; None if it has none.

    Raises
    ------
    OrchestrationError
        If the record of decisions or the archive cannot be read: what they refer to is not known.
    """
    return Holdings(
        releases=tuple(_releases(home)),
        gate_days=tuple(sorted(_gate_days(home.gates))),
        tracked=tuple(
            TrackedNight(night.as_of, night.run_id, night.is_finished, night.serves)
            for night in (nights_in(mlflow) if mlflow else ())
        ),
        decided=frozenset(_decided(home)),
        forecasts=tuple(_forecasts(home.forecasts)),
        runs=tuple(
            HeldRun(run_id, began.date(), alive, night)
            for run_id, began, alive, night in (runs_of(instance, home) if instance else ())
        ),
        rotated_logs=tuple(
            path.relative_to(home.dbt_target).as_posix()
            for path in sorted(home.dbt_target.glob("*/dbt.log.*"))
        ),
    )


def _releases(home: Home) -> Iterator[HeldRelease]:
    from threatcast_publishing.catalog import list_releases
    from threatcast_publishing.manifest import read_manifest

    archived = archived_releases(home.archive)
    for info in list_releases(home.releases):
        forecasts = int(read_manifest(info.folder).raw["tables"].get("forecast", 0))
        outlives = info.release_id in archived or not forecasts
        yield HeldRelease(
            info.release_id,
            info.as_of,
            info.built_at,
            is_current=info.current,
            is_archived=outlives and has_outlook(home.archive, info),
            run_ids=frozenset(_run_ids(info)),
        )


def _run_ids(info: ReleaseInfo) -> Iterator[str]:
    """Yield the names of the numbers that a release shows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with suppress(OSError, pa.ArrowException):  # `releases verify` speaks of damage
        path = info.folder / "parquet" / "outlook.parquet"
        column = pq.read_table(path, columns=["run_id"], partitioning=None).column("run_id")
        yield from (name for name in column.unique().to_pylist() if name)


def _gate_days(gates: Path) -> Iterator[date]:
    for path in gates.glob("*/"):
        with suppress(ValueError):
            yield date.fromisoformat(path.name)


def _decided(home: Home) -> Iterator[tuple[str, date]]:
    """Yield the numbers by which the model that speaks for a target was changed, and their day."""
    rows = read_decisions(home)
    for target in sorted({row.target for row in rows}):
        for change in changes_of(target, rows):
            if change.decision.run_id:
                yield change.decision.run_id, change.decision.as_of


def _forecasts(folder: Path) -> Iterator[HeldForecasts]:
    for path in folder.glob("*/"):
        yield HeldForecasts(path.name, path.stat().st_mtime, (path / MADE).is_file())
