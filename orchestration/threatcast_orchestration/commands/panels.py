"""`threatcast backtest` and `threatcast forecast`: any panel file in, forecasts and scores out."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from threatcast_feeds.durable import write_durably

from threatcast_orchestration.commands.options import (
    HomeOption,
    JsonOption,
    QuietOption,
    print_json,
    print_table,
    remark,
    say,
)
from threatcast_orchestration.commands.panel_files import (
    prepare,
    read_frame,
    write_parts,
)
from threatcast_orchestration.errors import WrongUse
from threatcast_orchestration.run.settings import clock, home_path, load_settings, split_names
from threatcast_orchestration.run.workers import fitting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from threatcast_orchestration.run.settings import Settings

PanelArgument = Annotated[Path, typer.Argument(help="Panel: CSV, CSV.gz or Parquet.")]
OutOption = Annotated[Path, typer.Option("--out", help="Folder for the results.")]
ModelsOption = Annotated[
    str | None, typer.Option("--models", help="Names, separated by commas. Default: all.")
]
CandidatesOption = Annotated[
    str | None,
    typer.Option("--candidates", help="Models that champion pools instead of its own members."),
]
HorizonOption = Annotated[
    int | None, typer.Option("--horizon", min=1, max=52, help="Weeks ahead. Default: 12.")
]
JobsOption = Annotated[int | None, typer.Option("--jobs", min=1, help="Processes. Default: 2.")]
SeedOption = Annotated[int | None, typer.Option("--seed", help="Seed of all random numbers.")]


def backtest(
    panel: PanelArgument,
    out: OutOption,
    models: ModelsOption = None,
    horizon: HorizonOption = None,
    origins: Annotated[
        int | None, typer.Option("--origins", min=1, help="Origins a series. Default: 8.")
    ] = None,
    step: Annotated[
        int | None, typer.Option("--step", min=1, help="Weeks between origins. Default: 4.")
    ] = None,
    origins_from: Annotated[
        Path | None,
        typer.Option("--origins-from", help="CSV or Parquet with series_id, origin."),
    ] = None,
    candidates: CandidatesOption = None,
    jobs: JobsOption = None,
    seed: SeedOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,  # noqa: FBT002 the command line's way of a flag
    quiet: QuietOption = False,  # noqa: FBT002
) -> None:
    """Back-test models on a panel, without hindsight, and print how they compare."""
    from threatcast_forecasting import backtest as run_backtest
    from threatcast_forecasting import summarise
    from threatcast_forecasting.weeks import HORIZON

    settings = _settings(home, models=models, origins=origins, step=step, jobs=jobs, seed=seed)
    frame = read_panel(panel, settings)
    table = None if origins_from is None else read_frame(origins_from)
    prepare(out)
    with fitting(settings) as at_once:
        result = run_backtest(
            frame,
            known_models(settings.models),
            horizon=horizon or HORIZON,
            origins=settings.origins,
            step=settings.step,
            origins_table=table,
            candidates=None if candidates is None else known_models(split_names(candidates)),
            jobs=at_once,
            seed=settings.seed,
            progress=progress_line(quiet=quiet or as_json),
            clock=time.perf_counter,
        )
    summary = summarise(result, frame)
    write_parts(result.forecast_frames(), out / "forecasts.parquet")
    write_parts(result.score_frames(), out / "scores.parquet")
    text = json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
    write_durably(out / "summary.json", text.encode())
    if as_json:
        print_json(summary)
        return
    print_summary(summary)
    say(f"Written: {out / 'forecasts.parquet'}, {out / 'scores.parquet'}, {out / 'summary.json'}")


def forecast(
    panel: PanelArgument,
    out: OutOption,
    models: ModelsOption = None,
    horizon: HorizonOption = None,
    candidates: CandidatesOption = None,
    jobs: JobsOption = None,
    seed: SeedOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,  # noqa: FBT002 the command line's way of a flag
    quiet: QuietOption = False,  # noqa: FBT002
) -> None:
    """Forecast each series of a panel from the panel's last week on."""
    from threatcast_forecasting import forecast as run_forecast
    from threatcast_forecasting.weeks import HORIZON

    settings = _settings(home, models=models, jobs=jobs, seed=seed)
    frame = read_panel(panel, settings)
    prepare(out)
    with fitting(settings) as at_once:
        result = run_forecast(
            frame,
            known_models(settings.models),
            horizon=horizon or HORIZON,
            candidates=None if candidates is None else known_models(split_names(candidates)),
            jobs=at_once,
            seed=settings.seed,
            progress=progress_line(quiet=quiet or as_json),
            clock=time.perf_counter,
        )
    rows = write_parts(result.forecast_frames(), out / "forecasts.parquet")
    states = result.states["state"]
    facts = {
        "origin": f"{frame['week'].max():%Y-%m-%d}",
        "series": int(frame["series_id"].nunique()),
        "rows": rows,
        "fallbacks": int((states != "").sum()),
        "written": str(out / "forecasts.parquet"),
    }
    if as_json:
        print_json(facts)
        return
    say(
        f"{facts['series']:,} series from origin {facts['origin']}; "
        f"something stood in for a model {facts['fallbacks']:,} times of {len(states):,}."
    )
    say(f"Written: {facts['written']} ({rows:,} rows)")


