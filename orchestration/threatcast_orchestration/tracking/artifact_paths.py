"""Where MLflow's store and its artifacts lie, also in a home that was moved.

MLflow keeps the place of every artifact as an absolute address, from the day on which the
experiment was made. A home must hold nothing that points out of it: whoever opens the store first
has these addresses put right, so that nothing is written to where the home was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_feeds.durable import write_durably

from threatcast_orchestration.run.databases import address_of
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.settings import MLFLOW_POSTGRES

if TYPE_CHECKING:
    from sqlalchemy import Connection

EXPERIMENT = "threatcast"
_PLACED = "SELECT artifact_location FROM experiments WHERE name = :name"
# MLflow's own experiment, unused here, is placed in whatever folder the first run was started from
_STRAY = "SELECT count(*) FROM experiments WHERE name = 'Default' AND artifact_location <> :place"
_COLUMNS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("datasets", "dataset_source"),
)


def store_path(home: Home) -> Path:
    """Return the file of the home's MLflow store."""
    return home.mlflow / "mlflow.db"


def store_uri(home: Home) -> str:
    """Return the address of the home's MLflow store, with its password if it has one."""
    return address_of(MLFLOW_POSTGRES) or f"sqlite:///{store_path(home)}"


def has_store(home: Home) -> bool:
    """Whether there may be anything in the home's MLflow store."""
    return bool(address_of(MLFLOW_POSTGRES)) or store_path(home).is_file()


def artifacts_of(home: Home) -> str:
    """Return the address below which the home's artifacts lie."""
    return (home.mlflow / "artifacts").as_uri()


def points_elsewhere(home: Home) -> str:
    """Return where the store believes the home to be, '' if it is right or there is no store."""
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    if not has_store(home):
        return ""
    try:
        with _connection(home) as store:
            row = store.execute(text(_PLACED), {"name": EXPERIMENT}).fetchone()
            stray = store.execute(text(_STRAY), {"place": _default(home)}).fetchone()
    except DBAPIError:  # not a store of MLflow's yet, or not any more
        return ""
    if row is not None and row[0] != artifacts_of(home):
        return str(row[0])
    return "the folder of an earlier run" if stray and stray[0] else ""


def follow(home: Home) -> bool:
    """Make every address of the store one below this home; returns whether that was needed.

    All or nothing: a run that dies here leaves the store as it was. The copies of a model's address
    in the model's own file go first, since the store is what tells that there is something to do.
    """
    if not points_elsewhere(home):
        return False
    from sqlalchemy import text

    now = artifacts_of(home)
    with _connection(home) as store:
        row = store.execute(text(_PLACED), {"name": EXPERIMENT}).fetchone()
        before = str(row[0]) if row else now
        for described in (home.mlflow / "artifacts" / "models").glob("*/artifacts/MLmodel"):
            _replace(described, before, now)
        for table, column in _COLUMNS:
            words = f"UPDATE {table} SET {column} = replace({column}, :before, :now)"
            store.execute(text(words), {"before": before, "now": now})
        words = "UPDATE experiments SET artifact_location = :place WHERE name = 'Default'"
        store.execute(text(words), {"place": _default(home)})
    return True


@contextmanager
def _connection(home: Home) -> Iterator[Connection]:
    """Yield a connection to the store; what is done is kept if the block ends well."""
    from sqlalchemy import create_engine

    engine = create_engine(store_uri(home))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _default(home: Home) -> str:
    return f"{artifacts_of(home)}/0"


def _replace(path: Path, before: str, now: str) -> None:
    text = path.read_text(encoding="utf-8")
    if before in text:
        write_durably(path, text.replace(before, now).encode())
