"""What a panel to measure on is, and what knows the truth behind a generated one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

CYBER, SEASONAL = "cyber", "seasonal"
"""Kinds of panels; each has requirements of its own."""


class Oracle(Protocol):
    """Knows by which law the counts of a generated panel come about."""

    what: str

    def draws(
        self, series: NDArray[np.object_], origins: NDArray[np.datetime64], horizon: int
    ) -> NDArray[np.float64]:
        """Return equally likely counts in order, shape (pairs, horizon, `DRAWS`)."""


DRAWS = 200


@dataclass(frozen=True)
class Panel:
    """One panel and all that measuring it takes.

    Attributes
    ----------
    name, kind, what : str
        `kind` is `CYBER` or `SEASONAL`; `what` is a sentence for the report.
    frame : DataFrame
        `series_id, target, location, week, value`.
    known : DataFrame, optional
        `series_id, origin, week, value`: what stood there at past origins.
    kinds : DataFrame, optional
        `series_id, origin, as_of_kind` for those origins.
    oracle : Oracle, optional
        Of a generated panel.
    """

    name: str
    kind: str
    what: str
    frame: pd.DataFrame
    known: pd.DataFrame | None = None
    kinds: pd.DataFrame | None = None
    oracle: Oracle | None = None
