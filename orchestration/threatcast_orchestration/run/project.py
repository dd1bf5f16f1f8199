"""Where the parts of the project lie that are no Python modules."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DBT = ROOT / "dbt_project"
SEEDS = DBT / "seeds"
WORKSPACE = ROOT / "workspace.yaml"
LOCK = ROOT / "requirements.lock"
