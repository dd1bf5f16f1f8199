"""The command line in the test's own process, which saves the seconds that loading takes."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import typer
from threatcast_orchestration.cli import app, main


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
    # a browser in every night would take longer than the night of most tests
    quick = {"THREATCAST_BULLETIN": "false"}
    with mock.patch.dict(os.environ, clean | quick | given, clear=True):
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


def commands() -> dict[str, Any]:
    """Return every command by all its words."""
    return dict(_below(typer.main.get_command(app), "threatcast"))


def _below(group: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _below(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command
