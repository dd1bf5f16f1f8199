"""`hub/`: the forecasts as a hubverse hub, so that its tools read, score and plot them.

Only series that the outlook publishes are in it: what it rests on as the model `published`, and
the forecasts of all models by their own names, to compare with. All tables are Parquet: in CSV
many readers would take Namibia's code NA for a missing value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threatcast_publishing.database import as_arrow, connect
from threatcast_publishing.files import json_bytes
from threatcast_publishing.formats.parquet_files import origin, write_parquet
from threatcast_publishing.hub import config
from threatcast_publishing.hub.validation import problems
from threatcast_publishing.source import ReleaseContext

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

FOLDER = "hub"
_TABLES = (
    "outlook", "forecast", "forecast_published", "scores", "activity_weekly", "nowcast_quantiles",
)  # fmt: skip

# horizon 0 is the nowcast, and goes with the published forecasts
# `wanted`: published series; target_end_date is taken from the week itself, so that the check
# (reference_date + 7 * horizon) can find a forecast whose week and horizon disagree
_VIEWS = f"""
create view wanted as select target, location from outlook where state = 'published';
create table model_output as
select
    reference_date::date as reference_date, target, horizon::integer as horizon,
    target_week::date + 6 as target_end_date, location, 'quantile' as output_type,
    round(quantile, 6)::varchar as output_type_id, value::double as value, model
from (
    select * from forecast
    union all by name
    select * replace ('{config.PUBLISHED["model"]}' as model) from forecast_published
) semi join wanted using (target, location)
where value is not null
union all
select
    reference_date::date, target, 0, target_week::date + 6, location, 'quantile',
    round(quantile, 6)::varchar, value::double, '{config.PUBLISHED["model"]}'
from nowcast_quantiles semi join wanted using (target, location)
where (target, location, reference_date::date) in (
    select (target, location, reference_date::date) from forecast_published
);
create view rounds as
select distinct target, location, reference_date, horizon, target_end_date from model_output
union
select target, location, reference_date::date, horizon::integer,
    reference_date::date + 7 * horizon::integer
from scores semi join wanted using (target, location);
create table time_series as
select week::date + 6 as target_end_date, target, location, as_of::date as as_of,
    observation as status, value::double as observation
from activity_weekly semi join wanted using (target, location)
where value is not null;
create view oracle_output as
select target_end_date, target, location, observation as oracle_value
from time_series semi join rounds using (target_end_date, target, location)
where status = 'observed';
"""
_TASKS = """
select r.target, list_sort(list(distinct r.reference_date::varchar)),
    list_sort(list(distinct r.horizon)), list_sort(list(distinct r.target_end_date::varchar)),
    list_sort(list(distinct r.location)),
    (select list_sort(list(distinct m.output_type_id::double)) from model_output as m
     where m.target = r.target)
from rounds as r
where r.target in (select target from model_output)
group by r.target order by r.target
"""


class Hubverse:
    """A hub with its settings, model output, metadata of the models, and the observed counts."""

    name = "hubverse"
    after: tuple[str, ...] = ()
    content_types: Mapping[str, str] = {".json": "application/json", ".yml": "application/yaml"}

    def write(self, release: ReleaseContext, folder: Path) -> Sequence[Path]:
        """Write `hub/`."""
        hub = folder / FOLDER
        with connect() as con:
            for name in _TABLES:
                con.register(name, release.tables[name].data)
            con.execute(_VIEWS)
            return [
                *_write_settings(release, con, hub),
                *_write_model_output(release, con, hub),
                *_write_target_data(release, con, hub),
                *_write_metadata(release, hub),
            ]

    def validate(self, folder: Path) -> Sequence[str]:
        """Read the hub back and return what breaks its own settings."""
        return problems(folder / FOLDER)


def _write_settings(
    release: ReleaseContext, con: duckdb.DuckDBPyConnection, hub: Path
) -> Iterator[Path]:
    rows = con.execute(_TASKS).fetchall()
    tasks = [config.HubTask(row[0], *(tuple(values) for values in row[1:])) for row in rows]
    targets = {row["target"]: row for row in release.tables["targets"].data.to_pylist()}
    for name, value in (
        ("admin", config.admin(release)),
        ("tasks", config.tasks(tasks, targets, release)),
        ("target-data", config.target_data(release)),
        ("model-metadata-schema", config.model_metadata_schema()),
    ):
        path = _place(hub / "hub-config" / f"{name}.json")
        path.write_bytes(json_bytes(value))
        yield path


def _write_model_output(
    release: ReleaseContext, con: duckdb.DuckDBPyConnection, hub: Path
) -> Iterator[Path]:
    files: list[tuple[str, date]] = con.execute(
        "select distinct model, reference_date from model_output order by all"
    ).fetchall()
    for model, reference_date in files:
        rows = con.execute(
            "select * exclude (model) from model_output where model = ? and reference_date = ? "
            "order by target, location, horizon, output_type_id::double",
            [model, reference_date],
        )
        model_id = config.model_id(model)
        path = _place(hub / "model-output" / model_id / f"{reference_date}-{model_id}.parquet")
        write_parquet(_marked(as_arrow(rows), release), path)
        yield path


def _write_target_data(
    release: ReleaseContext, con: duckdb.DuckDBPyConnection, hub: Path
) -> Iterator[Path]:
    for view, name in (("time_series", "time-series"), ("oracle_output", "oracle-output")):
        rows = con.execute(f"select * from {view} order by target, location, target_end_date")
        path = _place(hub / "target-data" / f"{name}.parquet")
        write_parquet(_marked(as_arrow(rows), release), path)
        yield path


def _write_metadata(release: ReleaseContext, hub: Path) -> Iterator[Path]:
    import yaml

    inputs = _data_inputs(release)
    for row in (config.PUBLISHED, *release.tables["models"].data.to_pylist()):
        value = config.model_metadata(row, data_inputs=inputs, release=release)
        path = _place(hub / "model-metadata" / f"{config.model_id(row['model'])}.yml")
        text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100)
        path.write_text(text, encoding="utf-8", newline="\n")
        yield path


def _data_inputs(release: ReleaseContext) -> str:
    """Return one sentence that names the feeds with their licences."""
    columns = ["feed", "publisher", "licence"]
    rows: list[dict[str, Any]] = release.tables["feed_health"].data.select(columns).to_pylist()
    feeds = "; ".join(
        f"{row['feed']} ({row['publisher'] or 'publisher unknown'}, "
        f"licence: {row['licence'] or 'none stated'})"
        for row in rows
    )
    return f"Weekly counts made from: {feeds}." if feeds else "Weekly counts of public feeds."


def _marked(data: pa.Table, release: ReleaseContext) -> pa.Table:
    return data.replace_schema_metadata(origin(release))


def _place(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


FORMAT = Hubverse()
