"""The server of releases, asked over a real connection."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import pyarrow.parquet as pq
import pytest
from small_release import make_release, write_warehouse
from threatcast_publishing.catalog import make_current
from threatcast_publishing.difference import difference
from threatcast_publishing.query import render
from threatcast_publishing.serve import make_server
from threatcast_publishing.site.page_checks import PageReader

HTML = "text/html; charset=utf-8"


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Site:
    """A running server and its releases, of which `simulated` is current."""

    releases: Path
    real: str
    simulated: str
    port: int
    log: list[str] = field(default_factory=list)

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers=names)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def raw(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as line:
            line.sendall(request)
            return b"".join(iter(lambda: line.recv(65536), b""))

    def file(self, name: str, release: str | None = None) -> bytes:
        return (self.releases / (release or self.simulated) / name).read_bytes()


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> tuple[Path, str, str]:
    folder = tmp_path_factory.mktemp("home")
    warehouse = write_warehouse(folder / "w.duckdb")
    real = make_release(warehouse, folder / "releases", source="mirror")
    simulated = make_release(warehouse, folder / "releases", source="sample")
    return folder / "releases", real.info.release_id, simulated.info.release_id


@pytest.fixture
def site(published) -> Iterator[Site]:
    releases, real, simulated = published
    make_current(releases, simulated)
    yield from running(Site(releases, real, simulated, 0))


@pytest.fixture
def own_site(published, tmp_path) -> Iterator[Site]:
    """A server over releases that the test may change."""
    releases, real, simulated = published
    own = tmp_path / "releases"
    shutil.copytree(releases, own, symlinks=True)
    make_current(own, simulated)
    yield from running(Site(own, real, simulated, 0))


def running(site: Site) -> Iterator[Site]:
    server = make_server(site.releases, "127.0.0.1", 0, log=site.log.append)
    site.port = server.port
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield site
    server.stop()
    thread.join(10)
    assert not thread.is_alive()


# what is served


@pytest.mark.parametrize("path", ["/", "/site", "/site/", "/site/index.html", "/?lang=en"])
def test_page_of_the_current_release_is_at_the_root(site, path):
    answer = site.ask(path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, HTML)
    assert answer.body == site.file("site/index.html")


@pytest.mark.parametrize("name", ["places/de.html", "fr/index.html", "fr/places/de.html"])
def test_links_of_the_front_page_hold_at_the_root_too(site, name):
    assert site.ask(f"/{name}").body == site.file(f"site/{name}")
    assert site.ask(f"/{name}x").status == 404


def test_every_file_of_the_release_is_served_byte_for_byte(site):
    manifest = json.loads(site.ask("/manifest.json").body)
    assert manifest["release_id"] == site.simulated
    for name in manifest["files"]:
        answer = site.ask(f"/{name}")
        assert (answer.status, answer.body) == (200, site.file(name)), name


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("csv/outlook.csv", "text/csv; charset=utf-8"),
        ("csv/outlook.csv.gz", "application/gzip"),
        ("parquet/outlook.parquet", "application/vnd.apache.parquet"),
        ("threatcast.duckdb", "application/vnd.duckdb"),
        ("manifest.json", "application/json"),
    ],
)
def test_kind_of_content_is_named(site, name, kind):
    assert site.ask(f"/{name}").headers["Content-Type"] == kind


def test_other_release_is_served_under_its_id(site):
    answer = site.ask(f"/releases/{site.real}/csv/outlook.csv")
    assert answer.body == site.file("csv/outlook.csv", site.real)
    assert answer.headers["X-Threatcast-Release"] == site.real
    assert site.ask("/releases/current/manifest.json").body == site.file("manifest.json")


@pytest.mark.parametrize("tail", ["", "/", "/site", "/site/"])
def test_release_without_a_file_leads_to_its_page_where_relative_links_hold(site, tail):
    answer = site.ask(f"/releases/{site.real}{tail}")
    assert answer.status == 302
    assert answer.headers["Location"] == f"/releases/{site.real}/site/index.html"


def test_switch_of_current_shows_at_once(site):
    assert site.ask("/").headers["X-Threatcast-Release"] == site.simulated
    make_current(site.releases, site.real)
    answer = site.ask("/")
    assert answer.headers["X-Threatcast-Release"] == site.real
    assert b"SIMULATED" not in answer.body


def test_links_of_the_page_work_from_the_root(site):
    page = site.ask("/").text
    for link in ("../csv/outlook.csv", "../hub/hub-config/tasks.json", "../datapackage.json"):
        assert f'href="{link}"' in page
        assert site.ask(link.removeprefix("..")).status == 200


# what is refused


@pytest.mark.parametrize(
    "path",
    [
        "/../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/csv/../manifest.json",
        "/csv/%2e%2e%2fmanifest.json",
        "/..%5c..%5cetc",
        "/releases/../releases/current/manifest.json",
        "/releases/%2e%2e/w.duckdb",
        "/csv/outlook.csv%00.html",
        "//etc/passwd",
    ],
)
def test_path_that_climbs_finds_nothing(site, path):
    answer = site.raw(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"root:" not in answer


def test_symbolic_link_out_of_the_release_is_refused_even_if_the_manifest_names_it(own_site):
    secret = own_site.releases.parent / "secret.txt"
    secret.write_text("secret")
    path = own_site.releases / own_site.simulated / "csv" / "outlook.csv"
    path.unlink()
    path.symlink_to(secret)
    answer = own_site.ask("/csv/outlook.csv")
    assert answer.status == 404
    assert b"secret" not in answer.body


def test_linked_folder_and_linked_release_are_refused(own_site):
    elsewhere = own_site.releases.parent / "elsewhere"
    shutil.copytree(own_site.releases / own_site.real, elsewhere)
    folder = own_site.releases / own_site.simulated / "csv"
    shutil.rmtree(folder)
    folder.symlink_to(elsewhere / "csv")
    link = own_site.releases / f"2026-01-01-{'0' * 12}"
    link.symlink_to(elsewhere)
    assert own_site.ask("/csv/outlook.csv").status == 404
    assert own_site.ask(f"/releases/{link.name}/manifest.json").status == 404


def test_file_that_the_manifest_does_not_name_is_not_served(own_site):
    (own_site.releases / own_site.simulated / "notes.txt").write_text("private")
    assert own_site.ask("/notes.txt").status == 404


@pytest.mark.parametrize("path", ["/csv", "/csv/", "/parquet/", "/hub/", "/releases", "/releases/"])
def test_folders_are_not_listed(site, path):
    answer = site.ask(path)
    assert answer.status == 404
    assert b"outlook.csv" not in answer.body


def test_unknown_name_is_answered_in_plain_words(site):
    answer = site.ask("/nothing<b>")
    assert (answer.status, answer.headers["Content-Type"]) == (404, "text/plain; charset=utf-8")
    assert answer.text == (
        f"Nothing is here: the release {site.simulated} has no file of that name. The page is at "
        "/, what there is stands in /manifest.json; tables are /csv/<table>.csv and "
        "/parquet/<table>.parquet.\n"
    )
    assert site.ask("/releases/2020-01-01-000000000000/").status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "MAKE"])
def test_method_that_could_change_something_is_refused(site, method):
    answer = site.ask("/", method)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert (
        answer.text == f"Everything here is read-only: GET, HEAD are answered, {method} is not.\n"
    )


def test_home_without_a_release_says_how_to_make_one(tmp_path):
    for site in running(Site(tmp_path / "none", "", "", 0)):
        answer = site.ask("/")
        assert answer.status == 503
        assert answer.text == (
            "There is no release yet. Its owner makes one with: threatcast run\n"
        )


def test_damaged_manifest_is_an_error_of_the_server(own_site):
    (own_site.releases / own_site.simulated / "manifest.json").write_text("{")
    answer = own_site.ask("/")
    assert answer.status == 500
    assert "threatcast releases verify" in answer.text


@pytest.mark.parametrize(
    "request_line", [b"GET / HTTP/9x\r\n\r\n", b"GET /" + b"x" * 70000 + b" HTTP/1.1\r\n"]
)
def test_request_that_is_no_http_is_refused_in_words(site, request_line):
    answer = site.raw(request_line)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"Invalid HTTP request received.")


# headers


@pytest.mark.parametrize("path", ["/", "/csv/outlook.csv", "/nothing"])
def test_every_answer_carries_the_headers_of_a_page_that_runs_its_own_script_alone(site, path):
    headers = site.ask(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; img-src 'self' data:; style-src 'self'; ")
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Python" not in headers["Server"]


def test_head_says_what_get_would_say_and_sends_nothing(site):
    get, head = site.ask("/csv/outlook.csv"), site.ask("/csv/outlook.csv", "HEAD")
    assert head.body == b""
    assert head.headers["Content-Length"] == str(len(get.body))
    assert {k: v for k, v in head.headers.items() if k != "Date"} == {
        k: v for k, v in get.headers.items() if k != "Date"
    }
    assert site.ask("/nothing", "HEAD").body == b""


def test_etag_is_the_hash_of_the_manifest_and_saves_the_second_transfer(site):
    manifest = json.loads(site.file("manifest.json"))
    tag = site.ask("/csv/outlook.csv").headers["ETag"]
    assert tag == f'"{manifest["files"]["csv/outlook.csv"]["sha256"]}"'
    for known in (tag, f'"other", W/{tag}', "*"):
        answer = site.ask("/csv/outlook.csv", If_None_Match=known)
        assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", tag)
    assert site.ask("/csv/outlook.csv", If_None_Match='"other"').status == 200


def test_etag_of_the_page_changes_with_the_release(site):
    tag = site.ask("/").headers["ETag"]
    make_current(site.releases, site.real)
    assert site.ask("/", If_None_Match=tag).status == 200


# ranges


def test_range_of_a_table_is_served_as_part(site):
    whole = site.file("parquet/outlook.parquet")
    for asked, part in (
        ("bytes=0-3", whole[:4]),
        ("bytes=-8", whole[-8:]),
        ("bytes=100-", whole[100:]),
        (f"bytes=10-{10**17}", whole[10:]),
    ):
        answer = site.ask("/parquet/outlook.parquet", Range=asked)
        assert (answer.status, answer.body) == (206, part)
        assert answer.headers["Content-Length"] == str(len(part))
    assert answer.headers["Content-Range"] == f"bytes 10-{len(whole) - 1}/{len(whole)}"


def test_range_beyond_the_end_is_refused_with_the_size(site):
    size = len(site.file("threatcast.duckdb"))
    answer = site.ask("/threatcast.duckdb", Range=f"bytes={size}-")
    assert answer.status == 416
    assert answer.headers["Content-Range"] == f"bytes */{size}"


def test_range_of_another_unit_or_of_more_than_a_hundred_parts_gets_the_whole(site):
    for asked in ("lines=1-2", "bytes=" + ",".join(["0-1"] * 101)):
        for method in ("GET", "HEAD"):
            answer = site.ask("/csv/models.csv", method, Range=asked)
            assert answer.status == 200
            assert answer.headers["Content-Length"] == str(len(site.file("csv/models.csv")))


def test_head_with_a_range_says_what_get_would_say(site):
    """DuckDB in a browser asks so whether it may read parts, and else loads the whole file."""
    path = "/parquet/outlook.parquet"
    for asked in ("bytes=0-3", "bytes=-8", "bytes=3-2", "bytes=-0", "bytes=0-"):
        get, head = site.ask(path, Range=asked), site.ask(path, "HEAD", Range=asked)
        assert (head.status, head.body) == (get.status, b"")
        assert {k: v for k, v in head.headers.items() if k != "Date"} == {
            k: v for k, v in get.headers.items() if k != "Date"
        }
    size = len(site.file("parquet/outlook.parquet"))
    assert (head.status, head.headers["Content-Length"]) == (206, str(size))
    assert head.headers["Content-Range"] == f"bytes 0-{size - 1}/{size}"
    assert head.headers["Accept-Ranges"] == "bytes"


def test_parts_that_are_there_are_served_without_those_beyond_the_end(site):
    whole = site.file("csv/models.csv")
    answer = site.ask("/csv/models.csv", Range=f"bytes=0-1, {len(whole)}-")
    assert (answer.status, answer.body) == (206, whole[:2])
    assert answer.headers["Content-Range"] == f"bytes 0-1/{len(whole)}"


def test_several_ranges_are_served_as_parts(site):
    whole = site.file("csv/models.csv")
    answer = site.ask("/csv/models.csv", Range="bytes=0-1,4-5")
    assert answer.status == 206
    assert answer.headers["Content-Type"].startswith("multipart/byteranges")
    assert (whole[:2] in answer.body, whole not in answer.body) == (True, True)


NO_RANGES = (
    "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=5-2", "bytes=0-1,x", "bytes=+1-2",
    "bytes=1_0-20", "bytes=\u00b2-5", "bytes=" + "9" * 5000 + "-",
)  # fmt: skip


def test_range_that_is_none_is_refused_in_words(site):
    for asked in NO_RANGES:
        answer = site.ask("/csv/models.csv", Range=asked)
        assert answer.status == 400, asked
        assert answer.text.startswith("The field Range is none that can be answered."), asked
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_range_of_another_version_gets_the_whole(site):
    path = "/csv/models.csv"
    tag = site.ask(path).headers["ETag"]
    assert site.ask(path, Range="bytes=0-3", If_Range=tag).status == 206
    assert site.ask(path, Range="bytes=0-3", If_Range='"older"').status == 200
    assert site.ask(path, Range="bytes=9-3", If_Range='"older"').status == 200
    assert site.ask(path, Range="bytes=0-3", If_Range=f"W/{tag}").status == 200
    changed = site.ask(path).headers["Last-Modified"]
    assert site.ask(path, Range="bytes=0-3", If_Range=changed).status == 206


def test_part_of_a_file_that_another_release_has_taken_the_place_of_is_refused(site):
    path = "/csv/models.csv"
    tag = site.ask(path).headers["ETag"]
    for wanted in (tag, f'"other", {tag}', "*"):
        assert site.ask(path, Range="bytes=0-3", If_Match=wanted).status == 206
    for wanted in ('"older"', f"W/{tag}"):
        answer = site.ask(path, Range="bytes=0-3", If_Match=wanted)
        assert (answer.status, answer.headers["ETag"]) == (412, tag)
        assert answer.text.endswith("there is a newer release. Begin anew.\n")


# what pages of other sites may read


def test_table_may_be_read_by_pages_of_other_sites_with_what_a_reader_of_parts_needs(site):
    names = ("csv/outlook.csv", "csv/outlook.csv.gz?x", "parquet/outlook.parquet", "warnings.atom",
             "threatcast.duckdb", "manifest.json", "csv/nothing.csv")  # fmt: skip
    for path in (*names, f"releases/{site.real}/csv/outlook.csv"):
        for asked in ({}, {"Range": "bytes=0-3"}, {"Range": "bytes=-0"}, {"If_None_Match": "*"}):
            headers = site.ask(f"/{path}", Origin="https://x.example", **asked).headers
            assert headers["Access-Control-Allow-Origin"] == "*", (path, asked)
            exposed = headers["Access-Control-Expose-Headers"].split(", ")
            assert {"Content-Range", "Accept-Ranges", "Content-Length", "ETag"} <= {*exposed}
            assert headers["Access-Control-Allow-Credentials"] is None


def test_page_may_not_be_read_by_other_sites(site):
    for path in ("/", "/places/de.html", "/fr/index.html", "/nothing", "/diff", "/x?y=.csv"):
        for method in ("GET", "HEAD", "OPTIONS"):
            answer = site.ask(path, method, Origin="https://x.example")
            assert not [name for name in answer.headers if name.startswith("Access-Control")], path
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_browser_that_asks_beforehand_may_ask_for_parts_and_no_more(site):
    answer = site.ask(
        "/parquet/outlook.parquet",
        "OPTIONS",
        Origin="https://x.example",
        Access_Control_Request_Method="GET",
        Access_Control_Request_Headers="if-range,range",
    )
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD"
    allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert allowed == ["If-Match", "If-None-Match", "If-Range", "Range"]
    assert site.ask("/csv/outlook.csv", "POST").headers["Allow"] == "GET, HEAD, OPTIONS"


# connections


def test_connection_is_kept_for_the_next_request(site):
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
    sockets = set()
    for path in ("/", "/nothing", "/csv/models.csv"):
        connection.request("GET", path)
        connection.getresponse().read()
        sockets.add(connection.sock)
    connection.close()
    assert len(sockets) == 1
    assert None not in sockets


def test_body_of_a_request_is_not_taken_for_the_next_request(site):
    smuggled = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
    head = f"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(smuggled)}\r\n\r\n".encode()
    assert site.raw(head + smuggled).count(b"HTTP/1.1 ") == 1


def test_client_that_goes_away_leaves_the_server_working_and_no_trace(own_site, capfd):
    path = own_site.releases / own_site.simulated / "csv" / "outlook.csv"
    path.write_bytes(b"x" * 30_000_000)
    for _ in range(3):
        line = socket.create_connection(("127.0.0.1", own_site.port), timeout=10)
        line.sendall(b"GET /csv/outlook.csv HTTP/1.1\r\nHost: x\r\n\r\n")
        line.recv(100)
        # no lingering: the kernel answers further bytes with a reset
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.close()
    assert own_site.ask("/").status == 200
    assert "Traceback" not in capfd.readouterr().err


def test_many_clients_at_once_are_all_answered(site):
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(site.ask("/threatcast.duckdb").status))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert answers == [200] * 12


def test_log_has_a_line_a_request_without_control_characters_or_names(site, monkeypatch):
    def refuse(*_: object) -> None:
        raise AssertionError("a name was looked up")

    for name in ("getfqdn", "gethostbyaddr", "getnameinfo"):
        monkeypatch.setattr(socket, name, refuse)
    site.raw(b"GET /%1b[31m?x=%0a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert wait_for(lambda: len(site.log) == 1)
    assert site.log[0] == "127.0.0.1 GET /?[31m 404"


def test_server_is_made_without_looking_up_its_own_name(published, monkeypatch):
    def refuse(*_: object) -> str:
        raise AssertionError("a name was looked up")

    monkeypatch.setattr(socket, "getfqdn", refuse)
    make_server(published[0], "127.0.0.1", 0).close()


def wait_for(condition, seconds: float = 5) -> bool:
    done = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if condition():
            return True
        done.wait(0.02)
    return False


# what differs between two releases


def test_form_of_the_archive_leads_to_the_page_of_the_pair(site):
    answer = site.ask(f"/diff?old={site.real}&new=")
    assert (answer.status, answer.headers["Location"]) == (
        302,
        f"diff/{site.real}/{site.simulated}",
    )
    there = site.ask(f"/{answer.headers['Location']}")
    assert (there.status, there.headers["Content-Type"]) == (200, HTML)
    assert there.headers["X-Threatcast-Release"] == site.simulated
    reader = PageReader()
    reader.feed(there.text)
    assert not reader.unbalanced
    assert not reader.open_tags


@pytest.mark.parametrize("code", ["", "ar/", "fr/"])
def test_release_is_the_newer_one_where_its_own_archive_asks(site, code):
    page = site.file(f"site/{code}archive.html", site.real).decode()
    assert '<form class="compare" method="get" action="diff">' in page
    answer = site.ask(f"/releases/{site.real}/site/{code}diff?old={site.simulated}&new=")
    here = f"/releases/{site.real}/site/{code}diff"
    assert urljoin(here, answer.headers["Location"]) == f"/{code}diff/{site.simulated}/{site.real}"


def test_page_of_a_pair_says_what_the_command_says_and_whose_marks_it_bears(own_site):
    outlook = own_site.releases / own_site.real / "parquet" / "outlook.parquet"
    table = pq.read_table(outlook)
    row = next(at for at, one in enumerate(table.to_pylist()) if one["expected_4w"] is not None)
    more = [
        one and one + 7000 * (at == row) for at, one in enumerate(table["expected_4w"].to_pylist())
    ]
    at = table.column_names.index("expected_4w")
    pq.write_table(table.set_column(at, "expected_4w", [more]), outlook)
    found = difference(own_site.releases, own_site.simulated, own_site.real)
    (changed,) = found.data.to_pylist()
    page = own_site.ask(f"/diff/{own_site.simulated}/{own_site.real}").text
    (body,) = re.findall("<tbody>(.*?)</tbody>", page, re.DOTALL)
    assert body.count("<tr>") == 1
    assert (
        f"{changed['expected_4w']:,.0f}<small>Before: {changed['expected_4w_before']:,.0f}" in body
    )
    assert "SIMULATED" in page.partition("<main")[2]
    assert "SIMULATED" not in page.partition("<title>")[2].partition("</title>")[0]
    rows = own_site.ask(f"/diff/{own_site.simulated}/{own_site.real}.csv")
    assert rows.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert rows.body == render(found, "csv")


def test_page_of_a_pair_leads_and_loads_only_what_the_server_has(site):
    address = f"/fr/diff/{site.real}/{site.simulated}"
    page = site.ask(address).text
    leads = {unescape(one) for one in re.findall(r'\s(?:href|src)="([^"#]+)"', page)}
    inside = {urljoin(address, one) for one in leads if not one.startswith(("http", "data:"))}
    assert f"/ar/diff/{site.real}/{site.simulated}" in inside
    assert {one: site.ask(one).status for one in inside} == dict.fromkeys(inside, 200)
    assert page.count("<script") == 1


def test_release_beside_itself_differs_in_nothing(site):
    assert "Both are the same release." in site.ask(f"/diff/{site.real}/{site.real}").text


@pytest.mark.parametrize(
    "path",
    [
        "/diff/{real}/2026-06-14-ffffffffffff",
        "/diff/current/{real}",
        "/diff/{real}/{real}/",
        "/diff/{real}/{real}/{real}",
        "/diff/{real}",
        "/diff/2026/{real}",
        "/diff/{real}/..%2f{real}",
        "/diff/{real}%00/{real}",
        "/diff/{real}/%3Cscript%3Ealert(1)%3C/script%3E",
        "/diff/{real}/%0d%0aSet-Cookie:x",
        "/diff?old=%3Cscript%3E&new={real}",
        "/diff?old={real}&new=//example.org/",
        "/diff?old={real}&new=%0d%0aLocation:%20x",
        "/diff?" + "&".join(["old={real}"] * 99),
        "/releases/nowhere/site/diff?old={real}&new=",
        "/releases/..%2f/site/diff?old={real}",
        "/de/diff/{real}/{real}",
    ],
)
def test_pair_of_an_unknown_or_hostile_release_is_refused_in_words(site, path):
    answer = site.ask(path.format(real=site.real))
    assert answer.status == 404
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.text.startswith("Nothing is here: ")
    assert "script" not in answer.text
    assert answer.headers["Location"] is answer.headers["Set-Cookie"] is None


@pytest.mark.parametrize(
    "lost", ["parquet/outlook.parquet", "parquet/targets.parquet", "manifest.json"]
)
def test_pair_with_a_damaged_release_is_an_error_that_names_the_check(own_site, lost):
    (own_site.releases / own_site.real / lost).write_bytes(b"PAR1")
    answer = own_site.ask(f"/diff/{own_site.simulated}/{own_site.real}")
    assert answer.status == 500
    assert f"threatcast releases verify {own_site.real}" in answer.text
    assert str(own_site.releases) not in answer.text
    assert own_site.ask("/").status == 200
