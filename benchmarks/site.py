"""The whole site of a release: seconds, memory and sizes, first and again.

    python -m benchmarks.site RELEASE

Writes the site twice: all charts drawn, and with the charts of the first at hand, as on a night
that changes little. CPU seconds are those of this process and of those that draw.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how the site of a release is written.")
    parser.add_argument("release", type=Path, help="folder of a release")
    release = parser.parse_args().release.resolve()
    with tempfile.TemporaryDirectory() as scratch:
        releases = Path(scratch)
        _report("first", _timed(release, releases / "first"))
        (releases / "current").symlink_to(releases / "first")
        _report("again", _timed(release, releases / "again"))


def _timed(release: Path, folder: Path) -> dict[str, float]:
    from threatcast_publishing.files import json_bytes
    from threatcast_publishing.formats.site import FORMAT
    from threatcast_publishing.manifest import MANIFEST, make_manifest

    context = _context(release)
    folder.mkdir()
    begun, used = time.perf_counter(), _cpu()
    written = FORMAT.write(context, folder)
    took, cpu = time.perf_counter() - begun, _cpu() - used
    manifest = make_manifest(context, folder, built_at=datetime(2026, 1, 1, tzinfo=UTC))
    (folder / MANIFEST).write_bytes(json_bytes(manifest))
    pages = [path for path in written if path.suffix == ".html"]
    return {
        "seconds": took,
        "CPU seconds": cpu,
        "CPU ms a page": 1000 * cpu / len(pages),
        "pages": len(pages),
        "charts": sum(path.suffix == ".svg" for path in written),
        "MB": sum(path.stat().st_size for path in written) / 1e6,
        "largest page, kB": max(path.stat().st_size for path in pages) / 1e3,
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }


def _cpu() -> float:
    own, others = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def _context(release: Path):
    import pyarrow as pa
    import pyarrow.parquet as pq
    from threatcast_publishing.contract import TABLES
    from threatcast_publishing.source import PublishedTable, ReleaseContext

    # a night's tables come from DuckDB's memory; Arrow's own pool would keep what reading took
    pa.set_memory_pool(pa.system_memory_pool())
    tables = {}
    for path in sorted((release / "parquet").glob("*.parquet")):
        data = pq.read_table(path)
        said = data.schema.metadata or {}
        key = TABLES[path.stem].key if path.stem in TABLES else ()
        tables[path.stem] = PublishedTable(path.stem, key, data, "", {})
    as_of = date.fromisoformat(said[b"as_of"].decode())
    return ReleaseContext(as_of, said[b"source"].decode(), "0" * 40, {}, tables)


def _report(name: str, found: dict[str, float]) -> None:
    print(f"{name}: " + ", ".join(f"{what} {number:,.1f}" for what, number in found.items()))


if __name__ == "__main__":
    main()
