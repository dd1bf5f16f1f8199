"""Every forecast that was ever published, kept for ever: files are added, never changed.

    archive/forecasts/<reference date>/<number>-<release>.json      one note a release
    archive/forecasts/<reference date>/<number>-<release>.parquet   its forecast, unless the same
                                                                    numbers are kept already

Number 0 is the first forecast that was published for a reference date. What follows is a
correction: its note says why it differs. Releases may be deleted, the archive goes on. A file that
is no longer as it was written is the affair of `archive_files`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threatcast_feeds.database import connect
from threatcast_feeds.durable import replacing, write_durably
from threatcast_feeds.exact_paths import ONE_FILE, exact
from threatcast_feeds.outcomes import digest_of
from threatcast_feeds.outside import escaped

from threatcast_orchestration.errors import OrchestrationError

if TYPE_CHECKING:
    from threatcast_publishing.catalog import ReleaseInfo

log = logging.getLogger(__name__)

# what each series had counted by then, as this very release knew it
_COUNTS = """
    SELECT target, location, list(CAST(value AS DOUBLE) ORDER BY week) AS counts
    FROM read_parquet($activity, hive_partitioning = false)
    WHERE value IS NOT NULL AND week <= CAST($reference_date AS DATE) - 6
    GROUP BY ALL
"""
# one row a forecast of one week; `scale` is what makes its score comparable
_ROWS = """
    WITH forecasts AS (
        SELECT target, location, model, horizon, target_week, max(state) AS state,
            list(value ORDER BY quantile) AS quantiles
        FROM read_parquet($forecast, hive_partitioning = false)
        WHERE value IS NOT NULL
        GROUP BY ALL
        HAVING count(*) = $levels
    )
    SELECT forecasts.*, scales.scale
    FROM forecasts INNER JOIN scales USING (target, location)
    ORDER BY target, location, model, horizon
"""


@dataclass(frozen=True)
class Kept:
    """One note of the archive; `file` holds its forecast, or is None if an earlier one does.

    `forecast_hash` is of the forecast, `file_hash` of the file's bytes; older notes have none.
    """

    release_id: str
    reference_date: date
    number: int
    as_of: date
    reason: str | None
    file: Path | None
    forecast_hash: str
    file_hash: str


def keep_releases(releases: Path, archive: Path, *, reason: str = "") -> list[Kept]:
    """Add what the archive lacks of the releases on disk; returns the new notes.

    Parameters
    ----------
    releases, archive
        Folders of a home.
    reason
        What a person says about a correction; the note adds what differs.
    """
    from threatcast_publishing.catalog import list_releases

    known = {note.release_id for note in read_archive(archive)}
    added = []
    for info in list_releases(releases):
        # a release that lacks its files is damaged: `threatcast releases verify` speaks of it
        if info.release_id not in known and all(path.is_file() for path in _sources(info)):
            note = _keep(info, archive, reason)
            added += [note] if note else []
    return added


def read_archive(archive: Path) -> list[Kept]:
    """Return all notes, by reference date and number."""
    notes = [_note(path) for path in (archive / "forecasts").glob("*/*.json")]
    return sorted(notes, key=lambda note: (note.reference_date, note.number))


def _sources(info: ReleaseInfo) -> tuple[Path, Path]:
    tables = info.folder / "parquet"
    return tables / "forecast.parquet", tables / "activity_weekly.parquet"


def _note(path: Path) -> Kept:
    raw = _read(path)
    return Kept(
        release_id=raw["release_id"],
        reference_date=date.fromisoformat(raw["reference_date"]),
        number=int(raw["number"]),
        as_of=date.fromisoformat(raw["as_of"]),
        reason=raw["reason"],
        file=path.with_suffix(".parquet") if raw["same_as"] is None else None,
        forecast_hash=raw["forecast_hash"],
        file_hash=raw.get("file_hash") or "",
    )


def rows_of(info: ReleaseInfo) -> tuple[date, Any] | None:
    """Return a release's reference date and forecast (Arrow); None if it holds none to be read."""
    import duckdb
    from threatcast_forecasting.quantiles import LEVELS

    forecast, activity = (exact(path) for path in _sources(info))
    try:
        with connect() as connection:
            day = connection.execute(
                f"SELECT max(reference_date) FROM read_parquet(?, {ONE_FILE})", [forecast]
            ).fetchall()[0][0]
            if day is None:
                return None
            known = {"activity": activity, "reference_date": day}
            counts = connection.execute(_COUNTS, known).to_arrow_table()
            connection.register("scales", _scales(counts))
            named = {"forecast": forecast, "levels": len(LEVELS)}
            return day, connection.execute(_ROWS, named).to_arrow_table()
    except duckdb.Error as error:
        log.warning(
            "The forecast of the release %s cannot be read (%s); it is not in the archive until it "
            "can. See what is wrong with: threatcast releases verify %s",
            info.release_id,
            escaped(str(error).splitlines()[0]),
            info.release_id,
        )
        return None


