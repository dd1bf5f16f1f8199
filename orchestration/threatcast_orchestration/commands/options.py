"""Options that all commands share, and how results are printed.

Results go to standard output, remarks about the work to standard error, so that a result can be
piped on. What was not counted of the feeds themselves ends with the closing line of its
mark (`threatcast_publishing.marks`).
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from threatcast_feeds.outside import escaped, safe_json

from threatcast_orchestration.errors import WrongUse
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.settings import home_path, limit_memory, load_settings

if TYPE_CHECKING:
    from threatcast_publishing.marks import Mark

LAYOUT = "\n\t"
"""What our own messages may use beside text; all else that does not print is escaped."""

LONGEST_REASON = 300

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of the home. Default: $THREATCAST_HOME, else ./data."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
QuietOption = Annotated[bool, typer.Option("--quiet", help="Print results and errors only.")]


def reading_home(flag: Path | None) -> Home:
    """Return the home of a command that reads tables, within the memory that its settings allow."""
    home = home_path(flag)
    limit_memory(load_settings(home))
    return home


def one_of(option: str, value: str | None, known: Sequence[str]) -> None:
    """Refuse a value that is not known; none at all is left to the default.

    Raises
    ------
    WrongUse
        Names the option, the value and what is known.
    """
    if value is not None and value not in known:
        raise WrongUse(f"{option}: {value!r} is none of {', '.join(known)}.")


def refuse_unpublishable(what: str, text: str, *, least: int = 1) -> None:
    """Refuse a person's words that could not be published with what they decide.

    Raises
    ------
    WrongUse
        If they are too short or too long, or hold what looks like an address.
    """
    from threatcast_publishing.privacy import kind_of

    kind, length = kind_of(text), len(text.strip())
    if kind or not least <= length or len(text) > LONGEST_REASON:
        why = f"it holds {kind}" if kind else f"it has {length} characters"
        raise WrongUse(
            f"{what}, and cannot be: {why}. Nothing was changed. "
            f"Write {least} to {LONGEST_REASON} characters without addresses or links."
        )


def print_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    document = json.dumps(value, indent=2, default=str, ensure_ascii=False)
    sys.stdout.write(safe_json(document) + "\n")


def say(text: str) -> None:
    """Print one line for a person on standard output."""
    sys.stdout.write(escaped(text, LAYOUT) + "\n")


def say_mark(mark: Mark | None) -> None:
    """Print the closing line of a mark, if there is one."""
    if mark:
        say(mark.closing)


def remark(text: str, *, quiet: bool = False) -> None:
    """Print one line about the work itself on standard error."""
    if not quiet:
        sys.stdout.flush()
        sys.stderr.write(escaped(text, LAYOUT) + "\n")
        sys.stderr.flush()


def print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], title: str = "") -> None:
    """Print rows as a table; wide enough for whole cells when the output is not a terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    width = None if sys.stdout.isatty() else 200
    table = Table(title=Text(title) if title else None, title_justify="left", header_style="bold")
    for column in columns:
        number = any(isinstance(row.get(column), int | float) for row in rows)
        table.add_column(
            column.replace("_", " "), overflow="fold", justify="right" if number else "left"
        )
    for row in rows:
        # as plain text: a reason from outside must not be read as rich's own markup
        table.add_row(*(Text(_cell(row.get(column))) for column in columns))
    Console(width=width, highlight=False).print(table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return escaped(str(value), "\n")


def program() -> str:
    """Return how this command is called from here: by its name, or by where it lies."""
    if shutil.which("threatcast"):
        return "threatcast"
    path = Path(sys.executable).with_name("threatcast")
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
