"""Country codes: a table in CSV. Nothing is taken for missing: `NA` is Namibia."""

from __future__ import annotations

import re
from pathlib import Path

from threatcast_feeds.payload import ParseOutcome, PayloadSource, first_of
from threatcast_feeds.readers.columns import check_columns
from threatcast_feeds.readers.csv_rows import read_csv_table
from threatcast_feeds.readers.tables import MOST_SAMPLES, write_rows

# raw column: column of the table
COLUMNS = {
    "alpha2": "ISO3166-1-Alpha-2",
    "alpha3": "ISO3166-1-Alpha-3",
    "m49": "M49",
    "name": "CLDR display name",
    "official_name_en": "official_name_en",
    "official_name_ar": "official_name_ar",
    "official_name_zh": "official_name_cn",
    "official_name_es": "official_name_es",
    "official_name_fr": "official_name_fr",
    "official_name_ru": "official_name_ru",
    "region_code": "Region Code",
    "region_name": "Region Name",
    "subregion_code": "Sub-region Code",
    "subregion_name": "Sub-region Name",
}
UNREAD = (
    *("FIFA", "Dial", "MARC", "is_independent", "ISO3166-1-numeric", "GAUL", "FIPS", "WMO"),
    *("ITU", "IOC", "DS", "Global Code", "Global Name", "Intermediate Region Code"),
    *("Intermediate Region Name", "ISO4217-currency_name", "ISO4217-currency_alphabetic_code"),
    *("ISO4217-currency_numeric_code", "ISO4217-currency_minor_unit"),
    *("ISO4217-currency_country_name", "Small Island Developing States (SIDS)"),
    *("Land Locked Developing Countries (LLDC)", "Least Developed Countries (LDC)"),
    *("UNTERM Arabic Formal", "UNTERM Arabic Short", "UNTERM Chinese Formal"),
    *("UNTERM Chinese Short", "UNTERM English Formal", "UNTERM English Short"),
    *("UNTERM French Formal", "UNTERM French Short", "UNTERM Russian Formal"),
    *("UNTERM Russian Short", "UNTERM Spanish Formal", "UNTERM Spanish Short"),
    *("Capital", "Continent", "TLD", "Languages", "Geoname ID", "EDGAR", "wikidata_id"),
)
_ALPHA2 = re.compile("[A-Z]{2}")


def parse(source: PayloadSource, target: Path) -> ParseOutcome:
    """Write the raw rows of the table; an empty cell is an empty text."""
    table = read_csv_table(source)
    message = check_columns(source, table.header, list(COLUMNS.values()), UNREAD)
    rows: list[list[str]] = []
    rejected = table.rejected
    for number, record in table.records:
        row = [record[name].strip() for name in COLUMNS.values()]
        if _ALPHA2.fullmatch(row[0]):
            rows.append(row)
        else:
            rejected.append(f"record {number}: {COLUMNS['alpha2']} is not two capital letters")
    if not rows:
        raise source.refuse(f"the table holds no country{first_of(rejected)}")
    written = write_rows(source, rows, target)
    return ParseOutcome(written, len(rejected), rejected[:MOST_SAMPLES], message)
