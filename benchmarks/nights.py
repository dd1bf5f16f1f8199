"""A whole night in a new home, as the command line runs it; then one with nothing new."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from process_tree import INTERVAL, Watched, watch
from readings import Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_SECONDS = 480.0
SECOND_SECONDS = 60.0
MOST_MEGABYTES = 4096.0
MEGABYTE = 1024 * 1024
# threatcast_orchestration/nightly/progress.py writes these lines
_STEP = re.compile(r"^\[\d+/\d+\] (\S+): (\d+(?:\.\d+)?) s$", re.MULTILINE)


def measure(mirror: Path, scratch: Path, *, source: str = "mirror") -> Iterator[Reading]:
    """Run two nights in one new home and yield what they took.

    Parameters
    ----------
    mirror : Path
        Recordings; not looked at if the source is the sample.
    scratch : Path
        A folder to write to.
    source : str
        `mirror` or `sample`.

    Raises
    ------
    RuntimeError
        If a night does not end with a release: its time would say nothing.
    """
    command = [str(Path(sys.executable).with_name("threatcast")), "run", "--source", source]
    if source == "mirror":
        command += ["--mirror", str(mirror)]
    command += ["--home", str(scratch / "home")]
    for name, limit in (("first", FIRST_SECONDS), ("second", SECOND_SECONDS)):
        night = watch(command, _environment())
        if night.exit_code:
            last = "\n".join(night.output.splitlines()[-5:])
            raise RuntimeError(f"the {name} night ended with code {night.exit_code}:\n{last}")
        yield from readings_of(f"nights/{name}", night, limit)


def readings_of(name: str, night: Watched, limit: float) -> Iterator[Reading]:
    """Yield wall time, CPU time and peak memory of a night, then its steps, slowest first."""
    yield Reading(f"{name}/wall", night.seconds, "s", limit, f"{night.cpu:.1f} s of CPU")
    yield Reading(
        f"{name}/memory",
        night.peak / MEGABYTE,
        "MB",
        MOST_MEGABYTES,
        f"{len(night.largest)} processes at the peak; PSS of the tree every {INTERVAL} s",
    )
    steps = steps_of(night.output)
    for step, seconds in sorted(steps.items(), key=lambda one: -one[1]):
        yield Reading(f"{name}/step/{step}", seconds, "s")
    yield Reading(
        f"{name}/step/(none)", night.seconds - sum(steps.values()), "s", note="start and end"
    )


def steps_of(output: str) -> dict[str, float]:
    """Return seconds by step, from what a run prints off a terminal.

    Examples
    --------
    >>> steps_of("[1/23] pull_cisa_kev: 1.8 s\\nwarning: late\\n[2/23] forecasts_gate: failed")
    {'pull_cisa_kev': 1.8}
    """
    return {step: float(seconds) for step, seconds in _STEP.findall(output)}


def _environment() -> dict[str, str]:
    """Return this environment without settings that would change what a night does."""
    return {key: value for key, value in os.environ.items() if not key.startswith("THREATCAST_")}
