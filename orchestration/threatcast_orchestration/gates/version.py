"""The version of a gate: a hash of all that decides its verdict, but for the data themselves."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path

from threatcast_orchestration.gates.suites import Suite

_CODE = Path(__file__).parent


def gate_version(suite: Suite, *reads: str) -> str:
    """Return a short hash of a suite, of the code that runs it, and of what it is told to read.

    Parameters
    ----------
    suite
        As resolved: shared parts and parameters count, comments in its YAML do not.
    reads
        Versions of what makes the rows that it looks at, e.g. of a feed's parser.
    """
    parts = (suite.model_dump_json(), _code(), metadata.version("great-expectations"), *reads)
    return sha256("\0".join(parts).encode()).hexdigest()[:12]


@cache
def _code() -> str:
    digest = sha256()
    for path in sorted(_CODE.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
