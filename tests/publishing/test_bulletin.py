"""The printed bulletin: what is in it, that it renames no release, and that none is no fault."""

from __future__ import annotations

import os
import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from small_release import AS_OF, BUILT_AT, write_warehouse
from threatcast_publishing.formats import bulletin
from threatcast_publishing.formats.bulletin import FILE_NAME, FORMAT, steady
from threatcast_publishing.manifest import read_manifest
from threatcast_publishing.release import StagedRelease, build
from threatcast_publishing.verify import verify

needs_chromium = pytest.mark.skipif(
    not any(map(shutil.which, bulletin.PROGRAMS)), reason="needs the program chromium"
)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory) -> Path:
    return write_warehouse(tmp_path_factory.mktemp("warehouse") / "w.duckdb")


def built(warehouse: Path, releases: Path, *, prints: bool, said: list[str]) -> StagedRelease:
    return build(
        warehouse, releases, as_of=AS_OF, source="starter", settings={}, commit="0" * 40,
        built_at=BUILT_AT, prints=prints, notice=said.append,
    )  # fmt: skip


@pytest.fixture(scope="module")
def plain(warehouse, tmp_path_factory) -> StagedRelease:
    return built(warehouse, tmp_path_factory.mktemp("plain"), prints=False, said=[])


def program(folder: Path, text: str) -> str:
    path = folder / "chromium"
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(folder)


@pytest.mark.browser
@needs_chromium
def test_bulletin_is_printed_and_changes_no_name_of_a_release(warehouse, plain, tmp_path):
    said: list[str] = []
    printed = built(warehouse, tmp_path, prints=True, said=said)
    pdf = (printed.folder / FILE_NAME).read_bytes()
    assert said == []
    assert printed.release_id == plain.release_id
    assert FILE_NAME in read_manifest(printed.folder).files
    assert verify(printed.folder).ok
    assert not (printed.folder / "site" / ".bulletin.html").exists()
    # a page each of the front, the world and the one region, at least
    assert len(re.findall(rb"/Type /Page\b", pdf)) >= 3
    assert str(tmp_path).encode() not in pdf
    assert b"file:" not in pdf
    assert b"D:20260614000000+00'00'" in pdf
    assert "STARTER".encode("utf-16-be").hex().upper().encode() in pdf, "its title bears the mark"
    FORMAT.write(_context(printed), printed.folder)
    assert (printed.folder / FILE_NAME).read_bytes() == pdf, "the same pages give the same bytes"
    (printed.folder / FILE_NAME).write_bytes(pdf + b"x")
    assert "bulletin.pdf" in verify(printed.folder).summary()


def test_nodes_of_a_print_are_numbered_alike_wherever_the_browser_began() -> None:
    one, two = (b"(node%08d) (node%08d) (node%08d)" % at for at in ((954, 960, 954), (7, 9, 7)))
    assert steady(one, AS_OF) == steady(two, AS_OF)
    assert steady(one, AS_OF) == b"(node00000001) (node00000002) (node00000001)"


def _context(staged: StagedRelease):
    import pyarrow.parquet as pq
    from threatcast_publishing.source import PublishedTable, ReleaseContext

    rows = pq.read_table(staged.folder / "parquet" / "locations.parquet")
    table = PublishedTable("locations", ("location",), rows, "", {})
    return ReleaseContext(
        staged.as_of, staged.source, "0" * 40, {}, {"locations": table}, prints=True
    )


def test_machine_without_chromium_says_so_and_makes_the_same_release(
    warehouse, plain, tmp_path, monkeypatch
):
    monkeypatch.setattr(bulletin, "PROGRAMS", ("no-such-program",))
    said: list[str] = []
    staged = built(warehouse, tmp_path, prints=True, said=said)
    assert said == [
        "This release has no bulletin.pdf: there is no Chromium here to print it; install one, or "
        "set bulletin = false"
    ]
    assert staged.release_id == plain.release_id
    assert not (staged.folder / FILE_NAME).exists()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("exit 3", "Chromium could not print it (it ended with 3)"),
        ("exit 0", "Chromium could not print it (it ended with 0)"),
        ("sleep 60", "Chromium did not print it within 0.5 s"),
    ],
)
def test_chromium_that_fails_or_hangs_stops_no_release(plain, tmp_path, monkeypatch, text, why):
    monkeypatch.setenv("PATH", program(tmp_path, text), prepend=os.pathsep)
    monkeypatch.setattr(bulletin, "PATIENCE", 0.5)
    said: list[str] = []
    context = _context(plain)
    context = type(context)(**{**vars(context), "notice": said.append})
    assert FORMAT.write(context, plain.folder) == []
    assert said == [f"This release has no bulletin.pdf: {why}"]
    assert not list((plain.folder / "site").glob(".bulletin*"))


def test_release_that_is_not_to_print_starts_no_program(plain, monkeypatch):
    monkeypatch.setattr(bulletin, "_print", lambda *_: pytest.fail("a program was started"))
    assert not (plain.folder / FILE_NAME).exists()
    context = _context(plain)
    assert FORMAT.write(type(context)(**{**vars(context), "prints": False}), plain.folder) == []


def test_dates_of_a_print_are_the_as_of_day_and_keep_its_length():
    pdf = b"x/CreationDate (D:20261130035317+00'00')\n/ModDate (D:20261130035317+00'00')>>"
    fixed = steady(pdf, date(2026, 6, 14))
    assert len(fixed) == len(pdf)
    assert fixed.count(b"(D:20260614000000+00'00')") == 2


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"%PDF-1.4 half", "is no whole PDF"),
        (b"%PDF-1.4 (D:20261130035317+00'00')\n%%EOF", "holds the clock"),
    ],
)
def test_check_finds_a_cut_print_and_one_with_the_clock(tmp_path, content, problem):
    assert FORMAT.validate(tmp_path) == []
    (tmp_path / FILE_NAME).write_bytes(content)
    assert FORMAT.validate(tmp_path) == [f"bulletin.pdf {problem}"]
