"""The files of the dbt project that are written from the catalog and the seeds.

dbt finds what a model refers to while it parses, before it can read any table. What it must know of
feeds and targets by then is written out here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import yaml
from threatcast_feeds.registry import FeedSpec, load_catalog

from threatcast_orchestration.documents.markdown import seed
from threatcast_orchestration.documents.reference import described, published_models
from threatcast_orchestration.early_warning import fairness_record, warning_record
from threatcast_orchestration.forecasts import tables as forecasts
from threatcast_orchestration.gates.suites import load_suite
from threatcast_orchestration.live_scores import fallback, forecast_history, scoring
from threatcast_orchestration.published_models import decisions
from threatcast_orchestration.response import outcome_tables
from threatcast_orchestration.warehouse import outlook_history, raw
from threatcast_orchestration.warehouse.raw import VINTAGES

_HEAD = "Written by `make docs` from {source}. Change it there; edits here are lost."


WRITTEN = (
    *raw.TABLES.values(),
    *forecasts.TABLES.values(),
    *decisions.TABLES.values(),
    *scoring.TABLES.values(),
    fallback.STAND_IN,
    outlook_history.OUTLOOK_HISTORY,
    forecast_history.FORECAST_HISTORY,
    warning_record.WARNINGS,
    fairness_record.FAIRNESS,
    outcome_tables.WARNINGS_CLOSED,
    outcome_tables.WARNING_OUTCOMES,
)
_WRITTEN_IN = "{{ 'night' if target.name == 'ducklake' else target.database }}"
"""Where dbt reads what Python wrote: of a lake it builds the models alone."""
_SCHEMAS = {
    "raw": "What had been retrieved by the end of the as-of day, as the parsers read it: one view "
    "a feed over its Parquet files, and the tables about the run. Written before dbt starts.",
    "forecasts": "What the forecasting step makes of the series with numbers. Written after the "
    "marts and before the published tables; gated by the suites of kind `forecasts`.",
    "live": "What was published on earlier as-of days against what came since. Written after the "
    "gate on the forecasts and before the published tables.",
    "history": "What earlier releases said. Written before the published tables.",
}


def dbt_files() -> dict[str, str]:
    """Return all generated files of the dbt project: path below `dbt_project/` to text."""
    return {
        "macros/catalog.sql": _catalog_macros(),
        "models/sources_raw.yml": _feed_sources(),
        "models/sources_written.yml": _written_sources(),
    }


def _catalog_macros() -> str:
    catalog = load_catalog()
    counted = [
        f"'{row['target']}': '{row['feed']}'"
        for row in seed("targets")
        if not row["shown_not_forecast"]
    ]
    dated = [
        f"'{spec.key}'"
        for spec in catalog.values()
        if spec.coverage and (spec.coverage.days or spec.coverage.parts)
    ]
    head = _HEAD.format(source="seeds/targets.csv and the feeds' definitions")
    return "\n".join(
        [
            f"{{#- {head} -#}}\n",
            "{#- The feed of each target that is counted: what int_<feed>__history holds are its "
            "events. -#}",
            _macro("counted_feeds", counted, "{}"),
            "{#- The feeds whose records carry days: stg_<feed> has `far_columns`. -#}",
            _macro("dated_feeds", dated, "[]"),
            "{#- What the records of a feed must have, by its gate: `fields` are expressions over "
            "its raw rows that are null or empty where a field is blank. -#}",
            _macro("must_have_fields", [*_must_have(catalog)], "[]"),
        ]
    )


def _must_have(catalog: Mapping[str, FeedSpec]) -> Iterator[str]:
    targets = {row["feed"]: row["target"] for row in seed("targets")}
    for spec in catalog.values():
        meaning = load_suite("payloads", spec.key).meaning
        if meaning and meaning.must_have and spec.key in targets:
            told = {
                "feed": spec.key,
                "target": targets[spec.key],
                "is_parts": meaning.kind == "parts",
                "key": [*meaning.key],
                "day": meaning.day,
                "where": meaning.where,
                "fields": meaning.must_have,
            }
            # Jinja knows lists, dicts, texts and numbers as Python writes them
            yield repr(told)


def _macro(name: str, items: Iterable[str], brackets: str) -> str:
    opened, closed = brackets[0], brackets[1]
    lines = "".join(f"        {item},\n" for item in items)
    return (
        f"{{% macro {name}() -%}}\n    {{{{ return({opened}\n{lines}    {closed}) }}}}\n"
        "{%- endmacro %}\n"
    )


def _feed_sources() -> str:
    tables = [
        {
            "name": spec.key,
            "description": f"{spec.title}: one row a record and copy, as read.",
            "columns": [
                _column("copy_number", "INTEGER", VINTAGES.meanings["copy_number"]),
                _column("vintage_day", "DATE", VINTAGES.meanings["vintage_day"]),
                *(_column(name, raw.type, raw.meaning) for name, raw in spec.raw.items()),
                _column("payload", "VARCHAR", VINTAGES.meanings["payload"]),
            ],
        }
        for spec in load_catalog().values()
    ]
    return _yaml("the feeds' definitions", {"raw": tables})


def _written_sources() -> str:
    published = published_models()
    sources: dict[str, list[dict[str, Any]]] = {}
    for table in WRITTEN:
        says = {
            column["name"]: described(column)
            for column in published.get(table.published or table.name, {}).get("columns", [])
        }
        sources.setdefault(table.schema, []).append(
            {
                "name": table.name,
                "description": table.description,
                "columns": [
                    _column(name, kind, table.meanings.get(name) or says[name])
                    for name, kind in table.columns.items()
                ],
            }
        )
    return _yaml("the tables that Python declares (`WrittenTable`)", sources)


def _column(name: str, kind: str, says: str) -> dict[str, str]:
    return {"name": name, "data_type": kind.lower(), "description": says}


def _yaml(source: str, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Return dbt's YAML of sources: schema to tables."""
    sources = [
        {
            "name": schema,
            "database": _WRITTEN_IN,
            "schema": schema,
            "description": _SCHEMAS[schema],
            "tables": listed,
        }
        for schema, listed in tables.items()
    ]
    written = yaml.safe_dump({"sources": sources}, sort_keys=False, allow_unicode=True, width=100)
    return f"# {_HEAD.format(source=source)}\n{written}"
