"""Errors of this package, all of one tree, all written for the person who must mend them.

    ForecastError
    |- PanelError    a panel, or a table beside it, that is not what the contract says
    |- OriginError   origins that cannot be used
    `- ModelError    a model that is unknown, or not made as the protocol says

A model that fails on a series is no error: that series falls back to `flat` and says so in its
`state`.
"""

from __future__ import annotations


class ForecastError(Exception):
    """What is wrong, where, and what to do.

    Parameters
    ----------
    place : str
        Series, row, model or parameter at which it was found; may be empty.
    problem : str
        What is wrong, without a full stop at the end.
    cure : str
        What the reader can do, as a sentence without its full stop.

    Examples
    --------
    >>> str(ForecastError("series a, row 3", "the week 2024-01-02 is a Tuesday", "Use Mondays"))
    'series a, row 3: the week 2024-01-02 is a Tuesday. Use Mondays.'
    """

    def __init__(self, place: str, problem: str, cure: str = "") -> None:
        self.place = place
        self.problem = problem
        self.cure = cure
        super().__init__(place, problem, cure)

    def __str__(self) -> str:
        first = f"{self.place}: {self.problem}" if self.place else self.problem
        return " ".join(f"{part.rstrip('.')}." for part in (first, self.cure) if part)


class PanelError(ForecastError):
    """A panel, or a table that goes with it, is not what the contract says."""


class OriginError(ForecastError):
    """Origins that cannot be used: not a Monday, of an unknown series, or too few."""


class ModelError(ForecastError):
    """A model is unknown, or is not made as the protocol says."""
