"""The chain of kills: what is taken away before each night, when it is killed, what came of it."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, sleep

from benchmarks.kills.outcome import differences, outcome_of
from benchmarks.kills.world import new_home, run, start, write_world

STARTS = {
    "first night": ("*",),
    "new forecasts and release": ("forecasts", "releases", "warehouse/stamps.json"),
    "no warehouse": ("warehouse", "dbt_target", "releases"),
    "no rows": ("raw", "gates", "forecasts", "releases"),
}
"""What is removed before the night that will be killed; the whole home, or places in it."""


@dataclass(frozen=True)
class Kill:
    """One kill: its number in the chain, the kind of night, its moment as a share of that night."""

    number: int
    start: str
    share: float


@dataclass(frozen=True)
class Result:
    """What came of a kill: the moment, the step that ran, and how the next run differed."""

    kill: Kill
    seconds: float
    step: str
    problems: list[str]
    recovery: float


def main(words: Sequence[str] | None = None) -> int:
    """Run the chain; exit code 1 if any run after a kill ended differently from an unbroken one."""
    options = _options(words)
    with tempfile.TemporaryDirectory(prefix="threatcast-kills-", dir=options.scratch) as scratch:
        mirror = write_world(Path(scratch) / "mirror")
        print(f"seed {options.seed}, {options.kills} kills; load {os.getloadavg()[0]:.1f}")
        results = []
        kills = plan(options.kills, options.seed)[options.first - 1 : options.last]
        for result in chain(mirror, Path(scratch), kills):
            results.append(result)
            print(_line(result), flush=True)
    broken = [result for result in results if result.problems]
    if options.out:
        options.out.write_text(json.dumps([asdict(one) for one in results], indent=1) + "\n")
    print(f"{len(results)} kills, {len(broken)} with another end than an unbroken run")
    return int(bool(broken))


def plan(kills: int, seed: int) -> list[Kill]:
    """Return the kinds and moments of a chain; the same seed gives the same ones.

    Moments are spread evenly over the night and moved at random, so that each part of it is hit.

    Examples
    --------
    >>> plan(3, 1) == plan(3, 1)
    True
    >>> {round(kill.share, 1) for kill in plan(100, 1)} == {n / 10 for n in range(11)}
    True
    """
    chance = random.Random(seed)
    shares = [(place + chance.random()) / kills for place in range(kills)]
    chance.shuffle(shares)
    return [
        Kill(number, chance.choice(list(STARTS)), share) for number, share in enumerate(shares, 1)
    ]


def chain(mirror: Path, scratch: Path, kills: Sequence[Kill]) -> Iterator[Result]:
    """Kill nights in one home one after the other and yield what came of each."""
    home = new_home(scratch / "home")
    run(home, mirror)
    wanted = outcome_of(home)
    lengths: dict[str, float] = {}
    for kill in kills:
        if kill.start not in lengths:
            _take_away(home, kill.start)
            started = perf_counter()
            run(home, mirror)
            lengths[kill.start] = perf_counter() - started
        _take_away(home, kill.start)
        moment = kill.share * lengths[kill.start]
        step = _killed(home, mirror, moment)
        started = perf_counter()
        problems = _after(home, mirror, wanted)
        yield Result(kill, moment, step, problems, perf_counter() - started)
        if problems:  # what follows would only tell the same again
            shutil.move(home, scratch / f"broken-{kill.number}")
            new_home(home)
            run(home, mirror)


def _after(home: Path, mirror: Path, wanted: dict[str, object]) -> list[str]:
    """Run the night after a kill; returns how its end differs from the unbroken one."""
    try:
        run(home, mirror)
    except RuntimeError as error:
        return [str(error)]
    return differences(outcome_of(home), wanted)


def _killed(home: Path, mirror: Path, moment: float) -> str:
    """Start a night and kill its process group at a moment; returns what it had printed last."""
    night = start(home, mirror)
    sleep(moment)
    kill_group(night)
    _, said = night.communicate()
    steps = [line for line in said.splitlines() if line.startswith("[")]
    return f"after {steps[-1]}" if steps else "before its first step"


def kill_group(night: subprocess.Popen[str]) -> None:
    """Kill a night and all that it started, without a chance to clear up."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(night.pid, signal.SIGKILL)
    night.wait()


def _take_away(home: Path, start_of: str) -> None:
    """Remove what a kind of night begins without; settings, landing and records stay but once."""
    if STARTS[start_of] == ("*",):
        shutil.rmtree(home)
        new_home(home)
        return
    for name in STARTS[start_of]:
        path = home / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _line(result: Result) -> str:
    kill = result.kill
    head = f"kill {kill.number} at {result.seconds:.2f} s ({kill.share:.3f} of '{kill.start}')"
    end = "; ".join(result.problems) or "the same bytes"
    return f"{head}, {result.step}: {end} ({result.recovery:.0f} s)"


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kills", description=main.__doc__)
    parser.add_argument("--kills", type=int, default=60, help="how many (default 60)")
    parser.add_argument("--seed", type=int, default=20260101, help="of kinds and moments")
    parser.add_argument(
        "--first", type=int, default=1, metavar="N", help="begin with kill number N"
    )
    parser.add_argument("--last", type=int, metavar="N", help="end with kill number N")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write all results as JSON")
    parser.add_argument("--scratch", type=Path, help="folder on the disk to try it on")
    return parser.parse_args(words)
