"""The tables of one night: what the library is asked for, and how its answers become rows.

Knows no Dagster, no files and no warehouse: inputs in, frames out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import TYPE_CHECKING

from threatcast_orchestration import hierarchy, level_shifts, nowcasts
from threatcast_orchestration.chances import chance_tables
from threatcast_orchestration.outlooks import outlook_tables, published_pairs

if TYPE_CHECKING:
    import pandas as pd

    from threatcast_orchestration.forecasts import Inputs
    from threatcast_orchestration.settings import Settings


def compute(
    inputs: Inputs, settings: Settings, progress: Callable[[int, int, str], None] | None
) -> dict[str, pd.DataFrame]:
    """Run the library: forecasts and back-test, outlooks, grades, cards; returns tables by name."""
    import pandas as pd
    from threatcast_forecasting import nightly
    from threatcast_forecasting.combinations.members import all_models

    if inputs.panel.empty:
        return _empty(inputs)
    known, late = nowcasts.training_values(inputs), nowcasts.nowcast_tables(inputs)
    result = nightly(
        inputs.panel,
        inputs.models,
        origins=settings.origins,
        step=settings.step,
        known=known,
        # what the night does not run, its champion does not pool
        candidates=members(inputs.models),
        jobs=settings.jobs,
        seed=settings.seed,
        progress=progress,
        clock=perf_counter,
    )
    agreed = hierarchy.agree(inputs, result, known, published_pairs(inputs), settings)
    outlooks = outlook_tables(inputs, agreed, seed=settings.seed)
    cards = pd.DataFrame([vars(all_models()[name].card) for name in inputs.models]).rename(
        columns={"name": "model"}
    )
    return {
        "forecast": _with_dates(agreed.forecasts),
        "scores": _score_rows(agreed.scores, inputs.kinds),
        **outlooks,
        **late,
        "level_shifts": level_shifts.shift_table(inputs.panel, late["nowcast"]),
        **chance_tables(inputs, result, agreed, outlooks["outlook"], known, settings),
        "weights": result.weights,
        "known": known,
        "seconds": pd.DataFrame(
            {"model": list(result.seconds), "seconds": list(result.seconds.values())}
        ),
        "models": cards,
    }


def members(models: Sequence[str]) -> tuple[str, ...]:
    """Return what `champion` pools: of its own members those that the settings run.

    If there are not two of them it pools what `comb_two` averages.
    """
    from threatcast_forecasting.combinations.members import CHAMPION, COMB_TWO

    run = tuple(name for name in CHAMPION.members if name in models)
    return run if len(run) > 1 else COMB_TWO.members


def _with_dates(rows: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    origin = pd.to_datetime(rows["origin"])
    weeks = pd.to_timedelta(7 * rows["horizon"], unit="D")
    return rows.assign(
        reference_date=origin + pd.Timedelta(days=6), target_week=origin + weeks
    ).drop(columns=["series_id", "origin"])


def _score_rows(scored: pd.DataFrame, kinds: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    kinds = kinds.assign(origin=pd.to_datetime(kinds["origin"]))
    rows = scored.assign(origin=pd.to_datetime(scored["origin"])).merge(
        kinds, on=["target", "location", "origin"], how="left"
    )
    rows["as_of_kind"] = rows["as_of_kind"].fillna("final")
    rows["reference_date"] = rows["origin"] + pd.Timedelta(days=6)
    return rows.assign(kind="backtest").drop(columns=["series_id", "origin"])


def _empty(inputs: Inputs) -> dict[str, pd.DataFrame]:
    """Return the tables of a night on which no series may be forecast."""
    import pandas as pd
    from threatcast_forecasting.combinations.members import all_models

    cards = pd.DataFrame([vars(all_models()[name].card) for name in inputs.models])
    cards = cards.rename(columns={"name": "model"})
    return {"models": cards, **nowcasts.nowcast_tables(inputs)}
