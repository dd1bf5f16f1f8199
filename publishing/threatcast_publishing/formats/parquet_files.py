"""`parquet/<table>.parquet`: Zstandard, places together, the same bytes for the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from threatcast_publishing.contract import TABLES
from threatcast_publishing.layout import by_place, stretch
from threatcast_publishing.source import PublishedTable, ReleaseContext

if TYPE_CHECKING:
    import pyarrow as pa


def write_parquet(data: pa.Table, target: Path | IO[bytes]) -> None:
    """Write a table; bytes depend on rows, schema and library version alone.

    Nulls carry no bytes in Parquet, so that memory behind a null cannot leak into the file.
    """
    import pyarrow.parquet as pq

    pq.write_table(
        data.combine_chunks(),
        target,
        compression="zstd",
        compression_level=6,
        row_group_size=stretch(data),
        use_dictionary=True,
        write_statistics=True,
        version="2.6",
        data_page_version="1.0",
    )


def origin(release: ReleaseContext) -> dict[str, str]:
    """Return what every Parquet file of a release says of where its rows come from."""
    return {
        "as_of": release.as_of.isoformat(),
        "source": release.source,
        "simulated": "true" if release.simulated else "false",
    }


def described(table: PublishedTable, release: ReleaseContext) -> pa.Table:
    """Return the rows with the table's and the columns' descriptions in the schema's metadata."""
    import pyarrow as pa

    fields = [
        item.with_metadata({"description": table.columns[item.name]}) for item in table.data.schema
    ]
    metadata = {
        "description": release.comment(table),
        "key": ", ".join(table.key),
        **origin(release),
    }
    return table.data.cast(pa.schema(fields, metadata=metadata))


class ParquetFiles:
    """One Parquet file a table."""

    name = "parquet"
    after: tuple[str, ...] = ()
    content_types: Mapping[str, str] = {".parquet": "application/vnd.apache.parquet"}

    def write(self, release: ReleaseContext, folder: Path) -> Sequence[Path]:
        """Write `parquet/<table>.parquet` for each table."""
        target = folder / "parquet"
        target.mkdir()
        written = []
        for table in release.tables.values():
            path = target / f"{table.name}.parquet"
            write_parquet(by_place(described(table, release), table.key), path)
            written.append(path)
        return written

    def validate(self, folder: Path) -> Sequence[str]:
        """Check that every table of the contract can be read and has its columns."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        problems = []
        for name, contract in TABLES.items():
            path = folder / "parquet" / f"{name}.parquet"
            try:
                columns = pq.read_schema(path).names
            except (OSError, pa.ArrowException) as error:
                problems.append(f"parquet/{name}.parquet cannot be read: {error}")
                continue
            lacking = [column for column in contract.required if column not in columns]
            if lacking:
                problems.append(f"parquet/{name}.parquet lacks {', '.join(lacking)}")
        return problems


FORMAT = ParquetFiles()