def _settings(home: Path | None, **flags: Any) -> Settings:
    """Return the settings: flags, else the environment, else the home's file, else the default."""
    return load_settings(home_path(home), flags)


def read_panel(path: Path, settings: Settings) -> pd.DataFrame:
    """Read and check a panel; refuse weeks that are not over, today or on the day of `as_of`."""
    import numpy as np
    from threatcast_forecasting import validate
    from threatcast_forecasting.panels import refuse_unfinished

    frame = read_frame(path)
    panel = validate(frame)
    refuse_unfinished(frame, np.datetime64(settings.as_of or clock().date(), "D"))
    return panel


def known_models(names: Sequence[str]) -> list[str]:
    """Return the names of models; refuses unknown ones and none at all."""
    from threatcast_forecasting import all_models

    known = sorted(all_models())
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise WrongUse(f"Unknown model {', '.join(unknown) or '(none)'}. Known: {', '.join(known)}")
    return list(names)


def print_summary(summary: dict[str, Any]) -> None:
    """Print how the models compare: over all, then by target, level, activity and horizon.

    Scores of counts and of log counts stand side by side, each also relative to both rivals.
    """
    rows = [
        {"model": row["model"]}
        | {key: _number(row[key]) for key in ("scaled_wis", "log_wis")}
        | {
            f"{scale} / {rival}": _number(row[f"{prefix}relative_to_{rival}"])
            for rival in ("flat", "comb_two")
            for scale, prefix in (("wis", ""), ("log", "log_"))
        }
        | {f"in {share} %": _number(row[f"coverage_{share}"]) for share in (50, 80, 95)}
        | {"pit_distance": _number(row["pit_distance"])}
        | {"fallbacks": row["fallbacks"], "seconds": _number(row["seconds"], 1)}
        for row in summary["models"]
    ]
    print_table(rows, list(rows[0]), "Back-test: means by model; lower WIS is better")
    models = [row["model"] for row in summary["models"]]
    for key in ("target", "location_level", "activity", "horizon"):
        for measure in ("scaled_wis", "log_wis"):
            cells: dict[Any, dict[str, Any]] = {}
            for row in summary[f"by_{key}"]:
                line = cells.setdefault(row[key], {key: row[key]})
                line[row["model"]] = _number(row[measure])
            if len(cells) > 1:
                title = f"Mean {measure.replace('_wis', ' WIS')} by {key.replace('_', ' ')}"
                print_table(list(cells.values()), [key, *models], title)


def _number(value: float | None, decimals: int = 3) -> str:
    return "" if value is None else f"{value:.{decimals}f}"


def progress_line(*, quiet: bool) -> Callable[[int, int, str], None] | None:
    """Return a callback that prints a line on standard error, at most one a second, and the last.

    Thousands of small batches would otherwise bury what matters.
    """
    if quiet:
        return None
    last = time.monotonic()

    def show(done: int, total: int, what: str) -> None:
        nonlocal last
        if done == total or time.monotonic() - last >= 1:
            last = time.monotonic()
            remark(f"[{done}/{total}] {what}")

    return show
