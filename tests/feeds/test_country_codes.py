"""The table of countries; above all: `NA` is Namibia."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from payload_reading import IMPOSTORS, Rows, ask, read_payload, read_recordings
from threatcast_feeds.catalog.country_codes.parse import COLUMNS, UNREAD
from threatcast_feeds.errors import ParseError
from threatcast_feeds.payload import ParseOutcome
from threatcast_feeds.registry import load_feed

SPEC = load_feed("country_codes")
HEADER = [*UNREAD[:3], *COLUMNS.values(), *UNREAD[3:]]
NAMIBIA = {
    "ISO3166-1-Alpha-2": "NA",
    "ISO3166-1-Alpha-3": "NAM",
    "M49": "516",
    "CLDR display name": "Namibia",
    "official_name_en": "Namibia",
    "official_name_cn": "纳米比亚",
    "Region Code": "2",
    "Region Name": "Africa",
    "Sub-region Code": "202",
    "Sub-region Name": "Sub-Saharan Africa",
    "Languages": "en-NA,af,de",
}


def table(*records: dict[str, str], header: list[str] | None = None) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header or HEADER, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


def read(text: str, folder: Path) -> tuple[ParseOutcome, Rows]:
    return read_payload(SPEC, text.encode(), folder)


def test_namibia_is_a_country_and_not_a_missing_value(tmp_path: Path) -> None:
    outcome, rows = read(table(NAMIBIA), tmp_path)
    assert outcome == ParseOutcome(1)
    expected = {name: NAMIBIA.get(column, "") for name, column in COLUMNS.items()}
    assert rows == [expected]
    assert (rows[0]["alpha2"], rows[0]["official_name_zh"]) == ("NA", "纳米比亚")


def test_country_without_region_is_kept(tmp_path: Path) -> None:
    antarctica = {"ISO3166-1-Alpha-2": "AQ", "ISO3166-1-Alpha-3": "ATA", "M49": "10"}
    assert read(table(NAMIBIA, antarctica), tmp_path)[1][1]["region_code"] == ""


@pytest.mark.parametrize("code", ["", "Na", "NAM", "4", "N"])
def test_record_without_a_code_costs_itself(code: str, tmp_path: Path) -> None:
    outcome, rows = read(table(NAMIBIA, NAMIBIA | {"ISO3166-1-Alpha-2": code}), tmp_path)
    assert (len(rows), outcome.rejected) == (1, 1)
    assert outcome.samples == ["record 2: ISO3166-1-Alpha-2 is not two capital letters"]


def test_ragged_record_costs_itself(tmp_path: Path) -> None:
    outcome, rows = read(table(NAMIBIA) + "only,three,cells\n" + "\n", tmp_path)
    assert (len(rows), outcome.rejected) == (1, 1)
    assert outcome.samples == ["record 2 has not as many cells as the header"]


@pytest.mark.parametrize("gone", list(COLUMNS.values()))
def test_missing_column_is_named(gone: str, tmp_path: Path) -> None:
    header = [name for name in HEADER if name != gone]
    record = {name: cell for name, cell in NAMIBIA.items() if name != gone}
    with pytest.raises(ParseError, match=f"column {gone} is gone; there are "):
        read(table(record, header=header), tmp_path)


def test_new_column_is_noted(tmp_path: Path) -> None:
    assert read(table(NAMIBIA, header=[*HEADER, "Flag"]), tmp_path)[0].message == "new column: Flag"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        *IMPOSTORS,
        (b'{"message": "Not Found"}', "the payload is a JSON message, not csv"),
        (table().encode(), "the table holds no country"),
        (table(NAMIBIA, NAMIBIA).encode()[:-40], "the CSV is cut: it ends in the middle of record"),
        (table(NAMIBIA | {"Languages": 'a"b'}).encode()[:-60], "the CSV is cut"),
        ((table(NAMIBIA) + '"NA,').encode(), "the CSV is cut or damaged at line"),
    ],
)
def test_what_is_not_the_feed_is_called_by_its_name(
    content: bytes, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ParseError) as caught:
        read_payload(SPEC, content, tmp_path)
    assert said in str(caught.value)


def test_wrong_character_set_is_told_by_its_byte(tmp_path: Path) -> None:
    content = table(NAMIBIA | {"official_name_cn": "", "Capital": "São"}).encode("latin-1")
    with pytest.raises(ParseError, match=f"byte {content.index(0xE3)} is 0xe3"):
        read_payload(SPEC, content, tmp_path)


def test_recorded_table_holds_all_countries(mirror: Path, tmp_path: Path) -> None:
    [outcome] = read_recordings(SPEC, mirror, tmp_path).values()
    assert (outcome.rows, outcome.rejected, outcome.message) == (249, 0, "")
    facts = ask(
        tmp_path,
        SPEC,
        "SELECT count(DISTINCT alpha2), count_if(alpha2 = 'NA' AND alpha3 = 'NAM'), "
        "count_if(alpha2 = 'XK'), count_if(alpha2 = 'TW' AND subregion_code = '30'), "
        "count_if(alpha2 = 'AQ' AND region_code = ''), count_if(name = '') FROM raw",
    )
    assert facts == (249, 1, 0, 1, 1, 0)


def lines(*extra: bytes, end: bytes = b"") -> bytes:
    """Return Namibia, some lines as they are, and Namibia again."""
    head, record = table(NAMIBIA).encode().splitlines(keepends=True)
    return b"".join([head, record, *(line + b"\r\n" for line in extra), record, end])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'"stray" quote,b', "record 2 (line 3) is no CSV: "),
        (b'"never closed,b', "record 2 (line 3) is no CSV: "),
        (b"a,b,c", "record 2 has not as many cells as the header"),
        (b'"' + b"x" * 11_000_000 + b'",b', "record 2 (line 3) is no CSV: field larger than"),
    ],
    ids=["stray quote", "open quote", "ragged", "endless cell"],
)
def test_bad_line_costs_itself_and_not_the_table(line: bytes, said: str, tmp_path: Path) -> None:
    outcome, rows = read_payload(SPEC, lines(line), tmp_path)
    assert [row["alpha2"] for row in rows] == ["NA", "NA"]
    assert outcome.rejected == 1
    assert outcome.samples[0].startswith(said)


def test_line_that_is_no_text_costs_itself_and_is_told_by_its_byte(tmp_path: Path) -> None:
    bad = table(NAMIBIA).encode().splitlines()[1].replace(b"Namibia", b"Nam\xedbia")
    content = b"\xef\xbb\xbf" + lines(bad)
    outcome, rows = read_payload(SPEC, content, tmp_path)
    assert (len(rows), outcome.rejected) == (2, 1)
    byte = content.index(b"\xed")
    assert outcome.samples == [f"record 2 is not UTF-8: byte {byte} is 0xed"]


def test_header_of_megabytes_makes_a_short_message(tmp_path: Path) -> None:
    content = b"x" * 3_000_000 + b"," + b"\x1b[31m\xe2\x80\xae," * 400_000 + b"\r\na,b\r\n"
    with pytest.raises(ParseError) as caught:
        read_payload(SPEC, content, tmp_path)
    said = str(caught.value)
    assert "there are " + "x" * 60 + "… (3,000,000 characters), \\x1b[31m\\u202e, " in said
    assert len(said) < 1500
    assert said.isprintable()
