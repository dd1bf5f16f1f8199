"""Serves what was published over HTTP: read-only, the files of releases and nothing else.

    /                    the page of the current release
    /csv/outlook.csv     any file of the current release
    /releases/<id>/...   any file of another release

Each request looks up `current` anew: a new release or a rollback shows at once.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import IO, Any

from threatcast_publishing.addresses import Refusal, ServedFile, byte_range, find_file

CONTENT_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".duckdb": "application/vnd.duckdb",
    ".gz": "application/gzip",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    ".txt": "text/plain; charset=utf-8",
    ".yml": "application/yaml",
}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # always ask again: `current` may have moved; the ETag makes that cheap
    "Cache-Control": "no-cache",
}
_METHODS = "GET, HEAD"
_BLOCK = 1 << 18


def make_server(
    releases: Path,
    host: str = "127.0.0.1",
    port: int = 8321,
    *,
    log: Callable[[str], None] | None = None,
) -> ThreadingHTTPServer:
    """Return a server for a folder of releases; port 0 takes a free one.

    `serve_forever` starts it, `shutdown` and `server_close` end it. `log` gets one line a request.
    """
    return file_server(lambda address: find_file(releases, address), host, port, log=log)


def file_server(
    find: Callable[[str], ServedFile],
    host: str,
    port: int,
    *,
    log: Callable[[str], None] | None = None,
) -> ThreadingHTTPServer:
    """Return a server of whatever files `find` finds behind the path of a URL, or refuses."""
    return _Server(find, host, port, log or (lambda _: None))


class _Server(ThreadingHTTPServer):
    """A thread for each connection; none of them keeps the process alive."""

    daemon_threads = True

    def __init__(
        self,
        find: Callable[[str], ServedFile],
        host: str,
        port: int,
        log: Callable[[str], None],
    ) -> None:
        self.find = find
        self.log = log
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Bind without the look-up of the host's name that `HTTPServer` makes."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say a client's abort in a line, without the trace of a fault that is not ours."""
        error = sys.exception()
        if isinstance(error, ConnectionError | TimeoutError):
            self.log(f"{client_address[0]} went away: {type(error).__name__}")
        else:
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD with files, all else in words."""

    protocol_version = "HTTP/1.1"
    server_version = "threatcast"
    sys_version = ""
    timeout = 30
    server: _Server

    def do_GET(self) -> None:
        """Answer with a file."""
        self._answer()

    def do_HEAD(self) -> None:
        """Answer with what GET would say, without the file."""
        self._answer()

    def _answer(self) -> None:
        if "Content-Length" in self.headers or "Transfer-Encoding" in self.headers:
            self.close_connection = True  # a body that nobody reads is no next request
        try:
            found = self.server.find(self.path)
            stream = found.path.open("rb")
        except Refusal as refusal:
            self._refuse(refusal)
            return
        except OSError as error:
            text = f"The file cannot be read: {error.strerror}."
            self._refuse(Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, text))
            return
        with stream:
            self._send_file(found, stream)

    def _send_file(self, found: ServedFile, stream: IO[bytes]) -> None:
        size = os.fstat(stream.fileno()).st_size
        if self._has_already(found.etag):
            self._send_head(HTTPStatus.NOT_MODIFIED, found)
            return
        try:
            part = byte_range(self._wanted_range(found.etag), size)
        except Refusal as refusal:
            self._refuse(refusal)
            return
        start, end = part or (0, size)
        headers = {
            "Content-Type": CONTENT_TYPES.get(found.path.suffix, "application/octet-stream"),
            "Content-Length": str(end - start),
            "Accept-Ranges": "bytes",
        }
        if part:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        self._send_head(HTTPStatus.PARTIAL_CONTENT if part else HTTPStatus.OK, found, headers)
        if self.command == "GET":
            self._copy(stream, start, end)

    def _has_already(self, etag: str) -> bool:
        known = [tag.strip().removeprefix("W/") for tag in self._asked("If-None-Match").split(",")]
        return etag in known or known == ["*"]

    def _wanted_range(self, etag: str) -> str:
        """Return the Range header, unless it is for another version of the file."""
        if self.command != "GET" or self._asked("If-Range") not in ("", etag):
            return ""
        return self._asked("Range")

    def _asked(self, name: str) -> str:
        return str(self.headers.get(name, ""))

    def _send_head(
        self, status: HTTPStatus, found: ServedFile, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        own = {"ETag": found.etag}
        if found.release_id:
            own["X-Threatcast-Release"] = found.release_id
        for name, value in (HEADERS | own | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()

    def _copy(self, stream: IO[bytes], start: int, end: int) -> None:
        stream.seek(start)
        left = end - start
        while left and (block := stream.read(min(_BLOCK, left))):
            self.wfile.write(block)
            left -= len(block)
        if left:  # cut while it was read: the client must not take the next answer for the rest
            self.close_connection = True

    def _refuse(self, refusal: Refusal) -> None:
        body = f"{refusal.text}\n".encode()
        own = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body))}
        self.send_response(refusal.status)
        for name, value in (HEADERS | own | refusal.headers).items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse in plain text what the base class finds wrong; also unknown methods."""
        self.close_connection = True
        if code == HTTPStatus.NOT_IMPLEMENTED:
            text = f"Everything here is read-only: {_METHODS} are answered, {self.command} is not."
            refusal = Refusal(HTTPStatus.METHOD_NOT_ALLOWED, text, {"Allow": _METHODS})
        else:
            status = HTTPStatus(code)
            refusal = Refusal(status, f"{message or explain or status.phrase}.")
        self._refuse(refusal)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the base class's name
        """Hand one line to the server's log; a client cannot write control characters into it."""
        line = f"{self.client_address[0]} {format % args}"
        self.server.log("".join(char if char.isprintable() else "?" for char in line))

    def log_error(self, format: str, *args: Any) -> None:  # noqa: A002 the base class's name
        """Say nothing: an idle connection that is closed is no error."""
