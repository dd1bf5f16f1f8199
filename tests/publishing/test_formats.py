"""The tables as CSV, Parquet and DuckDB: the same rows, types and marks in each."""

from __future__ import annotations

import csv
import gzip
import io
import re
import shutil
from datetime import date

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from threatcast_publishing.contract import TABLES
from threatcast_publishing.formats import csv_files, discover, duckdb_file, parquet_files
from threatcast_publishing.marks import mark_of

MARK = mark_of("sample", date.min).text


def cells(folder, table) -> list[dict[str, str]]:
    with (folder / "csv" / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def parquet(folder, table) -> list[dict]:
    return pq.read_table(folder / "parquet" / f"{table}.parquet").to_pylist()


def stored(folder, sql) -> list[tuple]:
    with duckdb.connect(str(folder / duckdb_file.FILE_NAME), read_only=True) as con:
        return con.execute(sql).fetchall()


@pytest.fixture
def copy(staged, tmp_path):
    return shutil.copytree(staged.folder, tmp_path / "copied")


@pytest.mark.parametrize("table", TABLES)
def test_every_format_holds_the_same_rows_in_its_order(staged, table):
    key = TABLES[table].key
    rows = parquet(staged.folder, table)
    keys = [tuple(row[column] for column in key) for row in rows]
    places_first = [key.index("location")] if "location" in key else []
    assert keys == sorted(keys, key=lambda one: (*(one[at] for at in places_first), one))
    assert stored(staged.folder, f"select {', '.join(key)} from {table}") == keys
    in_csv = [tuple(row[column] for column in key) for row in cells(staged.folder, table)]
    assert in_csv == [tuple(str(value) for value in row) for row in sorted(keys)]
    assert len(rows) == staged.rows[table]


@pytest.mark.parametrize("table", TABLES)
def test_columns_of_the_contract_come_first_and_in_its_order(staged, table):
    contract = TABLES[table]
    wanted = list(dict.fromkeys([*contract.key, *contract.required]))
    assert list(parquet(staged.folder, table)[0])[: len(wanted)] == wanted


def test_zero_and_missing_stay_apart_in_every_format(staged):
    where = "location = 'NA' and week in ('2026-05-04', '2026-04-06')"
    assert stored(
        staged.folder,
        f"select week::varchar, value, observation from activity_weekly where {where} order by 1",
    ) == [("2026-04-06", 0, "observed"), ("2026-05-04", None, "missing")]
    found = {
        str(row["week"]): (row["value"], row["observation"])
        for row in parquet(staged.folder, "activity_weekly")
        if row["location"] == "NA"
    }
    assert found["2026-04-06"] == (0, "observed")
    assert found["2026-05-04"] == (None, "missing")
    text = (staged.folder / "csv" / "activity_weekly.csv").read_text()
    assert '"ransomware_claims","NA",2026-04-06,0,"observed",,,,2026-06-14\n' in text
    assert '"ransomware_claims","NA",2026-05-04,,"missing",,,,2026-06-14\n' in text


def test_namibia_is_no_missing_value(staged):
    assert [row["location"] for row in cells(staged.folder, "locations")].count("NA") == 1
    path = staged.folder / "csv" / "locations.csv"
    # the two readers that need to be told: only an empty cell is missing
    frame = pd.read_csv(path, keep_default_na=False, na_values=[""])
    assert "NA" in set(frame["location"])
    assert frame.set_index("location")["parent"]["NA"] == "M49-002"
    assert pd.isna(frame.set_index("location")["parent"]["WORLD"])
    assert ("NA",) in duckdb.sql(f"select location from read_csv('{path}')").fetchall()


def test_not_a_number_becomes_null(changed, stage, tmp_path):
    staged = stage(
        changed("update published.outlook set p_zero_4w = 'nan' where location = 'NA'"),
        tmp_path / "r",
    )
    assert stored(staged.folder, "select p_zero_4w from outlook where location = 'NA'") == [(None,)]
    (row,) = [row for row in parquet(staged.folder, "outlook") if row["location"] == "NA"]
    assert row["p_zero_4w"] is None
    (row,) = [row for row in cells(staged.folder, "outlook") if row["location"] == "NA"]
    assert row["p_zero_4w"] == ""


@pytest.mark.parametrize("lead", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff20"])
def test_text_that_a_spreadsheet_would_run_is_escaped_in_csv(lead):
    sink = io.BytesIO()
    csv_files.write_csv(pa.table({"said": [f"{lead}1+1", f"1{lead}1"], "n": [-3, None]}), sink)
    assert sink.getvalue().decode() == f'"said","n"\n"\'{lead}1+1",-3\n"1{lead}1",\n'


def test_formula_is_escaped_in_csv_only(changed, stage, tmp_path):
    sql = "update published.outlook set reason = '=1+1' where location = 'ZA'"
    staged = stage(changed(sql), tmp_path / "r")
    (row,) = [row for row in cells(staged.folder, "outlook") if row["location"] == "ZA"]
    assert row["reason"] == "'=1+1"
    assert stored(staged.folder, "select reason from outlook where location = 'ZA'") == [("=1+1",)]


def test_negative_numbers_are_not_escaped(changed, stage, tmp_path):
    sql = "alter table published.targets add change integer; update published.targets set change=-3"
    staged = stage(changed(sql), tmp_path / "r")
    assert {row["change"] for row in cells(staged.folder, "targets")} == {"-3"}


def test_commas_quotes_and_lines_survive_csv(changed, stage, tmp_path):
    text = 'a, "b"\nc; ä, 中'
    sql = f"update published.targets set description = '{text}'"
    staged = stage(changed(sql), tmp_path / "r")
    assert {row["description"] for row in cells(staged.folder, "targets")} == {text}


def test_times_are_utc_in_every_format(changed, stage, tmp_path):
    sql = (
        "alter table published.feed_health alter last_success type timestamptz "
        "using timestamptz '2026-06-14 02:03:04+02'"
    )
    staged = stage(changed(sql), tmp_path / "r")
    assert {row["last_success"] for row in cells(staged.folder, "feed_health")} == {
        "2026-06-14T00:03:04Z"
    }
    assert stored(staged.folder, "select distinct last_success::varchar from feed_health") == [
        ("2026-06-14 00:03:04",)
    ]


def test_odd_types_become_plain_ones(changed, stage, tmp_path):
    sql = (
        "create type kind as enum ('b', 'a')",
        "alter table published.targets add k kind default 'a'",
        "alter table published.targets add tags varchar[] default ['x', 'y']",
        "alter table published.targets add cap decimal(9, 2) default 1.25",
        "alter table published.targets add total hugeint default 7",
    )
    staged = stage(changed(*sql), tmp_path / "r")
    row = cells(staged.folder, "targets")[0]
    assert (row["k"], row["tags"], row["cap"], row["total"]) == ("a", "x; y", "1.25", "7")
    row = parquet(staged.folder, "targets")[0]
    assert (row["k"], row["tags"], row["cap"], row["total"]) == ("a", ["x", "y"], 1.25, 7)


def test_every_table_and_column_of_the_contract_is_described(staged):
    tables = "select table_name from duckdb_tables() where comment is null"
    assert stored(staged.folder, tables) == []
    described = (
        "select table_name || '.' || column_name from duckdb_columns() where comment is null"
    )
    bare = {name for (name,) in stored(staged.folder, described)}
    assert not bare & {f"{t.name}.{column}" for t in TABLES.values() for column in t.required}


def test_comments_of_the_warehouse_win_over_the_contract(changed, stage, tmp_path):
    sql = (
        "comment on table published.skill is 'The grain, it''s said.'",
        "comment on column published.skill.mean_wis is 'Mean.'",
    )
    staged = stage(changed(*sql), tmp_path / "r")
    assert stored(
        staged.folder, "select comment from duckdb_tables() where table_name = 'skill'"
    ) == [("The grain, it's said.",)]
    schema = pq.read_schema(staged.folder / "parquet" / "skill.parquet")
    assert schema.metadata[b"description"] == b"The grain, it's said."
    assert schema.field("mean_wis").metadata[b"description"] == b"Mean."


def test_keys_are_not_null_in_the_duckdb_file(staged):
    found = stored(
        staged.folder,
        "select column_name from duckdb_columns() where table_name = 'skill' and not is_nullable",
    )
    assert {name for (name,) in found} == set(TABLES["skill"].key)


def test_simulated_release_says_so_in_its_id_and_in_every_table(simulated):
    assert simulated.release_id.startswith("simulated-2026-06-14-")
    comments = dict(stored(simulated.folder, "select table_name, comment from duckdb_tables()"))
    assert comments.keys() == TABLES.keys()
    assert all(comment.startswith(MARK) for comment in comments.values())
    for table in TABLES:
        metadata = pq.read_schema(simulated.folder / "parquet" / f"{table}.parquet").metadata
        assert metadata[b"simulated"] == b"true"
        assert metadata[b"description"].decode().startswith(MARK)


def test_real_release_is_marked_nowhere_as_simulated(staged):
    assert not staged.release_id.startswith("simulated")
    comments = stored(staged.folder, "select comment from duckdb_tables()")
    assert not any(MARK in comment for (comment,) in comments)
    for path in (staged.folder / "parquet").iterdir():
        assert pq.read_schema(path).metadata[b"simulated"] == b"false"


def test_no_file_of_a_release_holds_the_clock(staged):
    """The only wall clock is `built_at` in the manifest: no file names the day of building."""
    for path in staged.folder.rglob("*"):
        if path.is_file() and path.name != "manifest.json":
            assert b"2026-06-15T02:00" not in path.read_bytes()
    year = re.compile(rb"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+")
    for path in staged.folder.rglob("*.json"):
        assert not year.search(path.read_bytes())


@pytest.mark.parametrize("output", discover(), ids=lambda output: output.name)
def test_format_finds_nothing_wrong_with_its_own_files(staged, output):
    assert output.validate(staged.folder) == []


@pytest.mark.parametrize("output", discover(), ids=lambda output: output.name)
def test_format_finds_that_its_files_are_gone(tmp_path, output):
    problems = output.validate(tmp_path)
    # a release is whole without the bulletin, which needs a browser
    assert bool(problems) == (output.name != "bulletin")


def test_csv_check_finds_a_lost_column_and_a_formula(copy):
    path = copy / "csv" / "outlook.csv"
    text = path.read_text().replace('"sentence"', '"sentense"').replace("Namibia", "=1+1")
    path.write_text(text)
    assert list(csv_files.FORMAT.validate(copy)) == [
        "csv/outlook.csv lacks sentence",
        "csv/outlook.csv, location_name: a cell begins a formula",
        "csv/outlook.csv.gz holds other bytes than csv/outlook.csv",
    ]


def test_every_csv_file_lies_compressed_beside_it_without_a_name_or_a_time(staged):
    folder = staged.folder / "csv"
    plain = sorted(folder.glob("*.csv"))
    assert [path.name for path in plain] == sorted(f"{name}.csv" for name in TABLES)
    for path in plain:
        packed = (folder / f"{path.name}.gz").read_bytes()
        assert gzip.decompress(packed) == path.read_bytes()
        flags_and_time = packed[3:8]
        assert flags_and_time == bytes(5)


def test_csv_check_finds_a_cut_gzip(copy):
    packed = copy / "csv" / "outlook.csv.gz"
    packed.write_bytes(packed.read_bytes()[:-20])
    (problem,) = csv_files.FORMAT.validate(copy)
    assert problem.startswith("csv/outlook.csv.gz cannot be read")


def test_parquet_check_finds_a_file_that_is_none(copy):
    (copy / "parquet" / "skill.parquet").write_bytes(b"PAR1")
    (problem,) = parquet_files.FORMAT.validate(copy)
    assert problem.startswith("parquet/skill.parquet cannot be read")


def test_duckdb_check_finds_a_lost_table(copy):
    with duckdb.connect(str(copy / duckdb_file.FILE_NAME)) as con:
        con.execute("drop table skill")
    assert duckdb_file.FORMAT.validate(copy) == ["threatcast.duckdb lacks the table skill"]
