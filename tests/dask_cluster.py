"""A real Dask scheduler and its workers, as processes on the loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

_SECONDS = 60


class DaskCluster:
    """Processes of one cluster, all ended with the block; `address` is the scheduler's."""

    def __init__(self, folder: Path, **of_scheduler: str) -> None:
        self._folder = folder
        self._of_scheduler = of_scheduler
        self._said = folder / "scheduler.json"
        self._started: list[subprocess.Popen[bytes]] = []
        self.address = ""

    def __enter__(self) -> Self:
        self.scheduler = self._start("scheduler", "--port", "0", "--no-show", **self._of_scheduler)
        end = time.monotonic() + _SECONDS
        while not self._said.is_file():
            if time.monotonic() > end:
                raise TimeoutError(f"no scheduler after {_SECONDS} s; see {self._folder}")
            time.sleep(0.05)
        self.address = str(json.loads(self._said.read_text(encoding="utf-8"))["address"])
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._started):
            self.kill(process)

    def worker(self, *, threads: int = 1, **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker and wait until the scheduler knows it."""
        from distributed import Client

        words = ("--nthreads", str(threads), "--no-nanny", "--memory-limit", "0")
        process = self._start("worker", *words, **environment)
        with Client(self.address, set_as_default=False) as client:
            count = len([one for one in self._started if one.poll() is None]) - 1
            client.wait_for_workers(count, timeout=_SECONDS)
        return process

    @staticmethod
    def kill(process: subprocess.Popen[bytes]) -> None:
        """End a process as a power cut would."""
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()

    def _start(self, part: str, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        place = ("--scheduler-file", str(self._said), "--host", "127.0.0.1")
        with (self._folder / f"{part}-{len(self._started)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", part, *place, "--no-dashboard", *words],
                cwd=self._folder,
                stdout=log,
                stderr=log,
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1"} | environment,
            )
        self._started.append(process)
        return process