def _scales(counts: Any) -> Any:
    """Return the scale of each series from its counts (Arrow: a list a series, oldest first)."""
    import numpy as np
    from threatcast_forecasting.scores import SCALE_WEEKS, scale_of

    newest = np.full((len(counts), SCALE_WEEKS), np.nan)
    for row, values in zip(newest, counts["counts"].to_pylist(), strict=True):
        last = values[-SCALE_WEEKS:]
        row[SCALE_WEEKS - len(last) :] = last
    return counts.drop_columns(["counts"]).append_column("scale", [scale_of(newest)])


def write_forecast(rows: Any, path: Path) -> str:
    """Write a forecast's file; returns the hash of its bytes."""
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as scratch:
        pq.write_table(rows, scratch, compression="zstd")
        return digest_of(scratch)


def _keep(info: ReleaseInfo, archive: Path, said: str) -> Kept | None:
    """Write one release's forecast and note; None if the release holds no forecast."""
    from threatcast_publishing.files import json_bytes
    from threatcast_publishing.manifest import read_manifest

    found = rows_of(info)
    if found is None:
        return None
    day, rows = found
    folder = archive / "forecasts" / day.isoformat()
    earlier = _raw_notes(folder)
    manifest = read_manifest(info.folder).raw
    digest = forecast_hash(rows)
    note = {
        "release_id": info.release_id,
        "reference_date": day.isoformat(),
        "number": len(earlier),
        "as_of": info.as_of.isoformat(),
        "published_at": info.built_at.isoformat(),
        "commit": info.commit,
        "settings": manifest["settings"],
        "data_vintages": manifest["data_vintages"],
        "forecast_hash": digest,
        "same_as": next((n["number"] for n in earlier if n["forecast_hash"] == digest), None),
    }
    note["reason"] = _reason(earlier[0], note, said) if earlier else None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{len(earlier):03d}-{info.release_id}.json"
    if note["same_as"] is None:
        note["file_hash"] = write_forecast(rows, path.with_suffix(".parquet"))
    write_durably(path, json_bytes(note))
    return _note(path)


def _raw_notes(folder: Path) -> list[dict[str, Any]]:
    return sorted((_read(path) for path in folder.glob("*.json")), key=lambda n: int(n["number"]))


def _read(path: Path) -> dict[str, Any]:
    """Return a note as it was written.

    Raises
    ------
    OrchestrationError
        If it is damaged: what was published must not be guessed.
    """
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise OrchestrationError(
            f"The archive's note {path} cannot be read ({error}). Nothing was published. Put a "
            "copy of it back. If there is none and its release is still on disk, move the note "
            "and the file beside it away: the next run archives that release again."
        ) from error


def forecast_hash(rows: Any) -> str:
    """Return a hash of the forecast itself, whatever wrote the file and whatever its scale."""
    return sha256(repr(rows.drop_columns(["scale"]).to_pydict()).encode()).hexdigest()


def _reason(first: Mapping[str, Any], now: Mapping[str, Any], said: str) -> str:
    """Return what a person said and what differs from the first release of that date."""
    found = []
    if first["commit"] != now["commit"]:
        found.append(f"code changed from {first['commit'][:12]} to {now['commit'][:12]}")
    changed = [
        name
        for name in sorted({*first["settings"], *now["settings"]})
        if first["settings"].get(name) != now["settings"].get(name)
    ]
    if changed:
        found.append(f"settings changed: {', '.join(changed)}")
    before = {entry["feed"]: entry for entry in first["data_vintages"]}
    after = {entry["feed"]: entry for entry in now["data_vintages"]}
    feeds = [feed for feed in sorted({*before, *after}) if before.get(feed) != after.get(feed)]
    if feeds:
        found.append(f"data changed: {', '.join(feeds)}")
    differs = "; ".join(found) or "made again"
    return f"{said} ({differs})" if said else differs
