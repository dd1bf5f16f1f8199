"""A whole night in a new home, one with nothing new, and one with one new copy of one feed.

Beside the first stands what DuckDB alone needs to read the same bytes: each landed payload once, by
two threads, into Parquet, as `parsing.py` has it. Where DuckDB has no reader for a payload (zipped
workbooks), its bytes are read. The other two nights stand beside the first.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from parsing import read_by_duckdb
from process_tree import INTERVAL, Watched, watch
from readings import Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_SECONDS = 75.0
NOTHING_NEW_SECONDS = 8.0
ONE_NEW_SHARE = 0.25
MOST_MEGABYTES = 4096.0
NEW_FEED = "cisa_kev"
MEGABYTE = 1024 * 1024
# threatcast_orchestration/nightly/progress.py writes these lines
_STEP = re.compile(r"^\[\d+/\d+\] (\S+): (\d+(?:\.\d+)?) s$", re.MULTILINE)


def measure(mirror: Path, scratch: Path, *, source: str = "mirror") -> Iterator[Reading]:
    """Run three nights in one new home and yield what they took.

    Parameters
    ----------
    mirror : Path
        Recordings; the generated sample if `source` says so.
    scratch : Path
        A folder to write to.
    source : str
        `mirror` or `sample`, for the notes.

    Raises
    ------
    RuntimeError
        If a night does not end with a release: its time would say nothing.
    """
    recordings, home = scratch / "recordings", scratch / "home"
    shutil.copytree(mirror, recordings, ignore=shutil.ignore_patterns("SIMULATED.txt", "truth.*"))
    for folder in (recordings, *(one for one in recordings.iterdir() if one.is_dir())):
        folder.chmod(0o755)
    newest = max((recordings / NEW_FEED).glob("2*"))
    newest.rename(scratch / newest.name)
    program = str(Path(sys.executable).with_name("threatcast"))
    command = [program, "run", "--source", "mirror", "--mirror", str(recordings)]
    command += ["--home", str(home)]
    whole = _night("first", command)
    floor = read_by_duckdb(home / "landing", scratch)
    note = f"of {source}; rival: DuckDB reads the same bytes"
    yield from readings_of("nights/first", whole, FIRST_SECONDS, note, rival=floor.wall)
    again = _night("second", command)
    note = "nothing new; rival: the first night"
    yield from readings_of("nights/second", again, NOTHING_NEW_SECONDS, note, rival=whole.seconds)
    (scratch / newest.name).rename(newest)
    new = _night("third", command)
    note = f"one new copy of {NEW_FEED}; rival: the first night"
    yield from readings_of(
        "nights/one_new", new, None, note, rival=whole.seconds, share=ONE_NEW_SHARE
    )


def _night(name: str, command: list[str]) -> Watched:
    night = watch(command, _environment())
    if night.exit_code:
        last = "\n".join(night.output.splitlines()[-5:])
        raise RuntimeError(f"the {name} night ended with code {night.exit_code}:\n{last}")
    return night


def readings_of(
    name: str,
    night: Watched,
    limit: float | None,
    note: str = "",
    *,
    rival: float | None = None,
    share: float | None = None,
) -> Iterator[Reading]:
    """Yield wall time, CPU time and peak memory of a night, then its steps, slowest first."""
    said = f"{night.cpu:.1f} s of CPU {note}".rstrip()
    yield Reading(f"{name}/wall", night.seconds, "s", limit, said, rival, share)
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
