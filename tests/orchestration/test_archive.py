"""The archive of published forecasts: every one once, none ever changed."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from threatcast_orchestration.errors import OrchestrationError
from threatcast_orchestration.live_scores.archive import keep_releases, read_archive
from threatcast_orchestration.live_scores.archive_files import readable_archive

sys.path.insert(0, str(Path(__file__).parent))
from published_kit import SUNDAY, release_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def keep(folder: Path, reason: str = "") -> list:
    return keep_releases(folder / "releases", folder / "archive", reason=reason)


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted((folder / "archive").rglob("*"))
        if path.is_file()
    }


def test_every_release_is_kept_once(folder):
    info = release_of(folder, SUNDAY)
    (kept,) = keep(folder)
    assert (kept.release_id, kept.reference_date, kept.number) == (info.release_id, SUNDAY, 0)
    assert kept.reason is None, "the first one corrects nothing"
    before = files(folder)
    assert keep(folder) == []
    assert files(folder) == before


def test_kept_forecast_holds_all_levels_and_the_scale_of_its_day(folder):
    release_of(folder, SUNDAY, level=10.0)
    (kept,) = keep(folder)
    rows = duckdb.execute(
        "SELECT count(*), min(len(quantiles)), max(quantiles[12]), min(scale), max(scale) "
        "FROM read_parquet(?)",
        [str(kept.file)],
    ).fetchall()
    # 26 weeks with 4 and 26 with 8 are the last 52
    assert rows == [(2 * 3 * 12, 23, 10.0, 6.0, 6.0)]


def test_another_forecast_of_the_date_lies_beside_the_first_and_says_why(folder):
    release_of(folder, SUNDAY)
    keep(folder)
    before = files(folder)
    release_of(folder, SUNDAY, days_later=2, level=12.0, commit="2" * 40)
    (kept,) = keep(folder)
    assert kept.number == 1
    assert kept.reason == f"code changed from {'1' * 12} to {'2' * 12}"
    after = files(folder)
    assert {name: after[name] for name in before} == before, "the first stays as it was"
    assert len(after) == len(before) + 2


def test_what_a_person_says_of_a_correction_stands_first(folder):
    release_of(folder, SUNDAY)
    keep(folder)
    release_of(folder, SUNDAY, level=12.0)
    (kept,) = keep(folder, "a feed was read twice")
    assert kept.reason == "a feed was read twice (made again)"


def test_same_numbers_in_another_release_take_a_note_and_no_file(folder):
    release_of(folder, SUNDAY)
    release_of(folder, SUNDAY, days_later=3, commit="2" * 40)
    first, second = keep(folder)
    assert first.file is not None
    assert second.file is None
    assert len(list((folder / "archive").rglob("*.parquet"))) == 1


def test_archive_outlives_its_releases(folder):
    release_of(folder, SUNDAY)
    keep(folder)
    shutil.rmtree(folder / "releases")
    release_of(folder, SUNDAY + timedelta(weeks=1))
    keep(folder)
    assert [note.reference_date for note in read_archive(folder / "archive")] == [
        SUNDAY,
        SUNDAY + timedelta(weeks=1),
    ]


def test_release_without_forecasts_is_left_out(folder):
    release_of(folder, SUNDAY, places=())
    assert keep(folder) == []


def test_file_that_a_crash_left_without_its_note_is_written_again(folder):
    release_of(folder, SUNDAY)
    (kept,) = keep(folder)
    whole = files(folder)
    kept.file.with_suffix(".json").unlink()
    kept.file.write_bytes(b"half")
    keep(folder)
    assert files(folder) == whole


def test_damaged_note_stops_the_night_and_names_the_cure(folder):
    release_of(folder, SUNDAY)
    (kept,) = keep(folder)
    note = kept.file.with_suffix(".json")
    note.write_text("{", encoding="utf-8")
    with pytest.raises(OrchestrationError) as caught:
        keep(folder)
    assert str(note) in str(caught.value)
    assert "Nothing was published" in str(caught.value)


def spoil(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "absent":
        path.unlink()
    elif how == "one byte":
        at = len(content) // 3
        path.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
    else:
        path.write_bytes(content[: {"empty": 0, "cut": len(content) // 2}[how]])


def read(folder: Path) -> list:
    return readable_archive(folder / "archive", folder / "releases")


@pytest.mark.parametrize("how", ["absent", "empty", "cut", "one byte"])
def test_damaged_forecast_is_written_again_from_its_release(folder, how, caplog):
    release_of(folder, SUNDAY)
    (kept,) = keep(folder)
    whole = files(folder)
    spoil(kept.file, how)
    assert read(folder) == [kept]
    assert files(folder) == whole
    assert f"{kept.file} was damaged" in caplog.text


@pytest.mark.parametrize("how", ["absent", "empty", "cut", "one byte"])
def test_damaged_forecast_without_its_release_leaves_out_its_date_and_is_named(folder, how, caplog):
    release_of(folder, SUNDAY)
    release_of(folder, SUNDAY, days_later=2, level=12.0)
    release_of(folder, SUNDAY + timedelta(weeks=1))
    first, _, later = keep(folder)
    whole = files(folder)
    shutil.rmtree(folder / "releases")
    spoil(first.file, how)
    spoilt = files(folder)
    assert read(folder) == [later], "the correction is not taken for what was published first"
    assert files(folder) == spoilt
    for named in (str(first.file), f"the forecasts published for {SUNDAY}", first.release_id):
        assert named in caplog.text
    assert "Put a copy of the file back" in caplog.text
    first.file.write_bytes(whole[first.file.relative_to(folder).as_posix()])
    assert len(read(folder)) == 3


@pytest.mark.parametrize("how", ["absent", "empty", "cut"])
def test_damaged_forecast_of_a_note_without_hash_is_noticed(folder, how):
    release_of(folder, SUNDAY)
    (kept,) = keep(folder)
    note = kept.file.with_suffix(".json")
    old = json.loads(note.read_text(encoding="utf-8"))
    del old["file_hash"]
    note.write_text(json.dumps(old), encoding="utf-8")
    assert len(read(folder)) == 1
    shutil.rmtree(folder / "releases")
    spoil(kept.file, how)
    assert read(folder) == []


def test_release_whose_forecast_is_cut_is_not_archived_and_named(folder, caplog):
    release = release_of(folder, SUNDAY)
    path = release.folder / "parquet" / "forecast.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    assert keep(folder) == []
    assert f"threatcast releases verify {release.release_id}" in caplog.text
    path.write_bytes(whole)
    assert len(keep(folder)) == 1
