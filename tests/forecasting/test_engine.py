"""Whatever happens in a model, each series gets quantiles, and no series pays for another."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from panel_kit import Centred, Drawing, Failing, batch_of, card
from threatcast_forecasting.backtesting.engine import (
    NOTHING_SEEN,
    BatchTask,
    batch_size,
    run,
    run_all,
)
from threatcast_forecasting.models.card import Prediction
from threatcast_forecasting.quantiles import LEVELS

FLAT = Centred(card("flat"), 7.0, 0.0)
NAMES = ("a", "b", "c", "d", "e")


def task(model, rows=((1.0, 2.0),) * 5, names=NAMES, spare=FLAT, name="it", seed=1):
    return BatchTask(name, model, spare, batch_of([list(row) for row in rows], names), 3, seed)


def test_series_that_raises_falls_back_to_flat_and_the_others_do_not():
    outcome = run(task(Failing(card("it"), raises=("b", "e"))))
    assert outcome.states == (
        "",
        "fallback: it raised ValueError",
        "",
        "",
        "fallback: it raised ValueError",
    )
    assert (outcome.quantiles[[1, 4]] == 7).all()
    assert (outcome.quantiles[[0, 2, 3], :, 11] == 50).all()


def test_series_without_numbers_falls_back_to_flat_and_the_others_do_not():
    outcome = run(task(Failing(card("it"), silent=("c",))))
    assert outcome.states == ("", "", "fallback: it returned no number", "", "")
    assert (outcome.quantiles[2] == 7).all()
    assert (outcome.quantiles[[0, 1, 3, 4], :, 11] == 50).all()


def test_state_of_the_model_itself_is_kept():
    class Says(Centred):
        def predict(self, batch, horizon, seed):
            return Prediction(np.full((1, horizon, 23), np.nan), ("fallback: too short",))

    assert run(task(Says(FLAT.card, 1.0), ((1.0,),), ("a",))).states == ("fallback: too short",)


def test_prediction_of_the_wrong_shape_falls_back():
    class Short(Centred):
        def predict(self, batch, horizon, seed):
            return Prediction(np.zeros((len(batch.series_ids), horizon, 5)), ("",))

    outcome = run(task(Short(FLAT.card, 1.0)))
    assert outcome.states == ("fallback: it raised ModelError",) * 5
    assert (outcome.quantiles == 7).all()


def test_newest_count_stands_in_where_even_flat_fails():
    broken = Failing(card("flat"), raises=NAMES)
    outcome = run(task(broken, ((1.0, np.nan), (3.0, 4.0)), ("a", "b"), broken))
    assert (outcome.quantiles[0] == 1).all()
    assert (outcome.quantiles[1] == 4).all()
    assert all(outcome.states)


def test_series_without_an_observed_week_gets_zeros_and_no_model_sees_it():
    rows = ((np.nan, np.nan), (1.0, 2.0))
    outcome = run(task(Failing(card("it"), raises=("a",)), rows, ("a", "b")))
    assert (outcome.quantiles[0] == 0).all()
    assert outcome.states == (NOTHING_SEEN, "")


def test_batch_that_ends_before_the_panel_begins_gets_zeros():
    outcome = run(task(FLAT, ((), ()), ("a", "b")))
    assert (outcome.quantiles == 0).all()
    assert outcome.states == (NOTHING_SEEN,) * 2


def test_quantiles_are_finished_whatever_the_model_returns():
    class Wild(Centred):
        def predict(self, batch, horizon, seed):
            row = np.linspace(900.7, -5.3, len(LEVELS))
            row[0] = np.inf
            return Prediction(np.tile(row, (len(batch.series_ids), horizon, 1)), ("",) * 5)

    quantiles = run(task(Wild(FLAT.card, 1.0))).quantiles
    assert (np.diff(quantiles, axis=-1) >= 0).all()
    assert quantiles.min() == 0
    assert quantiles.max() == 1_000_000_000


@pytest.mark.parametrize("cut", range(1, 5))
def test_random_numbers_of_a_series_do_not_depend_on_its_batch(cut):
    model = Drawing(card("it"))
    whole = run(task(model)).quantiles
    parts = [
        run(task(model, ((1.0, 2.0),) * len(names), names)).quantiles
        for names in (NAMES[:cut], NAMES[cut:])
    ]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_each_model_origin_series_and_seed_has_its_own_random_numbers():
    model = Drawing(card("it"))
    one = task(model, ((1.0,),), ("a",))
    medians = {
        int(run(variant).quantiles[0, 0, 11])
        for variant in (
            one,
            task(model, ((1.0,),), ("b",)),
            task(model, ((1.0,),), ("a",), name="other"),
            task(model, ((1.0,),), ("a",), seed=2),
            task(model, ((1.0, 1.0),), ("a",)),
        )
    }
    assert len(medians) == 5


def test_fallback_is_what_flat_itself_forecasts():
    spare = Drawing(card("flat"))
    stood_in = run(task(Failing(card("it"), raises=("c",)), spare=spare))
    own = run(task(spare, spare=spare, name="flat"))
    np.testing.assert_array_equal(stood_in.quantiles[2], own.quantiles[2])


def test_outcomes_come_in_the_order_of_the_tasks():
    tasks = [task(Centred(card("it"), float(k), 0.0)) for k in range(9)]
    medians = [outcome.quantiles[0, 0, 11] for outcome in run_all(tasks, 2, None)]
    assert medians == list(range(9))


def test_seconds_are_counted_by_the_clock_that_was_handed_in():
    ticks = itertools.count(step=5)
    assert run(task(FLAT), lambda: next(ticks)).seconds == 5
    assert np.isnan(run(task(FLAT)).seconds)


def test_slow_models_get_small_batches():
    slow = Centred(card("it"), 1.0)
    object.__setattr__(slow, "seconds_per_series", 0.01)
    assert batch_size(slow, 2000) == 25
    assert batch_size(FLAT, 2000) == 2000


@dataclasses.dataclass(frozen=True)
class Pooled(Failing):
    pooled: bool = True


def test_pooled_model_that_raises_costs_its_whole_batch():
    outcome = run(task(Pooled(card("it"), raises=("b",))))
    assert outcome.states == ("fallback: it raised ValueError",) * 5
    assert (outcome.quantiles == 7).all()


def test_series_that_a_pooled_model_cannot_forecast_costs_no_other():
    outcome = run(task(Pooled(card("it"), silent=("c",))))
    assert outcome.states == ("", "", "fallback: it returned no number", "", "")
