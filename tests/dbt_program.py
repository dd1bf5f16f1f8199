"""dbt as its own program, on a warehouse and with a target folder of the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def dbt(project: Path, warehouse: Path, folder: Path, *words: str) -> subprocess.CompletedProcess:
    """Run dbt on a warehouse with a target folder of its own."""
    environment = os.environ | {
        "THREATCAST_WAREHOUSE": str(warehouse),
        "DBT_PROFILES_DIR": str(project / "dbt_project"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DO_NOT_TRACK": "true",
    }
    program = str(Path(sys.executable).with_name("dbt"))
    return subprocess.run(
        [program, *words, "--target-path", str(folder / "target")],
        cwd=project / "dbt_project",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
