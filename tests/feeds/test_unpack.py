"""Bundles made by others: read in memory, within limits, and never trusted."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from datetime import date
from pathlib import Path

import pytest
from threatcast_feeds.errors import ParseError, UnpackError
from threatcast_feeds.payload import PayloadSource
from threatcast_feeds.registry import FeedSpec, load_feed
from threatcast_feeds.unpack import zip_members


def bundle(members: dict[str, bytes], way: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", way) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def spec(**limits: object) -> FeedSpec:
    feed = load_feed("c2_tracker")
    return feed.model_copy(update={"limits": feed.limits.model_copy(update=limits)})


def members(
    tmp_path: Path,
    content: bytes,
    feed: FeedSpec | None = None,
    rejected: list[str] | None = None,
) -> dict[str, bytes]:
    feed = feed or spec()
    source = PayloadSource.of_bytes(feed, content, tmp_path, day=date(2026, 3, 16))
    found = list(zip_members(source, feed, rejected))
    assert len(dict(found)) == len(found)
    return dict(found)


def test_members_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    content = bundle({"data/b.txt": b"2", "data/a.txt": b"1", "data/c.txt": b""})
    found = members(tmp_path, content)
    assert list(found.items()) == [("data/a.txt", b"1"), ("data/b.txt", b"2"), ("data/c.txt", b"")]


def test_names_that_differ_only_in_case_are_two_members(tmp_path: Path) -> None:
    found = members(tmp_path, bundle({"BlackNET Botnet.txt": b"1", "BlackNet Botnet.txt": b"2"}))
    assert found == {"BlackNET Botnet.txt": b"1", "BlackNet Botnet.txt": b"2"}


@pytest.mark.parametrize(
    "name", ["../evil.txt", "data/../../evil.txt", "/etc/evil.txt", "C:\\evil.txt", "..\\evil.txt"]
)
def test_name_that_climbs_out_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnpackError, match="points outside the archive"):
        members(tmp_path, bundle({"data/good.txt": b"1", name: b"2"}))


def test_folders_are_no_members(tmp_path: Path) -> None:
    assert members(tmp_path, bundle({"data/": b"", "data/a.txt": b"1"})) == {"data/a.txt": b"1"}


def test_zip_bomb_is_stopped_by_its_ratio(tmp_path: Path) -> None:
    content = bundle({"data/bomb.txt": b"0" * 20_000_000})
    assert len(content) < 30_000
    with pytest.raises(UnpackError, match=r"member 'data/bomb.txt' unpacks to more than"):
        members(tmp_path, content)


def test_bundle_is_stopped_by_what_it_may_hold_in_all(tmp_path: Path) -> None:
    content = bundle({f"data/{n}.txt": os.urandom(60_000) for n in range(4)})
    with pytest.raises(UnpackError, match="200,000 bytes in all"):
        members(tmp_path, content, spec(max_unpacked_bytes=200_000))
    assert len(members(tmp_path, content, spec(max_unpacked_bytes=240_000))) == 4


def test_size_that_lies_is_not_believed(tmp_path: Path) -> None:
    content = bytearray(bundle({"data/bomb.txt": b"0" * 20_000_000}))
    index = content.rindex(b"PK\x01\x02")
    content[index + 24 : index + 28] = struct.pack("<I", 10)
    with pytest.raises(UnpackError):
        members(tmp_path, bytes(content))


def test_too_many_members_are_refused_unread(tmp_path: Path) -> None:
    content = bundle({f"{n}": b"" for n in range(20_001)}, zipfile.ZIP_STORED)
    with pytest.raises(UnpackError, match="holds 20,001 files"):
        members(tmp_path, content)


@pytest.mark.parametrize("kept", [0.3, 0.7, 0.99])
def test_cut_zip_is_refused(tmp_path: Path, kept: float) -> None:
    content = bundle({f"data/{n}.txt": os.urandom(2000) for n in range(20)})
    with pytest.raises(UnpackError, match="the archive is cut or damaged"):
        members(tmp_path, content[: int(len(content) * kept)])


def test_member_with_wrong_checksum_is_refused(tmp_path: Path) -> None:
    content = bytearray(bundle({"data/a.txt": b"192.0.2.1\n" * 50}, zipfile.ZIP_STORED))
    content[60] ^= 0xFF
    with pytest.raises(UnpackError, match="the archive is cut or damaged"):
        members(tmp_path, bytes(content))


def test_member_whose_name_is_no_text_costs_itself(tmp_path: Path) -> None:
    """Names with a letter beyond ASCII are marked as UTF-8; here two of them are spoilt."""
    content = bundle({"data/a.txt": b"1", "data/\u00e9.txt": b"2", "data/\u00fc.txt": b"3"})
    spoilt = content.replace("\u00e9".encode(), b"\x1b\xff")
    rejected: list[str] = []
    found = members(tmp_path, spoilt, rejected=rejected)
    assert found == {"data/a.txt": b"1", "data/\u00fc.txt": b"3"}
    assert rejected == [r"member 2 (data/\x1b\xff.txt): its name is not UTF-8"]


def test_member_whose_name_is_no_text_where_it_begins_costs_itself(tmp_path: Path) -> None:
    content = bundle({"data/a.txt": b"1", "data/\u00e9.txt": b"2", "data/c.txt": b"3"})
    rejected: list[str] = []
    for spoilt in (
        content.replace("\u00e9".encode(), b"\xff\xff", 1),
        content.replace("\u00e9".encode(), b"xx", 1),
    ):
        found = members(tmp_path, spoilt, rejected=rejected)
        assert found == {"data/a.txt": b"1", "data/c.txt": b"3"}
    why = "begins under another name than the index gives it"
    assert rejected == [f"member data/\u00e9.txt: it {why}"] * 2


@pytest.mark.parametrize(("place", "value"), [(8, 0x01), (10, 0x63)])
def test_member_that_is_encrypted_or_oddly_packed_costs_itself(
    tmp_path: Path, place: int, value: int
) -> None:
    content = bytearray(bundle({"data/a.txt": b"1", "data/b.txt": b"2"}))
    content[content.index(b"PK\x01\x02") + place] = value
    rejected: list[str] = []
    assert members(tmp_path, bytes(content), rejected=rejected) == {"data/b.txt": b"2"}
    why = "it is encrypted, or packed in a way that is not known"
    assert rejected == [f"member data/a.txt: {why}"]


def test_page_in_place_of_a_bundle_is_called_a_page(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="web page titled 'Not found', not zip"):
        members(tmp_path, b"<!DOCTYPE html><html><title>Not found</title></html>")


def test_empty_body_is_called_empty(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="the payload is empty"):
        members(tmp_path, b"")
