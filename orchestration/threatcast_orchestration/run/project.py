"""Where the parts of the project lie that are no Python modules.

A wheel carries them beside this package's rooms (`hatch_build.py`); in a checkout they stand at its
root. Nothing else looks for a checkout.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_CARRIED = _PACKAGE / "project"
CHECKOUT = None if _CARRIED.is_dir() else _PACKAGE.parents[1]
"""The root of the sources; None where a wheel is installed."""
ROOT = CHECKOUT or _CARRIED
DBT = ROOT / "dbt_project"
SEEDS = DBT / "seeds"
WORKSPACE = ROOT / "workspace.yaml"
LOCK = ROOT / "requirements.lock"
