"""A real S3 server for one test (moto): a process and a port of the loopback of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import s3fs

BUCKET = "shared"


@contextmanager
def s3_server() -> Iterator[dict[str, str]]:
    """Run a server with one bucket; yields the variables by which programs find it.

    Within the block they are those of this process too.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
    variables = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "a-key",
        "AWS_SECRET_ACCESS_KEY": "a-secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        with mock.patch.dict(os.environ, variables):
            bucket_files().mkdir(BUCKET)
            yield variables
    finally:
        server.terminate()
        server.wait(30)


def bucket_files() -> s3fs.S3FileSystem:
    """Return the server's files as any program sees them."""
    return s3fs.S3FileSystem(use_listings_cache=False, skip_instance_cache=True)


def _wait_for(port: int) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
