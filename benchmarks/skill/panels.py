"""The panels by name: what each holds and how it is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .panel import CYBER, SEASONAL, Panel
from .processes import process_panel
from .waves import VARIANTS, wave_panel
from .world import world_panel

if TYPE_CHECKING:
    from pathlib import Path


def generated() -> Panel:
    """Return series drawn from processes whose true predictive distribution is known."""
    frame, oracle = process_panel()
    what = "Series drawn from six kinds of processes, 0.1 to 500 events a week"
    return Panel("generated", CYBER, what, frame, oracle=oracle)


def world() -> Panel:
    """Return the project's generated world, from its true counts."""
    frame, oracle = world_panel()
    what = "The generated world of the sample: what truly happened, without delays in reporting"
    return Panel("world", CYBER, what, frame, oracle=oracle)


def seasonal(name: str) -> Panel:
    """Return one of the panels that look like hospital admissions by state."""
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
