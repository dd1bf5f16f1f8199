"""EuRepoC's incidents: three releases, cells with several values, many marks for missing."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from payload_reading import IMPOSTORS, Rows, ask, read_payload, read_recordings
from threatcast_feeds.catalog.eurepoc.parse import day_first, receivers
from threatcast_feeds.errors import ParseError
from threatcast_feeds.payload import ParseOutcome
from threatcast_feeds.registry import load_feed

SPEC = load_feed("eurepoc")
FROZEN = {
    "ID": "2",
    "name": "",
    "description": "",
    "start_date": "2000-01-01",
    "end_date": "",
    "incident_type": "Disruption",
    "receiver_country": "['Armenia']",
    "sources_url": "",
}
EXPORT = {
    "ID": "4161",
    "name": "A name, with a comma",
    "description": 'Unknown threat actors stole "data"\n\nand more',
    "start_date": "2024-06-01",
    "end_date": "Not available",
    "incident_type": "Data theft; Hijacking with Misuse",
    "receiver_country": "Germany; United Kingdom; Europe (region); Germany",
    "added_to_DB": "2024-12-20",
    "updated_at": "2025-02-18",
    "status": "Coding finished",
}
ZENODO = {
    "incident_id": "4161",
    "start_date": "03.04.2024",
    "end_date": "Not available",
    "incident_type": "Data theft;Hijacking with Misuse",
    "receiver_country": "Germany;United Kingdom;Germany",
    "receiver_country_alpha_2_code": "DE;GB;DE",
    "weighted_intensity": "3",
    "added_to_db": "20.12.2024",
    "updated_at": "18.02.2025",
}


def table(*records: dict[str, str], end: str = "\n") -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(records[0]), lineterminator=end)
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


def read(text: str, folder: Path) -> tuple[ParseOutcome, Rows]:
    return read_payload(SPEC, text.encode(), folder)


def test_frozen_release_is_told_by_its_columns(tmp_path: Path) -> None:
    outcome, rows = read(table(FROZEN), tmp_path)
    assert outcome == ParseOutcome(1)
    assert list(rows[0].values()) == [
        *("2", "2000-01-01", None, ["Armenia"], "Disruption"),
        *(None, None, None, "1.1"),
    ]


def test_export_with_its_mark_line_ends_and_quoted_line_feeds_is_read(tmp_path: Path) -> None:
    outcome, rows = read("\ufeff" + table(EXPORT, EXPORT | {"ID": "9"}, end="\r\n"), tmp_path)
    assert outcome == ParseOutcome(2)
    assert list(rows[0].values()) == [
        *("4161", "2024-06-01", None, ["Germany", "United Kingdom", "Europe (region)"]),
        *("Data theft; Hijacking with Misuse", "2024-12-20", "2025-02-18"),
        *("Coding finished", "export"),
    ]


def test_zenodo_release_writes_the_day_first(tmp_path: Path) -> None:
    outcome, rows = read(table(ZENODO), tmp_path)
    assert outcome == ParseOutcome(1)
    assert list(rows[0].values()) == [
        *("4161", "2024-04-03", None, ["Germany", "United Kingdom"]),
        *("Data theft;Hijacking with Misuse", "2024-12-20", "2025-02-18", None, "1.3"),
    ]


@pytest.mark.parametrize(
    ("cell", "countries"),
    [
        ("['Armenia']", ["Armenia"]),
        ("[['ASIA', 'CENTAS'], ['ASIA']]", ["ASIA", "CENTAS"]),
        (
            "['Israel', 'Israel', 'Iran, Islamic Republic of']",
            ["Israel", "Iran, Islamic Republic of"],
        ),
        ("['Not available']", []),
        ("[['Not available']]", []),
        ("['Unknown', 'Armenia', None]", ["Armenia"]),
        ('["Korea, Democratic People\'s Republic of"]', ["Korea, Democratic People's Republic of"]),
        ("[]", []),
        ("", []),
        ("Not available", []),
        ("Unknown", []),
        ("NaT", []),
        ("France; France", ["France"]),
        ("Korea, Republic of; NATO (institutions)", ["Korea, Republic of", "NATO (institutions)"]),
        ("Some - Name; France", ["Some - Name", "France"]),
        ("['Armenia'", None),
        ("[__import__('os')]", None),
    ],
)
def test_receivers_of_a_cell_are_each_once_and_as_written(
    cell: str, countries: list[str] | None
) -> None:
    assert receivers(cell) == countries


@pytest.mark.parametrize("missing", ["", "Not available", "Unknown", "NaT", "[]", " NaN "])
def test_marks_for_missing_are_null(missing: str, tmp_path: Path) -> None:
    changed = EXPORT | dict.fromkeys(("start_date", "incident_type", "status"), missing)
    row = read(table(changed), tmp_path)[1][0]
    assert (row["start_date"], row["incident_type"], row["status"]) == (None, None, None)


@pytest.mark.parametrize("day", ["2023-12-10", "2024-13-01", "soon"])
def test_impossible_and_future_days_pass_as_written(day: str, tmp_path: Path) -> None:
    assert read(table(FROZEN | {"start_date": day}), tmp_path)[1][0]["start_date"] == day


@pytest.mark.parametrize(
    ("cell", "day"),
    [("3.4.2024", "2024-04-03"), ("2024-04-03", "2024-04-03"), ("2024", "2024"), ("", None)],
)
def test_day_first_is_turned_and_anything_else_left(cell: str, day: str | None) -> None:
    assert day_first(cell) == day


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ID": " "}, "no ID"),
        ({"receiver_country": "['Armenia"}, "receiver_country is a list that cannot be read"),
    ],
)
def test_bad_record_costs_itself(change: dict[str, str], said: str, tmp_path: Path) -> None:
    outcome, rows = read(table(FROZEN, FROZEN | change, FROZEN | {"ID": "3"}), tmp_path)
    assert [row["ID"] for row in rows] == ["2", "3"]
    assert (outcome.rejected, outcome.samples) == (1, [f"record 2: {said}"])


def test_ragged_record_costs_itself(tmp_path: Path) -> None:
    outcome, rows = read(table(FROZEN) + "3,only\n" + table(FROZEN).splitlines()[1], tmp_path)
    assert (len(rows), outcome.rejected) == (2, 1)
    assert outcome.samples == ["record 2 has not as many cells as the header"]


@pytest.mark.parametrize(
    ("form", "gone"),
    [
        (FROZEN, "receiver_country"),
        (FROZEN, "ID"),
        (EXPORT, "added_to_DB"),
        (EXPORT, "start_date"),
        (ZENODO, "incident_type"),
    ],
)
def test_missing_column_is_named(form: dict[str, str], gone: str, tmp_path: Path) -> None:
    record = {name: cell for name, cell in form.items() if name != gone}
    with pytest.raises(ParseError, match=f"column {gone} is gone; there are "):
        read(table(record), tmp_path)


def test_new_column_is_noted(tmp_path: Path) -> None:
    outcome, rows = read(table(EXPORT | {"confidence": "1"}), tmp_path)
    assert (outcome.message, len(rows)) == ("new column: confidence", 1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        *IMPOSTORS,
        (b'{"data": []}', "the payload is a JSON message, not csv"),
        (b"ID,start_date\n", "column end_date, incident_type, receiver_country is gone"),
        (table(FROZEN).splitlines()[0].encode() + b"\n", "the table holds no incident"),
        (table(EXPORT).encode().split(b"and more")[0], "the CSV is cut or damaged at line"),
        (table(EXPORT).encode()[:-70], "the CSV is cut: it ends in the middle of record 1"),
        (table(FROZEN, FROZEN).encode()[:-16], "the CSV is cut: it ends in the middle of record 2"),
    ],
)
def test_what_is_not_the_feed_is_called_by_its_name(
    content: bytes, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ParseError) as caught:
        read_payload(SPEC, content, tmp_path)
    assert said in str(caught.value)


def test_wrong_character_set_is_told_by_its_byte(tmp_path: Path) -> None:
    content = table(FROZEN | {"receiver_country": "['Türkiye']"}).encode("latin-1")
    with pytest.raises(ParseError, match=f"byte {content.index(0xFC)} is 0xfc"):
        read_payload(SPEC, content, tmp_path)


def test_reusers_cut_without_ids_is_refused(extra: Path, tmp_path: Path) -> None:
    content = gzip.decompress((extra / "eurepoc_world" / "2026-03-10.csv.gz").read_bytes())
    with pytest.raises(ParseError, match="column ID, end_date is gone"):
        read_payload(SPEC, content, tmp_path)


def test_both_recorded_releases_are_read_without_loss(mirror: Path, tmp_path: Path) -> None:
    outcomes = read_recordings(SPEC, mirror, tmp_path)
    frozen, export = outcomes[date(2023, 11, 11)], outcomes[date(2025, 2, 21)]
    assert (frozen.rows, export.rows) == (1643, 707)
    assert {(one.rejected, one.message) for one in outcomes.values()} == {(0, "")}

    def count(query: str, outcome: Any) -> Any:
        return ask(tmp_path, SPEC, f"SELECT {query} FROM raw", outcome)

    basics = (
        "any_value(release), count(DISTINCT ID), count_if(start_date IS NULL), count(added_to_DB)"
    )
    assert count(basics, frozen) == ("1.1", 1643, 16, 0)
    assert count(basics, export) == ("export", 707, 0, 707)
    several = count("avg((len(receiver_countries) > 1)::INT)", frozen)[0]
    assert 0.1 < several < 0.25
    marks = (
        "count_if(len(list_intersect(receiver_countries, ['Not available', 'Unknown', ''])) > 0), "
        "count_if(len(list_distinct(receiver_countries)) < len(receiver_countries))"
    )
    assert count(marks, frozen) == count(marks, export) == (0, 0)
    long_names = "count_if(list_contains(receiver_countries, 'Korea, Republic of')) > 0"
    assert count(long_names, frozen) == (True,)
    imported = "count_if(added_to_DB = '2022-08-15')"
    assert count(imported, export)[0] > 0
