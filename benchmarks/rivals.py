"""Our Prophet beside `prophet-batch`, our champion beside AutoETS: the same series, the same cores.

    python -m benchmarks.rivals

Each side runs in processes of its own, their start and all imports included, as a person would run
it. The sides take turns, and the least time of each counts: other work on the machine can only add.
Rivals are asked for no more than they are good at: `prophet-batch` gives one interval instead of 23
quantiles, and is tried with one process and with two, of which the faster counts.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

from panels import MISSING, SERIES, WEEKS, counted_panel
from process_tree import Watched, watch
from readings import Reading, header, line_of

if TYPE_CHECKING:
    import numpy as np

ROUNDS = 3
HORIZON = 12
ORIGINS, STEP = 8, 4
PROCESSES = 2
PROPHET_SHARE, CHAMPION_SHARE = 1.0, 0.5
INTERVALS = [10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 98]
"""Those of our 23 quantiles that are not the median."""


def our_prophet() -> None:
    from threatcast_forecasting.models.prophet import MODEL
    from threatcast_forecasting.panels import Batch

    values, weeks, names = _arrays(missing=MISSING)
    batch = Batch(names, ("t",) * SERIES, ("x",) * SERIES, weeks, values)
    _expect(MODEL.predict(batch, HORIZON, 1).quantiles.size == SERIES * HORIZON * 23)


def prophet_batch(processes: int) -> None:
    import numpy as np
    from prophet_batch import fit_many, predict_many

    panel = counted_panel().rename(columns={"series_id": "unique_id", "week": "ds"})
    panel["y"] = np.log1p(panel.pop("value"))
    fitted = fit_many(panel, make_model=_same_prophet, n_jobs=processes)
    ahead = predict_many(
        fitted,
        periods=HORIZON,
        freq="W-MON",
        include_history=False,
        seed=1,
        n_jobs=processes,
        history_uncertainty=False,
        columns=["ds", "yhat", "yhat_lower", "yhat_upper"],
    )
    _expect(sum(map(len, ahead.values())) == SERIES * HORIZON)


def our_champion() -> None:
    from threatcast_forecasting import backtest

    # without missing weeks, which AutoETS cannot have
    found = backtest(
        counted_panel(missing=0),
        ("champion",),
        horizon=HORIZON,
        origins=ORIGINS,
        step=STEP,
        jobs=PROCESSES,
    )
    _expect(sum(map(len, found.forecast_frames())) == SERIES * ORIGINS * HORIZON * 23)


def auto_ets() -> None:
    os.environ["NIXTLA_ID_AS_COL"] = "1"
    from statsforecast import StatsForecast
    from statsforecast.models import AutoETS

    panel = counted_panel(missing=0).rename(
        columns={"series_id": "unique_id", "week": "ds", "value": "y"}
    )
    models = [AutoETS(season_length=1)]
    found = StatsForecast(models=models, freq="W-MON", n_jobs=PROCESSES).cross_validation(
        df=panel, h=HORIZON, step_size=STEP, n_windows=ORIGINS, level=INTERVALS
    )
    _expect(len(found) == SERIES * ORIGINS * HORIZON)


SIDES: dict[str, Callable[[], None]] = {
    "our_prophet": our_prophet,
    "prophet_batch_1": lambda: prophet_batch(1),
    "prophet_batch_2": lambda: prophet_batch(PROCESSES),
    "our_champion": our_champion,
    "auto_ets": auto_ets,
}


def measure_prophet() -> Iterator[Reading]:
    """Yield the seconds of our Prophet beside the faster `prophet-batch`."""
    least = _least("our_prophet", "prophet_batch_1", "prophet_batch_2")
    ours = least.pop("our_prophet")
    name, theirs = min(least.items(), key=lambda one: one[1].seconds)
    note = f"{SERIES} series of {WEEKS} weeks, process start included; CPU {ours.cpu:.1f} s"
    said = f"{note} against {theirs.cpu:.1f} s; {name}: fit and one interval"
    yield Reading(
        "prophet", ours.seconds, "s", note=said, rival=theirs.seconds, share=PROPHET_SHARE
    )


def measure_champion() -> Iterator[Reading]:
    """Yield the milliseconds that a series and origin takes the champion, beside AutoETS."""
    least = _least("our_champion", "auto_ets")
    ours, theirs = (1000 * least[side].seconds / SERIES / ORIGINS for side in least)
    note = f"a series and origin: {SERIES} series, {ORIGINS} origins, {PROCESSES} processes, start"
    said = (
        f"{note} included; AutoETS without a season; peak {least['our_champion'].peak / 1e6:.0f} MB"
    )
    yield Reading("champion", ours, "ms", note=said, rival=theirs, share=CHAMPION_SHARE)


def _least(*sides: str) -> dict[str, Watched]:
    least: dict[str, Watched] = {}
    for _ in range(ROUNDS):
        for side in sides:
            found = watch([sys.executable, __file__, side], dict(os.environ))
            if found.exit_code:
                raise RuntimeError(f"{side} ended with code {found.exit_code}:\n{found.output}")
            if side not in least or found.seconds < least[side].seconds:
                least[side] = found
    return least


def _arrays(*, missing: float) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Return counts, shape (series, weeks), the weeks, and the names of the series."""
    panel = counted_panel(missing=missing)
    values = panel["value"].to_numpy().reshape(SERIES, WEEKS)
    return values, panel["week"].to_numpy()[:WEEKS], tuple(panel["series_id"][::WEEKS])


@cache
def _seasonal() -> frozenset[str]:
    """Return the series that ours fits with a season."""
    from threatcast_forecasting.models.prophet import SEASON_STRENGTH, season_strength

    values, _, names = _arrays(missing=MISSING)
    strong = [season_strength(row) >= SEASON_STRENGTH for row in values]
    return frozenset(name for name, is_strong in zip(names, strong, strict=True) if is_strong)


def _same_prophet(series: Any) -> Any:
    """Return the Prophet that ours is for a series; importable, so that processes can take it."""
    from threatcast_forecasting.models._prophet_fit import new_prophet

    model = new_prophet(season=series in _seasonal())
    model.uncertainty_samples = 1000
    return model


def _expect(is_so: bool) -> None:  # noqa: FBT001
    if not is_so:
        raise RuntimeError("not as many numbers as were asked for")


if __name__ == "__main__":
    if sys.argv[1:]:
        SIDES[sys.argv[1]]()
    else:
        print(header())
        for reading in (*measure_prophet(), *measure_champion()):
            print(line_of(reading), flush=True)
