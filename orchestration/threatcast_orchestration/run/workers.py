"""Where fits and back-tests run: in processes of this machine, or on the workers of a Dask cluster.

The forecasting library hands its batches to joblib and knows of no cluster; which backend joblib
has is decided here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from threatcast_orchestration.errors import WrongUse
from threatcast_orchestration.run.worker_code import blas_threads, differences, own_code

if TYPE_CHECKING:
    from threatcast_orchestration.run.settings import Settings

_SECONDS = 10
"""How long a scheduler may take to answer, and then a first worker to be there."""
_LOCALLY = "Leave the setting dask empty (THREATCAST_DASK) to fit in processes of this machine."


@contextmanager
def fitting(settings: Settings) -> Iterator[int]:
    """Let joblib run where the settings say, within the block; yields how many batches at once.

    Raises
    ------
    WrongUse
        If the cluster cannot be reached, has no workers, or one of them has other code.
    OrchestrationError
        Within the block, if all workers or the scheduler are lost.
    """
    if not settings.dask:
        yield settings.jobs
        return
    with _cluster(settings.dask) as client:
        from joblib import parallel_config

        from threatcast_orchestration.run.dask_backend import DaskBackend

        backend = DaskBackend(client)
        try:
            with parallel_config(backend=backend):
                yield backend.effective_n_jobs(settings.jobs)
        finally:
            backend.end()


def check_workers(settings: Settings) -> str:
    """Return in words what the settings' cluster has; '' without one. Raises as `fitting` does."""
    if not settings.dask:
        return ""
    with _cluster(settings.dask) as client:
        return f"{len(client.ncores())} workers at {settings.dask}, with the same code"


@contextmanager
def _cluster(address: str) -> Iterator[Any]:
    """Yield a client of a cluster whose workers may be given fits."""
    try:
        from distributed import Client
    except ImportError as error:
        raise WrongUse(
            f"The setting dask is {address}, and the package distributed is not installed. Nothing "
            f"was changed. Install it: pip install 'threatcast[dask]'. {_LOCALLY}"
        ) from error
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError, ValueError) as error:
        raise WrongUse(
            f"No Dask scheduler answers at {address} ({_first_line(error)}). Nothing was changed. "
            f"Start one (dask scheduler) or mend the address. {_LOCALLY}"
        ) from error
    with client:
        _refuse_unfit(client, address)
        yield client


def _refuse_unfit(client: Any, address: str) -> None:
    """Refuse a cluster without workers, or with one that would give other numbers."""
    try:
        client.wait_for_workers(1, timeout=_SECONDS)
    except TimeoutError as error:
        raise WrongUse(
            f"The Dask scheduler at {address} has no workers. Nothing was changed. Start some: "
            f"dask worker {address} --nthreads 1 --nworkers 2. {_LOCALLY}"
        ) from error
    # the scheduler reads what it hands on
    wrong = _wrong_with(_told_by_scheduler(client), 1)
    if wrong:
        raise WrongUse(
            f"The Dask scheduler at {address} cannot hand fits on: {wrong}. Nothing was changed. "
            f"{_LOCALLY}"
        )
    told = client.run(answer, on_error="return")
    for worker, threads in sorted(client.ncores().items()):
        wrong = _wrong_with(told.get(worker), int(threads))
        if wrong:
            raise WrongUse(
                f"The Dask worker {worker} cannot be given fits: {wrong}. Nothing was changed. "
                f"{_LOCALLY}"
            )


def _told_by_scheduler(client: Any) -> Any:
    """Return what the scheduler says of its code, or why it cannot."""
    try:
        code, _ = client.run_on_scheduler(answer)
    except Exception as error:  # noqa: BLE001 whatever it answers is looked at
        return error
    return code, 1


def answer() -> tuple[dict[str, str], int]:
    """Return what a worker is asked: its code, and the threads of its matrix products."""
    return own_code(), blas_threads()


def _wrong_with(told: Any, threads: int) -> str:
    """Return what keeps a worker from fitting, with the cure; '' if nothing does."""
    if isinstance(told, ImportError):
        return f"it has no Threatcast ({told}); install the same version and lock file there"
    if not isinstance(told, tuple):
        return f"it gave no answer ({_first_line(told)}); start it again"
    code, products = told
    found = differences(own_code(), _texts(code))
    if found:
        return f"{found}; install the same version and lock file there, and start it again"
    if threads != 1:
        return f"it works in {threads} threads; start it with --nthreads 1, and more workers"
    if products != 1:
        return f"its matrix products take {products} threads; set OPENBLAS_NUM_THREADS=1 for it"
    return ""


def _texts(code: Any) -> Mapping[str, str]:
    return code if isinstance(code, dict) else {}


def _first_line(error: object) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
