"""Being stopped: a command that runs until it is told ends on TERM and INT, however it was started.

A shell that starts a program with `&` from a script has it ignore INT, and what a process ignores,
all that it starts ignores too. Dagster handles TERM as it finds INT handled: such a UI would live
on until it is killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

STOPS = (signal.SIGINT, signal.SIGTERM)
PATIENCE = 10.0
"""Seconds that a program has for its own end before it is killed."""
_DIE_WITH_PARENT = """
import ctypes, os, signal, sys
PR_SET_PDEATHSIG = 1
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
if os.getppid() == int(sys.argv[1]):  # else it has died before it could be watched
    os.execvp(sys.argv[2], sys.argv[2:])
"""
"""Program that becomes another one, which gets TERM when the process that started it dies."""


def hear_as_interrupt() -> None:
    """Let INT and TERM raise KeyboardInterrupt."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    for one in STOPS:
        signal.signal(one, signal.default_int_handler)


def run_until_told(words: Sequence[str]) -> int:
    """Run a program until it ends or INT or TERM is heard; returns its exit code, 0 once told.

    It gets the signal first. What of it and of all that it started lives on after `PATIENCE`
    seconds is killed. If this process dies otherwise, the program is told to end.
    """
    hear_as_interrupt()
    # a session of its own, so that all of it can be killed; open files are handed on (a lock). What
    # is handled here means to a new program what it does by itself, so it hears INT and TERM
    program = subprocess.Popen(  # noqa: S603 the caller's words, no shell
        [*_dying_with_this_process(), *words], close_fds=False, start_new_session=True
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


def _dying_with_this_process() -> list[str]:
    """Return the words that go before those of a program which is not to outlive this process.

    A function of ours between fork and exec (`preexec_fn`) might hang at a lock of another thread.
    """
    if sys.platform != "linux":
        return []
    return [sys.executable, "-I", "-S", "-c", _DIE_WITH_PARENT, str(os.getpid())]
