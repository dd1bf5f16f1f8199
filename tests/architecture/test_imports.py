"""Walls between the packages, and what a command may load."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("dagster", "dbt", "mlflow", "prophet", "great_expectations", "matplotlib", "duckdb")


def loaded_by(statement: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter holds after a statement."""
    code = f"{statement}\nimport sys\nprint(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return set(result.stdout.split())


def test_import_contracts_hold(project):
    result = subprocess.run(
        [f"{sys.prefix}/bin/lint-imports", "--no-cache"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("import threatcast_feeds.registry", set()),
        ("import threatcast_orchestration.cli", set()),
        ("import threatcast_forecasting", set()),
        ("import threatcast_publishing.catalog", set()),
    ],
)
def test_package_loads_nothing_heavy_before_it_is_used(statement, allowed):
    assert not (loaded_by(statement) & set(HEAVY)) - allowed
