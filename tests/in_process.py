"""The command line in the test's own process, which saves the second that loading takes."""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from threatcast_orchestration.cli import main


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


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
