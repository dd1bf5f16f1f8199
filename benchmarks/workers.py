"""What sending fits to Dask workers costs beside local processes: 300 series, two of each.

    python -m benchmarks.workers

The workers are processes of this machine, so that both sides have the same cores; what differs is
how batches and answers travel. The sides take turns, first warmed up (both keep their processes),
and the least time of each counts: other work on the machine can only add.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))

from panels import SERIES, WEEKS, counted_panel
from readings import Reading, header, line_of
from threatcast_forecasting import backtest
from threatcast_orchestration.run.settings import Settings
from threatcast_orchestration.run.workers import fitting

WORKERS, ROUNDS = 2, 3
MODELS = ("prophet", "negative_binomial", "comb_two")
ORIGINS = 2
LIMIT = 1.2
_SECONDS = 60


def measure(scratch: Path) -> Iterator[Reading]:
    """Yield the seconds of both sides and their ratio; the numbers of both must be the same."""
    panel = counted_panel()
    sides = {"local": Settings(jobs=WORKERS), "dask": Settings()}
    least = dict.fromkeys(sides, float("inf"))
    made: dict[str, pd.DataFrame] = {}
    with _cluster(scratch) as address:
        sides["dask"] = Settings(dask=address)
        for turn in range(ROUNDS + 1):
            for name, settings in sides.items():
                with fitting(settings) as at_once:
                    begun = time.perf_counter()
                    result = backtest(panel, MODELS, origins=ORIGINS, jobs=at_once)
                    seconds = time.perf_counter() - begun
                made[name] = pd.concat(result.forecast_frames(), ignore_index=True)
                if turn:
                    least[name] = min(least[name], seconds)
    if not made["local"].equals(made["dask"]):
        raise RuntimeError("Dask workers gave other numbers than local processes")
    note = f"{SERIES} series, {WEEKS} weeks, {ORIGINS} origins, {', '.join(MODELS)}"
    for name, seconds in least.items():
        yield Reading(f"workers/{name}", seconds, "s", note=note)
    yield Reading("workers/ratio", least["dask"] / least["local"], "x", limit=LIMIT)


@contextmanager
def _cluster(scratch: Path) -> Iterator[str]:
    """Yield the address of a scheduler with workers, all processes of this machine."""
    said = scratch / "scheduler.json"
    place = ["--scheduler-file", str(said), "--host", "127.0.0.1", "--no-dashboard"]
    each = ["--nthreads", "1", "--nworkers", "1", "--no-nanny", "--memory-limit", "0"]
    started = [_started(scratch, "scheduler", [*place, "--port", "0"])]
    try:
        end = time.monotonic() + _SECONDS
        while not said.is_file():
            if time.monotonic() > end or started[0].poll() is not None:
                raise RuntimeError("the Dask scheduler did not start")
            time.sleep(0.1)
        started += [_started(scratch, "worker", [*place, *each]) for _ in range(WORKERS)]
        address = str(json.loads(said.read_text(encoding="utf-8"))["address"])
        _wait_for_workers(address)
        yield address
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def _wait_for_workers(address: str) -> None:
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(WORKERS, timeout=_SECONDS)


def _started(scratch: Path, part: str, words: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "dask", part, *words],
        cwd=scratch,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )


if __name__ == "__main__":
    print(header())
    with tempfile.TemporaryDirectory(prefix="threatcast-workers-") as folder:
        readings = list(measure(Path(folder)))
    for reading in readings:
        print(line_of(reading))
    sys.exit(int(not all(reading.ok for reading in readings)))
