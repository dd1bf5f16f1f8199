"""One region's outlook of a release a hundred times as large, from its files and over HTTP.

    python -m benchmarks.distance

Each time a reader comes for the first time: a DuckDB that has read nothing yet (its HTTP extension
is loaded beforehand) asks for all columns of one region. From a database it also asks once more.
Over HTTP it asks `threatcast serve`, a process of its own.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from statistics import median

import duckdb

sys.path.insert(0, str(Path(__file__).parent))

from readings import Reading, header, line_of
from scale.release import REGION, write_release

TIMES = 100
ROUNDS = 15
MOST_MILLISECONDS = 20.0
_TABLES = ("outlook", "forecast_published")
_SECONDS = 30


def measure(scratch: Path) -> Iterator[Reading]:
    """Write the large release and yield what readers wait for, and how much they load."""
    folder = write_release(scratch / "home" / "releases", TIMES)
    with _served(scratch / "home") as address:
        for table in _TABLES:
            name = f"parquet/{table}.parquet"
            limit = MOST_MILLISECONDS if table == "outlook" else None
            for where in (f"{folder}/{name}", f"{address}/{name}"):
                yield _reading(
                    f"SELECT * FROM read_parquet('{where}')", table, where, limit, folder
                )
        for where in (f"{folder}/threatcast.duckdb", f"{address}/threatcast.duckdb"):
            yield from _attached(where)


def _reading(query: str, table: str, where: str, limit: float | None, folder: Path) -> Reading:
    asked = f"{query} WHERE location = '{REGION}'"
    waits = []
    for _ in range(ROUNDS):
        with _reader() as con:
            waits.append(_milliseconds(con, asked))
    way, note = "file", f"{(folder / 'parquet' / f'{table}.parquet').stat().st_size / 1e6:.1f} MB"
    if where.startswith("http"):
        way, note = "http", f"{_loaded(asked) / 1e6:.2f} MB loaded of {note}"
    said = f"{note}; a first time, median of {ROUNDS}, least {min(waits):.1f} ms"
    return Reading(f"outlook/{table}/{way}", median(waits), "ms", limit, said)


def _attached(where: str) -> Iterator[Reading]:
    first, again = [], []
    asked = f"SELECT * FROM far.outlook WHERE location = '{REGION}'"
    for _ in range(ROUNDS):
        with _reader() as con:
            first.append(_milliseconds(con, f"ATTACH '{where}' AS far (READ_ONLY); {asked}"))
            again.append(_milliseconds(con, asked))
    name = f"outlook/duckdb/{'http' if where.startswith('http') else 'file'}"
    yield Reading(f"{name}/attach", median(first), "ms", note="attached, then asked")
    yield Reading(name, median(again), "ms", MOST_MILLISECONDS, "asked again")


def _milliseconds(con: duckdb.DuckDBPyConnection, query: str) -> float:
    begun = time.perf_counter()
    rows = con.execute(query).fetchall()
    took = 1000 * (time.perf_counter() - begun)
    if not rows:
        raise RuntimeError(f"no row: {query}")
    return took


def _loaded(query: str) -> int:
    """Return the bytes of all answers to one reader, as DuckDB's own log of requests has them."""
    with _reader() as con:
        con.execute("CALL enable_logging('HTTP')")
        con.execute(query).fetchall()
        (loaded,) = con.execute(
            "SELECT sum(CAST(response.headers['content-length'] AS BIGINT)) "
            "FROM duckdb_logs_parsed('HTTP') WHERE request.type = 'GET'"
        ).fetchone() or (0,)
    return int(loaded)


@contextmanager
def _reader() -> Iterator[duckdb.DuckDBPyConnection]:
    (extension,) = files("duckdb_extension_httpfs").glob("**/httpfs.duckdb_extension")
    with duckdb.connect() as con:
        con.execute(f"LOAD '{extension}'")
        yield con


@contextmanager
def _served(home: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = str(Path(sys.executable).with_name("threatcast"))
    words = [program, "serve", "--quiet", "--home", str(home), "--port", str(port)]
    server = subprocess.Popen(
        words, env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port, server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(_SECONDS)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > end or server.poll() is not None:
                raise RuntimeError("threatcast serve did not start") from None
            time.sleep(0.1)
        else:
            return


if __name__ == "__main__":
    print(header())
    with tempfile.TemporaryDirectory() as folder:
        for reading in measure(Path(folder)):
            print(line_of(reading), flush=True)
