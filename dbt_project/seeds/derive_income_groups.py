# ruff: noqa: INP001 a program beside its table, in no package
"""Derive `income_groups.csv` from the World Bank's classification, as r-cran-wdi packages it.

    apt-get download r-cran-wdi=2.7.8-1 && dpkg-deb -x r-cran-wdi_2.7.8-1_all.deb wdi
    pip install rdata==1.1.0
    python dbt_project/seeds/derive_income_groups.py wdi/usr/lib/R/site-library/WDI/data

Of that package one word a country is needed, and so neither it nor a reader of R's files is a
dependency. The package names no year: it was put together on 25 September 2022, and what it says
is the Bank's classification of July 2022 (for its fiscal year 2023, by the incomes of 2021). The
one of a year before or after has other words for Panama, Lebanon, Guinea and Zambia, which
are looked at.
"""

from __future__ import annotations

import hashlib
import sys
import zlib
from pathlib import Path

from by_place import write_by_place

SHA256 = "5c940ff509ea39f10bb73afa66612be7278baf42602212f029cbf924850b7d5e"
YEAR = 2022
GROUPS = {
    "High income": "high_income",
    "Upper middle income": "upper_middle_income",
    "Lower middle income": "lower_middle_income",
    "Low income": "low_income",
}
NO_COUNTRY = "Aggregates"
UNKNOWN = "Not classified"
OF_THAT_YEAR = {
    "PA": "high_income",
    "LB": "lower_middle_income",
    "GN": "low_income",
    "ZM": "low_income",
}
CHUNK_HEAD = 4
"""Bytes that say how long what comes out of a compressed chunk is."""


def read_groups(folder: Path) -> dict[str, str]:
    """Return the income group of each country that the Bank has put into one.

    Raises `ValueError` if the folder does not hold the data of r-cran-wdi 2.7.8, or if they are
    not of 2022.
    """
    import rdata

    content = (folder / "Rdata.rdb").read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise ValueError(f"{folder} does not hold the data of r-cran-wdi 2.7.8")
    # R's lazy-load file: a single object, compressed, after its length
    data = rdata.parser.parse_data(zlib.decompress(content[CHUNK_HEAD:]))
    countries = rdata.conversion.convert(data)["country"]
    told = dict(zip(countries["iso2c"], countries["income"], strict=True))
    groups = {
        str(code): GROUPS[word] for code, word in told.items() if word not in (NO_COUNTRY, UNKNOWN)
    }
    for code, group in OF_THAT_YEAR.items():
        if groups[code] != group:
            raise ValueError(f"{code} is {groups[code]}: that is not the classification of {YEAR}")
    return groups


def write_groups(folder: Path) -> None:
    """Write the countries that are counted and that the Bank has put into a group, by code."""
    groups = {code: (group, YEAR) for code, group in read_groups(folder).items()}
    write_by_place("income_groups", ["income_group", "year"], groups)


if __name__ == "__main__":
    write_groups(Path(sys.argv[1]))
