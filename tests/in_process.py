"""The command line in the test's own process, which saves the seconds that loading takes."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from threatcast_orchestration.cli import main


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


@contextlib.contextmanager
def own_environment(**given: str) -> Iterator[None]:
    """Let the block work without the caller's settings, with these, and undo what it sets."""
    ours = ("THREATCAST_", "DAGSTER_", "DBT_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    with mock.patch.dict(os.environ, clean | given, clear=True):
        yield


def threatcast(*words: object, cwd: Path) -> Done:
    """Run a command in a folder and return how it ended and what it said."""
    out, err = io.StringIO(), io.StringIO()
    argv = ["threatcast", *map(str, words)]
    with (
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(sys, "argv", argv),
    ):
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
    return Done(code, out.getvalue(), err.getvalue())
