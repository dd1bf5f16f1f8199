"""What would be counted and published of a home: the dbt project's own SQL, without dbt.

dbt compiles its models once; their SQL is then run for each trial in a database in memory, in dbt's
order. The tables are those that a night's stage `warehouse` builds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    import duckdb
    import pandas as pd
    from threatcast_orchestration.run.home import Home

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
DATABASE = "threatcast"
WANTED = ("fct_weekly_counts", "dim_series", "fct_feed_health", "dim_targets", "fct_phishing_mix")
_COUNTS = """
    SELECT counts.target, counts.location, series.location_level, counts.week,
        CAST(counts.value AS DOUBLE) AS value, counts.observation
    FROM marts.fct_weekly_counts AS counts
    INNER JOIN marts.dim_series AS series USING (target, location)
    INNER JOIN marts.dim_targets AS targets USING (target)
    WHERE list_contains(?, targets.feed) ORDER BY ALL"""
_SERIES = """
    SELECT series.target, series.location, series.location_level, series.state, series.reason,
        series.is_eligible, series.first_week
    FROM marts.dim_series AS series
    INNER JOIN marts.dim_targets AS targets USING (target)
    WHERE list_contains(?, targets.feed) ORDER BY ALL"""


class NightFails(Exception):  # noqa: N818 the name says what happened
    """The stage `warehouse` cannot be built from these payloads: nothing would be published."""


@dataclass(frozen=True)
class Counted:
    """What a night would know and publish of some feeds.

    Attributes
    ----------
    counts : DataFrame
        `target, location, location_level, week, value, observation`.
    series : DataFrame
        `target, location, location_level, state, reason, is_eligible, first_week`.
    health : dict
        State and reason of each feed.
    mix : DataFrame
        The mix of phishing pages, all columns.
    """

    counts: pd.DataFrame
    series: pd.DataFrame
    health: dict[str, tuple[str, str]]
    mix: pd.DataFrame


@dataclass(frozen=True)
class Step:
    """One model: where it lies, whether it is a view, and its SQL."""

    relation: str
    is_view: bool
    sql: str


class Counter:
    """Runs the compiled project; make one with `compiled`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def compiled(cls, folder: Path) -> Counter:
        """Compile the project and load its seeds.

        Raises
        ------
        RuntimeError
            If dbt fails; with the last of what it said.
        """
        folder.mkdir(parents=True, exist_ok=True)
        _dbt(folder, "build", "--select", "resource_type:seed", "--exclude-resource-type", "test")
        _dbt(folder, "compile", "--exclude", "tag:published")
        return cls(folder)

    @cached_property
    def steps(self) -> list[Step]:
        """The models that the wanted tables are made of, each after what it needs."""
        nodes = json.loads((self._folder / "target" / "manifest.json").read_text())["nodes"]
        models = {key: node for key, node in nodes.items() if node["resource_type"] == "model"}
        ordered: dict[str, Step] = {}

        def visit(key: str) -> None:
            node = models.get(key)
            if node is None or key in ordered:
                return
            for need in node["depends_on"]["nodes"]:
                visit(need)
            view = node["config"]["materialized"] == "view"
            ordered[key] = Step(node["relation_name"], view, node["compiled_code"])

        for key, node in models.items():
            if node["name"] in WANTED:
                visit(key)
        return list(ordered.values())

    def count(self, home: Home, feeds: list[str], as_of: date) -> Counted:
        """Return what is counted of some feeds at the end of a day.

        Raises
        ------
        NightFails
            If a model fails on these payloads; with what the database says.
        """
        import duckdb

        with duckdb.connect() as connection:
            self._prepare(connection, home, as_of)
            for step in self.steps:
                kind = "VIEW" if step.is_view else "TABLE"
                try:
                    connection.execute(f"CREATE {kind} {step.relation} AS {step.sql}")
                except duckdb.Error as error:
                    raise NightFails(f"{step.relation}: {error}".splitlines()[0]) from error
            health = connection.execute(
                "SELECT feed, state, coalesce(reason, '') FROM marts.fct_feed_health"
            ).fetchall()
            return Counted(
                connection.execute(_COUNTS, [feeds]).df(),
                connection.execute(_SERIES, [feeds]).df(),
                {feed: (state, reason) for feed, state, reason in health},
                connection.execute("SELECT * FROM marts.fct_phishing_mix ORDER BY ALL").df(),
            )

    def _prepare(self, connection: duckdb.DuckDBPyConnection, home: Home, as_of: date) -> None:
        from threatcast_orchestration.warehouse.raw import write_raw

        from .homes import plan_of

        plan = plan_of(home, as_of)
        seeds = str(self._folder / f"{DATABASE}.duckdb").replace("'", "''")
        connection.execute(f"ATTACH ':memory:' AS {DATABASE}; USE {DATABASE}")
        connection.execute("SET threads = 1; SET preserve_insertion_order = false")
        connection.execute(f"ATTACH '{seeds}' AS seeds_file (READ_ONLY)")
        for schema in ("seeds", "staging", "intermediate", "marts"):
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        for (name,) in connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'seeds_file'"
        ).fetchall():
            connection.execute(f"CREATE TABLE seeds.{name} AS FROM seeds_file.seeds.{name}")
        _with_empty_feeds(home)
        write_raw(connection, home, plan.catalog, plan.landing, as_of=as_of, source="mirror")


def _with_empty_feeds(home: Home) -> None:
    """Give each feed that the home lacks a file without rows, which its view needs."""
    from threatcast_feeds.landing import Landing
    from threatcast_feeds.parsing import parse_new

    from .homes import catalog

    for key, spec in catalog().items():
        if not (home.raw / key).is_dir():
            parse_new(spec, Landing(home.landing), home.raw)
            folder = home.raw / key
            if not any(folder.glob("*.parquet")):
                raise RuntimeError(f"{folder} has no file without rows to start from")


def _dbt(folder: Path, *words: str) -> None:
    environment = os.environ | {
        "THREATCAST_WAREHOUSE": str(folder / f"{DATABASE}.duckdb"),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DO_NOT_TRACK": "true",
    }
    program = str(Path(sys.executable).with_name("dbt"))
    command = [program, "--quiet", *words, "--target-path", str(folder / "target")]
    done = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"dbt {words[0]} ended with {done.returncode}:\n{done.stdout[-2000:]}")
