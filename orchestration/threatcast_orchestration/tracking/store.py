"""MLflow's store in a home: one SQLite file, and the artifacts beside it."""

from __future__ import annotations

import logging
import re
import shutil
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.settings import quiet_environment
from threatcast_orchestration.run.stores import set_damaged_aside
from threatcast_orchestration.tracking.places import follow, open_to_read, store_path

_REVISION = re.compile(r"^(down_)?revision\s*=\s*\(?[\"'](\w+)[\"']", re.MULTILINE)


def store_uri(home: Home) -> str:
    """Return the address of the home's MLflow store."""
    return f"sqlite:///{store_path(home)}"


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

    A store that is up to date, or not there yet, is told apart without importing MLflow. The
    store as it was stays beside the new one.
    """
    path = store_path(home)
    if not path.is_file() or _revision(path) == newest_revision():
        return False
    shutil.copy2(path, path.with_name(f"mlflow-{_revision(path)}.db"))
    quiet_environment(home)
    from mlflow import db

    with _quiet():
        db.commands.main(["upgrade", store_uri(home)], standalone_mode=False)
    return True


def newest_revision() -> str:
    """Return the schema that the installed MLflow wants, read from its migrations' files.

    Each migration names its own revision and the one it follows; the newest is followed by none.
    """
    package = find_spec("mlflow")
    assert package is not None  # noqa: S101 a locked dependency
    assert package.origin is not None  # noqa: S101
    own: set[str] = set()
    followed: set[str] = set()
    for path in (Path(package.origin).parent / "store/db_migrations/versions").glob("*.py"):
        for down, revision in _REVISION.findall(path.read_text(encoding="utf-8")):
            (followed if down else own).add(revision)
    return ",".join(sorted(own - followed))


def _revision(path: Path) -> str:
    """Return the schema of a store; 'none' if it says none."""
    with closing(open_to_read(path)) as connection:
        try:
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.DatabaseError:
            return "none"
    return str(found[0]) if found else "none"


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
