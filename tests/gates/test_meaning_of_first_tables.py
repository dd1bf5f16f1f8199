"""A first reference table has no earlier one to be held against: what holds of any is asked."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from threatcast_feeds.registry import load_feed
from threatcast_orchestration.feed_steps.judgement import write_meaning
from threatcast_orchestration.gates.runner import load_suite

SHARES = {
    "US": 437, "CN": 93, "JP": 51, "GB": 38, "DE": 34, "KR": 31,
    "FR": 22, "BR": 22, "CA": 18, "IT": 15, "NL": 13, "AU": 13, "IN": 213,
}  # fmt: skip


@pytest.fixture
def raw() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA raw")
        connection.execute(
            "CREATE TABLE raw.vintages AS SELECT 'ip_country' AS feed, 1 AS copy_number"
        )
        connection.execute("INSERT INTO raw.vintages VALUES ('country_codes', 1)")
        yield connection


def addresses(raw: duckdb.DuckDBPyConnection, named: dict[str, str]) -> set[str]:
    """Write a table of the world with some countries under other names; return who is odd."""
    raw.execute(
        "CREATE TABLE raw.ip_country (family INT, country VARCHAR, start_ipv4 UINTEGER, "
        "end_ipv4 UINTEGER, copy_number INT)"
    )
    start = 0
    for country, share in SHARES.items():
        end = start + share * 4_000_000 - 1
        raw.execute(
            "INSERT INTO raw.ip_country VALUES (4, ?, ?, ?, 1)",
            [named.get(country, country), start, end],
        )
        start = end + 1
    rows = raw.execute(load_suite("payloads", "ip_country").frames["largest"].query).df()
    return set(rows.loc[~rows.is_plausible, "country"])


def test_shares_of_the_largest_countries_are_plausible(raw: duckdb.DuckDBPyConnection) -> None:
    assert addresses(raw, {}) == set()


def test_first_table_whose_countries_changed_places_is_odd(raw: duckdb.DuckDBPyConnection) -> None:
    assert addresses(raw, {"US": "GB", "GB": "US"}) == {"US", "GB"}


def test_first_table_of_one_family_is_odd(raw: duckdb.DuckDBPyConnection) -> None:
    addresses(raw, {})
    rows = raw.execute(load_suite("payloads", "ip_country").frames["families"].query).df()
    assert set(rows.loc[~rows.is_plausible, "family"]) == {4, 6}
    assert rows.set_index("family").countries.to_dict() == {4: len(SHARES), 6: 0}


def test_first_list_without_a_country_of_ours_names_it(raw: duckdb.DuckDBPyConnection) -> None:
    write_meaning(raw, load_feed("country_codes"), None)
    raw.execute(
        "CREATE TABLE raw.country_codes AS SELECT alpha2, 1 AS copy_number FROM raw.countries "
        "WHERE alpha2 NOT IN ('DE', 'NA')"
    )
    query = load_suite("payloads", "country_codes").frames["places"].query
    [row] = raw.execute(query).df().to_dict("records")
    assert row["absent"] == "DE NA"
    assert not row["has_all"]
