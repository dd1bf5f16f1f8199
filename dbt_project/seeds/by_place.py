# ruff: noqa: INP001 beside the programs that use it, in no package
"""Writes a table of the countries that are counted, for the programs that derive one."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

SEEDS = Path(__file__).parent


def write_by_place(
    name: str, columns: Sequence[str], facts: Mapping[str, Sequence[object]]
) -> None:
    """Write `<name>.csv`: one row a place of `locations.csv` that there are facts of, by code.

    Parameters
    ----------
    columns
        What the facts are, in order.
    facts
        By the code of a place; those of places that are not counted are left out.
    """
    with (SEEDS / "locations.csv").open(encoding="utf-8", newline="") as file:
        places = [row["location"] for row in csv.DictReader(file)]
    with (SEEDS / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["location", *columns])
        writer.writerows((place, *facts[place]) for place in sorted(places) if place in facts)
