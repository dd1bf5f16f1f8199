"""The simulated feeds as a folder of recordings, with the truth beside them.

The layout is the mirror's (`modes/mirror.py`), so that a night on the sample goes the same way
as one on recordings.
"""

from __future__ import annotations

from pathlib import Path

from threatcast_feeds.modes.made import made_folder, write_feed
from threatcast_feeds.registry import generator_of, load_catalog
from threatcast_feeds.simulation import SEED, World, simulate

TRUTH = "truth.parquet"
NOTICE = "SIMULATED.txt"


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
    world = simulate(seed)
    text = (
        f"Simulated feeds of an invented world, seed {seed}, {world.start} to {world.end}.\n"
        f"No body, host, group or address in them is real. True rates: {TRUTH}.\n"
    )
    with made_folder(folder, NOTICE, text) as partial:
        for spec in load_catalog().values():
            write_feed(partial / spec.key, generator_of(spec).payloads(world))
        write_truth(partial / TRUTH, world)


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
