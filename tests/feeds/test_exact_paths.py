"""A folder's name is data: DuckDB reads the file that was meant, and no neighbour's."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import duckdb
import pytest
from threatcast_feeds.exact_paths import ONE_FILE, exact, file_list
from threatcast_feeds.payload import PayloadSource
from threatcast_feeds.readers.json_lists import RecordList
from threatcast_feeds.readers.tables import run_query
from threatcast_feeds.readers.text_lines import read_lines
from threatcast_feeds.registry import load_feed

ODD = ("C#", "p%41q", "arch [2026]", "what?", "a*b", "a\\b", "a$b", "o'neil", 'a"b', "a{b", "k=v")
NEIGHBOUR = "axb"


def payload_of(content: bytes) -> str:
    return sha256(content).hexdigest()[:12]


def write(folder: Path, value: str) -> Path:
    folder.mkdir(parents=True)
    path = folder / "x.parquet"
    duckdb.sql("SELECT $value AS me", params={"value": value}).write_parquet(str(path))
    return path


@pytest.mark.parametrize("name", ODD)
def test_file_below_an_odd_folder_is_read_as_it_is(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, name)
    for query, given in (
        (f"SELECT * FROM read_parquet(?, {ONE_FILE})", [exact(path)]),
        (f"SELECT * FROM read_parquet({file_list([path])}, {ONE_FILE})", None),
    ):
        assert duckdb.execute(query, given).fetchall() == [(name,)]


@pytest.mark.parametrize("name", ["a*b", "a?b", "a[x]b"])
def test_file_below_a_pattern_never_stands_for_a_neighbours(tmp_path: Path, name: str) -> None:
    write(tmp_path / NEIGHBOUR, NEIGHBOUR)
    path = write(tmp_path / name, name)
    query = f"SELECT * FROM read_parquet({file_list([path])}, {ONE_FILE})"
    assert duckdb.execute(query).fetchall() == [(name,)]
    path.unlink()
    with pytest.raises(duckdb.IOException, match="No files found"):
        duckdb.execute(query)


@pytest.mark.parametrize("name", ["a*b", "line=none"])
def test_landed_file_is_read_alone_and_its_folders_are_no_columns(
    tmp_path: Path, name: str
) -> None:
    from threatcast_feeds.landing import compress

    for folder, value in ((NEIGHBOUR, "neighbour"), (name, "own")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.txt.zst").write_bytes(compress(value.encode()))
        (tmp_path / folder / "x.json.zst").write_bytes(
            compress(b'[{"line": "%s"}]' % value.encode())
        )
    feed = load_feed("threatfox_ips")
    lines = PayloadSource(tmp_path / name / "x.txt.zst", "txt", "0" * 12, None, feed)
    assert run_query(lines, f"SELECT * FROM {read_lines()}") == [("own",)]
    content = tmp_path / name / "x.json.zst"
    records = PayloadSource(content, "json", payload_of(b'[{"line": "own"}]'), None, feed)
    RecordList(records, None).load({"line": "VARCHAR"})
    assert run_query(records, "SELECT * FROM records") == [("own",)]
