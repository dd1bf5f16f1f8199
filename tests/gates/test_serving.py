"""The gates' pages over HTTP: what links in the checks lead to."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from threading import Thread
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from threatcast_orchestration.gates.asset_checks import to_check_result
from threatcast_orchestration.gates.records import GateRecords
from threatcast_orchestration.gates.runner import run_suite
from threatcast_orchestration.gates.serving import page_server
from threatcast_publishing.serve import HEADERS

START = (
    "import sys, time; from pathlib import Path; "
    "from threatcast_orchestration.gates.serving import serve_beside; "
    "assert serve_beside(Path(sys.argv[1]), int(sys.argv[2])); "
    "time.sleep(60)"
)


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "gates" / "data_docs"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text("<h1>Gates</h1>", encoding="utf-8")
    (tmp_path / "gates" / "secret.html").write_text("outside", encoding="utf-8")
    (folder / "link.html").symlink_to(tmp_path / "gates" / "secret.html")
    (folder / "notes.txt").write_text("no page", encoding="utf-8")
    return folder


@pytest.fixture
def address(pages: Path) -> Iterator[str]:
    server = page_server(pages, 0)
    running = Thread(target=server.run, daemon=True)
    running.start()
    yield f"http://127.0.0.1:{server.port}"
    server.stop()
    running.join(10)


def answer(address: str) -> int:
    try:
        with urlopen(address, timeout=10) as found:  # noqa: S310 the loopback
            return int(found.status)
    except HTTPError as refused:
        return refused.code


def test_link_of_a_check_leads_to_its_page_under_our_policy(make_suite, frame, pages, address):
    records = GateRecords(pages.parent, date(2026, 6, 14), address)
    link = to_check_result(run_suite(make_suite(), frame, records=records)).metadata["data docs"]
    with urlopen(str(link.value), timeout=10) as found:  # noqa: S310 the loopback
        assert b"value" in found.read()
        assert {name: found.headers[name] for name in HEADERS} == dict(HEADERS)
        assert found.headers["X-Threatcast-Release"] is None


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/index.html", 200),
        ("/other.html", 404),
        ("/../secret.html", 404),
        ("/%2e%2e/secret.html", 404),
        ("/link.html", 404),
        ("/notes.txt", 404),
    ],
)
def test_pages_are_served_and_nothing_beside_them(address: str, path: str, status: int) -> None:
    assert answer(address + path) == status


def test_server_ends_with_its_starter_however_that_ends(pages: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    words = [sys.executable, "-c", START, str(pages), str(port)]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL) as starter:
        wait_until(port, is_open=True)
        starter.kill()
        wait_until(port, is_open=False)


def wait_until(port: int, *, is_open: bool) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if (probe.connect_ex(("127.0.0.1", port)) == 0) == is_open:
                return
        time.sleep(0.1)
    pytest.fail(f"port {port} is {'closed' if is_open else 'open'} still")
