"""Being stopped: a command that runs until it is told ends on TERM and INT, however it was started.

A shell that starts a program with `&` from a script has it ignore INT, and what a process ignores,
all that it starts ignores too. Dagster handles TERM as it finds INT handled: such a UI would live
on until it is killed.
"""

from __future__ import annotations

import signal

STOPS = (signal.SIGINT, signal.SIGTERM)


def hear_by_default() -> None:
    """Let INT and TERM do what they do unless told otherwise, also in what takes our place."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    for one in STOPS:
        signal.signal(one, signal.SIG_DFL)


def hear_as_interrupt() -> None:
    """Let INT and TERM raise KeyboardInterrupt."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    for one in STOPS:
        signal.signal(one, signal.default_int_handler)
