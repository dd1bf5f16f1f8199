"""Counts in, counts out: what is counted of the starter's records is the history, and no more."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from dbt_program import dbt
from threatcast_feeds.history import SHIPPED, read_history
from threatcast_orchestration.feed_steps.pull import pull
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.plan import make_plan
from threatcast_orchestration.run.settings import Settings
from threatcast_orchestration.warehouse.raw import connect, write_raw

# what the row of the world says of a week holds for all places without a row of their own
DIFFERENCES = """
    WITH told AS (
        SELECT counts.target, counts.location, counts.week,
            CASE WHEN own.week IS NULL THEN CASE WHEN world.value IS NOT NULL THEN 0 END
                ELSE own.value END AS value,
            coalesce(own.observation, world.observation) AS observation,
            counts.value AS value_out, counts.observation AS observation_out
        FROM marts.fct_weekly_counts AS counts
        INNER JOIN read_parquet($history) AS world
            ON counts.target = world.target AND counts.week = world.week
            AND world.location = 'WORLD'
        LEFT JOIN read_parquet($history) AS own
            ON counts.target = own.target AND counts.week = own.week
            AND counts.location = own.location
        WHERE counts.location_level IN ('world', 'country', 'unlocated')
    )
    SELECT * FROM told
    WHERE value IS DISTINCT FROM value_out OR observation <> observation_out
    ORDER BY ALL
"""
NOT_COUNTED = """
    SELECT history.target, history.location, history.week
    FROM read_parquet($history) AS history
    ANTI JOIN marts.fct_weekly_counts AS counts USING (target, location, week)
"""


@pytest.fixture(scope="module")
def counted(project: Path, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """Return the warehouse of a home of the starter, as far as the weekly counts."""
    folder = tmp_path_factory.mktemp("starter")
    home = Home(folder / "home")
    home.bind_source("starter")
    plan = make_plan(home, Settings(source="starter"))
    # without the gates: that these let all of it pass, the night on the starter shows
    for spec in plan.catalog.values():
        report = pull(spec, plan)
        assert (report.rejected, report.quarantined) == (0, 0), report
    with connect(home) as connection:
        write_raw(
            connection, home, plan.catalog, plan.landing,
            as_of=plan.as_of, last_day=plan.last_day, source=plan.source,
        )  # fmt: skip
    words = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
    done = dbt(project, home.warehouse, folder, "build", "-s", "+fct_weekly_counts", *words)
    assert done.returncode == 0, done.stdout[-3000:]
    shutil.rmtree(home.starter)
    return duckdb.connect(str(home.warehouse), read_only=True)


def test_counts_in_are_counts_out_in_every_week_and_place(
    counted: duckdb.DuckDBPyConnection,
) -> None:
    given = {"history": str(SHIPPED)}
    found = counted.execute(DIFFERENCES, given).fetchall()
    assert found == [], (len(found), sorted({(row[0], row[2]) for row in found})[:40])
    assert counted.execute(NOT_COUNTED, given).fetchall() == []


def test_no_week_is_counted_of_which_the_history_says_nothing(
    counted: duckdb.DuckDBPyConnection,
) -> None:
    targets = {target for past in read_history().feeds.values() for target in past.targets}
    beyond = counted.execute(
        "SELECT target, count(value) FROM marts.fct_weekly_counts AS counts "
        "ANTI JOIN read_parquet($history) AS history "
        "ON counts.target = history.target AND counts.week = history.week GROUP BY ALL",
        {"history": str(SHIPPED)},
    ).fetchall()
    assert [row for row in beyond if row[0] in targets or row[1]] == []
