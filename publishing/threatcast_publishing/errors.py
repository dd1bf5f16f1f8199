"""What publishing tells a person when something does not fit.

ReleaseError
├── WarehouseError       the schema `published` is missing, incomplete or breaks its grain
├── FormatError          a format wrote something that its own check refuses
├── PrivacyError         a table holds what looks like a victim or an indicator
├── GateError            a gate refused the staged release
├── NoReleaseError       nothing was published in this home so far
├── UnknownReleaseError  no release of that name
├── DamagedReleaseError  files of a release do not match its manifest
└── QueryError           SQL that DuckDB refused
"""

from __future__ import annotations

from collections.abc import Sequence


class ReleaseError(Exception):
    """Base of all errors of this package: what happened, where, what was kept, the cure."""

    def __init__(self, problem: str, *, place: str = "", kept: str = "", cure: str = "") -> None:
        self.problem = problem
        self.place = place
        self.kept = kept
        self.cure = cure
        super().__init__(str(self))

    def __str__(self) -> str:
        head = f"{self.place}: {self.problem}" if self.place else self.problem
        return " ".join(part for part in (_sentence(head), self.kept, self.cure) if part)


class WarehouseError(ReleaseError):
    """The schema `published` is missing, incomplete or breaks its grain."""


class FormatError(ReleaseError):
    """A format wrote something that its own check refuses."""


class PrivacyError(ReleaseError):
    """A table holds what looks like a victim or an indicator."""


class GateError(ReleaseError):
    """A gate refused the staged release; `reasons` says why, one sentence each."""

    def __init__(self, reasons: Sequence[str], *, place: str = "", kept: str = "") -> None:
        self.reasons = tuple(reasons)
        super().__init__(
            "the new release was refused: " + "; ".join(self.reasons),
            place=place,
            kept=kept,
            cure="Mend what the gate names and run again.",
        )


class NoReleaseError(ReleaseError):
    """Nothing was published in this home so far."""


class UnknownReleaseError(ReleaseError):
    """No release of that name."""


class DamagedReleaseError(ReleaseError):
    """Files of a release do not match its manifest."""


class QueryError(ReleaseError):
    """SQL that DuckDB refused; `problem` carries DuckDB's own message."""


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
