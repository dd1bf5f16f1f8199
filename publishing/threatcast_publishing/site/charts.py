"""Small charts as SVG paths: a year of weekly counts in one line, gaps where nobody watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WEEKS = 52
STEP = 2
WIDTH = STEP * (WEEKS - 1) + 2
HEIGHT = 22
_TOP, _BOTTOM = 2, HEIGHT - 2


@dataclass(frozen=True)
class Point:
    """One week as the chart needs it: `value` is None if the week is missing."""

    value: float | None
    provisional: bool = False


@dataclass(frozen=True)
class Sparkline:
    """Paths in a box of WIDTH by HEIGHT; `label` says the same in words.

    `settled` holds observed weeks, `provisional` those that may still grow.
    """

    settled: str
    provisional: str
    highest: float
    label: str


def last_weeks(points: Mapping[date, Point], newest: date) -> list[Point]:
    """Return WEEKS weeks up to `newest` (a Monday), oldest first; one without a row is missing."""
    days = (newest - timedelta(weeks=back) for back in reversed(range(WEEKS)))
    return [points.get(day, Point(None)) for day in days]


def sparkline(points: Sequence[Point]) -> Sparkline | None:
    """Draw weekly counts, oldest first; None if no week is known.

    Zero lies on the base line, the highest count at the top. A missing week interrupts the line.
    """
    values = [point.value for point in points if point.value is not None]
    if not values:
        return None
    highest = max(values)
    heights = [
        None if point.value is None else _height(point.value, highest or 1.0) for point in points
    ]
    settled = [None if p.provisional else y for p, y in zip(points, heights, strict=True)]
    return Sparkline(
        settled=_path(settled),
        provisional=_path(_joined(points, heights)),
        highest=highest,
        label=_label(points, values),
    )


def _height(value: float, highest: float) -> int:
    return _BOTTOM - round((_BOTTOM - _TOP) * value / highest)


def _joined(points: Sequence[Point], heights: Sequence[int | None]) -> list[int | None]:
    """Return heights of provisional weeks, and of the week before each run, to join them."""
    follows = [*(point.provisional for point in points[1:]), False]
    return [
        y if point.provisional or (after and heights[at + 1] is not None) else None
        for at, (point, y, after) in enumerate(zip(points, heights, follows, strict=True))
    ]


def _path(heights: Sequence[int | None]) -> str:
    """Return a path in relative steps, which are short; a lone week becomes a dot."""
    parts: list[str] = []
    before: int | None = None
    for at, y in enumerate(heights):
        if y is None:
            before = None
            continue
        if before is None:
            parts.append(f"M{1 + STEP * at} {y}l0 0")  # of no length: its round cap is the dot
        else:
            down = y - before
            parts.append(f" {STEP}{down}" if down < 0 else f" {STEP} {down}")
        before = y
    return "".join(parts)


def _label(points: Sequence[Point], values: Sequence[float]) -> str:
    low, high = f"{min(values):,.0f}", f"{max(values):,.0f}"
    spread = low if low == high else f"{low} to {high}"
    missing = len(points) - len(values)
    gap = f", {missing} missing" if missing else ""
    return f"{spread} a week{gap}"
