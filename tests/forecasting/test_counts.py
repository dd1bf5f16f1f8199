"""The shared arithmetic, beside slow or known twins."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import gammaln
from threatcast_forecasting.models._counts import (
    DISPERSIONS,
    SILENT,
    dispersion_evidence,
    negative_binomial_quantiles,
    recent_observed,
    sample_quantiles,
)
from threatcast_forecasting.quantiles import LEVELS


def rows_with_holes(seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.poisson(4, (30, 90)).astype(float)
    values[rng.random(values.shape) < 0.4] = np.nan
    values[0], values[1, :-1] = np.nan, np.nan
    values[1, -1] = 9
    return values


def test_recent_weeks_are_the_last_observed_ones_in_order():
    values = rows_with_holes()
    for row, recent in zip(values, recent_observed(values, 20), strict=True):
        expected = row[~np.isnan(row)][-20:]
        np.testing.assert_array_equal(recent[~np.isnan(recent)], expected)
        assert np.isnan(recent[: 20 - len(expected)]).all()


def test_sample_quantiles_equal_a_quantile_a_row():
    values = rows_with_holes()
    quantiles = sample_quantiles(values)
    assert np.isnan(quantiles[0]).all()
    for row, found in zip(values[1:], quantiles[1:], strict=True):
        expected = np.quantile(row[~np.isnan(row)], LEVELS, method="weibull")
        np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("dispersion", [1e-7, 1e-4, 0.05, 1, 10])
@pytest.mark.parametrize("mean", [0, 0.005, 0.011, 0.3, 1, 5, 60, 1e3, 1e5, 1e7])
def test_quantiles_are_those_of_the_negative_binomial(mean, dispersion):
    variance = mean + dispersion * mean**2
    found = negative_binomial_quantiles(np.array([float(mean)]), np.array([float(variance)]))[0]
    size = 1 / dispersion
    expected = stats.nbinom.ppf(LEVELS, size, size / (size + mean)) if mean else np.zeros(23)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


def test_quantiles_of_many_means_at_once_are_those_of_each():
    rng = np.random.default_rng(5)
    mean = np.exp(rng.uniform(-5, 9, (40, 3)))
    variance = mean + np.exp(rng.uniform(-6, 1, mean.shape)) * mean**2
    size = mean**2 / (variance - mean)
    expected = stats.nbinom.ppf(LEVELS, size[..., None], (mean / variance)[..., None])
    expected[mean <= SILENT] = 0
    np.testing.assert_array_equal(negative_binomial_quantiles(mean, variance), expected)


def test_a_variance_below_the_mean_gives_poisson_quantiles():
    found = negative_binomial_quantiles(np.array([12.0]), np.array([3.0]))[0]
    np.testing.assert_array_equal(found, stats.poisson.ppf(LEVELS, 12))


def log_mass(count: np.ndarray, size: float, mean: np.ndarray) -> np.ndarray:
    """Return the log likelihood of counts, of shares of a count too; up to a term of the count."""
    share = mean / (size + mean)
    rises = gammaln(count + size) - gammaln(size)
    return rises + size * np.log1p(-share) + count * np.log(share)


def test_evidence_differs_between_dispersions_as_log_likelihoods_do():
    rng = np.random.default_rng(1)
    counts = rng.poisson(3, (4, 50)).astype(float)
    means = rng.gamma(3, 1, (4, 50))
    # too large to be looked up, and a share of a count
    counts[1, ::7], means[1, ::7] = 5000, 4000
    counts[2, ::5] += 0.5
    weights = rng.random((4, 50))
    size = 1 / DISPERSIONS
    slow = np.array(
        [[(weights[n] * log_mass(counts[n], r, means[n])).sum() for r in size] for n in range(4)]
    )
    fast = dispersion_evidence(counts, means, weights)
    np.testing.assert_allclose(fast - fast[:, :1], slow - slow[:, :1], rtol=1e-4, atol=1e-4)
