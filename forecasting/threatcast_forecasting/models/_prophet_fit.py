"""Prophet's own posterior mode, found in this process.

Prophet sends each fit to Stan: a child process and a handful of temporary files. Its model is
small enough to be maximised here, which is faster, leaves nothing behind and gives the same
numbers on every run.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

TREND_PRECISION = 1 / 25
"""Prophet's prior for the slope and the offset: normal, deviation 5."""
NOISE_PRECISION = 4.0
"""Prophet's prior for the noise: half-normal, deviation 0.5."""
ROUNDS = 200
TINY = 1e-7
"""Slope changes below this are nought; coefficients that move less have arrived."""


class PosteriorMode:
    """Fits Prophet with a piecewise linear trend and additive seasons, without Stan.

    Stands in for `prophet.models.CmdStanPyBackend`: assign one to `Prophet.stan_backend`.
    """

    stan_fit: Any = None

    @staticmethod
    def get_type() -> str:
        """Return the name under which Prophet would look this up."""
        return "POSTERIOR_MODE"

    def fit(
        self,
        stan_init: Mapping[str, Any],  # noqa: ARG002 not needed: the start is a ridge regression
        stan_data: Mapping[str, Any],
        **options: Any,  # noqa: ARG002 Stan's
    ) -> dict[str, Array]:
        """Return the parameters that maximise the posterior, each of shape (1, size).

        `stan_data` is what Prophet hands to Stan; its trend must be linear.
        """
        when = np.asarray(stan_data["t"], dtype=float)
        seasons = np.asarray(stan_data["X"], dtype=float)
        after = np.maximum(0.0, when[:, None] - np.asarray(stan_data["t_change"], dtype=float))
        precision = 1 / np.asarray(stan_data["sigmas"], dtype=float) ** 2
        offset_slope_seasons, changes, noise = posterior_mode(
            np.column_stack([np.ones_like(when), when, seasons]),
            after,
            np.asarray(stan_data["y"], dtype=float),
            np.concatenate([[TREND_PRECISION, TREND_PRECISION], precision]),
            float(stan_data["tau"]),
        )
        parameters = {
            "m": offset_slope_seasons[0],
            "k": offset_slope_seasons[1],
            "delta": changes,
            "beta": offset_slope_seasons[2:],
            "sigma_obs": np.sqrt(noise),
        }
        return {name: np.atleast_2d(np.asarray(value)) for name, value in parameters.items()}


def posterior_mode(
    smooth: Array, sparse: Array, values: Array, precision: Array, tau: float
) -> tuple[Array, Array, float]:
    """Return the coefficients and the noise's variance at the posterior's mode.

    Each round bounds every Laplace term by a parabola that touches it (Hunter and Li 2005,
    doi:10.1214/009053605000000802), which leaves a ridge regression; the variance given the
    coefficients is the root of a quadratic. No round makes the posterior smaller.

    Parameters
    ----------
    smooth, sparse : float arrays, shapes (t, p) and (t, s)
        Regressors with normal priors of the given precision, and with Laplace priors of scale tau.
    values : float array, shape (t,)
    precision : float array, shape (p,)
    tau : float
    """
    design = np.column_stack([smooth, sparse])
    gram, moment, square = design.T @ design, design.T @ values, values @ values
    split = smooth.shape[1]
    size = np.full(sparse.shape[1], tau)
    noise = max(float(values.var()), TINY)
    coefficients: Array = np.zeros(design.shape[1])
    for _ in range(ROUNDS):
        before = coefficients
        ridge = np.concatenate([precision, 1 / (tau * size)])
        coefficients = np.asarray(np.linalg.solve(gram + noise * np.diag(ridge), moment))
        rest = square - 2 * moment @ coefficients + coefficients @ gram @ coefficients
        noise = noise_variance(max(float(rest), TINY**2), len(values))
        size = np.abs(coefficients[split:]) + TINY
        if np.abs(coefficients - before).max() < TINY:
            break
    return coefficients[:split], coefficients[split:], noise


def noise_variance(rest: float, weeks: int) -> float:
    """Return the likeliest variance given the sum of squared residuals.

    It makes `weeks - rest / v + 4 v` nought, the slope of the posterior in the log deviation.
    """
    # this form of the root loses no digits when the residuals are small
    return 2 * rest / (weeks + math.sqrt(weeks**2 + 4 * NOISE_PRECISION * rest))
