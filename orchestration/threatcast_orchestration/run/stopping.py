"""Being stopped: a command that runs until it is told ends on TERM and INT, however it was started.

A shell that starts a program with `&` from a script has it ignore INT, and what a process ignores,
all that it starts ignores too. Dagster handles TERM as it finds INT handled: such a UI would live
on until it is killed.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

STOPS = (signal.SIGINT, signal.SIGTERM)
PATIENCE = 10.0
"""Seconds that a program has for its own end before it is killed."""
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


def hear_as_interrupt() -> None:
    """Let INT and TERM raise KeyboardInterrupt."""
    _hear(signal.default_int_handler)


def run_until_told(words: Sequence[str]) -> int:
    """Run a program until it ends or INT or TERM is heard; returns its exit code, 0 once told.

    It gets the signal first. What of it and of all that it started lives on after `PATIENCE`
    seconds is killed. If this process dies otherwise, the program is told to end.
    """
    hear_as_interrupt()
    # a session of its own, so that all of it can be killed; open files are handed on (a lock)
    program = subprocess.Popen(  # noqa: S603 the caller's words, no shell
        words, close_fds=False, start_new_session=True, preexec_fn=_hear_and_die_with_parent
    )
    try:
        return program.wait()
    except KeyboardInterrupt:
        for one in STOPS:
            signal.signal(one, signal.SIG_IGN)  # once is enough
        program.terminate()
        with suppress(subprocess.TimeoutExpired):
            program.wait(PATIENCE)
        return 0
    finally:
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        program.wait()


def _hear_and_die_with_parent() -> None:
    """Prepare a new process: INT and TERM mean what they do, and TERM comes if we die."""
    _hear(signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)


def _hear(handler: signal._HANDLER) -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    for one in STOPS:
        signal.signal(one, handler)
