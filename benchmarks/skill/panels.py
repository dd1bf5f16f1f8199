"""The panels by name: what each holds and how it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

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


def generated() -> Panel:
    """Return series drawn from processes whose true predictive distribution is known."""
    from .processes import process_panel

    frame, oracle = process_panel()
    what = "Series drawn from six kinds of processes, 0.1 to 500 events a week"
    return Panel("generated", CYBER, what, frame, oracle=oracle)


def world() -> Panel:
    """Return the project's generated world, from its true counts."""
    from .world import world_panel

    frame, oracle = world_panel()
    what = "The generated world of the sample: what truly happened, without delays in reporting"
    return Panel("world", CYBER, what, frame, oracle=oracle)


def seasonal(name: str) -> Panel:
    """Return one of the panels that look like hospital admissions by state."""
    from .waves import VARIANTS, wave_panel

    what = "Epidemic waves by state and year, like hospital admissions"
    return Panel(name, SEASONAL, what, wave_panel(VARIANTS[name]))


def from_file(path: Path, kind: str) -> Panel:
    """Return a panel file.

    Raises
    ------
    threatcast_orchestration.errors.WrongUse, threatcast_forecasting.errors.PanelError
    """
    from threatcast_orchestration.commands.panels import read_panel
    from threatcast_orchestration.run.settings import Settings

    frame = read_panel(path, Settings())
    return Panel(path.name.split(".")[0], kind, f"The file {path.name}", frame)


MADE: dict[str, Callable[[], Panel]] = {
    "generated": generated,
    "world": world,
    "seasonal_a": lambda: seasonal("seasonal_a"),
    "seasonal_b": lambda: seasonal("seasonal_b"),
}
"""Panels that need nothing."""
RECORDED = ("recordings", "recordings_split")
"""Panels that need recordings or a home built from them."""
NAMES = (*RECORDED, *MADE)
