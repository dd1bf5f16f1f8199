"""Errors of the wiring, each with the exit code that a scheduler sees.

OrchestrationError (1)
├── WrongUse (2)        a flag, a setting or a home that does not fit
├── GateBlocked (3)     a gate refused the new release
├── NothingToPublish (4)
└── LockHeld (75)       another run works in this home, or on what it shares
    └── LeaseLost       another run went on while this one did not answer
"""

from __future__ import annotations


class OrchestrationError(Exception):
    """Something this package must tell a person; `exit_code` is for schedulers."""

    exit_code = 1


class WrongUse(OrchestrationError):  # noqa: N818 the name says what happened
    """A flag, a setting or a home that does not fit what was asked."""

    exit_code = 2


class GateBlocked(OrchestrationError):  # noqa: N818 the name says what happened
    """A gate of severity error refused the new release; the last one stays current."""

    exit_code = 3


class NothingToPublish(OrchestrationError):  # noqa: N818 the name says what happened
    """No feed gave a single accepted payload."""

    exit_code = 4


class LockHeld(OrchestrationError):  # noqa: N818 the name says what happened
    """Another run holds the lock of this home."""

    exit_code = 75


class LeaseLost(LockHeld):
    """The lease of the shared store ran out under this run, and another may have taken it."""
