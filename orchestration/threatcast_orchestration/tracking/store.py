"""MLflow's store of a home: one SQLite file or a Postgres database; artifacts lie in the home."""

from __future__ import annotations

import logging
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.settings import quiet_environment
from threatcast_orchestration.run.stores import set_damaged_aside
from threatcast_orchestration.tracking.artifact_paths import follow, store_path, store_uri


@contextmanager
def open_store(home: Home) -> Iterator[Any]:
    """Yield an `MlflowClient` on the home's store; it is made, or brought up to date and here."""
    quiet_environment(home)
    home.mlflow.mkdir(parents=True, exist_ok=True)
    set_damaged_aside([store_path(home)], "MLflow's history")
    migrate(home)
    import mlflow

    with _quiet():
        mlflow.set_tracking_uri(store_uri(home))
        mlflow.set_registry_uri(store_uri(home))
        client = mlflow.MlflowClient()
        client.search_experiments(max_results=1)  # a new store is made by its first question
        follow(home)
        yield client


def migrate(home: Home) -> bool:
    """Bring the store to the schema of the installed MLflow; returns whether that was needed.

    The file as it was stays beside the new one; of a database others keep the back-ups.
    """
    path, on_postgres = store_path(home), not store_uri(home).startswith("sqlite:")
    if not on_postgres and not path.is_file():
        return False
    revision = _revision(home)
    if revision == newest_revision() or (on_postgres and revision is None):
        return False
    if not on_postgres:
        shutil.copy2(path, path.with_name(f"mlflow-{revision or 'none'}.db"))
    quiet_environment(home)
    from mlflow import db

    with _quiet():
        db.commands.main(["upgrade", store_uri(home)], standalone_mode=False)
    return True


@cache
def newest_revision() -> str | None:
    """Return the schema that the installed MLflow wants, the head of its migrations."""
    import mlflow
    from alembic.script import ScriptDirectory

    migrations = Path(str(mlflow.__file__)).parent / "store" / "db_migrations"
    return ScriptDirectory(str(migrations)).get_current_head()


def _revision(home: Home) -> str | None:
    """Return the schema of the store; None if it says none."""
    from alembic.migration import MigrationContext
    from sqlalchemy import create_engine

    engine = create_engine(store_uri(home))
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the chatter of MLflow and of its migrations out of a person's log."""
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"mlflow(\.|$)")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
