"""Reads a hub back and says what breaks the hubverse's rules or the hub's own settings.

One check is one function that yields sentences; `problems` only composes. What a check cannot read
is a problem, never a pass.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threatcast_publishing.database import connect
from threatcast_publishing.hub.config import OBSERVABLE_UNIT, SCHEMAS, TIMEZONE

if TYPE_CHECKING:
    import duckdb

SETTINGS = ("admin", "tasks", "target-data", "model-metadata-schema")
_KEYS = {
    "admin": ("schema_version", "name", "maintainer", "contact", "repository", "file_format",
              "timezone"),
    "tasks": ("schema_version", "rounds", "output_type_id_datatype", "derived_task_ids"),
    "target-data": ("schema_version", "observable_unit", "date_col", "time-series",
                    "oracle-output", "additional_metadata"),
}  # fmt: skip
_COLUMNS = (
    ("reference_date", "DATE"), ("target", "VARCHAR"), ("horizon", "INTEGER"),
    ("target_end_date", "DATE"), ("location", "VARCHAR"), ("output_type", "VARCHAR"),
    ("output_type_id", "VARCHAR"), ("value", "DOUBLE"),
)  # fmt: skip
_FILE = re.compile(r"(\d{4}-\d{2}-\d{2})-([A-Za-z0-9_+]+-[A-Za-z0-9_+]+)\.parquet")
_LONGEST = (("target_id", 30), ("target_name", 100), ("target_units", 100))
# each says what is wrong with a row of `output`; `levels` and `allowed` come from tasks.json
_ROW_RULES = (
    ("a reference date other than its name says", "reference_date <> ?::date"),
    ("a target_end_date that is not 7 days a horizon after the reference date",
     "target_end_date <> reference_date + 7 * horizon"),
    ("an output type other than quantile", "output_type <> 'quantile'"),
    ("a null, negative or endless value", "value is null or value < 0 or not isfinite(value)"),
    ("a task that tasks.json does not know",
     "(target, location, horizon, reference_date) not in (select * from allowed)"),
)  # fmt: skip


def problems(hub: Path) -> list[str]:
    """Return all problems of the hub in a folder, none if all is well."""
    settings: dict[str, dict[str, Any]] = {}
    found: list[str] = []
    for name in SETTINGS:
        try:
            settings[name] = json.loads((hub / "hub-config" / f"{name}.json").read_bytes())
        except (OSError, ValueError) as error:
            found.append(f"hub-config/{name}.json cannot be read: {error}")
    if found:
        return found
    checks: tuple[Callable[[Path, dict[str, dict[str, Any]]], Iterator[str]], ...] = (
        check_settings,
        check_target_metadata,
        check_model_output,
        check_target_data,
        check_model_metadata,
    )
    return [problem for check in checks for problem in check(hub, settings)]


def check_settings(_hub: Path, settings: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Check that the settings name their schema and hold its keys and no others."""
    for name, keys in _KEYS.items():
        value = settings[name]
        if set(value) != set(keys):
            odd = ", ".join(sorted(set(value) ^ set(keys)))
            yield f"hub-config/{name}.json: missing or unknown keys: {odd}"
        if value.get("schema_version") != SCHEMAS.format(name):
            yield f"hub-config/{name}.json does not name its schema"
    if settings["admin"].get("timezone") != TIMEZONE:
        yield f"hub-config/admin.json: the time zone is not {TIMEZONE}"


