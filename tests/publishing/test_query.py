"""SQL over a release: it answers, and it can do no harm."""

from __future__ import annotations

import io
import json
import math
from datetime import date

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from threatcast_publishing.duckdb_content import FILE_NAME
from threatcast_publishing.errors import (
    DamagedReleaseError,
    NoReleaseError,
    QueryError,
    UnknownReleaseError,
)
from threatcast_publishing.marks import mark_of
from threatcast_publishing.query import QueryResult, connect, render, run_query
from threatcast_publishing.verify import verify

NAMIBIA = (
    "select location, value, observation from activity_weekly "
    "where location = 'NA' and week in ('2026-04-06', '2026-05-04') order by week"
)


@pytest.fixture(scope="module")
def releases(published, tmp_path_factory):
    folder = tmp_path_factory.mktemp("queries") / "releases"
    published(folder)
    return folder


def result_of(**columns) -> QueryResult:
    return QueryResult(pa.table(columns), "2026-06-14-000000000000")


def test_answer_names_its_release(releases):
    result = run_query(releases, "select count(*) as n from outlook")
    assert result.data.to_pylist() == [{"n": 5}]
    assert result.release_id.startswith("2026-06-14-")
    assert result.mark is None


def test_answer_from_simulated_data_says_so(simulated, tmp_path):
    simulated.folder.rename(tmp_path / simulated.release_id)
    assert run_query(tmp_path, "select 1", simulated.release_id).mark == mark_of("sample", date.min)
    (tmp_path / simulated.release_id).rename(simulated.folder)


def test_table_shows_numbers_to_the_right_and_null_as_nothing(releases):
    assert render(run_query(releases, NAMIBIA)).decode() == (
        "location  value  observation\n"
        "--------  -----  -----------\n"
        "NA            0  observed\n"
        "NA               missing\n"
        "(2 rows)\n"
    )


def test_long_table_says_what_it_does_not_show(releases):
    result = run_query(releases, "select week from activity_weekly")
    assert render(result, max_rows=3).decode().endswith("(350 rows, 347 not shown)\n")
    assert render(result, max_rows=None).decode().endswith("(350 rows)\n")


def test_csv_json_and_parquet_are_whole_and_keep_null_and_zero(releases):
    result = run_query(releases, NAMIBIA)
    assert render(result, "csv", max_rows=1).decode() == (
        '"location","value","observation"\n"NA",0,"observed"\n"NA",,"missing"\n'
    )
    assert json.loads(render(result, "json", max_rows=1)) == [
        {"location": "NA", "value": 0, "observation": "observed"},
        {"location": "NA", "value": None, "observation": "missing"},
    ]
    assert pq.read_table(io.BytesIO(render(result, "parquet", max_rows=1))).equals(result.data)


def test_json_has_no_word_that_json_does_not_know(releases):
    sql = (
        "select 'nan'::double a, 'inf'::double b, 1.5::decimal(3, 1) c, date '2026-06-14' d, "
        "[1, null] e, {'x': time '01:02:03'} f, interval 1 month g, 'ä' h"
    )
    (row,) = json.loads(render(run_query(releases, sql), "json"))
    assert row.pop("g")
    assert row == {
        "a": None, "b": None, "c": 1.5, "d": "2026-06-14", "e": [1, None],
        "f": {"x": "01:02:03"}, "h": "ä",
    }  # fmt: skip


def test_cell_cannot_move_the_cursor_of_a_terminal():
    text = render(result_of(a=["\x1b[2J\nx", "y" * 100])).decode()
    assert "\x1b" not in text
    assert len(text.splitlines()) == 5
    assert max(map(len, text.splitlines())) == 60


def test_unknown_format_is_told_with_the_known_ones():
    with pytest.raises(QueryError) as caught:
        render(result_of(a=[1]), "xlsx")
    assert str(caught.value) == "format 'xlsx' is not known. Use table, csv, json, parquet."


