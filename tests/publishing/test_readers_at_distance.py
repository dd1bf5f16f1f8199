"""Readers who are elsewhere: DuckDB with its httpfs extension, and pages of other sites."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path

import duckdb
import pytest
from byte_relay import ByteRelay
from small_release import make_release, write_warehouse
from threatcast_publishing.catalog import make_current
from threatcast_publishing.contract import TABLES
from threatcast_publishing.formats.parquet_files import write_parquet
from threatcast_publishing.layout import by_place
from threatcast_publishing.serve import make_server

PLACES = 20_000
ONE_PLACE = "WHERE location = 'X04242'"
OUTLOOK = f"SELECT target, state, expected_4w, low80_4w, high80_4w FROM {{}} {ONE_PLACE}"
TARGETS = 2
WIDER = """
    INSERT INTO outlook
    SELECT outlook.* REPLACE (printf('X%05d', i) AS location, {} AS sentence)
    FROM outlook, range({}) AS more (i)
    WHERE location = 'DE'
"""
UNLIKE = " || ".join(f"md5(printf('%d {part}', i))" for part in range(6))
"""A sentence that does not get smaller by what another one says."""


@dataclass(frozen=True)
class Published:
    """A release whose outlook has thousands of places, its server, and what the server sends."""

    folder: Path
    port: int
    relay: ByteRelay

    def address(self, name: str) -> str:
        return f"http://127.0.0.1:{self.relay.port}/{name}"

    def size(self, name: str) -> int:
        return (self.folder / name).stat().st_size


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Iterator[Published]:
    home = tmp_path_factory.mktemp("home")
    release = make_release(write_warehouse(home / "w.duckdb"), home / "releases").info
    with duckdb.connect(str(release.folder / "threatcast.duckdb")) as con:
        con.execute(WIDER.format(UNLIKE, PLACES))
        rows = con.execute("SELECT * FROM outlook ORDER BY target, location").to_arrow_table()
    key = TABLES["outlook"].key
    write_parquet(by_place(rows, key), release.folder / "parquet" / "outlook.parquet")
    make_current(home / "releases", release.release_id)
    server = make_server(home / "releases", "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    with ByteRelay(server.port) as relay:
        yield Published(release.folder, server.port, relay)
    server.stop()
    thread.join(10)


@pytest.fixture
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with httpfs, as analysts have it: the signed extension, here from its wheel."""
    (extension,) = files("duckdb_extension_httpfs").glob("**/httpfs.duckdb_extension")
    with duckdb.connect() as con:
        con.execute(f"LOAD '{extension}'")
        yield con


def test_outlook_of_one_place_is_read_from_a_distance_without_the_whole_file(published, duck):
    name = "parquet/outlook.parquet"
    here = duckdb.sql(OUTLOOK.format(f"'{published.folder / name}'")).fetchall()
    before = published.relay.sent
    there = duck.execute(OUTLOOK.format(f"read_parquet('{published.address(name)}')")).fetchall()
    assert there == here
    assert len(here) == TARGETS
    assert published.size(name) > 1_500_000
    assert published.relay.sent - before < published.size(name) / 10


def test_database_is_attached_from_a_distance_and_read_in_parts(published, duck):
    name = "threatcast.duckdb"
    before = published.relay.sent
    duck.execute(f"ATTACH '{published.address(name)}' AS far (READ_ONLY)")
    there = duck.execute(OUTLOOK.format("far.outlook")).fetchall()
    with duckdb.connect(str(published.folder / name), read_only=True) as con:
        assert there == con.execute(OUTLOOK.format("outlook")).fetchall()
    assert len(there) == TARGETS
    assert published.size(name) > 8_000_000
    assert published.relay.sent - before < published.size(name) / 2
    with pytest.raises(duckdb.Error, match="read-only"):
        duck.execute("DELETE FROM far.outlook")


def test_older_release_is_read_from_a_distance_by_its_id(published, duck):
    address = published.address(f"releases/{published.folder.name}/parquet/targets.parquet")
    (count,) = duck.execute(f"SELECT count(*) FROM '{address}'").fetchone()
    assert count > 0


# pages of other sites, in a real browser

_READ = """
async ([address, headers]) => {
    try {
        const answer = await fetch(address, {headers});
        const body = await answer.arrayBuffer();
        const fields = ["Content-Range", "Accept-Ranges", "Content-Length", "ETag"];
        return [answer.status, body.byteLength, ...fields.map((name) => answer.headers.get(name))];
    } catch (error) {
        return [error.name];
    }
}
"""


@pytest.fixture
def foreign_page(tmp_path) -> Iterator[str]:
    """Address of a page of another site, which may ask whomever it likes."""
    (tmp_path / "index.html").write_text("<!doctype html><title>elsewhere</title>")
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.browser
def test_page_of_another_site_reads_parts_of_tables_and_nothing_of_our_pages(
    published, foreign_page
):
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("needs the program chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.goto(foreign_page)
        table = f"http://127.0.0.1:{published.port}/parquet/outlook.parquet"
        whole = tab.evaluate(_READ, [table, {}])
        # the browser asks beforehand whether it may send these fields
        part = tab.evaluate(_READ, [table, {"If-Range": whole[-1], "Range": "bytes=0-9"}])
        page = tab.evaluate(_READ, [f"http://127.0.0.1:{published.port}/", {}])
        browser.close()
    size, tag = published.size("parquet/outlook.parquet"), whole[-1]
    assert whole == [200, size, None, "bytes", str(size), tag]
    assert part == [206, 10, f"bytes 0-9/{size}", "bytes", "10", tag]
    assert page == ["TypeError"]
