"""Prophet for counts: its fit beside Stan's, its season, its trend, and its silence."""

from __future__ import annotations

import logging
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from count_kit import FIRST, batch_of, seasonal, steady
from threatcast_forecasting.models._prophet_fit import (
    Design,
    components,
    design_of,
    new_prophet,
    noise_variance,
    posterior_modes,
)
from threatcast_forecasting.models.climatology import MODEL as CLIMATOLOGY
from threatcast_forecasting.models.prophet import (
    MODEL,
    SEASON_STRENGTH,
    fit_levels,
    season_strength,
)
from threatcast_forecasting.quantiles import LEVELS

MEDIAN = LEVELS.index(0.5)
SHORTFALL = 2e-3
"""Of a log posterior, in which a difference of 1 is what the data say of one parameter."""


def pinball(quantiles, truth) -> float:
    away = truth[..., None] - quantiles
    return float(np.maximum(np.array(LEVELS) * away, (np.array(LEVELS) - 1) * away).mean())


def prophets_parameters(coefficients, design: Design, values) -> dict[str, np.ndarray]:
    """Return one series' fit as Prophet keeps it."""
    waves = coefficients[design.waves]
    rest = ((values - design.columns[: len(values)] @ coefficients) ** 2).sum()
    return {
        "m": coefficients[None, :1],
        "k": coefficients[None, 1:2],
        "delta": coefficients[None, design.bends],
        "beta": waves[None] if len(waves) else np.zeros((1, 1)),
        "sigma_obs": np.sqrt(noise_variance(rest, np.array(len(values))))[None, None],
    }


def negative_log_posterior(found, data) -> float:
    """Return Prophet's objective, written out from its Stan program."""
    when, seasons = np.asarray(data["t"], dtype=float), np.asarray(data["X"], dtype=float)
    offset, slope, noise = (found[name].item() for name in ("m", "k", "sigma_obs"))
    delta, beta = found["delta"].ravel(), found["beta"].ravel()
    after = np.maximum(0, when[:, None] - np.asarray(data["t_change"]))
    left = np.asarray(data["y"]) - (offset + slope * when + after @ delta + seasons @ beta)
    priors = (offset**2 + slope**2) / 50 + np.abs(delta).sum() / data["tau"] + 2 * noise**2
    priors += (beta**2 / np.asarray(data["sigmas"]) ** 2).sum() / 2
    return float(len(when) * np.log(noise) + (left**2).sum() / (2 * noise**2) + priors)


def jumping(level: float) -> np.ndarray:
    """Return 180 weeks that jump to seven times the level."""
    before, after = steady(1, 90, level, 0.2, seed=1)[0], steady(1, 90, 7 * level, 0.2, seed=2)[0]
    return np.concatenate([before, after])


@pytest.mark.parametrize("season", [True, False])
def test_the_fit_is_at_least_as_likely_as_stans_and_close_to_it(season):
    logging.getLogger("cmdstanpy").setLevel(logging.ERROR)
    from prophet.models import CmdStanPyBackend

    counts = np.stack([jumping(6), jumping(30)])
    weeks = FIRST + 7 * np.arange(180)
    logs = np.log1p(counts)
    design = design_of(new_prophet(season=season), weeks, weeks[:0])
    scaled = logs / logs.max(axis=1, keepdims=True)
    (modes,) = posterior_modes([(design, scaled)])

    class Judge(CmdStanPyBackend):
        def fit(self, stan_init, stan_data, **options):
            stan = super().fit(stan_init, stan_data, **options)
            self.data = stan_data
            return stan

    for row in range(2):
        model = new_prophet(season=season)
        model.stan_backend = judge = Judge()
        model.fit(pd.DataFrame({"ds": weeks, "y": logs[row]}))
        own = prophets_parameters(modes[row], design, scaled[row])
        ours = negative_log_posterior(own, judge.data)
        stans = negative_log_posterior(model.params, judge.data)
        assert stans - 2 <= ours <= stans + 1e-3


