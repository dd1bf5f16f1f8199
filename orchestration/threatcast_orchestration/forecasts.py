"""From the marts to finished forecasts: loads the panel, calls the library, keeps the results.

Knows no Dagster. Finished forecasts are kept by the hash of all that they depend on, so that a
night with nothing new costs a look-up, and a run that died goes on from here.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_feeds.durable import write_durably
from threatcast_feeds.outcomes import digest_of

from threatcast_orchestration import hierarchy
from threatcast_orchestration.night_tables import compute
from threatcast_orchestration.nowcasts import QUERIES, Late, load_late
from threatcast_orchestration.publication import Publication, published_models

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from threatcast_orchestration.home import Home
    from threatcast_orchestration.night import Plan
    from threatcast_orchestration.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
MADE = "made.json"
"""Beside the tables of a night: their hashes, written last."""
KEPT = 5
"""Results kept beside the newest; a night may be repeated for an earlier day."""

_PANEL = """
    SELECT counts.target || '|' || counts.location AS series_id, counts.target, counts.location,
        counts.week, CAST(counts.value AS DOUBLE) AS value
    FROM marts.fct_weekly_counts AS counts
    INNER JOIN marts.dim_series AS series USING (target, location)
    WHERE series.is_eligible AND counts.week >= series.first_week
    ORDER BY series_id, week
"""
_KNOWN = """
    SELECT target || '|' || location AS series_id, origin, week, CAST(value AS DOUBLE) AS value
    FROM marts.fct_vintage_counts
    ORDER BY series_id, origin, week
"""
_KINDS = """
    SELECT DISTINCT target, location, origin, as_of_kind FROM marts.fct_vintage_counts
"""


@dataclass(frozen=True)
class Inputs:
    """What one night's forecasts are made from."""

    panel: pd.DataFrame
    known: pd.DataFrame
    kinds: pd.DataFrame
    models: tuple[str, ...]
    key: str
    late: Late | None = None
    publications: Mapping[str, Publication] = field(default_factory=dict)
    places: hierarchy.Places | None = None

    @property
    def run_id(self) -> str:
        """Name of these numbers: the same inputs, settings and code have the same one."""
        return self.key[:16]


@dataclass(frozen=True)
class Results:
    """The tables of one night, where they lie and whether they were there before."""

    folder: Path
    key: str
    reused: bool

    def frame(self, table: str) -> pd.DataFrame:
        """Return one table as a frame."""
        import pandas as pd

        return pd.read_parquet(self.folder / f"{table}.parquet")


def load_inputs(connection: duckdb.DuckDBPyConnection, plan: Plan) -> Inputs:
    """Return the eligible series, what was known of them at past origins, and the key of all."""
    settings = plan.settings
    panel = connection.execute(_PANEL).df()
    known = connection.execute(_KNOWN).df()
    kinds = connection.execute(_KINDS).df()
    models = tuple(name.strip() for name in settings.models.split(",") if name.strip())
    digest = sha256(code_hash().encode())
    digest.update(settings_hash(settings).encode())
    for query in (_PANEL, _KNOWN, f"{_KINDS} ORDER BY ALL", *QUERIES, *hierarchy.QUERIES):
        digest.update(_digest(connection, query).encode())
    publications = published_models(plan.home, panel["target"], plan.as_of)
    digest.update(repr(sorted(publications.items())).encode())
    return Inputs(
        panel,
        known,
        kinds,
        models,
        digest.hexdigest(),
        load_late(connection),
        publications,
        hierarchy.load_places(connection),
    )


def settings_hash(settings: Settings) -> str:
    """Return a hash of the settings that change numbers (not how many processes compute them)."""
    chosen = (settings.models, settings.origins, settings.step, settings.seed)
    return sha256(repr(chosen).encode()).hexdigest()[:16]


@cache
def code_hash() -> str:
    """Return a hash of the forecasting library and of the lock file."""
    import threatcast_forecasting

    digest = sha256()
    package = Path(threatcast_forecasting.__file__).parent
    lock = ROOT / "requirements.lock"
    for path in [*sorted(package.rglob("*.py")), *([lock] if lock.is_file() else [])]:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _digest(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    """Hash the rows of a query without loading them into Python."""
    ordered = query if "ORDER BY" in query else f"{query} ORDER BY ALL"
    row = connection.execute(
        f"SELECT count(*), sum(hash(rows)::HUGEINT)::VARCHAR FROM ({ordered}) AS rows"
    ).fetchone()
    return repr(row)


def make(
    inputs: Inputs,
    home: Home,
    settings: Settings,
    *,
    progress: Callable[[int, int, str], None] | None = None,
) -> Results:
    """Return the night's forecasts: those kept from an earlier run, or new ones.

    Raises
    ------
    threatcast_forecasting.errors.ForecastError
        If the panel breaks its contract.
    """
    folder = home.forecasts / inputs.key[:32]
    if _is_whole(folder):
        folder.touch()
        return Results(folder, inputs.key, reused=True)
    scratch = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    for table, frame in compute(inputs, settings, progress).items():
        frame.to_parquet(scratch / f"{table}.parquet", index=False)
    made = {path.name: digest_of(path) for path in sorted(scratch.iterdir())}
    write_durably(scratch / MADE, json.dumps(made, indent=1).encode())
    shutil.rmtree(folder, ignore_errors=True)
    scratch.replace(folder)
    _forget_old(home.forecasts)
    return Results(folder, inputs.key, reused=False)


def _is_whole(folder: Path) -> bool:
    """Whether kept forecasts are there to the last byte; what is not whole is made anew."""
    try:
        made = json.loads((folder / MADE).read_text(encoding="utf-8"))
        return bool(made) and all(digest_of(folder / name) == made[name] for name in made)
    except (OSError, ValueError, LookupError, TypeError):
        return False


def _forget_old(folder: Path) -> None:
    kept = sorted(
        (path for path in folder.iterdir() if path.is_dir()),
        key=lambda path: path.stat().st_mtime,
        reverse=True,
    )
    for path in kept[KEPT + 1 :]:
        shutil.rmtree(path, ignore_errors=True)
