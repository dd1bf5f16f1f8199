"""Small pieces of Markdown that all generated pages are made of, and the seeds they read."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from functools import cache

from threatcast_orchestration.run.project import SEEDS


def page(source: str, title: str, *parts: str) -> str:
    """Return a page: where its words come from, its title, then the parts that say something."""
    origin = f"<!-- Written by `make docs` from {source}. Change it there; edits here are lost. -->"
    return "\n\n".join([origin, f"# {title}", *(part for part in parts if part)]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, or nothing if there are no rows."""
    lines = [_row(cells) for cells in rows]
    rule = "| " + " | ".join("---" for _ in head) + " |"
    return "\n".join([_row(head), rule, *lines]) if lines else ""


def bullets(items: Iterable[str]) -> str:
    """Return a list, one line an item."""
    return "\n".join(f"- {item}" for item in items)


def one_line(text: str) -> str:
    """Return the text without line breaks and doubled spaces."""
    return " ".join(text.split())


@cache
def seed(name: str) -> tuple[dict[str, str], ...]:
    """Return the rows of a dbt seed."""
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(one_line(cell).replace("|", "\\|") for cell in cells) + " |"
