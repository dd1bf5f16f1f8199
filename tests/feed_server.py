"""A real HTTP server on the loopback whose answers a test writes down beforehand.

    with FeedServer() as server:
        server.answer("https://feeds.example.org/list.json", Said(b"[]", etag='"1"'))
        around = Surroundings(rewrite=server.rewrite)

Every address of the world is served below `/<host>/`, so that a feed's own addresses can be used
unchanged. Answers of an address are given in order; the last one is given again and again.
"""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Said:
    """One answer.

    `etag` and `last_modified` make it conditional: who has that body gets 304. `cut_at` closes
    the connection after so many bytes although more were announced. `announced` overrides the
    Content-Length (None: none at all, the end of the connection ends the body). `stall` waits
    so many seconds before the body.
    """

    body: bytes = b""
    status: int = 200
    media_type: str = "application/json"
    etag: str = ""
    last_modified: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    packed: bool = False
    cut_at: int | None = None
    announced: int | None = -1
    stall: float = 0.0

    def wire(self) -> bytes:
        return gzip.compress(self.body, mtime=0) if self.packed else self.body


@dataclass
class Asked:
    """One request as it came: path with query, and headers; when it came and was answered."""

    path: str
    headers: Message
    came: float = field(default_factory=time.monotonic)
    answered: float = float("inf")


class FeedServer:
    """The server; use it as a context manager or through the fixture `feed_server`."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._answers: dict[str, list[Said]] = {}
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (_Handler,), {"teller": self})
        )
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def rewrite(self, url: str) -> str:
        """Turn an address of the world into the one that this server answers."""
        parts = urlsplit(url)
        if parts.hostname == "127.0.0.1":
            return url
        return f"{self.base}/{parts.netloc}{parts.path}" + (f"?{parts.query}" * bool(parts.query))

    def answer(self, url: str, *said: Said) -> None:
        """Say what an address answers, call after call; with a query only that query."""
        self._answers[self._key(url)] = list(said)

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def _key(self, url: str) -> str:
        parts = urlsplit(self.rewrite(url))
        return parts.path + (f"?{parts.query}" * bool(parts.query))

    def take(self, path: str) -> Said:
        """Return the next answer of a path; used by the handler."""
        answers = self._answers.get(path) or self._answers.get(path.partition("?")[0])
        if not answers:
            return Said(b'{"message": "Not Found"}', status=404)
        return answers.pop(0) if len(answers) > 1 else answers[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    teller: FeedServer

    def do_GET(self) -> None:
        asked = Asked(self.path, self.headers)
        self.teller.asked.append(asked)
        try:
            self._say()
        finally:
            asked.answered = time.monotonic()

    def _say(self) -> None:
        said = self.teller.take(self.path)
        if _has_it(said, self.headers):
            self.send_response(304)
            self._give_headers(said)
            self.end_headers()
            return
        body = said.wire()
        self.send_response(said.status)
        self._give_headers(said)
        if said.announced is not None:
            length = len(body) if said.announced < 0 else said.announced
            self.send_header("Content-Length", str(length))
        if said.cut_at is not None or said.announced != -1:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        time.sleep(said.stall)
        self.wfile.write(body if said.cut_at is None else body[: said.cut_at])

    def _give_headers(self, said: Said) -> None:
        named = {
            "Content-Type": said.media_type,
            "ETag": said.etag,
            "Last-Modified": said.last_modified,
            "Content-Encoding": "gzip" if said.packed else "",
            **said.headers,
        }
        for name, value in named.items():
            if value:
                self.send_header(name, value)

    def log_message(self, *_: object) -> None:
        """Stay quiet: tests look at `asked`."""

    def handle(self) -> None:
        try:
            super().handle()
        except (BrokenPipeError, ConnectionResetError):
            # a visitor that has seen enough hangs up
            self.close_connection = True


def _has_it(said: Said, headers: Message) -> bool:
    if said.etag and headers.get("If-None-Match") == said.etag:
        return True
    since = headers.get("If-Modified-Since")
    return bool(said.last_modified and since == said.last_modified)


@dataclass
class Patience:
    """A clock that only moves when somebody waits, and what was waited for."""

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds

    def clock(self) -> float:
        return self.seconds
