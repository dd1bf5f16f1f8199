"""A release of the sample: places agree with their parts, and who borrows says so."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from threatcast_publishing.catalog import current


@pytest.fixture(scope="module")
def tables(sample_home: Path) -> duckdb.DuckDBPyConnection:
    name = current(sample_home / "releases")
    assert name is not None
    path = sample_home / "releases" / name / "threatcast.duckdb"
    return duckdb.connect(str(path), read_only=True)


def test_countries_that_borrow_are_graded_c_and_their_sentences_say_so(tables):
    rows = tables.execute(
        "SELECT location_level, reason, sentence FROM outlook WHERE evidence_grade = 'C'"
    ).fetchall()
    assert len(rows) > 5
    for level, reason, sentence in rows:
        assert level == "country"
        assert reason.startswith("borrows from ")
        assert sentence.endswith(f"Too sparse for a model of its own, it {reason}.")


def test_none_but_grade_c_borrows(tables):
    row = tables.execute(
        "SELECT count(*) FROM outlook "
        "WHERE (reason LIKE 'borrows from %') IS DISTINCT FROM (evidence_grade = 'C') "
        "AND state = 'published' AND (evidence_grade = 'C' OR reason IS NOT NULL)"
    ).fetchone()
    assert row == (0,)


def test_what_borrows_has_the_published_models_forecast_and_no_others(tables):
    rows = tables.execute(
        """
        SELECT outlook.target, outlook.location, count(*) AS cells,
            bool_and(forecast.model = outlook.model) AS is_own,
            bool_and(forecast.state = 'borrows from ' || outlook.parent) AS is_told
        FROM outlook LEFT JOIN forecast USING (target, location)
        WHERE outlook.evidence_grade = 'C' AND coalesce(forecast.horizon, 1) > 0
        GROUP BY ALL
        """
    ).fetchall()
    assert rows
    assert {row[2:] for row in rows} == {(12 * 23, True, True)}


def test_a_sums_outlook_lies_between_those_of_its_parts(tables):
    rows = tables.execute(
        """
        WITH parts AS (
            SELECT target, parent AS location, sum(low80_12w) AS low, sum(high80_12w) AS high
            FROM outlook WHERE state = 'published' GROUP BY ALL
        )
        SELECT outlook.target, outlook.location, expected_12w, low, high
        FROM outlook INNER JOIN parts USING (target, location)
        -- the parts with numbers are all of the world: its regions and what has no place
        WHERE state = 'published' AND outlook.location = 'WORLD' AND (
            SELECT count(*) FROM outlook AS other
            WHERE other.target = outlook.target AND other.parent = 'WORLD'
            AND other.location_level = 'region' AND other.state = 'published'
        ) = 5
        """
    ).fetchall()
    assert rows
    for target, location, expected, low, high in rows:
        assert low <= expected <= high, (target, location)
