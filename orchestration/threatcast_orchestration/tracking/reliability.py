"""The reliability diagram: how often what was said with a probability came true."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_orchestration.tracking.figures import panels_of

if TYPE_CHECKING:
    import pandas as pd

TITLES = {
    "above_usual_4w": "more than usual",
    "zero_4w": "no event",
    "growth_4w": "an increase",
    "top3_of_locations": "among the top 3 locations",
    "top3_of_targets": "among the top 3 targets",
}


def draw_reliability(table: pd.DataFrame, target: str, title: str, path: Path) -> None:
    """Draw one panel a question: observed frequency against what was said, with 90 % bounds.

    Parameters
    ----------
    table
        Table `reliability`; without a row of the target nothing is drawn.
    target
    title
    path
        A PNG file.
    """
    if table.empty or not (table["target"] == target).any():
        return
    rows = table[table["target"] == target]
    questions = [name for name in TITLES if (rows["question"] == name).any()]
    figure, panels = panels_of(title, len(questions), 3.6)
    for axes, question in zip(panels, questions, strict=True):
        part = rows[rows["question"] == question].sort_values("bin")
        said, came = part["mean_forecast"], part["observed_frequency"]
        axes.plot([0, 1], [0, 1], color="black", linestyle=":", linewidth=1)
        axes.vlines(said, part["low90"], part["high90"], color="0.75", linewidth=5)
        axes.plot(said, came, marker="o", markersize=4, linewidth=1.2, color="C0")
        axes.set(
            xlabel=f"probability of {TITLES[question]}",
            ylabel="share that came true",
            xlim=(-0.03, 1.03),
            ylim=(-0.03, 1.03),
            title=f"{int(part['n'].sum())} answers",
        )
    figure.savefig(path)
