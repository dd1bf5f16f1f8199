"""No name, address or indicator of a feed leaves the platform, in releases and in messages."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from threatcast_orchestration.response.telling import respond
from threatcast_orchestration.run.home import Home

SAID = {
    "c2_tracker": ("address",),
    "cisa_kev": ("cveID", "product"),
    "ddosia_targets": ("host",),
    "honeypot_hosts": ("ip",),
    "openphish": ("url",),
    "ransomware_live": ("post_title", "group_name"),
    "ransomware_live_press": ("victim",),
    "sefinek_ips": ("address",),
    "threatfox_ips": ("address",),
    "tweetfeed": ("value",),
    "xposedornot_breaches": ("breachID", "domain"),
}
"""Columns of raw rows that name somebody or something; the names of the sample are invented."""
MANY, SOME = 400, 20
SHORTEST = 6
PAGES = ("*.html", "places/*.html", "threats/*.html", "warnings.*", "sheets/*.html")


@pytest.fixture(scope="module")
def names(sample_home: Path) -> dict[str, list[str]]:
    """Return names by feed and column."""
    found = {}
    for feed, columns in SAID.items():
        rows = f"read_parquet('{sample_home}/raw/{feed}/*.parquet')"
        for column in columns:
            found[f"{feed}.{column}"] = [
                str(name)
                for (name,) in duckdb.sql(
                    f"SELECT DISTINCT {column} FROM {rows} WHERE length({column}) >= {SHORTEST} "
                    f"ORDER BY hash({column}) LIMIT {MANY}"
                ).fetchall()
            ]
    assert min(map(len, found.values())) > SOME
    return found


def met(names: dict[str, list[str]], text: str, most: int) -> dict[str, list[str]]:
    """Return the names that a text holds."""
    hits = {where: [name for name in few[:most] if name in text] for where, few in names.items()}
    return {where: few for where, few in hits.items() if few}


def test_names_are_looked_for_where_they_would_be(names: dict[str, list[str]]) -> None:
    text = f"a table, {names['ransomware_live.post_title'][3]}, another"
    assert list(met(names, text, MANY)) == ["ransomware_live.post_title"]


def test_no_table_of_a_release_holds_a_name_of_a_feed(
    sample_home: Path, names: dict[str, list[str]]
) -> None:
    said: set[str] = set()
    for path in (sample_home / "releases" / "current" / "parquet").glob("*.parquet"):
        table = duckdb.sql(f"SELECT * FROM read_parquet('{path}')")
        for column, kind in zip(table.columns, table.dtypes, strict=True):
            if kind == "VARCHAR":
                said |= {str(text) for (text,) in table.select(f'"{column}"').distinct().fetchall()}
    assert len(said) > 1000
    assert met(names, "\n".join(said), MANY) == {}


def test_no_page_of_a_release_holds_a_name_of_a_feed(
    sample_home: Path, names: dict[str, list[str]]
) -> None:
    site = sample_home / "releases" / "current" / "site"
    pages = [path.read_text("utf-8") for pattern in PAGES for path in site.glob(pattern)]
    assert len(pages) > 249
    assert met(names, "\n".join(pages), SOME) == {}


def test_no_message_and_no_record_of_warnings_holds_a_name_of_a_feed(
    sample_home: Path, names: dict[str, list[str]], tmp_path: Path
) -> None:
    home = Home(tmp_path)
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "all.yaml").write_text(
        "match: {level: watch, stands_out: false}\nchannel: {kind: file, path: told.jsonl}\n"
    )
    release = (sample_home / "releases" / "current").resolve()
    table = pd.read_parquet(release / "parquet" / "warnings.parquet")
    assert len(table) > 0
    answer = respond(home, table, release.name, datetime(2026, 6, 15, tzinfo=UTC), {})
    assert answer.told.sent
    written = [path.read_text("utf-8") for path in tmp_path.rglob("*.jsonl")]
    assert len(written) == 2
    assert met(names, "\n".join(written), MANY) == {}
