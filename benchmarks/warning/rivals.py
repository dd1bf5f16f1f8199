"""Rivals: what each says of each watched week, as a number that grows with the surprise.

`three_sigma` and `cusum` are a line each; the others are run by R's own package `surveillance`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

SCRIPT = Path(__file__).with_name("rivals.R")
IN_R = ("C1", "C2", "glrnb")
SLOW = "farrington"
YEAR = 52
LEAST_SPREAD = 0.5
"""Of counts: a rival must not be infinitely surprised after weeks that were all alike."""
SLACK = 0.5
"""Standard deviations that the CUSUM forgives a week: best against a shift of one."""


def three_sigma(counts: Floats, first: Ints, last: Ints) -> Floats:
    """Return how many standard deviations of the year before each week lies above its mean.

    Parameters
    ----------
    counts : float array, shape (series, weeks)
    first, last : int arrays, shape (series,)
        Columns to look at; outside them the result is NaN.
    """
    out = np.full(counts.shape, np.nan)
    for week in range(YEAR, counts.shape[1]):
        here = (first <= week) & (week <= last)
        before = counts[here, week - YEAR : week]
        spread = np.maximum(before.std(axis=1, ddof=1), LEAST_SPREAD)
        out[here, week] = (counts[here, week] - before.mean(axis=1)) / spread
    return out


def cusum(counts: Floats, first: Ints, last: Ints) -> Floats:
    """Return the sum of standardised excesses over `SLACK`, never below nought (Page 1954)."""
    excess = np.nan_to_num(three_sigma(counts, first, last) - SLACK)
    total = np.zeros(len(counts))
    out = np.full(counts.shape, np.nan)
    for week in range(counts.shape[1]):
        total = np.maximum(0.0, total + excess[:, week])
        here = (first <= week) & (week <= last)
        out[here, week] = total[here]
    return out


def third(c2: Floats) -> Floats:
    """Return EARS C3 from C2: its excesses over 1, summed over three weeks."""
    excess = np.maximum(np.nan_to_num(c2) - 1.0, 0.0)
    total = excess.copy()
    total[:, 1:] += excess[:, :-1]
    total[:, 2:] += excess[:, :-2]
    return np.where(np.isnan(c2), np.nan, total)


def missing() -> str:
    """Return why the rivals of R cannot be asked; empty if they can."""
    if shutil.which("Rscript") is None:
        return "Rscript is missing: apt-get install r-cran-surveillance"
    words = ["Rscript", "-e", "library(surveillance)"]
    found = subprocess.run(words, capture_output=True, check=False)
    return (
        ""
        if found.returncode == 0
        else "R has no surveillance: apt-get install r-cran-surveillance"
    )


def from_r(counts: Floats, first: Ints, last: Ints, methods: tuple[str, ...]) -> dict[str, Floats]:
    """Return the statistics of methods of `surveillance`, each of shape (series, weeks).

    A series that a method cannot fit is NaN: no alarm.
    """
    with tempfile.TemporaryDirectory(prefix="threatcast-rivals-") as scratch:
        folder = Path(scratch)
        np.savetxt(folder / "counts.csv", counts, delimiter=",", fmt="%d")
        ranges = np.stack([first + 1, last + 1], axis=1)
        np.savetxt(folder / "ranges.csv", ranges, delimiter=",", fmt="%d")
        words = ["Rscript", str(SCRIPT), str(folder / "counts.csv"), str(folder / "ranges.csv")]
        one_thread = dict(os.environ, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
        subprocess.run([*words, scratch, ",".join(methods)], check=True, env=one_thread)
        return {
            name: np.genfromtxt(folder / f"{name}.csv", delimiter=",", ndmin=2) for name in methods
        }
