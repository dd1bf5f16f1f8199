"""The command line: `threatcast`. Heavy packages are imported by the command that needs them."""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer
from threatcast_feeds.outside import shown

from threatcast_orchestration.commands import doctor as doctor_command
from threatcast_orchestration.commands import (
    early_warnings,
    feeds,
    history,
    models,
    pages,
    panels,
    releases,
)
from threatcast_orchestration.commands import prune as prune_command
from threatcast_orchestration.commands import run as run_command
from threatcast_orchestration.commands import status as status_command
from threatcast_orchestration.commands.options import LAYOUT
from threatcast_orchestration.errors import OrchestrationError

INTERRUPTED = 130
# longer texts quote what nobody reads to its end
MOST_LINE = 8_000
# what the packages below raise, the particular before the general
EXIT_CODES = (
    ("threatcast_publishing.errors", "NoReleaseError", 4),
    ("threatcast_publishing.errors", "GateError", 3),
    ("threatcast_publishing.errors", "UnknownReleaseError", 2),
    ("threatcast_publishing.errors", "QueryError", 2),
    ("threatcast_publishing.errors", "ReleaseError", 1),
    ("threatcast_feeds.errors", "CatalogError", 2),
    ("threatcast_feeds.errors", "FeedError", 1),
    ("threatcast_forecasting.errors", "ForecastError", 2),
)

app = typer.Typer(
    name="threatcast",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Weekly forecasts of public cyber-threat counts by country, region and world.",
)
app.command("run")(run_command.run)
app.add_typer(feeds.app, name="feeds")
app.command("backtest")(panels.backtest)
app.command("forecast")(panels.forecast)
app.command("query")(releases.query)
app.add_typer(releases.app, name="releases")
app.add_typer(history.app, name="history")
app.add_typer(models.app, name="models")
app.add_typer(early_warnings.app, name="warnings")
app.command("prune")(prune_command.prune)
app.command("serve")(releases.serve)
app.command("status")(status_command.status)
app.command("doctor")(doctor_command.doctor)
app.command("ui")(pages.ui)
app.command("mlflow")(pages.mlflow)
app.command("dbt-docs")(pages.dbt_docs)


@app.callback(invoke_without_command=True)
def root(
    *,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """Show the version, or go on to the command."""
    if version:
        from importlib.metadata import version as installed

        sys.stdout.write(f"threatcast {installed('threatcast')}\n")
        raise typer.Exit


def main() -> None:
    """Run a command; every expected error is one readable message and its exit code."""
    lines = logging.StreamHandler()
    lines.setFormatter(_PlainLines("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[lines])
    try:
        app()
    except OrchestrationError as error:
        _stop(str(error), error.exit_code)
    except SystemExit as stop:
        if stop.code == INTERRUPTED:
            _stop("Interrupted. Nothing half-done is visible; the next run goes on.", INTERRUPTED)
        raise
    except Exception as error:
        code = _known(error)
        if code is None:
            raise
        _stop(str(error), code)


def _known(error: Exception) -> int | None:
    """Return the exit code of an error that the packages below raise on purpose."""
    for module, name, code in EXIT_CODES:
        loaded = sys.modules.get(module)  # not loaded: then it cannot have raised anything
        if loaded is not None and isinstance(error, getattr(loaded, name)):
            return code
    return None


class _PlainLines(logging.Formatter):
    """Log lines as a terminal may show them; libraries quote what they were given."""

    def format(self, record: logging.LogRecord) -> str:
        return shown(super().format(record), MOST_LINE, LAYOUT)


def _stop(text: str, code: int) -> None:
    sys.stderr.write(f"threatcast: {shown(text, MOST_LINE, LAYOUT)}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
