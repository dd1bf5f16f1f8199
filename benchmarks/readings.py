"""What a benchmark gives: numbers, each with its limit, and how they are shown."""

from __future__ import annotations

import json
import resource
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True)
class Reading:
    """One measured number.

    Attributes
    ----------
    name : str
        What was measured, `benchmark/subject/number`.
    value : float
        The number.
    unit : str
        `s`, `ms`, `MB`, `x` (a ratio).
    limit : float or None
        What the number may be at most; None if it is only reported.
    note : str
        What a person needs to judge it.
    rival : float or None
        What the same took by what users would pick instead, in the same run and unit.
    share : float or None
        What the number may be at most of the rival's.
    """

    name: str
    value: float
    unit: str
    limit: float | None = None
    note: str = ""
    rival: float | None = None
    share: float | None = None

    @property
    def ratio(self) -> float | None:
        """The number over the rival's."""
        return self.value / self.rival if self.rival else None

    @property
    def goals(self) -> list[str]:
        """What the number is held to, in words; none if it is only reported."""
        said = [] if self.limit is None else [f"{self.limit:g} {self.unit}"]
        return said if self.share is None else [*said, f"{self.share:.3g} x rival"]

    @property
    def ok(self) -> bool:
        """Whether the number keeps its limit, and its share of the rival's."""
        kept = self.limit is None or self.value <= self.limit
        return kept and (self.share is None or (self.ratio or 0.0) <= self.share)


@dataclass(frozen=True)
class Cost:
    """What a piece of work took: wall seconds, and CPU seconds of all threads of this process."""

    wall: float
    cpu: float


def cost_of(work: Callable[[], object]) -> Cost:
    """Do a piece of work in this process and return what it took."""
    cpu, wall = cpu_seconds(resource.RUSAGE_SELF), perf_counter()
    work()
    return Cost(perf_counter() - wall, cpu_seconds(resource.RUSAGE_SELF) - cpu)


def cpu_seconds(who: int) -> float:
    """Return user and system seconds of this process or of its ended children."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def line_of(reading: Reading) -> str:
    """Return a reading as one line: name, measured, rival, ratio, goal, whether it holds, note."""
    measured = f"{reading.value:,.2f} {reading.unit}"
    rival = "" if reading.rival is None else f"{reading.rival:,.2f} {reading.unit}"
    ratio = "" if reading.ratio is None else f"{reading.ratio:.2f} x"
    goal = ", ".join(reading.goals)
    verdict = ("ok" if reading.ok else "BROKEN") if goal else ""
    cells = f"{reading.name:<42}{measured:>14}{rival:>14}{ratio:>9}{goal:>18}"
    return f"{cells}  {verdict:<7} {reading.note}".rstrip()


def header() -> str:
    """Return the line above the readings."""
    return f"{'number':<42}{'measured':>14}{'rival':>14}{'ratio':>9}{'at most':>18}"


def write_readings(path: Path, readings: Iterable[Reading], about: dict[str, object]) -> None:
    """Write readings and what they were measured on as JSON."""
    rows = [asdict(one) | {"ratio": one.ratio, "ok": one.ok} for one in readings]
    document = about | {"readings": rows}
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
