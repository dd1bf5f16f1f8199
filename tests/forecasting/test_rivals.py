"""What holds for the rivals from other libraries, which no forecast is built on by itself."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from count_kit import batch_of, held, seasonal, steady
from panel_kit import Failing, card, make_panel, registry
from threatcast_forecasting.backtesting.rolling import backtest, forecast
from threatcast_forecasting.models import base_models
from threatcast_forecasting.models._features import moving_mean
from threatcast_forecasting.models._statsforecast import best_negative_binomial, from_logs
from threatcast_forecasting.models.gradient_boosting import (
    FITTED,
    LEAST_EXAMPLES,
    MOST_EXAMPLES,
    all_levels,
    examples,
    level_of,
)
from threatcast_forecasting.panels import Batch
from threatcast_forecasting.quantiles import LEVELS, finish

MODELS = base_models()
SINGLE = ("adida", "auto_ces", "auto_ets", "auto_theta", "tsb")
RIVALS = (*SINGLE, "gradient_boosting")
MEDIAN = LEVELS.index(0.5)
WEEKS = 180


def intermittent(series: int, weeks: int, seed: int) -> np.ndarray:
    """Return counts that are mostly zero, with a burst of a hundred here and there."""
    rng = np.random.default_rng(seed)
    busy = rng.random((series, weeks)) < 0.1
    return np.where(busy, rng.geometric(0.02, (series, weeks)), 0).astype(float)


def mixed() -> Batch:
    """Return a pool of ordinary and of odd series."""
    rng = np.random.default_rng(8)
    rows = rng.poisson(rng.uniform(0.2, 30, 12)[:, None], (12, WEEKS)).astype(float)
    holes, silent, young, single = rows[0].copy(), rows[1].copy(), rows[2].copy(), rows[3].copy()
    holes[::3] = np.nan
    silent[-60:] = np.nan
    young[:-20] = np.nan
    single[:-1] = np.nan
    odd = [holes, silent, young, single, np.zeros(WEEKS), np.full(WEEKS, 7.0)]
    huge = rng.poisson(1e7, WEEKS).astype(float)
    return batch_of(np.stack([*rows, *odd, huge]))


def panel_of(batch: Batch) -> pd.DataFrame:
    """Return a batch as a panel."""
    series, weeks = batch.values.shape
    return pd.DataFrame(
        {
            "series_id": np.repeat(batch.series_ids, weeks),
            "target": np.repeat(batch.targets, weeks),
            "location": np.repeat(batch.locations, weeks),
            "week": np.tile(pd.DatetimeIndex(batch.weeks), series),
            "value": batch.values.ravel(),
        }
    )


@pytest.mark.parametrize("name", RIVALS)
def test_every_series_of_a_mixed_pool_gets_finite_ordered_quantiles_or_says_why_not(name):
    batch = mixed()
    prediction = MODELS[name].predict(batch, 12, 3)
    lost = np.array([bool(state) for state in prediction.states])
    assert np.isnan(prediction.quantiles[lost]).all()
    quantiles = finish(prediction.quantiles[~lost])
    assert np.isfinite(quantiles).all()
    assert (np.diff(quantiles, axis=2) >= 0).all()
    assert set(np.flatnonzero(lost)) <= {13, 14, 15}, "silent, young or single"
    assert lost[15]


@pytest.mark.parametrize("name", RIVALS)
def test_ten_million_a_week_stays_ten_million_a_week(name):
    quantiles = MODELS[name].predict(mixed(), 12, 3).quantiles[-1]
    np.testing.assert_allclose(quantiles[:, MEDIAN], 1e7, rtol=0.02)
    # a pool's tails are those of all its series
    tolerance = 0.1 if name in SINGLE else 0.5
    np.testing.assert_allclose(quantiles, 1e7, rtol=tolerance)


@pytest.mark.parametrize("name", RIVALS)
def test_zeros_stay_zeros_whatever_the_others_do(name):
    assert not finish(MODELS[name].predict(mixed(), 12, 3).quantiles[16]).any()


@pytest.mark.parametrize("name", RIVALS)
def test_a_constant_series_has_its_constant_as_median(name):
    quantiles = finish(MODELS[name].predict(mixed(), 12, 3).quantiles[17])
    assert (quantiles[:, MEDIAN] == 7).all()


@pytest.mark.parametrize("name", RIVALS)
def test_intermittent_counts_do_not_blow_up(name):
    values = intermittent(40, WEEKS, seed=2)
    quantiles = finish(MODELS[name].predict(batch_of(values), 12, 3).quantiles)
    most = values[:, -156:].max(axis=1)
    assert (quantiles <= 3 * most[:, None, None]).all()
    assert (quantiles[:, :, MEDIAN] <= most[:, None]).all()


@pytest.mark.parametrize("name", SINGLE)
def test_growth_ends_at_three_times_the_largest_count_of_three_years(name):
    values = np.floor(1.08 ** np.arange(WEEKS))
    assert MODELS[name].predict(batch_of(values), 52, 3).quantiles.max() <= 3 * values.max()


@pytest.mark.parametrize("name", RIVALS)
def test_what_comes_after_the_origin_changes_no_forecast(name):
    panel = panel_of(batch_of(steady(6, 130, 4.0, 0.4, seed=4)))
    later = panel.assign(value=panel["value"].where(panel["week"] < panel["week"].max(), 9e6))
    seen = [
        backtest(one, [name], origins=1, horizon=6).forecasts.query("model == @name")
        for one in (panel, later)
    ]
    pd.testing.assert_frame_equal(*seen)


@pytest.mark.parametrize("name", RIVALS)
def test_the_same_pool_and_seed_give_the_same_numbers(name):
    batch = batch_of(steady(6, 120, 4.0, 0.4, seed=1))
    first, second = (MODELS[name].predict(batch, 12, 3).quantiles for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", RIVALS)
def test_intervals_hold_about_what_they_promise_on_a_steady_busy_level(name):
    values = steady(60, 172, mean=25, dispersion=0.15, seed=11)
    assert 0.72 <= held(MODELS[name], values, 12, 0.8) <= 0.88
    assert 0.9 <= held(MODELS[name], values, 12, 0.95) <= 0.98


@pytest.mark.parametrize("name", ["auto_theta", "gradient_boosting"])
def test_a_strong_season_is_followed(name):
    values = seasonal(8, 52 * 5, seed=3)
    past, future = values[:, :-12], values[:, -12:]
    medians = MODELS[name].predict(batch_of(past), 12, 3).quantiles[:, :, MEDIAN]
    level = past[:, -52:].mean(axis=1, keepdims=True)
    assert np.abs(medians - future).mean() < 0.5 * np.abs(level - future).mean()


def test_a_pool_forecasts_the_young_series_that_no_single_model_can():
    states = MODELS["gradient_boosting"].predict(mixed(), 4, 3).states
    assert states[14] == ""
    assert MODELS["auto_ets"].predict(mixed(), 4, 3).states[14].startswith("fallback: 20 observed")


def test_a_pool_with_too_few_examples_says_so():
    prediction = MODELS["gradient_boosting"].predict(batch_of(np.ones((1, 20))), 4, 3)
    assert prediction.states[0].endswith(f"examples in the pool, {LEAST_EXAMPLES} needed")
    assert np.isnan(prediction.quantiles).all()


@dataclass(frozen=True)
class Pooled(Failing):
    pooled: bool = True


def test_a_failing_pool_costs_the_series_of_its_target_alone():
    models = registry(it=Pooled(card("it"), raises=("s01",)))
    states = forecast(make_panel(), ["it"], registry=models).states.set_index("series_id")["state"]
    assert (states[["s01", "s03", "s05"]] == "fallback: it raised ValueError").all()
    assert (states[["s00", "s02", "s04"]] == "").all()


def test_a_pool_is_not_cut_by_jobs_and_holds_one_target():
    panel = panel_of(batch_of(steady(8, 150, 5.0, 0.4, seed=6)))
    other = panel.assign(series_id="z" + panel["series_id"], target="other", value=70.0)
    alone, beside = (
        forecast(one, ["gradient_boosting"], horizon=3, jobs=1).forecasts
        for one in (panel, pd.concat([panel, other]))
    )
    beside = beside[beside["series_id"].isin(panel["series_id"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, beside)


def test_what_a_pool_learns_from_is_known_and_bounded():
    values = steady(200, 200, 3.0, 0.4, seed=7)
    values[5] = np.nan
    level = level_of(values)
    learnt = examples(values, level)
    assert len(learnt.rows) == MOST_EXAMPLES
    assert (learnt.columns + learnt.ahead < 200).all()
    assert 5 not in learnt.rows
    shares = np.bincount(learnt.ahead, minlength=13)[1:] / len(learnt.rows)
    assert shares.min() > 0.5 / 12, "every horizon is learnt"


def test_levels_between_the_fitted_ones_lie_on_a_normal_scale():
    from scipy.special import ndtri

    fitted = 2 + 3 * ndtri(np.array(FITTED))[None]
    np.testing.assert_allclose(all_levels(fitted)[0], 2 + 3 * ndtri(np.array(LEVELS)))


def test_a_moving_mean_leaves_missing_weeks_out():
    values = np.array([[2.0, np.nan, 4.0, np.nan, np.nan, np.nan]])
    expected = [[2.0, 2.0, 3.0, 4.0, 4.0, np.nan]]
    np.testing.assert_array_equal(moving_mean(values, 3), expected)
    assert np.isnan(moving_mean(values, 3, least=2)[0, [0, 1, 3]]).all()


def test_means_from_logarithms_add_up_to_the_last_year():
    counts = np.random.default_rng(3).geometric(0.05, 200).astype(float)
    logs = np.full((1, 200), np.log1p(counts).mean())
    fitted, ahead = from_logs(counts, logs, logs[:, :4])
    half_week = counts.mean() / 2
    assert fitted[0, -52:].sum() == pytest.approx(counts[-52:].sum(), abs=half_week)
    np.testing.assert_array_equal(ahead[0], fitted[0, -4:])


def test_the_candidate_that_foresaw_better_is_used_and_wandering_widens_its_intervals():
    rng = np.random.default_rng(9)
    walk = np.exp(np.cumsum(rng.normal(0, 0.15, 300)) + 4)
    counts = rng.poisson(walk).astype(float)
    good, bad = np.r_[np.nan, counts[:-1]], np.full(300, counts.mean())
    ahead = np.stack([np.full(12, counts.mean()), np.full(12, counts[-1])])
    quantiles = best_negative_binomial(counts, np.stack([bad, good]), ahead)
    assert abs(quantiles[0, MEDIAN] - counts[-1]) < 0.1 * counts[-1]
    width = quantiles[:, -1] - quantiles[:, 0]
    assert width[11] > 1.5 * width[0]


def test_other_libraries_are_loaded_only_when_asked_and_numba_never():
    code = (
        "import sys; from threatcast_forecasting.models import base_models; m = base_models();"
        "early = {'statsforecast', 'sklearn', 'hierarchicalforecast'} & set(sys.modules);"
        "from statsforecast.models import TSB; import sklearn.ensemble;"
        "late = {'numba', 'mlforecast', 'requests', 'posthog'} & set(sys.modules);"
        "sys.exit(f'{early} {late}' if early | late else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_nothing_is_printed(capfd):
    for name in RIVALS:
        MODELS[name].predict(mixed(), 4, 3)
    printed = capfd.readouterr()
    assert printed.out + printed.err == ""
