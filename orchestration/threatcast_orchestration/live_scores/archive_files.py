"""Whether the archive's files are as they were written, so that no score rests on a damaged one.

A damaged file whose release is still on disk is written again from it, if that gives the very
forecast which the note is of. Else its reference date is not scored: what was published first for
it can no longer be told. The file stays where it lies, and a copy that is put back counts again.
"""

from __future__ import annotations

import logging
from pathlib import Path

from threatcast_feeds.outcomes import digest_of
from threatcast_publishing.catalog import ReleaseInfo

from threatcast_orchestration.live_scores.archive import (
    Kept,
    forecast_hash,
    read_archive,
    rows_of,
    write_forecast,
)

log = logging.getLogger(__name__)


def readable_archive(archive: Path, releases: Path) -> list[Kept]:
    """Return the notes whose forecasts can be read, by reference date and number.

    Parameters
    ----------
    archive, releases
        Folders of a home. Damaged files of the archive are written again where a release of the
        home holds the same forecast; each that is not is told in a warning.
    """
    from threatcast_publishing.catalog import list_releases

    notes = read_archive(archive)
    damaged = [note for note in notes if not _is_whole(note)]
    if not damaged:
        return notes
    there = {info.release_id: info for info in list_releases(releases)}
    lost = [note for note in damaged if not _written_again(note, there.get(note.release_id))]
    for note in lost:
        log.warning(
            "%s cannot be read: it holds the forecasts published for %s in the release %s. "
            "Forecasts of that date are not scored, all others are. Put a copy of the file back; "
            "the next run takes it.",
            note.file,
            note.reference_date,
            note.release_id,
        )
    dates = {note.reference_date for note in lost}
    return [note for note in notes if note.reference_date not in dates]


def _is_whole(note: Kept) -> bool:
    if note.file is None:
        return True
    if note.file_hash:
        return digest_of(note.file) == note.file_hash
    return _can_be_read(note.file)


def _can_be_read(path: Path) -> bool:
    """Whether every value of a file can be read; all that can be said without its hash."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        pq.read_table(path, partitioning=None)
    except (OSError, ValueError, pa.ArrowException):
        return False
    return True


def _written_again(note: Kept, info: ReleaseInfo | None) -> bool:
    """Write a damaged file again from its release; False if that cannot be done."""
    found = rows_of(info) if info is not None and note.file is not None else None
    if found is None or note.file is None or forecast_hash(found[1]) != note.forecast_hash:
        return False
    log.warning(
        "%s was damaged; it was written again from the release %s.", note.file, note.release_id
    )
    written = write_forecast(found[1], note.file)
    return not note.file_hash or written == note.file_hash


def archived_releases(archive: Path) -> set[str]:
    """Return the releases whose forecasts the archive holds as they were published."""
    notes = read_archive(archive)
    whole = {
        (note.reference_date, note.forecast_hash)
        for note in notes
        if note.file is not None and _is_whole(note)
    }
    return {note.release_id for note in notes if (note.reference_date, note.forecast_hash) in whole}
