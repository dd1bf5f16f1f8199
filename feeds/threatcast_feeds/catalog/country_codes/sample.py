"""The reference table of countries in the wire format of `datasets/country-codes`.

Codes and names are real, for the simulated world is on this planet; columns that nothing reads
are empty. Where they come from: `threatcast_feeds.simulation.countries`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date

from threatcast_feeds.simulation import World
from threatcast_feeds.simulation.calendars import reference_days
from threatcast_feeds.simulation.countries import Country, countries

HEADER = (
    *("FIFA", "Dial", "ISO3166-1-Alpha-3", "MARC", "is_independent", "ISO3166-1-numeric", "GAUL"),
    *("FIPS", "WMO", "ISO3166-1-Alpha-2", "ITU", "IOC", "DS", "UNTERM Spanish Formal"),
    *("Global Code", "Intermediate Region Code", "official_name_fr", "UNTERM French Short"),
    *("ISO4217-currency_name", "UNTERM Russian Formal", "UNTERM English Short"),
    *("ISO4217-currency_alphabetic_code", "Small Island Developing States (SIDS)"),
    *("UNTERM Spanish Short", "ISO4217-currency_numeric_code", "UNTERM Chinese Formal"),
    *("UNTERM French Formal", "UNTERM Russian Short", "M49", "Sub-region Code", "Region Code"),
    *("official_name_ar", "ISO4217-currency_minor_unit", "UNTERM Arabic Formal"),
    *("UNTERM Chinese Short", "Land Locked Developing Countries (LLDC)"),
    *("Intermediate Region Name", "official_name_es", "UNTERM English Formal"),
    *("official_name_cn", "official_name_en", "ISO4217-currency_country_name"),
    *("Least Developed Countries (LDC)", "Region Name", "UNTERM Arabic Short"),
    *("Sub-region Name", "official_name_ru", "Global Name", "Capital", "Continent", "TLD"),
    *("Languages", "Geoname ID", "CLDR display name", "EDGAR", "wikidata_id"),
)
NAMES = {
    "": "",
    "2": "Africa",
    "9": "Oceania",
    "19": "Americas",
    "142": "Asia",
    "150": "Europe",
    "15": "Northern Africa",
    "202": "Sub-Saharan Africa",
    "21": "Northern America",
    "419": "Latin America and the Caribbean",
    "143": "Central Asia",
    "30": "Eastern Asia",
    "35": "South-eastern Asia",
    "34": "Southern Asia",
    "145": "Western Asia",
    "151": "Eastern Europe",
    "154": "Northern Europe",
    "39": "Southern Europe",
    "155": "Western Europe",
    "53": "Australia and New Zealand",
    "54": "Melanesia",
    "57": "Micronesia",
    "61": "Polynesia",
}


def payloads(world: World) -> Iterator[tuple[date, str, bytes]]:
    """Yield the same bytes on the first day of the world and near its end."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, HEADER, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(_row(country) for country in countries().values())
    content = text.getvalue().encode()
    for day in reference_days(world.start, world.end):
        yield day, "csv", content


def _row(country: Country) -> dict[str, str]:
    return {
        "ISO3166-1-Alpha-2": country.alpha2,
        "ISO3166-1-Alpha-3": country.alpha3,
        "ISO3166-1-numeric": country.m49,
        "M49": country.m49,
        "CLDR display name": country.name,
        "official_name_en": country.official_name_en,
        "Region Code": country.region_code,
        "Region Name": NAMES[country.region_code],
        "Sub-region Code": country.subregion_code,
        "Sub-region Name": NAMES[country.subregion_code],
        "Global Code": "1",
        "Global Name": "World",
    }
