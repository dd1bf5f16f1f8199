"""What we use of Dagster (1.13) and dagster-dbt (0.29) that neither promises to keep; all of it.

Each piece says why no public way does. When either moves, look at these and at the tests that hold
them (`test_dagster_internals.py`); no other module imports a private name or knows a table of
theirs. Heavy to import: take it where it is used.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cached_property, partial
from importlib import metadata
from typing import TYPE_CHECKING, Any

from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteRepositoryOrigin
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster_dbt import DagsterDbtTranslator, DbtCliResource
from dagster_dbt.asset_utils import get_updated_cli_invocation_params_for_context
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage
from dagster_dbt.errors import DagsterDbtCliRuntimeError
from packaging.version import Version
from sqlalchemy import text
from sqlalchemy.pool import QueuePool

from threatcast_orchestration.run.databases import connected

if TYPE_CHECKING:
    from pathlib import Path

    import dagster as dg

    from threatcast_orchestration.run.home import Home

_ENDS = frozenset(("LogSeedResult", "LogModelResult", "LogTestResult"))
"""What dbt calls its events of the end of a node; others would cost time to be read."""
_SECONDS = 60
"""How long to wait for a file that the UI is writing, or for a statement in Postgres."""


class LocalDbt(DbtCliResource):
    """dbt's command line, in this process, or without what `dagster-dbt` does before each call.

    `dbt --version` takes three seconds and asks the package registry (docs/decisions/0003). The
    adapter, for which all macros are read in this process as well, is for row counts and columns,
    which the assets tell themselves. No setting turns either off.
    """

    @cached_property
    def _cli_version(self) -> Version:
        return Version(metadata.version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        del args

    def here(
        self, words: Sequence[str], context: dg.AssetExecutionContext, target: Path
    ) -> Iterator[Any]:
        """Run a dbt command in this process, and yield Dagster's events of it once it has ended.

        `cli` starts another one, which loads dbt anew for each call: a third of what a stage costs.

        Parameters
        ----------
        words
            The command and its options; which nodes are meant, the context says.
        target
            Folder for the files that dbt leaves.

        Raises
        ------
        DagsterDbtCliRuntimeError
            If dbt failed or a test of severity error did; after the events.
        """
        given = get_updated_cli_invocation_params_for_context(
            context=context, manifest={}, dagster_dbt_translator=DagsterDbtTranslator()
        )
        places = {
            "project-dir": self.project_dir,
            "profiles-dir": self.profiles_dir,
            "target-path": target,
            "log-path": target,
            "indirect-selection": given.indirect_selection,
        }
        options = [word for name, at in places.items() if at for word in (f"--{name}", str(at))]
        told, problems = _invoke([*words, *options, *given.selection_args])
        for event in told:
            message = DbtCoreCliEventMessage(raw_event=event, event_history_metadata={})
            yield from message.to_default_asset_events(
                manifest=given.manifest,
                dagster_dbt_translator=given.dagster_dbt_translator,
                context=context,
                target_path=target,
            )
        if problems:
            raise DagsterDbtCliRuntimeError(
                description="\n\n".join([f"dbt {words[0]} failed; its log: {target}", *problems])
            )


def _invoke(words: list[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """Run dbt here; returns what it told of the end of each node, and its errors if it failed."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner
    from dbt_common.events.functions import msg_to_dict

    told: list[dict[str, Any]] = []
    problems: list[str] = []

    def hear(event: Any) -> None:
        if event.info.level == "error":
            problems.append(event.info.msg)
        if event.info.name in _ENDS:
            told.append(msg_to_dict(event))

    quiet = ["--log-level", "none", "--log-level-file", "debug"]
    try:
        done = dbtRunner(callbacks=[hear]).invoke([*quiet, *words])
    finally:
        # dbt keeps the warehouse open for the next command
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    if isinstance(done.exception, Exception):
        problems.append(str(done.exception))
    elif done.exception is not None:
        raise done.exception  # told to stop
    return told, [] if done.success else problems or ["it gave no reason"]


def sign_runs(instance: dg.DagsterInstance, job: str, location: str, repository: str) -> None:
    """Say of runs that this process makes of a job which definitions they belong to.

    Without it the UI leaves them out of its timeline and cannot run them again.
    `execute_in_process` does not take an origin.
    """
    place = RegisteredCodeLocationOrigin(location)
    origin = RemoteRepositoryOrigin(place, repository).get_job_origin(job)
    instance.create_run_for_job = partial(  # type: ignore[method-assign]
        instance.create_run_for_job, remote_job_origin=origin
    )


class _KeptPool(QueuePool):
    """Connections that outlive `engine.dispose()`, which follows each event."""

    def dispose(self) -> None:
        """Keep them."""

    def recreate(self) -> _KeptPool:
        """Return what was kept."""
        return self


@contextmanager
def one_engine_a_file() -> Iterator[None]:
    """Let one SQLAlchemy engine and its connections serve all events of a file in the block.

    Dagster makes new ones for every event, which write the same statements and read the same schema
    anew: a quarter of a night that rests. No setting says otherwise.
    """
    storage: Any = sqlite_event_log
    make, made = storage.create_engine, dict[str, Any]()

    def engine_of(address: str, **options: Any) -> Any:
        if address not in made:
            made[address] = make(address, **options | {"poolclass": _KeptPool})
        return made[address]

    storage.create_engine = engine_of
    try:
        yield
    finally:
        storage.create_engine = make
        for engine in made.values():
            QueuePool.dispose(engine.pool)


def keep_connections(instance: dg.DagsterInstance) -> None:
    """Let all events of a run share connections to Postgres.

    Dagster makes a new one for each event, 20 ms on the same machine; only its web server, for
    which this is meant, keeps them.
    """
    instance.optimize_for_webserver(
        statement_timeout=_SECONDS * 1000, pool_recycle=3600, max_overflow=20
    )


def forget_run(home: Home, run_id: str) -> None:
    """Remove the rows that `DagsterInstance.delete_run` leaves of a run: checks and tags."""
    checks, tags = "asset_check_executions", "run_tags"
    if home.postgres_in:
        with connected(home.postgres_in) as engine, engine.begin() as rows:
            for table in (checks, tags):
                words = f"DELETE FROM {table} WHERE run_id = :run_id"
                rows.execute(text(words), {"run_id": run_id})
        return
    runs, index, _ = home.history_stores
    for store, table in ((index, checks), (runs, tags)):
        with closing(sqlite3.connect(store, timeout=_SECONDS)) as connection, connection:
            connection.execute(f"DELETE FROM {table} WHERE run_id = ?", [run_id])
