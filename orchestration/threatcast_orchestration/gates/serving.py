"""The gates' pages over HTTP, on this machine alone: what links in Dagster's checks lead to.

A browser follows no link from a web page to a file. Served like a release: read-only, no script,
nothing but the pages.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

from threatcast_publishing.files import sha256_of
from threatcast_publishing.request_paths import Refusal, ServedFile
from threatcast_publishing.serve import FileServer, file_server

HOST = "127.0.0.1"
PORT = 3001
"""Where the pages are served if the setting names another machine, which then forwards to here."""


def port_of(address: str, elsewhere: int = PORT) -> int:
    """Return the port at which to serve pages that a browser finds at an address.

    Parameters
    ----------
    elsewhere
        The port if the address names another machine, or none.

    Examples
    --------
    >>> port_of("http://127.0.0.1:4001"), port_of("https://gates.example.org/")
    (4001, 3001)
    """
    parts = urlsplit(address)
    return (parts.port if parts.hostname in (HOST, "localhost") else None) or elsewhere


def page_server(folder: Path, port: int, *, log: Callable[[str], None] | None = None) -> FileServer:
    """Return a server of the pages below HOME/gates/data_docs; port 0 takes a free one."""
    return file_server(lambda address: find_page(folder, address), HOST, port, log=log)


def serve_beside(folder: Path, port: int) -> bool:
    """Serve the pages in a process of its own; returns False if the port is taken.

    It ends with this process, however that ends: it waits for the end of a pipe whose other end
    is open here alone.
    """
    try:
        page_server(folder, port).close()
    except OSError:
        return False
    read, _ = os.pipe()  # the other end is never closed, and inherited by nobody
    words = [sys.executable, "-m", __name__, str(folder), str(port)]
    subprocess.Popen(words, stdin=read)  # noqa: S603 our own interpreter, no shell
    os.close(read)
    return True


def find_page(folder: Path, address: str) -> ServedFile:
    """Return the page behind the path of a URL; `/` is the first one.

    Raises
    ------
    Refusal
        If there is no such page, or it is no plain file of the folder.
    """
    text = unquote(urlsplit(address).path, errors="replace")
    parts = [part for part in text.split("/") if part] or ["index.html"]
    climbs = any(part.startswith(".") or "\\" in part or "\0" in part for part in parts)
    path = folder.joinpath(*parts)
    if climbs or path.suffix != ".html" or path.resolve() != folder.resolve().joinpath(*parts):
        raise _unknown()
    if not path.is_file():
        raise _unknown()
    return ServedFile(path, "", sha256_of(path))


def main(folder: Path, port: int) -> None:
    """Serve until standard input ends."""
    server = page_server(folder, port)

    def end_with_input() -> None:
        sys.stdin.read()
        server.stop()

    Thread(target=end_with_input, daemon=True).start()
    with suppress(KeyboardInterrupt):
        server.run()


def _unknown() -> Refusal:
    return Refusal(
        HTTPStatus.NOT_FOUND,
        "No gate has such a page. The newest nights are listed at /; pages of older ones are "
        "dropped, their results stay as JSON in the home's folder gates.",
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
