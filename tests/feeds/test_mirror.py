"""Recordings: streamed in the order of their days; damage costs the file it is in."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import tarfile
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

import pytest
from threatcast_feeds.arrivals import Arrival
from threatcast_feeds.errors import FeedError, FetchError, UnpackError
from threatcast_feeds.landing import Landing
from threatcast_feeds.modes.mirror import arrivals
from threatcast_feeds.moments import END_OF_DAY, at
from threatcast_feeds.registry import FeedSpec, load_feed

FEED = "threatfox_ips"


def spec(**changes: object) -> FeedSpec:
    return load_feed(FEED).model_copy(update=changes)


def pack(folder: Path, members: Iterable[tuple[str | tarfile.TarInfo, bytes]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "vintages.tar.xz"
    with lzma.open(path, "wb") as file, tarfile.open(fileobj=file, mode="w|") as tar:
        for name, content in members:
            member = tarfile.TarInfo(name) if isinstance(name, str) else name
            member.size = len(content) if member.isreg() else 0
            tar.addfile(member, io.BytesIO(content))
    return path


def put(mirror: Path, files: dict[str, bytes]) -> Path:
    folder = mirror / FEED
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        packed = gzip.compress(content) if name.endswith(".gz") else content
        (folder / name).write_bytes(packed)
    return folder


def collect(
    mirror: Path,
    until: date | None = None,
    known: set[datetime] | None = None,
    told: list[str] | None = None,
    **changes: object,
) -> tuple[list[Arrival], FeedError | None]:
    found: list[Arrival] = []
    tell = [].append if told is None else told.append
    try:
        for arrival in arrivals(spec(**changes), mirror, until, known or set(), tell=tell):
            found.append(arrival)  # noqa: PERF402 what came before an error counts
    except FeedError as error:
        return found, error
    return found, None


def days(found: list[Arrival]) -> list[str]:
    return [arrival.day.isoformat() for arrival in found]


def test_plain_packed_and_archived_vintages_come_in_the_order_of_days(tmp_path: Path) -> None:
    folder = put(tmp_path, {"2026-08-22.txt.gz": b"4", "2026-08-15.txt": b"3"})
    pack(folder, [("2026-08-01.txt", b"1"), ("2026-08-08.txt.gz", gzip.compress(b"2"))])
    found, error = collect(tmp_path)
    assert error is None
    assert [arrival.content for arrival in found] == [b"1", b"2", b"3", b"4"]
    assert days(found)[0] == "2026-08-01"
    first = found[0]
    assert (first.ext, first.mode, first.feed) == ("txt", "mirror", FEED)
    assert first.retrieved_at.isoformat() == "2026-08-01T23:59:59+00:00"


def test_known_days_are_not_read_again(tmp_path: Path) -> None:
    # reading the known one would fail: it is no gzip file
    folder = put(tmp_path, {"2026-08-22.txt": b"2"})
    (folder / "2026-08-15.txt.gz").write_bytes(b"not gzip")
    found, error = collect(tmp_path, known={at(date(2026, 8, 15), END_OF_DAY)})
    assert (days(found), error) == (["2026-08-22"], None)


def test_later_vintages_are_not_read_at_all(tmp_path: Path) -> None:
    folder = put(tmp_path, {"2026-08-01.txt": b"1"})
    (folder / "2026-08-22.txt.gz").write_bytes(b"poison")
    pack(folder, [("2026-07-25.txt", b"0"), ("2026-08-23.txt.gz", b"poison")])
    found, error = collect(tmp_path, until=date(2026, 8, 1))
    assert (days(found), error) == (["2026-07-25", "2026-08-01"], None)


def test_reference_feed_gives_its_earliest_vintage_when_none_is_old_enough(tmp_path: Path) -> None:
    folder = put(tmp_path, {"2026-08-22.txt": b"2"})
    pack(folder, [("2026-08-01.txt", b"1"), ("2026-08-08.txt", b"1b")])
    found, error = collect(tmp_path, until=date(2025, 1, 1), role="reference")
    assert (days(found), error) == (["2026-08-01"], None)
    found, _ = collect(tmp_path, until=date(2025, 1, 1))
    assert found == []
    known = {at(date(2026, 8, 1), END_OF_DAY)}
    found, _ = collect(tmp_path, until=date(2025, 1, 1), known=known, role="reference")
    assert found == []


def test_folder_without_payloads_says_what_to_put_there(tmp_path: Path) -> None:
    put(tmp_path, {})
    with pytest.raises(FetchError) as caught:
        list(arrivals(spec(), tmp_path, None, set()))
    assert str(caught.value) == (
        f"{FEED}, {tmp_path / FEED}: there is no payload. Kept: all landed before. Put files "
        "named YYYY-MM-DD.txt[.gz] there, or point --mirror at the folder that holds the feeds."
    )


def test_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="there is no such folder"):
        list(arrivals(spec(), tmp_path, None, set()))


@pytest.mark.parametrize("name", ["README.md", "2026-13-01.txt", "2026-08-22.json", "latest.txt"])
def test_strange_file_is_named_and_costs_nothing(tmp_path: Path, name: str) -> None:
    put(tmp_path, {name: b"x", "2026-08-22.txt": b"1"})
    told: list[str] = []
    found, error = collect(tmp_path, told=told)
    assert days(found) == ["2026-08-22"]
    assert error is None
    assert [name in line and "Rename it or take it away" in line for line in told] == [True]


def test_hidden_files_are_nobodys_business(tmp_path: Path) -> None:
    put(tmp_path, {".DS_Store": b"x", "2026-08-22.txt": b"1"})
    assert collect(tmp_path)[1] is None


def test_cut_gzip_costs_its_own_vintage_only(tmp_path: Path) -> None:
    folder = put(tmp_path, {"2026-08-08.txt": b"1", "2026-08-22.txt": b"3"})
    (folder / "2026-08-15.txt.gz").write_bytes(gzip.compress(os.urandom(9000))[:5000])
    told: list[str] = []
    found, error = collect(tmp_path, told=told)
    assert days(found) == ["2026-08-08", "2026-08-22"]
    assert error is None
    known = {at(date(2026, 8, day), END_OF_DAY) for day in (8, 22)}
    assert collect(tmp_path, known=known, told=told) == ([], None), "nor on the next night"
    assert ["2026-08-15.txt.gz" in line and "cut or damaged" in line for line in told] == [True] * 2


def test_cut_gzip_of_the_newest_day_is_an_error_of_the_feed(tmp_path: Path) -> None:
    folder = put(tmp_path, {"2026-08-08.txt": b"1"})
    (folder / "2026-08-15.txt.gz").write_bytes(gzip.compress(os.urandom(9000))[:5000])
    found, error = collect(tmp_path)
    assert days(found) == ["2026-08-08"]
    assert isinstance(error, UnpackError)
    assert error.place.endswith("2026-08-15.txt.gz")
    assert "Copy it again from where it came" in str(error)


@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_cut_archive_keeps_what_came_before_and_what_lies_beside(
    tmp_path: Path, kept: float
) -> None:
    folder = put(tmp_path, {"2026-08-22.txt": b"last"})
    members = [(f"2026-07-{day:02}.txt", os.urandom(50_000)) for day in range(1, 11)]
    path = pack(folder, members)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    found, error = collect(tmp_path)
    assert days(found)[-1] == "2026-08-22"
    assert 2 <= len(found) < 11
    assert [arrival.content for arrival in found[:-1]] == [
        content for _, content in members[: len(found) - 1]
    ]
    assert isinstance(error, UnpackError)
    assert FEED in str(error)
    assert "vintages.tar.xz: the file is cut or damaged" in str(error)


def test_archive_cut_inside_its_last_block_is_not_taken_for_whole(tmp_path: Path) -> None:
    folder = tmp_path / FEED
    path = pack(folder, [("2026-08-01.txt", b"1"), ("2026-08-08.txt", b"2")])
    path.write_bytes(path.read_bytes()[:-20])
    found, error = collect(tmp_path)
    assert isinstance(error, UnpackError)
    assert len(found) <= 2


def link(name: str, kind: bytes) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type = kind
    member.linkname = "/etc/passwd"
    return member


@pytest.mark.parametrize(
    "member",
    [
        "../2026-08-08.txt",
        "/2026-08-08.txt",
        "deep/2026-08-08.txt",
        "notes.txt",
        "2026-02-30.txt",
        "2026-08-08.exe",
        link("2026-08-08.txt", tarfile.SYMTYPE),
        link("2026-08-08.txt", tarfile.LNKTYPE),
        link("2026-08-08.txt", tarfile.DIRTYPE),
    ],
)
def test_hostile_or_strange_member_is_refused(
    tmp_path: Path, member: str | tarfile.TarInfo
) -> None:
    folder = put(tmp_path, {"2026-08-22.txt": b"3"})
    pack(folder, [("2026-08-01.txt", b"1"), (member, b"evil")])
    found, error = collect(tmp_path)
    assert [arrival.content for arrival in found] == [b"1", b"3"]
    assert isinstance(error, UnpackError)
    assert "is not a plain file named YYYY-MM-DD" in str(error)
    assert not list(tmp_path.parent.glob("2026-08-08.txt"))


@pytest.mark.parametrize("name", ["2026-08-15.txt.gz", "vintages.tar.xz"])
def test_payload_larger_than_its_feed_may_be_is_not_read_to_its_end(
    tmp_path: Path, name: str
) -> None:
    limits = spec().limits.model_copy(update={"max_bytes": 100_000})
    bomb = b"0" * 5_000_000
    folder = put(tmp_path, {"2026-08-08.txt": b"3"})
    if name.endswith(".gz"):
        put(tmp_path, {name: bomb})
    else:
        pack(folder, [("2026-08-15.txt", bomb)])
    found, error = collect(tmp_path, limits=limits)
    assert days(found) == ["2026-08-08"]
    assert isinstance(error, UnpackError)
    assert "unpacks to more than 100,000 bytes" in str(error)


def test_day_recorded_twice_comes_once(tmp_path: Path) -> None:
    folder = put(tmp_path, {"2026-08-22.txt": b"beside"})
    pack(folder, [("2026-08-22.txt", b"packed")])
    found, _ = collect(tmp_path)
    assert [arrival.content for arrival in found] == [b"beside"]


def test_simulated_recordings_are_marked_as_such(tmp_path: Path) -> None:
    put(tmp_path, {"2026-08-22.txt": b"1"})
    found = list(arrivals(spec(), tmp_path, None, set(), mode="sample"))
    assert found[0].mode == "sample"
    assert found[0].url == f"sample:{FEED}/2026-08-22.txt"


@pytest.mark.parametrize(
    ("feed", "vintages", "first", "last", "size"),
    [
        ("cisa_kev", 202, "2022-06-09", "2026-08-22", 209_397_471),
        ("c2_tracker", 173, "2022-11-27", "2026-03-16", None),
        ("threatfox_ips", 200, "2022-10-30", "2026-08-22", 187_132_561),
        ("openphish", 98, "2024-10-13", "2026-08-22", 1_755_105),
    ],
)
def test_recorded_feed_comes_whole(
    mirror: Path, feed: str, vintages: int, first: str, last: str, size: int | None
) -> None:
    seen: list[str] = []
    total = 0
    for arrival in arrivals(load_feed(feed), mirror, None, set()):
        seen.append(arrival.day.isoformat())
        total += len(arrival.content)
    assert seen == sorted(set(seen))
    assert (len(seen), seen[0], seen[-1]) == (vintages, first, last)
    if size is not None:
        assert total == size


def test_recordings_as_of_a_past_day_end_there(mirror: Path, tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    openphish = load_feed("openphish")
    until = date(2025, 11, 2)
    for arrival in arrivals(openphish, mirror, until, set()):
        landing.land(arrival)
    landed = {payload.retrieved_at for payload in landing.payloads("openphish")}
    assert max(landed).date() == until
    rest = list(arrivals(openphish, mirror, None, landed))
    assert len(rest) + len(landed) == 98
    assert min(arrival.day for arrival in rest) > until


def moments(found: list[Arrival]) -> list[str]:
    return [f"{arrival.retrieved_at:%Y-%m-%dT%H:%M:%S}" for arrival in found]


def test_files_may_say_the_hour_and_a_day_may_have_two(tmp_path: Path) -> None:
    folder = put(tmp_path, {"2026-08-22T1400.txt": b"2", "2026-08-22T0200.txt.gz": b"1"})
    pack(folder, [("2026-08-21T2330.txt", b"0"), ("2026-08-22.txt", b"3")])
    found, error = collect(tmp_path)
    assert error is None
    assert [arrival.content for arrival in found] == [b"0", b"1", b"2", b"3"]
    assert moments(found)[2:] == ["2026-08-22T14:00:00", "2026-08-22T23:59:59"]


@pytest.mark.parametrize("said", ['taken_at = "02:00"', "taken_at = 02:00:00"])
def test_mirror_says_when_all_its_files_were_taken(tmp_path: Path, said: str) -> None:
    put(tmp_path, {"2026-08-22.txt": b"1", "2026-08-22T1400.txt": b"2"})
    (tmp_path / "mirror.toml").write_text(said)
    found, _ = collect(tmp_path)
    assert moments(found) == ["2026-08-22T02:00:00", "2026-08-22T14:00:00"]


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ('taken_at = "25:00"', "no time of day in UTC"),
        ('taken_at = "02:00+02:00"', "no time of day in UTC"),
        ("taken_at = 2", "no time of day in UTC"),
        ('taken = "02:00"', "unknown key 'taken'"),
        ("taken_at = ", "cannot be read as TOML"),
    ],
)
def test_wrong_word_of_a_mirror_is_refused_and_named(
    tmp_path: Path, said: str, problem: str
) -> None:
    put(tmp_path, {"2026-08-22.txt": b"1"})
    (tmp_path / "mirror.toml").write_text(said)
    found, error = collect(tmp_path)
    assert found == []
    assert error is not None
    assert problem in str(error)
    assert str(tmp_path / "mirror.toml") in str(error)


def test_file_of_a_day_to_come_is_named_and_left_out(tmp_path: Path) -> None:
    folder = put(tmp_path, {"2062-08-22.txt": b"later", "2026-08-22.txt": b"1"})
    pack(folder, [("2026-08-15.txt", b"0"), ("2063-01-01.txt", b"later")])
    told: list[str] = []
    vintages = arrivals(
        spec(), tmp_path, date(2026, 8, 22), set(), today=date(2026, 8, 23), tell=told.append
    )
    assert days(list(vintages)) == ["2026-08-15", "2026-08-22"]
    assert ["2062-08-22.txt" in told[0], "2063-01-01.txt" in told[1]] == [True, True]
    assert "today is 2026-08-23" in told[0]
