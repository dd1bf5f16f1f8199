"""Fan charts: what one shows of a target and place, and drawing those that are new."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from threatcast_publishing.errors import DamagedReleaseError
from threatcast_publishing.manifest import read_manifest

DRAWING = 2  # one more whenever charts look different: earlier ones are then not taken
CHARTS = "site/charts"
QUANTILES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
PAST, AHEAD = 104, 12
_HEADROOM = 1.04
_YEAR_NEEDS = 80  # days that a year's number takes
_WORTH_A_PROCESS = 60  # charts; starting one takes as long as drawing so many


@dataclass(frozen=True)
class Fan:
    """One target and place, as a chart shows it. Weeks are Mondays.

    Attributes
    ----------
    weeks : tuple of (date, float or None, bool)
        Count and whether it may still grow; None, or no entry, if the week is missing.
    nowcast : tuple of (date, float, float, float)
        Estimate of the final count, and the edges of its 80 % range.
    quantiles : tuple of (date, tuple of 7 float)
        Forecast at `QUANTILES`; the first week is the one after the reference date.
    usual : float or None
        Usual weekly count.
    shifts : tuple of date
        First weeks at another level.
    """

    weeks: tuple[tuple[date, float | None, bool], ...]
    nowcast: tuple[tuple[date, float, float, float], ...] = ()
    quantiles: tuple[tuple[date, tuple[float, ...]], ...] = ()
    usual: float | None = None
    shifts: tuple[date, ...] = ()

    def key(self) -> str:
        """Return 16 hex digits that stand for everything that is drawn, and for how."""
        return self._key

    @cached_property
    def _key(self) -> str:
        said = [DRAWING, version("vl-convert-python"), self.rows()]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]

    def rows(self) -> list[dict[str, Any]]:
        """Return one row a mark, as `fan_drawing` draws them.

        `t` is the kind, `x` days after the reference date (a week stands at its middle), `y` and
        `y2` counts.
        """
        return [*self._estimates(), *self._levels(), *self._counts(), *self._calendar()]

    @cached_property
    def _first(self) -> date:
        """The Monday after the reference date."""
        if self.quantiles:
            return self.quantiles[0][0]
        return max((week for week, _, _ in self.weeks), default=date.min) + timedelta(weeks=1)

    @cached_property
    def _past(self) -> list[tuple[float, float | None, bool]]:
        """Place, count and whether provisional of each week in sight; count None if missing."""
        known = {week: (value, provisional) for week, value, provisional in self.weeks}
        weeks = [self._first - timedelta(weeks=back) for back in range(PAST, 0, -1)]
        return [(self._middle(week), *known.get(week, (None, False))) for week in weeks]

    @cached_property
    def _top(self) -> float:
        """The height of the chart as a count: the highest that is shown, and a little more."""
        shown = [
            *(value for _, value, _ in self._past if value is not None),
            *(high for week, _, _, high in self.nowcast if self._seen(week)),
            *(value for _, values in self.quantiles for value in values),
            self.usual or 0.0,
        ]
        return max(1.0, *shown) * _HEADROOM

    def _estimates(self) -> Iterator[dict[str, Any]]:
        for week, values in self.quantiles:
            heights = {f"q{at}": float(value) for at, value in enumerate(values)}
            yield {"t": "forecast", "x": self._middle(week), **heights}
        for week, middle, low, high in self.nowcast:
            if self._seen(week):
                edges = {"y": float(low), "y2": float(high), "mid": float(middle)}
                yield {"t": "nowcast", "x": self._middle(week), **edges}

    def _levels(self) -> Iterator[dict[str, Any]]:
        height = {"y": 0.0, "y2": self._top}
        if self.usual is not None:
            yield {"t": "usual", "y": float(self.usual)}
        for day in self.shifts:
            if self._seen(day):
                yield {"t": "shift", "x": (day - self._first).days, **height}
        yield {"t": "reference", "x": 0, **height}

    def _counts(self) -> Iterator[dict[str, Any]]:
        settled = [(x, None if provisional else value) for x, value, provisional in self._past]
        yield from _line("counted", settled)
        # the week before provisional ones joins their line to that of the others
        follows = [*(provisional for _, _, provisional in self._past[1:]), False]
        growing = [
            (x, value if provisional or after else None)
            for (x, value, provisional), after in zip(self._past, follows, strict=True)
        ]
        yield from _line("provisional", growing)

    def _calendar(self) -> Iterator[dict[str, Any]]:
        first, last = self._first - timedelta(weeks=PAST), self._first + timedelta(weeks=AHEAD)
        for year in range(first.year, last.year + 1):
            for day in (date(year, month, 1) for month in (1, 4, 7, 10)):
                if not first <= day < last:
                    continue
                x = (day - self._first).days
                yield {"t": "tick", "x": x, "long": 10 if day.month == 1 else 5}
                if day.month == 1 and (last - day).days >= _YEAR_NEEDS:
                    yield {"t": "year", "x": x, "year": year}

    def _middle(self, week: date) -> float:
        return (week - self._first).days + 3.5

    def _seen(self, week: date) -> bool:
        return -PAST * 7 <= (week - self._first).days < 0


def draw(fans: Mapping[str, Fan], earlier: Path | None = None) -> dict[str, bytes]:
    """Return the SVG file of each fan by its key; `fans` holds them by `Fan.key`.

    What the release before has drawn is taken from there, if its bytes are those that its manifest
    tells.

    Parameters
    ----------
    earlier : Path or None
        Folder of the release before: its manifest, and charts in `CHARTS`.
    """
    taken = dict(_earlier_charts(earlier, sorted(fans))) if earlier is not None else {}
    new = sorted(fans.keys() - taken.keys())
    drawn = dict(zip(new, _draw([fans[key] for key in new]), strict=True))
    return {key: taken[key] if key in taken else drawn[key] for key in sorted(fans)}


def _earlier_charts(folder: Path, keys: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    try:
        told = read_manifest(folder).files
    except DamagedReleaseError:
        return
    for key in keys:
        name = f"{CHARTS}/{key}.svg"
        if name not in told:
            continue
        try:
            chart = (folder / name).read_bytes()
        except OSError:
            continue
        if hashlib.sha256(chart).hexdigest() == told[name]["sha256"]:
            yield key, chart


def _draw(fans: Sequence[Fan]) -> list[bytes]:
    """Draw side by side, in programs of their own.

    Threads do not help, as `vl_convert` has one worker a process; a fork of a process in which
    DuckDB is open might hang.
    """
    most = -(-len(fans) // _WORTH_A_PROCESS)
    shares = min(len(os.sched_getaffinity(0)), most)
    parts = [fans[at::shares] for at in range(shares)]
    if not parts:
        return []
    with ThreadPoolExecutor(shares) as pool:
        drawn = list(pool.map(_draw_apart, parts))
    charts: list[bytes] = [b""] * len(fans)
    for at, part in enumerate(drawn):
        charts[at::shares] = part
    return charts


def _draw_apart(fans: Sequence[Fan]) -> list[bytes]:
    rows = "".join(json.dumps(fan.rows()) + "\n" for fan in fans)
    program = [sys.executable, "-m", "threatcast_publishing.site.fan_drawing"]
    done = subprocess.run(  # noqa: S603 our own interpreter, no shell
        program, input=rows, capture_output=True, text=True, encoding="utf-8", check=False
    )
    lines = done.stdout.splitlines()
    if done.returncode or len(lines) != len(fans):
        raise RuntimeError(
            f"charts were not drawn, status {done.returncode}: {done.stderr[-2000:]}"
        )
    return [json.loads(line).encode() for line in lines]


def _line(kind: str, places: Sequence[tuple[float, float | None]]) -> Iterator[dict[str, Any]]:
    """Yield places of a line; one without a count interrupts it."""
    interrupted = True
    for x, value in places:
        if value is not None:
            yield {"t": kind, "x": x, "y": float(value)}
        elif not interrupted:
            yield {"t": kind, "x": x, "y": None}
        interrupted = value is None
