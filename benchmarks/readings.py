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
        `s`, `MB`, `x` (a ratio).
    limit : float or None
        What the number may be at most; None if it is only reported.
    note : str
        What a person needs to judge it.
    """

    name: str
    value: float
    unit: str
    limit: float | None = None
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether the number keeps its limit."""
        return self.limit is None or self.value <= self.limit


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
    """Return a reading as one line: name, measured, limit, whether it is kept, note."""
    limit = "" if reading.limit is None else f"{reading.limit:g} {reading.unit}"
    verdict = "" if reading.limit is None else ("ok" if reading.ok else "BROKEN")
    measured = f"{reading.value:,.2f} {reading.unit}"
    return f"{reading.name:<42}{measured:>14}{limit:>10}  {verdict:<7} {reading.note}".rstrip()


def header() -> str:
    """Return the line above the readings."""
    return f"{'number':<42}{'measured':>14}{'limit':>10}"


def write_readings(path: Path, readings: Iterable[Reading], about: dict[str, object]) -> None:
    """Write readings and what they were measured on as JSON."""
    rows = [asdict(reading) | {"ok": reading.ok} for reading in readings]
    document = about | {"readings": rows}
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
