"""Programs that tests start under other circumstances than their own."""

from __future__ import annotations

import sys
from collections.abc import Sequence

AS_WITH_AN_AMPERSAND = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
"""A shell does this to what a script starts with `&`."""


def after(statement: str, words: Sequence[str]) -> list[str]:
    """Return the words of a program that runs a statement and then becomes another program.

    `preexec_fn` would run it in a copy of the whole test process, which needs as much memory and
    may hang at a lock that some thread of it held.
    """
    become = "import os, sys; os.execv(sys.argv[1], sys.argv[1:])"
    return [sys.executable, "-c", f"{statement}\n{become}", *words]