def loss(coefficients, noise, design: Design, values) -> float:
    """Return the same objective from the columns of a design."""
    left = values - design.columns[: len(values)] @ coefficients
    smooth = (design.precision * coefficients[: len(design.precision)] ** 2).sum() / 2
    priors = smooth + np.abs(coefficients[design.bends]).sum() / design.tau + 2 * noise**2
    return float(len(values) * np.log(noise) + (left**2).sum() / (2 * noise**2) + priors)


def shipped_counts() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return weeks and counts of real series of at least two years."""
    from threatcast_feeds.history import read_history

    rows = read_history().counts.to_pandas().dropna(subset=["value"])
    rows["week"] = pd.to_datetime(rows["week"])
    series = {
        f"{target}/{place}": (one["week"].to_numpy("datetime64[D]"), one["value"].to_numpy(float))
        for (target, place), one in rows.sort_values("week").groupby(["target", "location"])
    }
    return {name: one for name, one in series.items() if len(one[0]) >= 104}


def generated_counts() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return weeks and counts that season, jump, are next to nothing, or lack weeks."""
    rows = [*seasonal(4, 260, 1), *steady(4, 260, 0.3, 1.0, 2), *steady(4, 120, 400, 0.1, 3)]
    rows += [jumping(6), jumping(30)]
    kept = [
        np.flatnonzero(np.arange(len(row)) % 7 != number % 9) for number, row in enumerate(rows)
    ]
    weeks = [FIRST + 7 * places for places in kept]
    return {f"made {number}": (weeks[number], row[kept[number]]) for number, row in enumerate(rows)}


@pytest.mark.parametrize("season", [True, False])
@pytest.mark.parametrize("series_of", [shipped_counts, generated_counts])
def test_the_fit_is_at_least_as_likely_as_that_of_the_exact_batched_solver(series_of, season):
    from prophet_batch import fit_many

    series = series_of()
    logs = {name: np.log1p(counts) for name, (_, counts) in series.items()}
    frames = [
        pd.DataFrame({"unique_id": name, "ds": weeks, "y": logs[name]})
        for name, (weeks, _) in series.items()
    ]
    theirs = fit_many(pd.concat(frames), make_model=lambda _: new_prophet(season=season))
    designs = [
        design_of(new_prophet(season=season), weeks, weeks[:0]) for weeks, _ in series.values()
    ]
    scaled = [(logs[name] / logs[name].max())[None] for name in series]
    modes = posterior_modes(list(zip(designs, scaled, strict=True)))
    short = []
    for name, design, (values,), (mode,) in zip(series, designs, scaled, modes, strict=True):
        params = theirs[name].params
        waves = params["beta"][0] if season else np.zeros(0)
        their_mode = np.concatenate([params["m"][0], params["k"][0], waves, params["delta"][0]])
        rest = ((values - design.columns @ mode) ** 2).sum()
        noise = np.sqrt(noise_variance(rest, np.array(len(values))))
        their_loss = loss(their_mode, params["sigma_obs"].item(), design, values)
        short.append(float(loss(mode, noise, design, values)) - their_loss)
    assert len(short) >= 14
    assert max(short) <= SHORTFALL


@pytest.mark.parametrize("season", [True, False])
def test_trend_and_season_are_those_of_prophets_own_predict(season):
    counts = seasonal(1, 180, seed=7)
    weeks = FIRST + 7 * np.arange(192)
    logs = np.log1p(counts)
    design = design_of(new_prophet(season=season), weeks[:180], weeks[180:])
    (modes,) = posterior_modes([(design, logs / logs.max())])
    trend, wave = (part[0] * logs.max() for part in components(design, modes))
    model = new_prophet(season=season)
    model.preprocess(pd.DataFrame({"ds": weeks[:180], "y": logs[0]}))
    model.params = prophets_parameters(modes[0], design, logs[0] / logs.max())
    expected = model.predict(pd.DataFrame({"ds": weeks}))
    np.testing.assert_allclose(trend, expected["trend"], atol=1e-9)
    np.testing.assert_allclose(trend + wave, expected["yhat"], atol=1e-9)
    assert (np.abs(wave).max() > 0.1) == season


