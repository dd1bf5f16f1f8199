"""Where Dagster and MLflow keep history: SQLite files in the home, or Postgres if variables say so.

Their addresses hold passwords, so they come from the environment alone and are never shown. No
published number is made of what these databases keep.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from threatcast_orchestration.errors import WrongUse
from threatcast_orchestration.run.settings import (
    DAGSTER_POSTGRES,
    MLFLOW_POSTGRES,
    credentials,
)

if TYPE_CHECKING:
    from sqlalchemy import Engine

# with its driver: SQLAlchemy 2.1 takes another unless told, and Dagster knows errors of this one
_ADDRESS = re.compile(r"postgresql\+psycopg2://[^\s/?#]+/[^\s/?#]+(\?\S*)?")
_SECONDS = 10
_WHOSE = {DAGSTER_POSTGRES: "Dagster's history", MLFLOW_POSTGRES: "MLflow's history"}


def address_of(variable: str) -> str:
    """Return the address of a Postgres database that a variable holds; '' if it holds none.

    Raises
    ------
    WrongUse
        If it is no address of one; the value is not shown.
    """
    value = credentials().get(variable, "")
    if value and not _ADDRESS.fullmatch(value):
        raise WrongUse(
            f"{variable} holds no address of a Postgres database (its value is not shown). Nothing "
            "was changed. Write it as postgresql+psycopg2://USER:PASSWORD@HOST:PORT/DATABASE, "
            "special characters of the password as %XX, or leave it empty for a file in the home."
        )
    return value


def check_databases() -> Iterator[tuple[str, str]]:
    """Yield whose history lies in which Postgres, each reached a moment ago.

    Raises
    ------
    WrongUse
        If one cannot be reached, or what speaks with it is not installed; says the cure.
    """
    for variable, whose in _WHOSE.items():
        if address_of(variable):
            with connected(variable) as engine:
                yield whose, f"{engine.url.host}:{engine.url.port or 5432}/{engine.url.database}"


@contextmanager
def connected(variable: str) -> Iterator[Engine]:
    """Yield an engine of the database that a variable names; raises as `check_databases` does."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import OperationalError

    cure = f"Mend {variable}, or leave it empty for a file in the home."
    try:
        import dagster_postgres  # noqa: F401 Dagster loads it by name, in the middle of a run
        import psycopg2  # noqa: F401 SQLAlchemy and MLflow do
    except ImportError as error:
        raise WrongUse(
            f"{variable} names a Postgres database, and {error.name} is not installed. Nothing was "
            f"changed. Install it: pip install 'threatcast[postgres]'. {cure}"
        ) from error
    engine = create_engine(address_of(variable), connect_args={"connect_timeout": _SECONDS})
    try:
        with engine.connect():
            pass
        yield engine
    except OperationalError as error:
        reason = " ".join(str(error.orig).split())
        raise WrongUse(
            f"The Postgres database of {_WHOSE[variable]} cannot be reached: {reason}. Nothing was "
            f"published. {cure}"
        ) from error
    finally:
        engine.dispose()
