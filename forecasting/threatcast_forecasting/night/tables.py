"""The tables of one night: what the library is asked for, and how its answers become rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from threatcast_forecasting.backtesting.rolling import nightly
from threatcast_forecasting.combinations.members import CHAMPION, COMB_TWO, all_models
from threatcast_forecasting.night import nowcasts
from threatcast_forecasting.night.coherence import make_coherent
from threatcast_forecasting.night.drivers import driver_tables
from threatcast_forecasting.night.groupings import grouping_table
from threatcast_forecasting.night.level_shifts import shift_table
from threatcast_forecasting.night.outlooks import outlook_tables, published_pairs
from threatcast_forecasting.night.past_forecasts import past_forecasts
from threatcast_forecasting.night.probabilities import probability_tables

if TYPE_CHECKING:
    from threatcast_forecasting.backtesting.engine import Clock
    from threatcast_forecasting.backtesting.kept_fits import KeptFits
    from threatcast_forecasting.backtesting.pipeline import Progress
    from threatcast_forecasting.night.inputs import NightInputs


def night_tables(
    inputs: NightInputs,
    *,
    progress: Progress | None = None,
    clock: Clock | None = None,
    kept: KeptFits | None = None,
) -> dict[str, pd.DataFrame]:
    """Return all tables of a night by name: forecasts, scores, outlooks, nowcasts and the rest.

    Parameters
    ----------
    inputs
    progress
        Called with (batches done, batches in all, what was done).
    clock
        Returns seconds; without it the table `seconds` says nothing.
    kept
        Fits of earlier nights; what is among them is not made again.

    Raises
    ------
    PanelError, ModelError
        If the panel breaks its contract, or a model is not known.
    """
    cards = _card_rows(inputs.models)
    late = nowcasts.nowcast_tables(inputs)
    if inputs.panel.empty:
        return {"models": cards, **late}
    known, options = nowcasts.training_values(inputs), inputs.options
    result = nightly(
        inputs.panel,
        inputs.models,
        origins=options.origins,
        step=options.step,
        known=known,
        # what the night does not run, its champion does not pool
        candidates=champion_members(inputs.models),
        jobs=options.jobs,
        seed=options.seed,
        progress=progress,
        clock=clock,
        kept=kept,
    )
    coherent = make_coherent(inputs, result, known, published_pairs(inputs))
    outlooks = outlook_tables(inputs, coherent, seed=options.seed)
    shifts = shift_table(inputs.panel, late["nowcast"])
    return {
        "forecast": _with_dates(coherent.forecasts),
        "scores": _score_rows(coherent.scores, inputs.kinds),
        **outlooks,
        "outlook_groupings": grouping_table(inputs, coherent, outlooks["outlook"]),
        **late,
        "level_shifts": shifts,
        **driver_tables(
            inputs, result, coherent, outlooks["outlook"], known, late["nowcast"], shifts
        ),
        **probability_tables(inputs, result, coherent, outlooks["outlook"], known),
        "past_forecasts": past_forecasts(inputs, result, known),
        "weights": result.weights,
        "known": known,
        "seconds": pd.DataFrame(
            {"model": list(result.seconds), "seconds": list(result.seconds.values())}
        ),
        "models": cards,
    }


def champion_members(models: Sequence[str]) -> tuple[str, ...]:
    """Return what `champion` pools: of its own members those that the settings run.

    If there are not two of them it pools what `comb_two` averages.
    """
    run = tuple(name for name in CHAMPION.members if name in models)
    return run if len(run) > 1 else COMB_TWO.members


def _with_dates(rows: pd.DataFrame) -> pd.DataFrame:
    origin = pd.to_datetime(rows["origin"])
    weeks = pd.to_timedelta(7 * rows["horizon"], unit="D")
    return rows.assign(
        reference_date=origin + pd.Timedelta(days=6), target_week=origin + weeks
    ).drop(columns=["series_id", "origin"])


def _score_rows(scored: pd.DataFrame, kinds: pd.DataFrame) -> pd.DataFrame:
    kinds = kinds.assign(origin=pd.to_datetime(kinds["origin"]))
    rows = scored.assign(origin=pd.to_datetime(scored["origin"])).merge(
        kinds, on=["target", "location", "origin"], how="left"
    )
    rows["as_of_kind"] = rows["as_of_kind"].fillna("final")
    rows["reference_date"] = rows["origin"] + pd.Timedelta(days=6)
    return rows.assign(kind="backtest").drop(columns=["series_id", "origin"])


def _card_rows(models: Sequence[str]) -> pd.DataFrame:
    cards = pd.DataFrame([vars(all_models()[name].card) for name in models])
    return cards.rename(columns={"name": "model"})