def test_column_that_a_format_cannot_write_is_told_with_a_cure(releases):
    result = run_query(releases, "select {'a': 1} as s")
    with pytest.raises(QueryError, match="cannot be written as csv"):
        render(result, "csv")


def test_wrong_sql_is_told_in_duckdbs_words_and_with_a_cure(releases):
    with pytest.raises(QueryError) as caught:
        run_query(releases, "select nothing from outlook")
    said = str(caught.value)
    assert "Binder Error" in said
    assert '"nothing" not found' in said
    assert said.endswith("See the tables with: SHOW TABLES; their columns with: DESCRIBE outlook.")


@pytest.mark.parametrize("sql", ["", "  ;", "-- nothing"])
def test_empty_sql_is_told(releases, sql):
    with pytest.raises(QueryError, match="returns no rows"):
        run_query(releases, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "delete from outlook",
        "update outlook set expected_4w = 0",
        "insert into models select * from models",
        "drop table outlook",
        "create table mine as select 1",
        "alter table outlook add column x integer",
        "comment on table outlook is 'x'",
        "select 1; drop table outlook",
        "checkpoint; create schema s",
    ],
)
def test_release_cannot_be_written(releases, sql):
    with pytest.raises(QueryError):
        run_query(releases, sql)
    assert verify(releases / "current").ok


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('{file}')",
        "select * from '{file}'",
        "select * from read_text('{file}')",
        "select * from glob('/*')",
        "copy outlook to '{file}.out'",
        "copy (select 1) to '{file}.out' (format parquet)",
        "attach '{file}.db' as other",
        "export database '{file}.dir'",
        "select * from read_csv('https://localhost/x.csv')",
        "install httpfs",
        "load httpfs",
        "load '{file}'",
    ],
)
def test_no_other_file_and_no_network_can_be_reached(releases, tmp_path, sql):
    file = tmp_path / "secret.csv"
    file.write_text("a\nsecret\n")
    with pytest.raises(QueryError) as caught:
        run_query(releases, sql.format(file=file))
    assert "secret\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]


@pytest.mark.parametrize(
    "sql",
    [
        "set enable_external_access = true",
        "set lock_configuration = false",
        "reset lock_configuration",
        "pragma enable_external_access",
        "set temp_directory = '/tmp/spill'",
        "set allowed_directories = ['/']",
        "set autoload_known_extensions = true",
    ],
)
def test_settings_cannot_be_changed(releases, sql):
    with pytest.raises(QueryError):
        run_query(releases, f"{sql}; select 1")


def test_query_leaves_no_file_beside_the_release(releases):
    before = sorted((releases / "current").rglob("*"))
    run_query(releases, "select a.*, b.* from forecast a, (from forecast limit 50) b order by all")
    assert sorted((releases / "current").rglob("*")) == before


def test_connection_is_read_only_too(releases):
    with connect(releases) as con:
        assert con.execute("select count(*) from locations").fetchone() == (4,)
        with pytest.raises(duckdb.Error):
            con.execute("create table x as select 1")


def test_two_readers_at_once_are_no_trouble(releases):
    with connect(releases) as one, connect(releases) as two:
        assert one.sql("from skill").fetchall() == two.sql("from skill").fetchall()


def test_unknown_release_is_told(releases):
    with pytest.raises(UnknownReleaseError, match="release '2027' is not known"):
        run_query(releases, "select 1", "2027")


def test_query_before_the_first_release_is_told(tmp_path):
    with pytest.raises(NoReleaseError, match="Make one: threatcast run"):
        run_query(tmp_path, "select 1")


def test_damaged_file_is_told_with_a_cure(published, tmp_path):
    (published(tmp_path / "r").folder / FILE_NAME).write_bytes(b"no database")
    with pytest.raises(DamagedReleaseError, match="releases verify"):
        run_query(tmp_path / "r", "select 1")


def test_infinite_and_missing_numbers_are_shown_apart():
    assert render(result_of(a=[math.inf, None, 0.0])).decode().splitlines()[2:5] == [
        "inf",
        "",
        "  0",
    ]
