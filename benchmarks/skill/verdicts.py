"""What is required of `champion` on each kind of panel, and whether the figures reach it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .measure import CHAMPION
from .panel import SEASONAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    Row = dict[str, Any]

MOST_TO_RIVAL = 0.985
MOST_BY_TARGET = 1.01
LARGE_TARGET = 10
"""Series from which a target counts for itself."""
BUSY_COVERAGE = {"coverage_80": (0.78, 0.85), "coverage_95": (0.93, 0.97)}
NOMINAL = {"coverage_50": 0.5, "coverage_80": 0.8, "coverage_95": 0.95}
MOST_PIT_DISTANCE = 0.02


@dataclass(frozen=True)
class Verdict:
    """One requirement, the number measured, and whether the number reaches it.

    Attributes
    ----------
    low, high : float
        What the number must not fall below or rise above.
    """

    panel: str
    requirement: str
    value: float | None
    low: float
    high: float
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether it is reached; None if the panel has nothing to measure it on."""
        return None if self.value is None else self.low <= self.value <= self.high

    @property
    def word(self) -> str:
        """The verdict in words."""
        return {None: "not measurable", True: "reached", False: "NOT reached"}[self.reached]

    def line(self) -> str:
        """Return the verdict as one line."""
        number = "-" if self.value is None else f"{self.value:.3f}".rstrip("0").rstrip(".")
        note = f"; {self.note}" if self.note else ""
        return f"{self.panel}: {self.requirement}: {self.word} ({number}{note})"


def verdicts(figures: Row) -> list[Verdict]:
    """Return the verdicts on one panel; none if `champion` was not among the models."""
    if not any(row["model"] == CHAMPION for row in figures["models"] if row["families"]):
        return []
    first = _against_best if figures["kind"] == SEASONAL else _against_rival
    return [*first(figures), *_against_flat(figures), *_coverage(figures), *_shape(figures)]


def _own(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["model"] == CHAMPION]


def _against_rival(figures: Row) -> Iterator[Verdict]:
    name = figures["name"]
    ratio, low, high = _own(figures["models"])[0]["families"]["scaled_wis_to_comb_two"]
    log = _own(figures["models"])[0]["families"]["log_wis_to_comb_two"]
    alike = _own(figures["models"])[0]["alike"]
    note = f"series alike {alike[0]:.3f}; log scale {log[0]:.3f}, {log[1]:.3f} to {log[2]:.3f}"
    yield Verdict(name, "WIS at most 0.985 of comb_two", ratio, 0, MOST_TO_RIVAL, note)
    note = f"lower bound {low:.3f}; series alike {alike[1]:.3f} to {alike[2]:.3f}"
    yield Verdict(name, "upper 90 % bound of that below 1", high, 0, 1 - 1e-9, note)
    large = [row for row in _own(figures["by_target"]) if row["series"] >= LARGE_TARGET]
    worst = max(large, key=lambda row: row["scaled_wis_to_comb_two"] or 0, default=None)
    yield Verdict(
        name,
        "no target of ten series or more worse than comb_two by over 1 %",
        worst and worst["scaled_wis_to_comb_two"],
        0,
        MOST_BY_TARGET,
        f"worst: {worst['target']}" if worst else "no target is that large",
    )


def _against_best(figures: Row) -> Iterator[Verdict]:
    rows = figures["models"]
    others = [row for row in rows if row["families"] and row["model"] != CHAMPION]
    best = min(others, key=lambda row: row["families"]["scaled_wis_to_flat"][0])
    for scale, word in (("scaled_wis_to_flat", "WIS"), ("log_wis_to_flat", "log WIS")):
        rival = min(others, key=lambda row: row["families"][scale][0]) if word != "WIS" else best
        ratio = _own(rows)[0]["families"][scale][0] / rival["families"][scale][0]
        text = f"{word} at least level with the best rival"
        yield Verdict(figures["name"], text, ratio, 0, 1.0, f"best: {rival['model']}")


def _against_flat(figures: Row) -> Iterator[Verdict]:
    ratio = _own(figures["models"])[0]["families"]["scaled_wis_to_flat"][0]
    worst = max(_own(figures["by_target"]), key=lambda row: row["scaled_wis_to_flat"] or 0)
    value = max(ratio, worst["scaled_wis_to_flat"] or 0)
    note = f"worst target: {worst['target']}; all {ratio:.3f}"
    yield Verdict(figures["name"], "never worse than flat", value, 0, 1.0, note)


def _coverage(figures: Row) -> Iterator[Verdict]:
    rows = {row["activity"]: row for row in _own(figures["by_activity"])}
    for measure, (low, high) in BUSY_COVERAGE.items():
        text = f"busy series: {measure[-2:]} % intervals hold {low:.0%} to {high:.0%}"
        yield Verdict(figures["name"], text, _value(rows, "busy", measure), low, high)
    for measure, low in NOMINAL.items():
        text = f"sparse series: {measure[-2:]} % intervals hold no less"
        yield Verdict(figures["name"], text, _value(rows, "sparse", measure), low, 1.0)


def _value(rows: dict[str, Row], activity: str, measure: str) -> float | None:
    value = rows.get(activity, {}).get(measure)
    return None if value is None else float(value)


def _shape(figures: Row) -> Iterator[Verdict]:
    name = figures["name"]
    distance = _own(figures["models"])[0]["pit_distance"]
    yield Verdict(name, "PIT distance at most 0.02, pooled", distance, 0, MOST_PIT_DISTANCE)
    row = _own(figures["forecasts"])[0]
    note = f"of {row['forecasts']}; largest median {row['largest_median']:.2f} of the largest value"
    text = "medians outside 0 to 3 times the largest of three years"
    yield Verdict(name, text, row["runaway_medians"], 0, 0, note)
    wrong = row["not_whole"] + row["falling"]
    yield Verdict(name, "quantiles that are not whole or fall", wrong, 0, 0)
