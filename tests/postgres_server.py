"""A real Postgres for one test: its own data, its own port of the loopback, ended with the test."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PASSWORD = "not/a:secret"  # noqa: S105 of a server that lives for one test
"""Of the kind that must be written as %XX in an address."""
_QUOTED = "not%2Fa%3Asecret"


def programs() -> Path:
    """Return the folder of Postgres' programs, or skip the test and say what it needs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("needs the programs of Postgres (Debian: postgresql-15)")
    return found[-1].parent


@contextmanager
def postgres(*databases: str) -> Iterator[dict[str, str]]:
    """Run a server and yield the address of each of its databases, by name.

    It refuses to run as root, and runs as `postgres` then, in a folder which that user may enter.
    """
    binaries, folder = programs(), Path(tempfile.mkdtemp(prefix="threatcast-postgres-"))
    user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    secret = folder / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    if os.getuid() == 0:
        for path in (folder, secret):
            shutil.chown(path, user)
    data, port = folder / "data", _free_port()
    common = {"cwd": folder, "user": user, "stdin": subprocess.DEVNULL}
    made = ["-D", data, "-U", "dagster", "-A", "scram-sha-256", f"--pwfile={secret}", "-N"]
    subprocess.run([binaries / "initdb", *made], check=True, capture_output=True, **common)  # type: ignore[call-overload]
    words = ["-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", folder, "-F"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([binaries / "postgres", *words], stdout=log, stderr=log, **common)  # type: ignore[call-overload]
    try:
        base = f"postgresql+psycopg2://dagster:{_QUOTED}@127.0.0.1:{port}"
        _make_databases(f"{base}/postgres", databases)
        yield {name: f"{base}/{name}" for name in databases}
    finally:
        server.send_signal(2)  # ends connections and stops at once
        server.wait(30)
        shutil.rmtree(folder)


def _make_databases(address: str, names: tuple[str, ...]) -> None:
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import OperationalError

    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    end = time.monotonic() + 60
    while True:
        try:
            with engine.connect() as connection:
                for name in names:
                    connection.execute(text(f"CREATE DATABASE {name}"))
                break
        except OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
    engine.dispose()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
