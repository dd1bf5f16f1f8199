"""`threatcast backtest` and `threatcast forecast`: any panel file in, forecasts and scores out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from threatcast_orchestration.commands.options import (
    JsonOption,
    QuietOption,
    print_json,
    print_table,
    remark,
    say,
)
from threatcast_orchestration.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

DEFAULT_MODELS = "champion,comb_two,negative_binomial,climatology,prophet,seasonal_naive,flat"

PanelArgument = Annotated[Path, typer.Argument(help="Panel: CSV, CSV.gz or Parquet.")]
OutOption = Annotated[Path, typer.Option("--out", help="Folder for the results.")]
ModelsOption = Annotated[str, typer.Option("--models", help="Names, separated by commas.")]
HorizonOption = Annotated[int, typer.Option("--horizon", min=1, max=52, help="Weeks ahead.")]
JobsOption = Annotated[int, typer.Option("--jobs", min=1, help="Processes.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Seed of all random numbers.")]


def backtest(
    panel: PanelArgument,
    out: OutOption,
    models: ModelsOption = DEFAULT_MODELS,
    horizon: HorizonOption = 12,
    origins: Annotated[int, typer.Option("--origins", min=1, help="Origins a series.")] = 8,
    step: Annotated[int, typer.Option("--step", min=1, help="Weeks between origins.")] = 4,
    origins_from: Annotated[
        Path | None,
        typer.Option("--origins-from", help="CSV or Parquet with series_id, origin."),
    ] = None,
    jobs: JobsOption = 2,
    seed: SeedOption = 20260101,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Back-test models on a panel, without hindsight, and print how they compare."""
    from threatcast_forecasting import backtest as run_backtest
    from threatcast_forecasting import summarise

    frame = read_panel(panel)
    table = None if origins_from is None else read_frame(origins_from)
    result = run_backtest(
        frame,
        split_models(models),
        horizon=horizon,
        origins=origins,
        step=step,
        origins_table=table,
        jobs=jobs,
        seed=seed,
        progress=progress_line(quiet),
    )
    out.mkdir(parents=True, exist_ok=True)
    result.forecasts.to_parquet(out / "forecasts.parquet", index=False)
    result.scores.to_parquet(out / "scores.parquet", index=False)
    summary = summarise(result, frame)
    text = json.dumps(summary, indent=2, ensure_ascii=False)
    (out / "summary.json").write_text(text + "\n", encoding="utf-8")
    if as_json:
        print_json(summary)
        return
    rows = summary["models"]
    print_table(rows, list(rows[0]), "Mean scaled WIS by model (lower is better)")
    say(f"Written: {out / 'forecasts.parquet'}, {out / 'scores.parquet'}, {out / 'summary.json'}")


def forecast(
    panel: PanelArgument,
    out: OutOption,
    models: ModelsOption = DEFAULT_MODELS,
    horizon: HorizonOption = 12,
    jobs: JobsOption = 2,
    seed: SeedOption = 20260101,
    quiet: QuietOption = False,
) -> None:
    """Forecast each series of a panel from its last week on."""
    from threatcast_forecasting import forecast as run_forecast

    frame = read_panel(panel)
    rows = run_forecast(
        frame,
        split_models(models),
        horizon=horizon,
        jobs=jobs,
        seed=seed,
        progress=progress_line(quiet),
    ).forecasts
    out.mkdir(parents=True, exist_ok=True)
    rows.to_parquet(out / "forecasts.parquet", index=False)
    say(f"Written: {out / 'forecasts.parquet'} ({len(rows):,} rows)")


def split_models(text: str) -> list[str]:
    """Split and check the names of models."""
    from threatcast_forecasting.models import all_models

    names = [name.strip() for name in text.split(",") if name.strip()]
    known = sorted(all_models())
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise WrongUse(f"Unknown model {', '.join(unknown) or '(none)'}. Known: {', '.join(known)}")
    return names


def read_panel(path: Path) -> pd.DataFrame:
    """Read and check a panel file."""
    from threatcast_forecasting.panels import validate

    return validate(read_frame(path))


def read_frame(path: Path) -> pd.DataFrame:
    """Read a CSV, CSV.gz or Parquet file; codes stay text, so that Namibia's `NA` survives."""
    import pandas as pd

    if not path.is_file():
        raise WrongUse(f"There is no file {path}.")
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        if not path.name.endswith((".csv", ".csv.gz")):
            raise WrongUse(f"{path}: a panel is .csv, .csv.gz or .parquet.")
        text = {c: str for c in ("series_id", "target", "location", "week", "origin")}
        return pd.read_csv(
            path, dtype=text, keep_default_na=False, na_values={"value": ["", "NA", "NaN", "nan"]}
        )
    except (OSError, ValueError, EOFError) as error:
        raise WrongUse(f"{path} cannot be read as a table: {error}") from error


def progress_line(quiet: bool) -> Callable[[int, int, str], None] | None:  # noqa: FBT001
    """Return a callback that prints one line a finished piece of work."""
    if quiet:
        return None

    def show(done: int, total: int, what: str) -> None:
        remark(f"[{done}/{total}] {what}")

    return show
