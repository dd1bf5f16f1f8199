"""Runs a selection of assets and checks through Dagster, as the UI's buttons do.

As a program of its own, `python by_hand.py SELECTION …` prints a JSON list, an object a selection:
whether the run went well, what its checks said and why steps failed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def by_hand(home: Path, *chosen: str) -> list[dict[str, Any]]:
    """Run selections one after the other, in a process of their own; returns what came of each.

    Parameters
    ----------
    chosen
        Each a selection: `asset:KEY` or `check:KEY:NAME`, several joined by commas.
    """
    clean = {key: value for key, value in os.environ.items() if not key.startswith("THREATCAST_")}
    environment = clean | {"THREATCAST_HOME": str(home), "DAGSTER_HOME": str(home / "dagster")}
    result = subprocess.run(
        [sys.executable, __file__, *chosen],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    outcomes: list[dict[str, Any]] = json.loads(result.stdout.splitlines()[-1])
    return outcomes


def main(selections: list[str]) -> None:
    """Run the selections in the home of the environment and print what came of each."""
    import dagster as dg
    from threatcast_orchestration.definitions import build_definitions

    every = build_definitions().resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.get() as instance:
        outcomes = [_run(every, selection.split(","), instance) for selection in selections]
    sys.stdout.write(f"{json.dumps(outcomes)}\n")


def _run(every: Any, chosen: list[str], instance: Any) -> dict[str, Any]:
    import dagster as dg
    from threatcast_orchestration.nightly.record import failed_checks, failed_steps

    assets = {dg.AssetKey(one[6:].split("/")) for one in chosen if one.startswith("asset:")}
    named = (one[6:].rsplit(":", 1) for one in chosen if one.startswith("check:"))
    checks = {dg.AssetCheckKey(dg.AssetKey(key.split("/")), name) for key, name in named}
    job = every.get_subset(asset_selection=assets, asset_check_selection=checks)
    # an asset is made for a day, here that of the release; a check looks at what stands
    day = _day_of_release() if assets else None
    ended = job.execute_in_process(instance=instance, partition_key=day, raise_on_error=False)
    evaluations = ended.get_asset_check_evaluations()
    return {
        "success": ended.success,
        "checked": [one.check_name for one in evaluations],
        "told_again": [one.check_name for one in evaluations if "unchanged" in one.metadata],
        "failed_checks": [one["check"] for one in failed_checks(evaluations)],
        "failed_steps": failed_steps(ended.all_events),
    }


def _day_of_release() -> str:
    from threatcast_orchestration.run.settings import home_path
    from threatcast_publishing.catalog import current, day_of

    release = current(home_path().releases)
    assert release is not None
    return day_of(release).isoformat()


if __name__ == "__main__":
    main(sys.argv[1:])
