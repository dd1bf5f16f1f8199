"""The first command: counts in are counts out, nothing fails, and the README shows its output."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from nights import threatcast
from threatcast_feeds.history import SHIPPED, read_history
from threatcast_feeds.outcomes import read_outcome
from threatcast_orchestration.run.home import Home

README = Path(__file__).resolve().parents[2] / "README.md"
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


@dataclass(frozen=True)
class FirstNight:
    """What the first command leaves: its home, and what it printed."""

    home: Home
    steps: str
    summary: str


def plain(line: str) -> str:
    """Return a printed line without the borders of its table and its spaces."""
    return " ".join(line.translate(str.maketrans("│┃", "  ")).split())


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> FirstNight:
    home = Home(tmp_path_factory.mktemp("starter") / "home")
    done = threatcast("run", home=home.root)
    assert done.returncode == 0, done.stderr
    return FirstNight(home, done.stderr, done.stdout)


@pytest.fixture(scope="module")
def counted(first: FirstNight) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(first.home.warehouse_copy), read_only=True) as connection:
        yield connection


def test_first_command_shows_no_error_and_sets_no_stand_in_aside(first: FirstNight) -> None:
    printed = first.steps + first.summary
    assert "ERROR" not in printed
    assert "set aside" not in printed
    outcomes = [
        read_outcome(path.parent, path.stem)
        for path in first.home.raw.glob("*/*.parquet")
        if path.stem != "_empty"
    ]
    assert len(outcomes) > 400
    assert None not in outcomes
    assert {(one.state, len(one.refused)) for one in outcomes if one} == {("accepted", 0)}


def test_feed_without_counts_is_told_once_as_left_out(first: FirstNight) -> None:
    told = [line for line in (first.steps + first.summary).splitlines() if "openphish" in line]
    (of_step, row) = told
    assert of_step.startswith("[")
    assert "left out" in row
    assert "no weekly counts of it ship" in row


def test_first_command_publishes_real_outlooks_in_many_places(first: FirstNight) -> None:
    tables = first.home.releases / "current" / "threatcast.duckdb"
    with duckdb.connect(str(tables), read_only=True) as release:
        published, places = release.execute(
            "SELECT count(*), count(DISTINCT location) FROM outlook WHERE state = 'published'"
        ).fetchone() or (0, 0)
    assert published >= 286
    assert places >= 60


def test_readme_shows_what_the_first_command_prints(first: FirstNight) -> None:
    """Each line of the README's block is one of the output, in order; `...` stands for a cut."""
    block = README.read_text("utf-8").partition("It ends like this")[2].split("```")[1]
    printed = map(plain, first.summary.splitlines())
    for line in block.strip().splitlines():
        pattern = ".*".join(map(re.escape, plain(line).split("...")))
        assert any(re.fullmatch(pattern, one) for one in printed), line


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
