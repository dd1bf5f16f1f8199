"""The rows of one place's page as files: CSV, JSON and Parquet, the same in all languages."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from typing import TYPE_CHECKING

from threatcast_publishing.formats.csv_files import write_csv

if TYPE_CHECKING:
    import pyarrow as pa

    from threatcast_publishing.site.views import ReleaseViews


def place_files(views: ReleaseViews) -> dict[str, bytes]:
    """Return `data/<place>.csv`, `.json` and `.parquet` with the place's rows of `outlook`.

    The columns are the table's, each file bears the mark of its source if there is one.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = views.release.tables["outlook"]
    comment = views.release.comment(table)
    at: dict[str, list[int]] = defaultdict(list)
    for index, location in enumerate(table.data["location"].to_pylist()):
        at[location].append(index)
    found: dict[str, bytes] = {}
    for location in views.places:
        rows = table.data.take(pa.array(at[location], pa.int64()))
        name = f"data/{location.lower()}"
        csv, parquet = io.BytesIO(), io.BytesIO()
        write_csv(rows, csv)
        pq.write_table(rows.replace_schema_metadata({"description": comment}), parquet)
        found[f"{name}.csv"] = csv.getvalue()
        found[f"{name}.parquet"] = parquet.getvalue()
        found[f"{name}.json"] = _json(rows, comment)
    return found


def _json(rows: pa.Table, comment: str) -> bytes:
    content = {"description": comment, "rows": rows.to_pylist()}
    return json.dumps(content, ensure_ascii=False, default=str, indent=1).encode()
