"""What the tests of the feeds share: the loopback server and a clock that does not run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# pytest's importlib mode puts no test folder on the path, and the server is a module of its own
sys.path.insert(0, str(Path(__file__).parent))

from feed_server import FeedServer, Patience


@pytest.fixture
def feed_server() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


@pytest.fixture
def patience() -> Patience:
    return Patience()
