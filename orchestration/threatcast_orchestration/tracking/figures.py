"""Pictures of a night's scores, as PNG files; drawn without a screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from threatcast_forecasting.judging.means import means_over_series

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

LEVELS = (50, 80, 95)
NOMINAL = tuple(np.linspace(0.05, 0.95, 19))
PIT_BINS = 10


def draw_scaled_wis(scores: pd.DataFrame, model: str, title: str, path: Path) -> None:
    """Draw the mean scaled WIS by horizon, one line a model, one of them wide; lower is better."""
    means = _means(scores, ["scaled_wis"], ["horizon", "model"]).reset_index()
    means = means.pivot_table(index="horizon", columns="model", values="scaled_wis")
    figure, (axes,) = panels_of(title, 1, 5.5)
    for name in means.columns:
        wide = 2.5 if name == model else 1.2
        axes.plot(means.index, means[name], marker="o", markersize=3, linewidth=wide, label=name)
    axes.set(xlabel="horizon (weeks)", ylabel="mean scaled WIS", ylim=(0, None))
    axes.legend(fontsize="small", frameon=False)
    figure.savefig(path)


def draw_calibration(scores: pd.DataFrame, model: str, title: str, path: Path) -> None:
    """Draw how often weeks stayed below each quantile, by model, and one model's PIT histogram."""
    figure, (reliability, pit) = panels_of(title, 2, 5.5)
    reliability.plot([0, 1], [0, 1], color="black", linestyle=":", linewidth=1)
    for name, rows in scores.groupby("model", sort=True):
        observed = pit_shares(*_bounds(rows), np.array(NOMINAL))
        wide = 2.5 if name == model else 1.2
        reliability.plot(NOMINAL, observed, marker="o", markersize=3, linewidth=wide, label=name)
    reliability.set(
        xlabel="nominal level of the quantile", ylabel="share of weeks at or below it",
        xlim=(0, 1), ylim=(0, 1),
    )  # fmt: skip
    reliability.legend(fontsize="small", frameon=False, loc="upper left")
    density = pit_density(*_bounds(scores[scores["model"] == model]))
    edges = np.linspace(0, 1, PIT_BINS + 1)
    pit.bar(edges[:-1], density, 1 / PIT_BINS, align="edge", edgecolor="white")
    pit.axhline(1, color="black", linestyle=":", linewidth=1)
    pit.set(xlabel=f"PIT of {model} (flat is calibrated)", ylabel="density")
    figure.savefig(path)


def draw_coverage(scores: pd.DataFrame, title: str, path: Path) -> None:
    """Draw how often the central intervals of each model held."""
    figure, (coverage,) = panels_of(title, 1, 5.5, bottom=0.27)
    means = _means(scores, [f"covered_{level}" for level in LEVELS], ["model"])
    place = np.arange(len(means))
    for offset, level in zip((-0.27, 0.0, 0.27), LEVELS, strict=True):
        colour = f"C{LEVELS.index(level)}"
        held = means[f"covered_{level}"].to_numpy(float)
        coverage.bar(place + offset, held, 0.25, color=colour, label=f"{level} % interval")
        coverage.axhline(level / 100, color=colour, linestyle=":", linewidth=1)
    coverage.set_xticks(place, [str(name) for name in means.index], rotation=30, ha="right")
    coverage.set(ylabel="share of weeks inside", ylim=(0, 1.15))
    coverage.legend(fontsize="small", frameon=False, loc="upper center", ncols=len(LEVELS))
    figure.savefig(path)


def _means(scores: pd.DataFrame, columns: list[str], by: list[str]) -> pd.DataFrame:
    """Return means over a series' origins and horizons, then over series, as the metrics are."""
    return means_over_series(scores, columns, series=["target", "location"], by=by)


def pit_density(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the non-randomised PIT histogram of counts, with mean 1.

    Parameters
    ----------
    low, high
        Shape (n,), within 0 and 1; pairs with a missing value are left out.

    Returns
    -------
    array of shape (PIT_BINS,)
    """
    shares = pit_shares(low, high, np.linspace(0, 1, PIT_BINS + 1))
    if not np.isfinite(shares).all():
        return np.zeros(PIT_BINS)
    return np.asarray(np.diff(shares) * PIT_BINS)


def pit_shares(
    low: NDArray[np.float64], high: NDArray[np.float64], levels: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the share of observations whose PIT is at most each level; NaN without any.

    Each observation spreads its mass evenly over `[low, high]`, its interval of the predictive
    distribution (Czado, Gneiting and Held 2009, doi:10.1111/j.1541-0420.2009.01191.x).

    Parameters
    ----------
    low, high
        Shape (n,), within 0 and 1; pairs with a missing value are left out.
    levels
        Shape (k,), within 0 and 1.

    Returns
    -------
    array of shape (k,)
    """
    from threatcast_forecasting.scores import pit_sums

    sums, count = pit_sums(low, high, grid=levels)
    if not count:
        return np.full(len(levels), np.nan)
    shares = sums / count
    # a PIT of exactly 0 lies above the level 0 only, one of exactly 1 at the level 1
    shares[levels <= 0], shares[levels >= 1] = 0.0, 1.0
    return shares


def _bounds(scores: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return scores["pit_low"].to_numpy(float), scores["pit_high"].to_numpy(float)


def panels_of(title: str, count: int, width: float, bottom: float = 0.15) -> tuple[Any, Any]:
    """Return a figure with a title, and its panels in a row.

    Parameters
    ----------
    title
    count
        How many panels.
    width
        Of a panel with its margins, in inches.
    bottom
        Share of the height for what is written below the panels.
    """
    from matplotlib.figure import Figure

    # the figure's own canvas: no pyplot, so no screen and nothing kept between figures
    figure = Figure(figsize=(width * count, 3.9), dpi=90)
    figure.suptitle(title)
    # margins in inches: a layout engine finds them by drawing everything twice
    inches = width * count
    figure.subplots_adjust(
        left=0.65 / inches, right=1 - 0.15 / inches, bottom=bottom, top=0.84,
        wspace=0.75 / (width - 0.75),
    )  # fmt: skip
    return figure, figure.subplots(1, count, squeeze=False)[0]
