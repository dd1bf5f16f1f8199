"""Codes and names of the real countries, for the samples that write them.

The table lies beside the sample of `country_codes`: facts from the United Nations' M49 and ISO
3166-1, taken from `datasets/country-codes` (ODC Public Domain Dedication and Licence).
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

_TABLE = Path(__file__).parent.parent / "catalog" / "country_codes" / "countries.csv"


class Country(NamedTuple):
    """One row of the table; codes of regions are empty where there is none."""

    alpha2: str
    alpha3: str
    m49: str
    name: str
    official_name_en: str
    region_code: str
    subregion_code: str


@cache
def countries() -> dict[str, Country]:
    """Return all 249 countries and areas by their alpha-2 code.

    Examples
    --------
    >>> countries()["NA"].name
    'Namibia'
    """
    with _TABLE.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        return {row[0]: Country(*row) for row in rows}