def check_target_metadata(_hub: Path, settings: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Check the lengths that the schema allows, and that each target describes itself once."""
    for task in _model_tasks(settings):
        described = task["target_metadata"]
        names = [item["target_keys"]["target"] for item in described]
        if names != task["task_ids"]["target"]["optional"]:
            yield f"hub-config/tasks.json: targets and their descriptions differ: {names}"
        for item in described:
            for key, longest in _LONGEST:
                if len(item[key]) > longest:
                    yield (
                        f"hub-config/tasks.json: {key} of {item['target_id']} is longer than "
                        f"{longest} characters"
                    )


def check_model_output(hub: Path, settings: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Check names, columns and rows of every file of model output, and that none is missing."""
    found = sorted((hub / "model-output").glob("*/*"))
    if not found and settings["tasks"]["rounds"]:
        yield "model-output is empty, though tasks.json asks for forecasts"
    with connect() as con:
        _register_tasks(con, settings)
        for path in found:
            shown = path.relative_to(hub).as_posix()
            match = _FILE.fullmatch(path.name)
            if match is None or match[2] != path.parent.name:
                yield f"{shown}: the name is not date, team and model as its folder says"
                continue
            if not (hub / "model-metadata" / f"{match[2]}.yml").is_file():
                yield f"{shown}: model-metadata/{match[2]}.yml is missing"
            yield from _output_problems(con, path, shown, match[1])


def _output_problems(
    con: duckdb.DuckDBPyConnection, path: Path, shown: str, reference_date: str
) -> Iterator[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        con.register("output", pq.read_table(path, partitioning=None))
    except (OSError, pa.ArrowException) as error:
        yield f"{shown} cannot be read: {error}"
        return
    columns = tuple((row[0], row[1]) for row in con.execute("describe output").fetchall())
    if columns != _COLUMNS:
        yield f"{shown}: columns or types are not those of a hub"
        return
    for what, rule in _ROW_RULES:
        given = [reference_date] if "?" in rule else []
        bad = con.execute(f"select count(*) from output where {rule}", given).fetchone()
        if bad and bad[0]:
            yield f"{shown}: {bad[0]} rows with {what}"
    yield from _task_problems(con, shown)


def _task_problems(con: duckdb.DuckDBPyConnection, shown: str) -> Iterator[str]:
    """Check each task as a whole: all levels once, and no quantile below the one before it."""
    rows = con.execute(
        """
        with tasks as (
            select target, list(value order by output_type_id::double) as values,
                list(output_type_id order by output_type_id::double) as ids
            from output group by target, location, horizon, reference_date
        )
        select count(*) filter (where tasks.ids is distinct from levels.ids),
            count(*) filter (where tasks.values <> list_sort(tasks.values))
        from tasks left join levels using (target)
        """
    ).fetchone()
    unlike, falling = rows or (0, 0)
    if unlike:
        yield f"{shown}: {unlike} tasks without exactly the levels that tasks.json requires"
    if falling:
        yield f"{shown}: {falling} tasks whose quantiles fall"


def check_target_data(hub: Path, _settings: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Check that observed counts can be read, come once, are whole weeks and never missing."""
    for name, column in (("time-series", "observation"), ("oracle-output", "oracle_value")):
        path = hub / "target-data" / f"{name}.parquet"
        yield from _target_problems(path, f"target-data/{path.name}", column)


def _target_problems(path: Path, shown: str, column: str) -> Iterator[str]:
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

    unit = ", ".join(OBSERVABLE_UNIT)
    with connect() as con:
        try:
            con.register("target_data", pq.read_table(path, partitioning=None))
            found = con.execute(
                f"select count(*) - count(distinct ({unit})), "
                f"count(*) filter (where {column} is null or {column} < 0), "
                "count(*) filter (where isodow(target_end_date) <> 7) from target_data"
            ).fetchone()
        except (OSError, pa.ArrowException, duckdb.Error) as error:
            yield f"{shown} cannot be read: {error}"
            return
    wrong = ("rows that repeat another", "missing or negative counts", "days not a Sunday")
    for number, what in zip(found or (), wrong, strict=True):
        if number:
            yield f"{shown}: {number} {what}"


def check_model_metadata(hub: Path, settings: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Check that each model says what the hub's own schema requires, and nothing else."""
    import yaml

    schema = settings["model-metadata-schema"]
    for path in sorted((hub / "model-metadata").glob("*")):
        shown = path.relative_to(hub).as_posix()
        try:
            said = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, yaml.YAMLError) as error:
            yield f"{shown} cannot be read: {error}"
            continue
        for key in schema["required"]:
            if said.get(key) in (None, ""):
                yield f"{shown} lacks {key}"
        for key in sorted(said.keys() - schema["properties"].keys()):
            yield f"{shown}: {key} is unknown"
        if f"{said.get('team_abbr')}-{said.get('model_abbr')}.yml" != path.name:
            yield f"{shown}: the name is not that of its team and model"


def _model_tasks(settings: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [task for item in settings["tasks"]["rounds"] for task in item["model_tasks"]]


def _register_tasks(con: duckdb.DuckDBPyConnection, settings: dict[str, dict[str, Any]]) -> None:
    """Lay tasks.json out as two tables: the allowed tasks, and the levels of each target."""
    con.execute(
        "create temp table allowed (target varchar, location varchar, horizon integer, day date)"
    )
    con.execute("create temp table levels (target varchar, ids varchar[])")
    for task in _model_tasks(settings):
        ids = {name: value["optional"] for name, value in task["task_ids"].items()}
        levels = task["output_type"]["quantile"]["output_type_id"]["required"]
        con.execute(
            "insert into allowed select t, l, h, d::date "
            "from unnest(?) as a(t), unnest(?) as b(l), unnest(?) as c(h), unnest(?) as e(d)",
            [ids["target"], ids["location"], ids["horizon"], ids["reference_date"]],
        )
        for target in ids["target"]:
            con.execute("insert into levels values (?, ?)", [target, [str(x) for x in levels]])