def test_series_are_fitted_alike_alone_and_with_others():
    values = np.vstack([seasonal(3, 160, seed=2), steady(3, 160, 2, 0.5, seed=3)])
    values[1, :20], values[4, 50:60], values[5] = np.nan, np.nan, 7
    together = MODEL.predict(batch_of(values), 12, 1).quantiles
    for row, found in enumerate(together):
        alone = MODEL.predict(batch_of(values[row : row + 1]), 12, 1).quantiles[0]
        np.testing.assert_array_equal(found, alone)
    assert (together[5] == together[5, :1]).all()


def test_noise_solves_its_equation():
    for rest, weeks in ((1e-9, 50), (3.0, 200), (80.0, 30)):
        noise = noise_variance(np.array(rest), np.array(weeks))
        assert weeks - rest / noise + 4 * noise == pytest.approx(0, abs=1e-6)


def test_a_strong_season_is_found_and_forecast_better_than_by_last_years_quantiles():
    values = seasonal(6, 221, seed=3)
    past, future = values[:, :-13], values[:, -13:]
    assert min(season_strength(row) for row in past) >= SEASON_STRENGTH
    own, rival = (
        pinball(model.predict(batch_of(past), 13, 1).quantiles, future)
        for model in (MODEL, CLIMATOLOGY)
    )
    assert own < 0.6 * rival


def test_noise_without_a_season_shows_none():
    values = steady(300, 200, mean=8, dispersion=0.4, seed=4)
    strengths = [season_strength(row) for row in values]
    assert np.mean([strength >= SEASON_STRENGTH for strength in strengths]) <= 0.01
    assert abs(np.mean(strengths)) <= 0.05


def test_two_years_are_needed_for_a_season():
    assert season_strength(seasonal(1, 100, seed=3)[0]) == 0


def test_the_trend_dies_out_instead_of_running_away():
    growth = np.floor(10 * 1.03 ** np.arange(120))
    weeks = FIRST + 7 * np.arange(120)
    ahead = fit_levels([(growth[None], weeks)], weeks[-1], 52, season=False)[0][1][0]
    assert growth[-1] * 0.9 <= ahead[-1] <= growth[-1] * 1.3
    assert ahead[-1] == pytest.approx(ahead[20], rel=1e-3)


def test_means_add_up_to_the_last_years_counts():
    counts = steady(1, 200, mean=3, dispersion=1.5, seed=5)[0]
    weeks = FIRST + 7 * np.arange(200)
    fitted = fit_levels([(counts[None], weeks)], weeks[-1], 12, season=False)[0][0][0]
    assert fitted[-52:].mean() == pytest.approx(counts[-52:].mean(), rel=0.05)


def test_weeks_ahead_are_counted_from_the_origin_not_from_the_last_observed_week():
    values = seasonal(1, 208, seed=6)
    gap = values.copy()
    gap[:, -13:] = np.nan
    whole, gappy = (
        MODEL.predict(batch_of(rows), 13, 1).quantiles[0, :, MEDIAN] for rows in (values, gap)
    )
    np.testing.assert_allclose(gappy, whole, rtol=0.3)


def test_fewer_than_thirty_weeks_are_said():
    values = np.full((2, 60), np.nan)
    values[0, -29:], values[1, -30:] = np.arange(29), np.arange(30)
    prediction = MODEL.predict(batch_of(values), 2, 1)
    assert prediction.states == ("fallback: 29 observed weeks, 30 needed", "")
    assert np.isnan(prediction.quantiles[0]).all()
    assert np.isfinite(prediction.quantiles[1]).all()


def test_it_prints_nothing_and_leaves_no_file_behind(tmp_path):
    script = (
        "import numpy as np\n"
        "from threatcast_forecasting.models.prophet import MODEL\n"
        "from threatcast_forecasting.panels import Batch\n"
        "weeks = np.datetime64('2022-01-03') + 7 * np.arange(150)\n"
        "values = np.random.default_rng(1).poisson(5, (2, 150)).astype(float)\n"
        "batch = Batch(('a', 'b'), ('t', 't'), ('x', 'x'), weeks, values)\n"
        "assert np.isfinite(MODEL.predict(batch, 12, 1).quantiles).all()\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
