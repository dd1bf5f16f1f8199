"""Fits on the workers of a real Dask cluster: the same numbers, and words when it fails."""

from __future__ import annotations

import pickle
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from dask_cluster import DaskCluster
from in_process import own_environment, threatcast
from joblib import Parallel, delayed, parallel_config
from threatcast_forecasting import backtest
from threatcast_orchestration.errors import OrchestrationError, WrongUse
from threatcast_orchestration.run.dask_backend import DaskBackend, run_batch
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.settings import Settings, load_settings
from threatcast_orchestration.run.worker_code import own_code
from threatcast_orchestration.run.workers import check_workers, fitting

MODELS = ["negative_binomial", "comb_two", "champion"]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[DaskCluster]:
    with DaskCluster(tmp_path) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    weeks = pd.date_range("2023-01-02", periods=130, freq="W-MON")
    values = rng.poisson(np.arange(1, 25)[:, None], (24, 130))
    return pd.DataFrame(
        {
            "series_id": np.repeat([f"s{k:02d}" for k in range(24)], 130),
            "week": np.tile(weeks, 24),
            "value": values.ravel().astype(float),
        }
    )


def forecasts(
    panel: pd.DataFrame, jobs: int, progress: Callable[[int, int, str], None] | None = None
) -> pd.DataFrame:
    # small batches, so that there are many
    made = backtest(panel, MODELS, origins=3, jobs=jobs, chunk=4, progress=progress)
    return pd.concat(made.forecast_frames(), ignore_index=True)


def test_two_workers_of_which_one_is_killed_give_the_numbers_of_this_machine(cluster, panel):
    killed: list[str] = []
    first = cluster.worker()
    cluster.worker()

    def kill_one(done: int, total: int, what: str) -> None:
        if done > total // 3 and not killed:
            cluster.kill(first)
            killed.append(f"{done} of {total}: {what}")

    settings = Settings(dask=cluster.address)
    assert check_workers(settings) == f"2 workers at {cluster.address}, with the same code"
    with fitting(settings) as at_once:
        assert at_once == 2
        there = forecasts(panel, at_once, kill_one)
    assert len(killed) == 1
    pd.testing.assert_frame_equal(there, forecasts(panel, 1))


def test_without_the_setting_fits_stay_in_processes_of_this_machine(panel):
    with fitting(Settings(jobs=2)) as at_once:
        here = forecasts(panel, at_once)
    pd.testing.assert_frame_equal(here, forecasts(panel, 1))
    assert check_workers(Settings()) == ""


# refused before anything is sent


def test_scheduler_that_cannot_be_reached_is_wrong_use_with_the_cure(tmp_path, panel):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    panel.to_parquet(tmp_path / "panel.parquet")
    words = ("forecast", tmp_path / "panel.parquet", "--out", tmp_path / "out", "--models", "flat")
    with own_environment(THREATCAST_DASK=f"tcp://127.0.0.1:{port}"):
        done = threatcast(*words, "--home", tmp_path / "home", cwd=tmp_path)
    assert done.returncode == 2
    said = " ".join(done.stderr.split())
    assert f"No Dask scheduler answers at tcp://127.0.0.1:{port}" in said
    assert "Start one (dask scheduler) or mend the address." in said
    assert "Leave the setting dask empty" in said


def test_night_ends_before_it_begins_where_its_workers_cannot_be_had(tmp_path):
    with own_environment(THREATCAST_DASK="tcp://127.0.0.1:1"):
        done = threatcast("run", "--source", "sample", "--home", tmp_path / "home", cwd=tmp_path)
    assert done.returncode == 2
    assert "Nothing was changed." in " ".join(done.stderr.split())
    assert not (tmp_path / "home" / "landing").exists()


def test_scheduler_without_workers_is_wrong_use(cluster, monkeypatch):
    monkeypatch.setattr("threatcast_orchestration.run.workers._SECONDS", 1)
    with pytest.raises(WrongUse, match=r"has no workers.*--nthreads 1 --nworkers 2"):
        check_workers(Settings(dask=cluster.address))


def test_worker_with_other_code_or_several_threads_is_refused_by_name(cluster, tmp_path, project):
    copy = tmp_path / "older" / "threatcast_forecasting"
    shutil.copytree(project / "forecasting" / "threatcast_forecasting", copy)
    with (copy / "scores.py").open("a", encoding="utf-8") as module:
        module.write("# another version\n")
    settings = Settings(dask=cluster.address)
    older = cluster.worker(PYTHONPATH=str(copy.parent))
    with pytest.raises(WrongUse, match=r"tcp://.* code of the forecasts: \w+ here, \w+ there"):
        check_workers(settings)
    cluster.kill(older)
    cluster.worker(threads=2)
    with pytest.raises(WrongUse, match=r"it works in 2 threads; start it with --nthreads 1"):
        check_workers(settings)


def test_worker_without_threatcast_is_refused(cluster, tmp_path):
    hidden = tmp_path / "hidden" / "threatcast_orchestration"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("")
    cluster.worker(PYTHONPATH=str(hidden.parent))
    with pytest.raises(WrongUse, match="cannot be given fits"):
        check_workers(Settings(dask=cluster.address))


def test_scheduler_without_threatcast_is_refused(tmp_path):
    hidden = tmp_path / "hidden" / "threatcast_orchestration"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("")
    with DaskCluster(tmp_path, PYTHONPATH=str(hidden.parent)) as cluster:
        cluster.worker()
        with pytest.raises(WrongUse, match=r"The Dask scheduler at .* cannot hand fits on"):
            check_workers(Settings(dask=cluster.address))


def test_worker_that_came_later_with_other_code_gives_no_number():
    batch = pickle.dumps(partial(int, "3"))
    assert run_batch(batch, own_code()) == 3
    with pytest.raises(WrongUse, match=r"numpy: 0\.1 here, .* there.*start it again"):
        run_batch(batch, own_code() | {"numpy": "0.1"})


@pytest.mark.parametrize("address", ["127.0.0.1:8786", "http://a:1", "tcp://a", "tcp://u:p@a:1"])
def test_address_that_is_none_is_refused(tmp_path, address):
    with pytest.raises(WrongUse, match="dask is"), own_environment(THREATCAST_DASK=address):
        load_settings(Home(tmp_path))


# lost under way


def under_way(cluster: DaskCluster, lose: subprocess.Popen[bytes], patience: float) -> None:
    """Lose a process of the cluster while it works, and wait for what was asked of it."""
    from distributed import Client

    with Client(cluster.address, set_as_default=False) as client:
        backend = DaskBackend(client, patience)
        try:
            with parallel_config(backend=backend):
                done = Parallel(n_jobs=2, return_as="generator")(
                    delayed(time.sleep)(0.3) for _ in range(9)
                )
                assert next(done) is None
                cluster.kill(lose)
                list(done)
        finally:
            backend.end()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_last_worker_lost_is_told_and_not_waited_for(cluster):
    worker = cluster.worker()
    with pytest.raises(OrchestrationError, match="No Dask worker has been there for 3 seconds"):
        under_way(cluster, worker, 3)


def test_scheduler_lost_is_told_and_not_waited_for(cluster):
    cluster.worker()
    with pytest.raises(OrchestrationError, match=r"The Dask scheduler went away.*then run again"):
        under_way(cluster, cluster.scheduler, 60)
