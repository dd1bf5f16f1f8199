"""What a wheel carries beside the packages: the dbt project, Dagster's workspace and the lock.

An editable install finds them in the checkout (`threatcast_orchestration/run/project.py`).
"""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CARRIED = (
    "dbt_project/data_tests",
    "dbt_project/dbt_project.yml",
    "dbt_project/macros",
    "dbt_project/models",
    "dbt_project/profiles.yml",
    "dbt_project/seeds",
    "requirements.lock",
    "workspace.yaml",
)


class CarryProject(BuildHookInterface):
    """Puts the project's other parts into the wheel's package `threatcast_orchestration`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the parts to a build of a wheel that is no editable one."""
        if version == "standard":
            build_data["force_include"].update(
                {path: f"threatcast_orchestration/project/{path}" for path in CARRIED}
            )
