"""Payload to raw Parquet: our parsers against DuckDB's own COPY of the same landed payloads.

Both sides have two threads, each with a one-thread DuckDB of its own, and write one Parquet
file a payload. Ours checks hashes and shapes, forces its files to disk and notes each outcome
besides. The two take turns within one run, and the least of several repetitions counts: other
work on the machine can only add to it.

DuckDB cannot look into a zip, so a bundle's members lie before it as plain files, unpacked
beforehand at no charge. Landing is reported apart: it waits for the disk at every payload.
"""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import duckdb
from baselines import BASELINES, baseline_of, copy_of
from readings import Cost, Reading, cost_of
from threatcast_feeds.landing import Landed, Landing
from threatcast_feeds.modes.mirror import arrivals
from threatcast_feeds.parsing import WORKERS, parse_new
from threatcast_feeds.payload import PayloadSource, connect
from threatcast_feeds.registry import FeedSpec, load_catalog
from threatcast_feeds.unpack import zip_members

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 3.0
REPETITIONS = 5
LARGE = 10_000_000
"""Unpacked bytes beyond which a feed must keep the limit."""


def measure(mirror: Path, scratch: Path) -> Iterator[Reading]:
    """Land every feed, then parse those that are large, and yield the numbers.

    Parameters
    ----------
    mirror : Path
        Recordings, or the generated sample.
    scratch : Path
        A folder to write to; what is left in it is of no use.
    """
    landing = Landing(scratch / "landing")
    for spec in load_catalog().values():
        landed = cost_of(lambda spec=spec: _land(spec, mirror, landing))  # type: ignore[misc]
        payloads = [one for one in landing.payloads(spec.key) if not one.is_repeat]
        inputs = [(one, _files(spec, one, scratch / "unpacked")) for one in payloads]
        unpacked = sum(_size(one, files) for one, files in inputs)
        if unpacked < LARGE and spec.key not in BASELINES:
            continue
        yield from _compare(spec, landing, inputs, unpacked, landed, scratch)


def read_by_duckdb(landed: Path, scratch: Path) -> Cost:
    """Return what DuckDB alone needs to read every payload of a landing once.

    Of payloads that it has no reader for, or stumbles over, it reads the bytes.

    Parameters
    ----------
    landed : Path
        The folder `landing` of a home.
    scratch : Path
        A folder to write to.
    """
    landing, folder = Landing(landed), scratch / "by_duckdb"
    folder.mkdir()
    statements = []
    for spec in load_catalog().values():
        for one in landing.payloads(spec.key):
            if not one.is_repeat:
                files = _files(spec, one, scratch / "unpacked")
                listed = [str(file) for file in files]
                as_bytes = f"SELECT sum(octet_length(content)) FROM read_blob({listed})"
                is_known = spec.key in BASELINES
                read = _copy(landing, one, files, folder) if is_known else as_bytes
                statements.append((read, as_bytes))
    return cost_of(lambda: _run_all(statements))


def _land(spec: FeedSpec, mirror: Path, landing: Landing) -> None:
    for arrival in arrivals(spec, mirror, None, set()):
        landing.land(arrival)


def _files(spec: FeedSpec, landed: Landed, folder: Path) -> list[Path]:
    """Return what DuckDB reads of a payload: the landed file, or the members of a bundle."""
    if landed.ext != "zip":
        return [landed.path]
    source = PayloadSource(landed.path, landed.ext, landed.sha12, landed.day, spec)
    files = []
    for number, (name, content) in enumerate(zip_members(source, spec)):
        # numbered, since names may differ only in case
        file = folder / landed.sha12 / f"{number:04d} {Path(name).name}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        files.append(file)
    return files


def _size(landed: Landed, files: list[Path]) -> int:
    return landed.size if landed.ext != "zip" else sum(file.stat().st_size for file in files)


def _compare(
    spec: FeedSpec,
    landing: Landing,
    inputs: list[tuple[Landed, list[Path]]],
    unpacked: int,
    landed: Cost,
    scratch: Path,
) -> Iterator[Reading]:
    copies = [_copy(landing, one, files, scratch / "duckdb") for one, files in inputs]

    def ours() -> None:
        outcomes = parse_new(spec, landing, scratch / "raw")
        refused = [one.message for one in outcomes if one.state != "accepted"]
        if refused:
            raise RuntimeError(f"{spec.key}: {refused[0]}")

    rounds: list[tuple[Cost, Cost]] = []
    for _ in range(REPETITIONS + 1):
        for folder in (scratch / "raw" / spec.key, scratch / "duckdb"):
            shutil.rmtree(folder, ignore_errors=True)
        (scratch / "duckdb").mkdir()
        rounds.append((cost_of(ours), cost_of(lambda: _run_all(copies))))
    name = f"parsing/{spec.key}"
    yield from ratios(name, rounds[1:], f"{len(inputs)} payloads, {unpacked / 1e6:.0f} MB unpacked")
    yield Reading(f"{name}/landing", landed.wall, "s", note="unpack, compress, force to disk")


def _copy(landing: Landing, landed: Landed, files: list[Path], folder: Path) -> str:
    query = baseline_of(landed.feed, landing.read(landed)[:64])
    return copy_of(query, [str(file) for file in files], str(folder / f"{landed.sha12}.parquet"))


def _run_all(statements: list[str] | list[tuple[str, str]]) -> None:
    """Run statements as `parse_new` does: threads with a one-thread connection each.

    The second of a pair is run where the first fails.
    """
    local = threading.local()

    def run(statement: str | tuple[str, str]) -> None:
        if not hasattr(local, "connection"):
            local.connection = connect()
        first, *others = (statement,) if isinstance(statement, str) else statement
        try:
            local.connection.execute(first)
        except duckdb.Error:
            if not others:
                raise
            local.connection.execute(others[0])

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(run, statements))


def ratios(name: str, rounds: list[tuple[Cost, Cost]], what: str) -> Iterator[Reading]:
    """Yield how much longer ours took than theirs: the least of each, and what to judge it by.

    Parameters
    ----------
    name : str
        What was measured.
    rounds : list of pairs of Cost
        Ours and DuckDB's, measured in turn.
    what : str
        How much was read.
    """
    ours, theirs = (min(cost.wall for cost in side) for side in zip(*rounds, strict=True))
    typical = median(mine.wall / other.wall for mine, other in rounds)
    cpu, cpu_theirs = (min(cost.cpu for cost in side) for side in zip(*rounds, strict=True))
    yield Reading(
        f"{name}/ratio",
        ours / theirs,
        "x",
        LIMIT,
        f"{ours:.2f} s against {theirs:.2f} s; median of {len(rounds)} rounds {typical:.2f} x, "
        f"in CPU seconds {cpu / cpu_theirs:.2f} x; {what}",
    )
