"""The figures as Markdown: for the screen, and for `docs/results/skill.md`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .measure import CHAMPION, RIVALS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .verdicts import Verdict

    Row = dict[str, Any]

MOST_CELLS = 15
WEEKS_SHOWN = (1, 2, 4, 8, 12)


def report(panels: list[Row], found: list[Verdict], notes: list[str], about: Row) -> str:
    """Return the whole page."""
    models = ", ".join(about["models"])
    head = (
        "# Skill of the forecasts\n\n"
        "Written by `python -m benchmarks.skill --docs`; [benchmarks](../benchmarks.md) says how it"
        " is measured and what it cannot tell. "
        f"{about['origins']} origins four weeks apart, 12 weeks ahead; models: {models}."
    )
    parts = [head, *(f"Not measured: {note}" for note in notes)]
    if found:
        parts.append("## Verdicts\n\n" + verdict_table(found))
    parts += [panel_part(figures) for figures in panels]
    return "\n\n".join(parts) + "\n"


def verdict_table(found: list[Verdict]) -> str:
    rows = [(one.panel, one.requirement, _number(one.value), one.word, one.note) for one in found]
    return table(("panel", "requirement", "measured", "verdict", "note"), rows)


def panel_part(figures: Row) -> str:
    """Return all tables of one panel."""
    facts = figures["panel"]
    text = (
        f"## {figures['name']}\n\n{figures['what']}: {facts['series']} series of "
        f"{facts['targets']} targets, {facts['first_week']} to {facts['last_week']}, "
        f"{facts['forecasts']} forecasts from {facts['first_origin']} on."
    )
    parts = [text, _models(figures["models"]), _activity(figures["by_activity"])]
    parts += [_ratios(figures[f"by_{key}"], key) for key in ("target", "location_level", "horizon")]
    parts.append(_ratios(figures["by_knowledge"], "as_of_kind"))
    parts += [_faults(figures["forecasts"]), _cells(figures["cells"])]
    if "oracle" in figures:
        parts.append(_oracle(figures["oracle"]))
    return "\n\n".join(part for part in parts if part)


def _models(rows: list[Row]) -> str:
    lines = []
    for row in rows:
        bounds = row["families"]
        if not bounds:
            continue
        lines.append(
            (
                row["model"],
                *(_number(row[name]) for name in ("scaled_wis", "log_wis")),
                _number(bounds["scaled_wis_to_flat"][0]),
                _bounded(bounds["scaled_wis_to_comb_two"]),
                _bounded(row["alike"]),
                _number(bounds["log_wis_to_flat"][0]),
                _bounded(bounds["log_wis_to_comb_two"]),
                _number(row["pit_distance"]),
                row["fallbacks"],
                _number(row["seconds"], 1),
            )
        )
    heads = (
        *("model", "scaled WIS", "log WIS", "WIS to flat", "WIS to comb_two (90 %)"),
        "WIS to comb_two, series alike (90 %)",
        *("log WIS to flat", "log WIS to comb_two (90 %)", "PIT distance", "fallbacks", "seconds"),
    )
    return (
        "Means over series; ratios with targets weighing equally where nothing else is said.\n\n"
        + table(heads, lines)
    )


def _activity(rows: list[Row]) -> str:
    names = ("coverage_50", "coverage_80", "coverage_95", "pit_distance")
    lines = [
        (row["model"], row["activity"], row["series"], *(_number(row[name]) for name in names))
        for row in sorted(rows, key=lambda row: (row["model"], row["activity"]))
        if row["series"]
    ]
    heads = ("model", "activity", "series", "50 %", "80 %", "95 %", "PIT distance")
    return "Coverage; busy means 5 a week or more before the origin.\n\n" + table(heads, lines)


def _ratios(rows: list[Row], key: str) -> str:
    """Return WIS to comb_two by group and model, or nothing if there is one group only."""
    groups = list(dict.fromkeys(row[key] for row in rows))
    if key == "horizon":
        groups = [group for group in groups if group in WEEKS_SHOWN]
    if len(groups) < 2:
        return ""
    models = [name for name in dict.fromkeys(row["model"] for row in rows) if name != "comb_two"]
    cells = {(row[key], row["model"]): row for row in rows}
    lead = CHAMPION if CHAMPION in models else models[0]
    lines = []
    for group in groups:
        numbers = [_number(cells[group, name]["scaled_wis_to_comb_two"]) for name in models]
        own = cells[group, lead]
        log = [_number(own[f"log_wis_to_{rival}"]) for rival in RIVALS]
        lines.append((group, own["series"], *numbers, *log))
    heads = (key.replace("_", " "), "series", *models, *(f"{lead}, log, to {r}" for r in RIVALS))
    title = f"WIS to comb_two by {key.replace('_', ' ')}."
    return f"{title}\n\n" + table(heads, lines)


def _faults(rows: list[Row]) -> str:
    lines = [
        (
            *(row["model"], row["forecasts"], row["not_whole"], row["falling"]),
            *(row["runaway_medians"], _number(row["largest_median"], 2)),
        )
        for row in rows
    ]
    heads = (
        *("model", "forecasts", "quantiles not whole", "quantiles falling"),
        *("medians beyond 3 x", "largest median by largest value"),
    )
    return "Faults of quantiles, and medians beyond three times the largest value.\n\n" + table(
        heads, lines
    )


def _cells(cells: Row) -> str:
    parts = []
    for rival in RIVALS:
        losing = cells[f"worse_than_{rival}"]
        if not cells["all"]:
            continue
        text = (
            f"Cells (target, location level, horizon) where {CHAMPION} is worse than {rival}: "
            f"{len(losing)} of {cells['all']}."
        )
        lines = [
            (
                *(row["target"], row["location_level"], row["horizon"], row["series"]),
                *(_number(row[f"{scale}_to_{rival}"]) for scale in ("scaled_wis", "log_wis")),
            )
            for row in losing[:MOST_CELLS]
        ]
        heads = ("target", "level", "horizon", "series", f"WIS to {rival}", f"log WIS to {rival}")
        parts.append(text + (f" The worst:\n\n{table(heads, lines)}" if lines else ""))
    return "\n\n".join(parts)


def _oracle(rows: list[Row]) -> str:
    names = ("wis_to_oracle", "coverage_50", "coverage_80", "coverage_95", "pit_distance")
    lines = [
        (row["model"], row["target"], row["activity"], *(_number(row[name]) for name in names))
        for row in rows
        if row["target"] == "all" or (row["activity"] == "all" and row["model"] == CHAMPION)
    ]
    heads = ("model", "target", "activity", "WIS to oracle", "50 %", "80 %", "95 %", "PIT distance")
    return "Expected under the true law, without the luck of one count a week.\n\n" + table(
        heads, lines
    )


def table(heads: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """Return a Markdown table.

    Examples
    --------
    >>> print(table(("a", "b"), [(1, "x|y")]))
    | a | b |
    | --- | --- |
    | 1 | x/y |
    """
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "/") for cell in line) + " |" for line in lines
    )


def _number(value: float | None, decimals: int = 3) -> str:
    return "" if value is None else f"{value:.{decimals}f}"


def _bounded(numbers: list[float]) -> str:
    ratio, low, high = numbers
    return f"{ratio:.3f} ({low:.3f} to {high:.3f})"
