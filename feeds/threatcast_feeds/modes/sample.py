"""The simulated feeds as a folder of recordings, with the truth beside them.

The layout is the mirror's (`modes/mirror.py`), so that a night on the sample goes the same way
as one on recordings. All is written aside and moved into place when it is whole.
"""

from __future__ import annotations

import gzip
import io
import lzma
import shutil
import tarfile
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from threatcast_feeds.errors import FeedError
from threatcast_feeds.modes.mirror import ARCHIVE
from threatcast_feeds.registry import generator_of, load_catalog
from threatcast_feeds.simulation import SEED, World, simulate

TRUTH = "truth.parquet"
NOTICE = "SIMULATED.txt"
# feeds with more vintages than this have the older ones in an archive
MOST_LOOSE = 20
_COMPRESSED = {"zip", "xlsx"}
# a dictionary that holds the vintage before is what makes the archive small
_FILTERS: list[dict[str, Any]] = [
    {"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": 4 << 20, "nice_len": 273}
]

Vintage = tuple[date, str, bytes]


def write_mirror(folder: Path, seed: int = SEED) -> None:
    """Write the recordings of all simulated feeds, and what is true of them.

    Parameters
    ----------
    folder : Path
        The folder to make. A sample that is there already is replaced; `truth.parquet` is in it
        only when all else is.
    seed : int
        The same seed gives the same bytes.

    Raises
    ------
    FeedError
        If the folder holds anything else than a sample.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / NOTICE).is_file():
        raise FeedError(
            "",
            str(folder),
            "is not empty and holds no sample",
            kept="all that is in it",
            cure="Name another folder, or take away what is there",
        )
    world = simulate(seed)
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    (partial / NOTICE).write_text(
        f"Simulated feeds of an invented world, seed {seed}, {world.start} to {world.end}.\n"
        f"No body, host, group or address in them is real. True rates: {TRUTH}.\n",
        encoding="utf-8",
    )
    for spec in load_catalog().values():
        write_feed(partial / spec.key, generator_of(spec).payloads(world))
    write_truth(partial / TRUTH, world)
    if folder.exists():
        shutil.rmtree(folder)
    partial.rename(folder)


def write_feed(folder: Path, vintages: Iterable[Vintage]) -> None:
    """Write one feed's vintages; if there are many, all but the newest two as an archive."""
    folder.mkdir(parents=True)
    known = sorted(vintages, key=lambda vintage: vintage[0])
    loose = known if len(known) <= MOST_LOOSE else known[-2:]
    for day, ext, content in loose:
        if ext in _COMPRESSED:
            (folder / f"{day}.{ext}").write_bytes(content)
        else:
            packed = gzip.compress(content, compresslevel=6, mtime=0)
            (folder / f"{day}.{ext}.gz").write_bytes(packed)
    older = known[: len(known) - len(loose)]
    if older:
        _write_archive(folder / ARCHIVE, older)


def _write_archive(path: Path, vintages: list[Vintage]) -> None:
    with (
        lzma.open(path, "wb", filters=_FILTERS) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        for day, ext, content in vintages:
            member = tarfile.TarInfo(f"{day}.{ext}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def write_truth(path: Path, world: World) -> None:
    """Write the true rates as Parquet: target, location, week, rate, campaign, dispersion.

    Grain: target, location, week. `rate` is the expected number of events without campaigns,
    `campaign` what those added, `dispersion` the size of the negative binomial distribution.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    target, location, week, rate, campaign, dispersion = zip(*world.truth(), strict=True)
    table = pa.table(
        {
            "target": pa.array(target, pa.string()),
            "location": pa.array(location, pa.string()),
            "week": pa.array(week, pa.date32()),
            "rate": pa.array(rate, pa.float64()),
            "campaign": pa.array(campaign, pa.int32()),
            "dispersion": pa.array(dispersion, pa.float64()),
        }
    )
    table = table.replace_schema_metadata({"simulated": "true", "seed": str(world.seed)})
    pq.write_table(table, path, compression="zstd")
