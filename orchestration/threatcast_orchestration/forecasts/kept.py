"""Finished forecasts, kept by the hash of all that they depend on.

A night with nothing new costs a look-up, and a run that died goes on from here. Old ones go by the
rules of `retention/`. Where something is new, the fits of all else are kept too (`fits_file`).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from threatcast_feeds.durable import write_durably
from threatcast_feeds.outcomes import digest_of

from threatcast_orchestration.run.keys import code_key

if TYPE_CHECKING:
    import pandas as pd
    from threatcast_forecasting.night.inputs import NightInputs

    from threatcast_orchestration.run.plan import Plan

MADE = "made.json"
"""Beside the tables of a night: their hashes, written last."""
_PICTURE = "world.png"


@dataclass(frozen=True)
class KeptForecasts:
    """The tables of one night, where they lie and whether they were there before."""

    folder: Path
    key: str
    reused: bool

    def frame(self, table: str) -> pd.DataFrame:
        """Return one table as a frame."""
        import pandas as pd

        return pd.read_parquet(self.folder / f"{table}.parquet")

    @property
    def picture(self) -> bytes | None:
        """The world's last two years and what is expected, as PNG; None if there is no outlook."""
        path = self.folder / _PICTURE
        return path.read_bytes() if path.is_file() else None

    @property
    def scores(self) -> pd.DataFrame | None:
        """The back-test; None if no series may be forecast."""
        there = (self.folder / "scores.parquet").is_file()
        return self.frame("scores") if there else None


def make(
    inputs: NightInputs,
    plan: Plan,
    key: str,
    *,
    progress: Callable[[int, int, str], None] | None = None,
) -> KeptForecasts:
    """Return the night's forecasts: those kept from an earlier run, or new ones.

    Raises
    ------
    threatcast_forecasting.errors.ForecastError
        If the panel breaks its contract.
    OrchestrationError
        If the workers that the settings name cannot be had.
    """
    from threatcast_forecasting.night.tables import night_tables

    from threatcast_orchestration.forecasts.fan_charts import fan_charts
    from threatcast_orchestration.forecasts.fits_file import open_fits
    from threatcast_orchestration.run.workers import fitting

    folder = plan.home.forecasts / key[:32]
    if _is_whole(folder):
        folder.touch()
        return KeptForecasts(folder, key, reused=True)
    scratch = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    fits = open_fits(plan.home.fits, code_key("forecasts"), plan.as_of)
    with fitting(plan.settings) as jobs, fits as kept:
        there = replace(inputs, options=replace(inputs.options, jobs=jobs))
        tables = night_tables(there, progress=progress, clock=perf_counter, kept=kept)
    for table, frame in tables.items():
        frame.to_parquet(scratch / f"{table}.parquet", index=False)
    if "outlook" in tables and len(tables["outlook"]):
        picture = fan_charts(inputs.panel, tables["forecast"], tables["outlook"])
        (scratch / _PICTURE).write_bytes(picture)
    made = {path.name: digest_of(path) for path in sorted(scratch.iterdir())}
    write_durably(scratch / MADE, json.dumps(made, indent=1).encode())
    shutil.rmtree(folder, ignore_errors=True)
    scratch.replace(folder)
    return KeptForecasts(folder, key, reused=False)


def _is_whole(folder: Path) -> bool:
    """Whether kept forecasts are there to the last byte; what is not whole is made anew."""
    try:
        made = json.loads((folder / MADE).read_text(encoding="utf-8"))
        return bool(made) and all(digest_of(folder / name) == made[name] for name in made)
    except (OSError, ValueError, LookupError, TypeError):
        return False
