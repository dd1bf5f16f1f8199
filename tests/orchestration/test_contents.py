"""Where the content of a copy ends, by the rule of its feed."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest
from threatcast_feeds.registry import Coverage, FeedSpec, load_feed
from threatcast_orchestration.warehouse.contents import read_contents

DAY = date(2026, 6, 14)


def contents(spec: FeedSpec, rows: str) -> tuple[object, ...]:
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA raw")
    connection.execute(
        f"CREATE TABLE raw.vintages AS SELECT '{spec.key}' AS feed, 1 AS copy_number, "
        "NULL::DATE AS content_day, NULL::DATE AS claimed_until, NULL::DATE[] AS part_days"
    )
    connection.execute(
        f"CREATE TABLE raw.{spec.key} AS SELECT 1 AS copy_number, DATE '{DAY}' AS vintage_day, "
        f"rows.* FROM ({rows}) AS rows"
    )
    read_contents(connection, spec)
    told = connection.execute("SELECT content_day, claimed_until, part_days FROM raw.vintages")
    row = told.fetchone()
    assert row is not None
    return row


def test_content_ends_with_the_newest_day_that_could_be_known() -> None:
    rows = """
        SELECT '2026-06-10 13:00:00' AS published, '2026-06-11T02:00:00+02:00' AS discovered
        UNION ALL SELECT '294247-01-11', '2026-06-20' UNION ALL SELECT '', NULL
    """
    assert contents(load_feed("ransomware_live"), rows) == (date(2026, 6, 11), None, None)


def test_release_says_the_year_that_it_covers() -> None:
    rows = """
        SELECT '2022-12-29' AS start_date, '2022' AS count_year
        UNION ALL SELECT '2021-03-01', '2022.0' UNION ALL SELECT '2022-02-01', '20222'
    """
    told = contents(load_feed("accessnow_keepiton"), rows)
    assert told == (date(2022, 12, 29), date(2022, 12, 31), None)


def test_bundle_was_looked_at_on_the_days_of_its_parts() -> None:
    rows = """
        SELECT TIMESTAMP '2026-06-10 07:00:00' AS list_time
        UNION ALL SELECT '2026-06-10 12:00:00' UNION ALL SELECT '2027-01-01 12:00:00'
    """
    assert contents(load_feed("ddosia_targets"), rows)[2] == [date(2026, 6, 10)]


def test_days_of_the_parts_are_in_order_so_that_a_night_with_nothing_new_rests() -> None:
    rows = """
        SELECT TIMESTAMP '2026-06-10 07:00:00' - to_days((part * 37 % 900)::INTEGER) AS list_time
        FROM range(300000) AS parts(part)
    """
    days = contents(load_feed("ddosia_targets"), rows)[2]
    assert days == sorted(days)  # type: ignore[call-overload]
    assert len(days) == 900  # type: ignore[arg-type]


def test_copy_without_any_day_has_no_content() -> None:
    rows = "SELECT 'soon' AS \"dateAdded\""
    assert contents(load_feed("cisa_kev"), rows) == (None, None, None)


def test_observations_must_say_until_when_they_are_believed() -> None:
    facts = load_feed("cisa_kev").model_dump()
    with pytest.raises(ValueError, match="coverage is needed"):
        FeedSpec.model_validate(facts | {"coverage": None})
    with pytest.raises(ValueError, match="coverage names listed, which is no column"):
        FeedSpec.model_validate(facts | {"coverage": Coverage(days=["listed"], quiet_days=3)})
