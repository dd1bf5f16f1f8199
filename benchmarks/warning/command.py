"""The command: what is measured, what must be reached, what is printed and written."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_forecasting.warning.budget import A_YEAR

from benchmarks.skill.tables import table

from . import budgets
from .measure import ACTIVITIES, OURS, RATE, Row, measure
from .rivals import SLOW, missing
from .series import LENGTHS, SERIES, SIZES, Panel, generated, recorded

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = Path(__file__).resolve().parents[2] / "docs" / "results" / "warnings.md"
MOST_OFF = 0.2
MOST_SECONDS = 1.0


@dataclass(frozen=True)
class Goal:
    """One requirement, what was measured, and whether it is reached."""

    what: str
    measured: str
    reached: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print one page, and write it with `--docs`; 0 whatever was reached."""
    options = _options(arguments)
    why = missing()
    panels = [generated(options.series), recorded()]
    rows = [
        row
        for panel in panels
        for row in measure(panel, options.rounds, options.slow_series, with_r=not why)
    ]
    goals = _goals(rows, options.parts)
    page = _page(panels, rows, goals, why, options)
    print(page)
    if options.docs:
        PAGE.write_text(page, encoding="utf-8")
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.warning", description="Measure how good warnings are."
    )
    parser.add_argument("--series", type=int, default=SERIES, help="of each generated process")
    parser.add_argument("--rounds", type=int, default=6, help="outbreaks put into each series")
    parser.add_argument(
        "--slow-series", type=int, default=16, help=f"of each panel that {SLOW} is asked about"
    )
    parser.add_argument("--parts", type=int, default=1, help="2,500 series-years each, a mean")
    parser.add_argument("--docs", action="store_true", help="write docs/results/warnings.md")
    return parser.parse_args(arguments)


def _goals(rows: list[Row], parts: int) -> list[Goal]:
    found = []
    for level, a_year in budgets.false_warnings(parts).items():
        what = f"`{level}` within 20 % of {A_YEAR[level]} a series-year where nothing happens"
        fits = abs(a_year / A_YEAR[level] - 1) <= MOST_OFF
        found.append(Goal(what, f"{a_year:.3f}", fits))
    weeks, opened, wrong = budgets.early_surprises()
    what = "no surge told before its week is over that the whole week does not make"
    measured = f"{wrong} beside {opened:,} surges in {weeks:,} weeks, looked at on each day"
    found.append(Goal(what, measured, wrong == 0))
    for panel in dict.fromkeys(row.panel for row in rows):
        for activity in ACTIVITIES:
            found += _against_rivals(
                [r for r in rows if (r.panel, r.activity) == (panel, activity)]
            )
    wall, processor = budgets.night_seconds()
    measured = f"{wall:.2f} s, {processor:.2f} s of one processor"
    what = f"a night of {budgets.NIGHT_SERIES:,} series under {MOST_SECONDS:.0f} s of a processor"
    return [*found, Goal(what, measured, processor < MOST_SECONDS)]


def _against_rivals(rows: list[Row]) -> list[Goal]:
    """Return whether evidence beats the best rival; the slow rival is met on its own series."""
    own = next((row for row in rows if row.method == OURS), None)
    same = next((row for row in rows if row.method.startswith(f"{OURS},")), None)
    pairs = [(row, same if row.method == SLOW else own) for row in rows if OURS not in row.method]
    if own is None or not pairs:
        return []
    where = f"{own.panel}, {own.activity}"
    # the rival that leaves evidence the least lead, or the largest lag
    rival, ours = min(pairs, key=lambda pair: pair[1].power - pair[0].power if pair[1] else 1.0)
    late, quick = min(pairs, key=lambda pair: pair[0].delay - pair[1].delay if pair[1] else 1.0)
    assert ours is not None  # noqa: S101
    assert quick is not None  # noqa: S101
    return [
        Goal(
            f"{where}: more power than the best rival",
            f"{ours.power:.3f} to {rival.power:.3f} ({rival.method})",
            ours.power > rival.power,
        ),
        Goal(
            f"{where}: less delay than the best rival",
            f"{quick.delay:.2f} to {late.delay:.2f} weeks ({late.method})",
            quick.delay < late.delay,
        ),
    ]


def _page(
    panels: list[Panel], rows: list[Row], goals: list[Goal], why: str, options: argparse.Namespace
) -> str:
    verdicts = [(one.what, one.measured, "yes" if one.reached else "**no**") for one in goals]
    parts = [
        "# Warnings\n\nWritten by `python -m benchmarks.warning --docs`; what is measured and how: "
        "[methods](../methods.md#early-warning).",
        "## Goals\n\n" + table(("goal", "measured", "reached"), verdicts),
        f"Budget: {budgets.series_years(options.parts):,.0f} series-years of counts whose "
        "forecasts are exactly right, other ones than the thresholds were learnt from.",
    ]
    if why:
        parts.append(f"Rivals in R were not measured. {why}.")
    for panel in panels:
        own = [row for row in rows if row.panel == panel.name]
        parts.append(f"## {panel.name.capitalize()}\n\n{panel.what}: {len(panel.counts)} series.")
        parts += [_part([row for row in own if row.activity == name], name) for name in ACTIVITIES]
    return "\n\n".join(parts) + "\n"


def _part(rows: list[Row], activity: str) -> str:
    heads = (
        *("method", "series", "outbreaks", "false alarms a year", "weeks in alarm", "power"),
        *("power, older alarms too", "weeks to detection", "precision"),
        *(*(f"{size} sd" for size in SIZES), *(f"{weeks} weeks" for weeks in LENGTHS)),
    )
    lines = [
        (
            *(row.method, row.series, row.outbreaks, f"{row.false_alarms:.2f}"),
            *(f"{100 * row.standing:.1f} %", f"{row.power:.3f}", f"{row.power_with_standing:.3f}"),
            *(f"{row.delay:.2f}", f"{row.precision:.2f}"),
            *(f"{value:.2f}" for value in (*row.by_size, *row.by_length)),
        )
        for row in sorted(rows, key=lambda row: -row.power)
    ]
    text = "5 a week or more" if activity == "busy" else "below 5 a week"
    return f"Series of {text}, all methods tuned to {RATE:g} a year.\n\n" + table(heads, lines)
