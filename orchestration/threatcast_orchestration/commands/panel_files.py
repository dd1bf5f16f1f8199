"""The files of `threatcast backtest` and `forecast`: panels read, results written."""

from __future__ import annotations

import csv
import gzip
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_feeds.durable import replacing

from threatcast_orchestration.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

TEXTS = ("series_id", "target", "location", "week", "origin", "value")
"""Columns of a panel or of origins that are read as they are written."""


def read_frame(path: Path) -> pd.DataFrame:
    """Read a CSV, CSV.gz or Parquet file; codes stay text, so that Namibia's `NA` survives.

    Values of a panel stay text too: only as text `20.000` can be told from 20.
    """
    import pandas as pd

    if not path.is_file():
        raise WrongUse(f"There is no file {path}.")
    name = path.name.lower()
    try:
        if name.endswith(".parquet"):
            return pd.read_parquet(path)
        if not name.endswith((".csv", ".csv.gz")):
            raise WrongUse(f"{path}: a panel is .csv, .csv.gz or .parquet.")
        _refuse_surplus_cells(path)
        return pd.read_csv(
            path,
            dtype=dict.fromkeys(TEXTS, "object"),
            keep_default_na=False,
            na_values={"value": ["", "NA", "NaN", "nan"]},
            encoding="utf-8-sig",
            low_memory=False,
        )
    except (OSError, ValueError, EOFError, zlib.error) as error:
        raise WrongUse(f"{path} cannot be read as a table: {error}") from error


def _refuse_surplus_cells(path: Path) -> None:
    """Refuse rows with more cells than the header, which pandas would read one column aside.

    pandas judges by the first row, and tells of later ones itself.
    """
    opened = gzip.open if path.name.lower().endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        try:
            header = next(rows, [])
            first = next((row for row in rows if row), [])
        except csv.Error:
            return  # pandas reads longer cells, or says what is wrong
    if len(first) <= len(header):
        return
    surplus = first[len(header) :]
    what = "ends with a comma too many" if not any(surplus) else f"goes on with {surplus[0]!r}"
    raise WrongUse(
        f"{path}, row 1: it has {len(first)} cells and the header {len(header)}; after "
        f"{header[-1] if header else 'nothing'} = {first[len(header) - 1]!r} it {what}. "
        "Give each row as many cells as the header, and decimals and thousands no comma."
    )


def prepare(folder: Path) -> None:
    """Create the folder for the results, before hours are spent on them."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongUse(f"--out {folder}: {error.strerror}. Name a folder to write to.") from error


def write_parts(frames: Iterable[pd.DataFrame], path: Path) -> int:
    """Write frames of the same columns as one Parquet file; return the number of rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer, rows = None, 0
    with replacing(path) as partial:
        try:
            for frame in frames:
                table = pa.Table.from_pandas(frame, preserve_index=False)
                writer = writer or pq.ParquetWriter(partial, table.schema)
                writer.write_table(table)
                rows += len(frame)
        finally:
            if writer is not None:
                writer.close()
    return rows
