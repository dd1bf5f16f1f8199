"""The site of `deploy/nginx/`, in a real nginx before the real server, over TLS."""

from __future__ import annotations

import http.client
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from small_release import make_release, write_warehouse
from threatcast_publishing.catalog import make_current
from threatcast_publishing.serve import make_server

NAME = "threats.example.org"
AROUND = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@dataclass(frozen=True)
class Fronted:
    """A release, the port of the server of releases, and those of nginx before it."""

    folder: Path
    behind: int
    plain: int
    secure: int

    def ask(
        self, path: str, method: str = "GET", *, port: int = 0, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body; of nginx unless a port is named."""
        if port:
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        else:
            trusting = ssl.create_default_context()
            trusting.check_hostname = False
            trusting.verify_mode = ssl.CERT_NONE
            line = http.client.HTTPSConnection(
                "127.0.0.1", self.secure, timeout=20, context=trusting
            )
        names = {"Host": NAME} | {name.replace("_", "-"): value for name, value in headers.items()}
        line.request(method, path, headers=names)
        answer = line.getresponse()
        try:
            return answer.status, dict(answer.headers), answer.read()
        finally:
            line.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def certificate(folder: Path) -> None:
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    place = ["-subj", f"/CN={NAME}", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run([*words, *place], cwd=folder, check=True, capture_output=True, timeout=60)


def site_of(project: Path, folder: Path, behind: int, plain: int, secure: int) -> str:
    """Return the site as it lies in the project, on ports of the loopback."""
    text = (project / "deploy" / "nginx" / "threatcast.conf").read_text(encoding="utf-8")
    for before, now in (
        ("server 127.0.0.1:8321;", f"server 127.0.0.1:{behind};"),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen [::]:80;", ""),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{secure} ssl http2;"),
        ("listen [::]:443 ssl http2;", ""),
        (f"/etc/ssl/certs/{NAME}.pem", f"{folder}/cert.pem"),
        (f"/etc/ssl/private/{NAME}.key", f"{folder}/key.pem"),
    ):
        assert text.count(before) == 1, before
        text = text.replace(before, now)
    return text


@pytest.fixture(scope="module")
def fronted(tmp_path_factory, project) -> Iterator[Fronted]:
    for program in ("nginx", "openssl"):
        if shutil.which(program) is None:
            pytest.skip(f"needs the program {program} (Debian: nginx-light, openssl)")
    folder = tmp_path_factory.mktemp("nginx")
    release = make_release(write_warehouse(folder / "w.duckdb"), folder / "releases").info
    make_current(folder / "releases", release.release_id)
    server = make_server(folder / "releases", "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    plain, secure = free_port(), free_port()
    certificate(folder)
    site = site_of(project, folder, server.port, plain, secure)
    (folder / "site.conf").write_text(site, encoding="utf-8")
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder), encoding="utf-8")
    words = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    checked = subprocess.run([*words, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr
    nginx = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    wait_for(secure)
    yield Fronted(release.folder, server.port, plain, secure)
    nginx.terminate()
    nginx.wait(20)
    server.stop()
    thread.join(10)


def wait_for(port: int) -> None:
    end = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            assert time.monotonic() < end, "nginx does not listen"
            time.sleep(0.05)
        else:
            return


def test_plain_address_leads_to_the_secure_one(fronted):
    status, headers, _ = fronted.ask("/csv/outlook.csv?x=1", port=fronted.plain)
    assert (status, headers["Location"]) == (301, f"https://{NAME}/csv/outlook.csv?x=1")


@pytest.mark.parametrize(
    "asked",
    [
        ("/", "GET", {}),
        ("/fr/places/de.html", "GET", {}),
        ("/nothing", "GET", {}),
        ("/releases/%2e%2e/w.duckdb", "GET", {}),
        ("/csv/outlook.csv", "GET", {"Accept_Encoding": "gzip"}),
        ("/parquet/outlook.parquet", "HEAD", {"Range": "bytes=0-"}),
        ("/parquet/outlook.parquet", "GET", {"Range": "bytes=4-9", "Origin": "https://x.example"}),
        ("/parquet/outlook.parquet", "GET", {"Range": "bytes=99999999-"}),
        ("/threatcast.duckdb", "GET", {"If_None_Match": "*"}),
        ("/threatcast.duckdb", "OPTIONS", {"Origin": "https://x.example"}),
        ("/", "POST", {}),
    ],
    ids=lambda asked: f"{asked[1]} {asked[0]} {asked[2]}",
)
def test_what_the_server_says_comes_through_unchanged(fronted, asked):
    path, method, given = asked
    status, headers, body = fronted.ask(path, method, **given)
    straight = fronted.ask(path, method, port=fronted.behind, **given)
    assert (status, body) == (straight[0], straight[2])
    lower = {name.lower(): value for name, value in headers.items()}
    wanted = {name.lower(): value for name, value in straight[1].items()}
    for name in wanted.keys() - {"date", "server", "connection"}:
        assert lower[name] == wanted[name], name
    assert "content-security-policy" in wanted
    assert lower["strict-transport-security"] == "max-age=31536000"
    assert not re.search(r"\d", lower["server"])


def test_whole_database_comes_through_byte_for_byte(fronted):
    name = "threatcast.duckdb"
    assert fronted.ask(f"/{name}")[2] == (fronted.folder / name).read_bytes()


def test_differences_asked_for_without_end_are_held_back(fronted):
    path = f"/diff/{fronted.folder.name}/{fronted.folder.name}"
    statuses = [fronted.ask(path)[0] for _ in range(14)]
    assert statuses[:2] == [200, 200]
    assert 503 in statuses
    assert fronted.ask("/")[0] == 200
