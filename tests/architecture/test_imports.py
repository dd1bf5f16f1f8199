"""Walls between the packages, and what a command may load."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

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


def private_names(module: Path, library: str) -> list[str]:
    """Return what a module imports of a library's packages that begins with an underscore."""
    found = []
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        names = [alias.name for alias in getattr(node, "names", []) if hasattr(alias, "asname")]
        wholes = [f"{getattr(node, 'module', '') or ''}.{name}" for name in names]
        found += [
            whole.strip(".")
            for whole in wholes
            if whole.strip(".").startswith(library)
            and any(part.startswith("_") for part in whole.split("."))
        ]
    return found


@pytest.mark.parametrize(
    ("library", "place"),
    [
        ("dagster", "orchestration/threatcast_orchestration/run/dagster_internals.py"),
        ("openpyxl", "feeds/threatcast_feeds/readers/openpyxl_internals.py"),
    ],
)
def test_one_module_knows_what_a_library_does_not_promise(project, library, place):
    at = project / place
    modules = [
        path
        for package in ("feeds", "forecasting", "publishing", "orchestration")
        for path in sorted((project / package).rglob("*.py"))
    ]
    private = {path: names for path in modules if (names := private_names(path, library))}
    assert set(private) == {at}, private
