"""Panels from the recordings: our targets as they were known, and unseen splits of the feeds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .panel import CYBER, Panel
from .splits import split_panel

if TYPE_CHECKING:
    import duckdb

QUICK = {"THREATCAST_MODELS": "flat,comb_two", "THREATCAST_ORIGINS": "1", "THREATCAST_STEP": "4"}
"""A home is built for its counts: its own forecasts are the shortest there are."""

# stale feeds too: their series end where their feed does, without weeks that still fill up
_PANEL = """
    SELECT target || '|' || location AS series_id, target, location, counts.week,
        CAST(counts.value AS DOUBLE) AS value
    FROM marts.fct_weekly_counts AS counts
    INNER JOIN marts.dim_series AS series USING (target, location)
    WHERE counts.week BETWEEN series.first_week AND series.last_week
        AND series.monitored_weeks >= 78 AND series.events_last_104 >= 20
        AND (series.is_eligible OR counts.observation IS DISTINCT FROM 'provisional')
    ORDER BY series_id, week"""
_KNOWN = """
    SELECT target || '|' || location AS series_id, origin, week, CAST(value AS DOUBLE) AS value
    FROM marts.fct_vintage_counts ORDER BY ALL"""
_KINDS = """
    SELECT DISTINCT target || '|' || location AS series_id, origin, as_of_kind
    FROM marts.fct_vintage_counts ORDER BY ALL"""


def build_home(mirror: Path, home: Path) -> None:
    """Build a home from the recordings, as a night does it.

    Raises
    ------
    RuntimeError
        If the night does not end with a release.
    """
    program = str(Path(sys.executable).with_name("threatcast"))
    words = ["run", "--source", "mirror", "--mirror", str(mirror), "--home", str(home), "--quiet"]
    kept = {key: value for key, value in os.environ.items() if not key.startswith("THREATCAST_")}
    night = subprocess.run(
        [program, *words], env=kept | QUICK, capture_output=True, text=True, check=False
    )
    if night.returncode:
        last = "\n".join((night.stdout + night.stderr).splitlines()[-5:])
        raise RuntimeError(f"the night that builds the home ended with {night.returncode}:\n{last}")


def open_home(home: Path) -> duckdb.DuckDBPyConnection:
    """Open the warehouse of a home to read from it.

    Raises
    ------
    RuntimeError
        If there is none.
    """
    import duckdb

    path = home / "warehouse" / "threatcast.duckdb"
    if not path.is_file():
        raise RuntimeError(
            f"{home} is no home with a warehouse; name one that `threatcast run` made"
        )
    return duckdb.connect(str(path), read_only=True)


def recordings(home: Path) -> Panel:
    """Return all targets and levels of a home, with what was known of them at past origins."""
    with open_home(home) as warehouse:
        frame, known, kinds = (warehouse.execute(query).df() for query in (_PANEL, _KNOWN, _KINDS))
    what = "Our targets from the recorded feeds, trained on what was known at each origin"
    return Panel("recordings", CYBER, what, frame, known, kinds)


def recordings_split(home: Path, mirror: Path | None) -> Panel:
    """Return series cut from the recordings in ways that no target uses."""
    with open_home(home) as warehouse:
        frame = split_panel(warehouse, mirror)
    what = (
        "The recorded feeds by vendor, group, tool, network and domain; no model was made on it, "
        "but the settings of the champion were compared on it"
    )
    return Panel("recordings_split", CYBER, what, frame)
