"""Options that all commands share, and how results are printed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of the home. Default: $THREATCAST_HOME, else ./data."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
QuietOption = Annotated[bool, typer.Option("--quiet", help="Print results and errors only.")]


def print_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, default=str, ensure_ascii=False) + "\n")


def say(text: str) -> None:
    """Print one line for a person on standard output."""
    sys.stdout.write(text + "\n")


def remark(text: str, *, quiet: bool = False) -> None:
    """Print one line about the work itself on standard error."""
    if not quiet:
        sys.stderr.write(text + "\n")


def print_table(rows: list[dict[str, Any]], columns: list[str], title: str = "") -> None:
    """Print rows as a table; whole cells when the output is not a terminal."""
    from rich.console import Console
    from rich.table import Table

    width = None if sys.stdout.isatty() else 200
    table = Table(title=title or None, title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*["" if row.get(c) is None else str(row.get(c)) for c in columns])
    Console(width=width, highlight=False).print(table)
