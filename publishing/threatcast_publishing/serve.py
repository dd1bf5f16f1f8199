"""Serves what was published over HTTP, read-only: files of releases, what differs between two.

    /                    the page of the current release
    /csv/outlook.csv     any file of the current release
    /releases/<id>/...   any file of another release
    /diff/<old>/<new>    what differs between two releases, made when it is asked for

Each request looks up `current` anew: a new release or a rollback shows at once. Which file a
request means is decided in `request_paths.py`, what differs in `differences_served.py`, which bytes
in `byte_ranges.py`, what other sites may read in `cross_origin.py`; connections and sending are
uvicorn's and Starlette's.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_publishing.byte_ranges import range_to_send
from threatcast_publishing.cross_origin import BEFOREHAND, READABLE, is_data
from threatcast_publishing.differences_served import MadeAnswer, find_difference
from threatcast_publishing.formats import content_types
from threatcast_publishing.request_paths import Refusal, ServedFile, find_file
from threatcast_publishing.site.policy import POLICY

if TYPE_CHECKING:
    import uvicorn
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # always ask again: `current` may have moved; the ETag makes that cheap
    "Cache-Control": "no-cache",
    "Server": "threatcast",
}
_METHODS = ("GET", "HEAD")
_PATIENCE = 5
"""Seconds that a client has to ask again on an open connection, and a download when we end."""
_PIECE = 1 << 20
"""Bytes of a file that are read at once: each reading waits for a thread."""


class FileServer:
    """A server that has its port already; `run` serves until `stop`, an interrupt or TERM.

    Raises
    ------
    OSError
        If the address cannot be listened on.
    """

    def __init__(self, app: _Files, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family)
        self._app = app
        self._server: uvicorn.Server | None = None
        self._stopped = False

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._listener.getsockname()[1])

    def run(self) -> None:
        """Serve; closes the port at the end."""
        import uvicorn

        config = uvicorn.Config(
            self._app,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            headers=list(HEADERS.items()),
            timeout_keep_alive=_PATIENCE,
            timeout_graceful_shutdown=_PATIENCE,
        )
        self._server = uvicorn.Server(config)
        self._server.should_exit = self._stopped
        with self._listener:
            self._server.run(sockets=[self._listener])

    def stop(self) -> None:
        """Let `run` end, from another thread."""
        self._stopped = True
        if self._server is not None:
            self._server.should_exit = True

    def close(self) -> None:
        """Give the port back, of a server that was never run."""
        self._listener.close()


def make_server(
    releases: Path,
    host: str = "127.0.0.1",
    port: int = 8321,
    *,
    log: Callable[[str], None] | None = None,
) -> FileServer:
    """Return a server for a folder of releases; port 0 takes a free one.

    `log` gets one line a request.
    """
    return file_server(
        lambda address: find_difference(releases, address) or find_file(releases, address),
        host,
        port,
        log=log,
        is_open=is_data,
    )


def file_server(
    find: Callable[[str], ServedFile | MadeAnswer],
    host: str,
    port: int,
    *,
    log: Callable[[str], None] | None = None,
    is_open: Callable[[str], bool] | None = None,
) -> FileServer:
    """Return a server of whatever `find` finds behind a path with its query, or refuses.

    `is_open` says of a path whether pages of other sites may read it; without it none may.
    """
    return FileServer(_Files(find, log, is_open), host, port)


class _Files:
    """The application: GET and HEAD are answered with what is found, all else in words."""

    def __init__(
        self,
        find: Callable[[str], ServedFile | MadeAnswer],
        log: Callable[[str], None] | None,
        is_open: Callable[[str], bool] | None,
    ) -> None:
        self._find = find
        self._log = log or (lambda _: None)
        self._is_open = is_open or (lambda _: False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.concurrency import run_in_threadpool
        from starlette.requests import Request

        request = Request(scope)
        response = await run_in_threadpool(self._answer, request)
        client = request.client.host if request.client else "?"
        line = f"{client} {request.method} {request.url.path} {response.status_code}"
        # a client cannot write control characters into the log
        self._log("".join(char if char.isprintable() else "?" for char in line))
        await response(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        # as it was sent: what is decoded once here must not be decoded twice
        path, query = (request.scope[part] for part in ("raw_path", "query_string"))
        address = f"{path.decode('latin-1')}?{query.decode('latin-1')}"
        shared = READABLE if self._is_open(address) else {}
        try:
            response = self._found(request, address, shared)
        except Refusal as refusal:
            response = _refused(refusal)
        except OSError as error:
            text = f"The file cannot be read: {error.strerror}."
            response = _refused(Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, text))
        response.headers.update(shared)
        return response

    def _found(self, request: Request, address: str, shared: Mapping[str, str]) -> Response:
        """Return what is found; raises Refusal or OSError."""
        from starlette.responses import Response

        if shared and request.method == "OPTIONS":
            return Response(status_code=HTTPStatus.NO_CONTENT, headers=dict(BEFOREHAND))
        if request.method not in _METHODS:
            raise _read_only(request.method, BEFOREHAND["Allow"] if shared else "GET, HEAD")
        found = self._find(address)
        return _made(found) if isinstance(found, MadeAnswer) else _sent(request, found)


def _sent(request: Request, found: ServedFile) -> Response:
    """Return a file, or the part of it that is asked for, in the order of RFC 9110 (13.2.2)."""
    from starlette.datastructures import MutableHeaders
    from starlette.responses import FileResponse, Response

    stat = found.path.stat()
    with found.path.open("rb"):
        pass
    own = {"ETag": found.etag}
    if found.release_id:
        own["X-Threatcast-Release"] = found.release_id
    wanted = request.headers.get("If-Match", "")
    if wanted and not _names(wanted, found.etag):
        raise _another(own)
    if _names(request.headers.get("If-None-Match", "").replace("W/", ""), found.etag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=own)
    kind = content_types().get(found.path.suffix, "application/octet-stream")
    response = FileResponse(found.path, headers=own, media_type=kind, stat_result=stat)
    response.chunk_size = _PIECE
    fields = MutableHeaders(scope=request.scope)
    condition = fields.get("If-Range", "")
    is_same = condition in ("", found.etag, response.headers["Last-Modified"])
    part = range_to_send(fields.get("Range", ""), stat.st_size) if is_same else None
    del fields["If-Range"], fields["Range"]
    if part is not None:
        fields["Range"] = part
    return response


def _made(answer: MadeAnswer) -> Response:
    from starlette.responses import Response

    own = {"X-Threatcast-Release": answer.release_id}
    return Response(answer.content, headers=own, media_type=answer.media_type)


def _names(tags: str, etag: str) -> bool:
    known = [tag.strip() for tag in tags.split(",")]
    return etag in known or known == ["*"]


def _another(own: Mapping[str, str]) -> Refusal:
    text = "The file is another one than you began with: there is a newer release. Begin anew."
    return Refusal(HTTPStatus.PRECONDITION_FAILED, text, own)


def _read_only(method: str, allowed: str) -> Refusal:
    text = f"Everything here is read-only: {allowed} are answered, {method} is not."
    return Refusal(HTTPStatus.METHOD_NOT_ALLOWED, text, {"Allow": allowed})


def _refused(refusal: Refusal) -> Response:
    from starlette.responses import PlainTextResponse

    return PlainTextResponse(f"{refusal.text}\n", refusal.status, refusal.headers)
