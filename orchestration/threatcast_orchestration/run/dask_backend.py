"""joblib's way to the workers of a Dask cluster.

joblib ships a backend for Dask that waits for ever once a task is lost for good: when its workers
keep dying, when none is left, when the scheduler goes, when a worker cannot read what it was sent.
This one says so. A task whose worker dies is given to another one by the scheduler, and as each
task holds all that it depends on, its numbers are the same.
"""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

from joblib.parallel import ParallelBackendBase

from threatcast_orchestration.errors import OrchestrationError, WrongUse
from threatcast_orchestration.run.worker_code import differences, own_code

PATIENCE = 60.0
"""Seconds without any worker after which nothing more is waited for."""
_LOOK_EVERY = 1.0


class DaskBackend(ParallelBackendBase):  # type: ignore[misc]
    """Hands joblib's batches to a cluster, each with the code that it was made by."""

    supports_retrieve_callback = True
    default_n_jobs = -1

    def __init__(self, client: Any, patience: float = PATIENCE) -> None:
        super().__init__()
        self._client = client
        self._code = own_code()
        self._waiting: dict[Any, Callable[[Any], None]] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._watch = threading.Thread(target=self._look, args=(patience,), daemon=True)

    def effective_n_jobs(self, n_jobs: int) -> int:
        """Return how many batches the cluster works on at once, whatever is asked for."""
        del n_jobs
        # at 1 joblib would do without a backend, in this very process
        return max(2, sum(int(cores) for cores in self._client.ncores().values()))

    def configure(self, n_jobs: int = 1, parallel: Any = None, **_: Any) -> int:
        """Get ready for a call; returns how many batches are worked on at once."""
        self.parallel = parallel
        return self.effective_n_jobs(n_jobs)

    def start_call(self) -> None:
        """Watch, from the first call on, that there is somebody to wait for."""
        if not self._watch.is_alive():
            self._watch.start()

    def submit(self, func: Callable[[], Any], callback: Callable[[Any], None]) -> Any:
        """Send a batch; `callback` is called with its future, or with the error that lost it."""
        # as bytes: the scheduler, which hands them on, need not unpack and pack what is in them
        packed = pickle.dumps(func, protocol=pickle.HIGHEST_PROTOCOL)
        key = f"threatcast-{uuid4().hex}"
        future = self._client.submit(run_batch, packed, self._code, key=key, pure=False)
        with self._lock:
            self._waiting[future] = callback
        future.add_done_callback(self._done)
        return future

    def retrieve_result_callback(self, out: Any) -> Any:
        """Return what a batch gave, or raise what became of it."""
        if isinstance(out, Exception):
            raise out
        if out.status == "finished":
            return out.result()
        raise self._error_of(out)

    def abort_everything(self, ensure_ready: bool = True) -> None:  # noqa: FBT001, FBT002 joblib's
        """Cancel what is not done yet."""
        del ensure_ready
        with self._lock:
            rest = list(self._waiting)
            self._waiting.clear()
        for future in rest:
            future.cancel()

    def end(self) -> None:
        """Stop watching."""
        self._ended.set()

    def _done(self, future: Any) -> None:
        with self._lock:
            callback = self._waiting.pop(future, None)
        if callback is not None:
            callback(future)

    def _error_of(self, future: Any) -> Exception:
        from distributed import KilledWorker

        if future.status != "error":
            return _lost("The Dask scheduler went away.")
        error = future.exception()
        if isinstance(error, KilledWorker):
            return _lost("Worker after worker died at the same fits, for want of memory perhaps.")
        if isinstance(error, OrchestrationError):
            return error
        return _lost(f"A worker could not do its part: {type(error).__name__}: {error}.")

    def _look(self, patience: float) -> None:
        """Give up on everything once no worker has been there for so long."""
        alone = 0.0
        while not self._ended.wait(_LOOK_EVERY):
            alone = 0.0 if self._client.scheduler_info(n_workers=-1)["workers"] else alone + 1
            if alone * _LOOK_EVERY < patience:
                continue
            error = _lost(f"No Dask worker has been there for {patience:.0f} seconds.")
            with self._lock:
                lost = list(self._waiting.values())
                self._waiting.clear()
            for callback in lost:
                threading.Thread(target=partial(callback, error), daemon=True).start()


def run_batch(packed: bytes, code: dict[str, str]) -> Any:
    """Run a pickled batch on a worker, if its code is that of whoever sent it.

    Raises
    ------
    WrongUse
        Names what differs: a worker that came later, or was not restarted after an upgrade.
    """
    found = differences(code, own_code())
    if found:
        raise WrongUse(
            f"A Dask worker has other code than this machine ({found}), so it was given no fit. "
            "Install the same version and lock file there, and start it again."
        )
    return pickle.loads(packed)()  # noqa: S301 whoever can send it can run programs here anyway


def _lost(what: str) -> OrchestrationError:
    return OrchestrationError(
        f"{what} The fits that were under way are lost; kept: all that was landed and built. Start "
        "scheduler and workers again, or leave the setting dask empty to fit on this machine; then "
        "run again."
    )
