"""The files of the dbt project that are written from the catalog and the seeds.

dbt finds what a model refers to while it parses, before it can read any table. What it must know of
feeds and targets by then is written out here.
"""

from __future__ import annotations

from collections.abc import Iterable

from threatcast_feeds.registry import load_catalog

from threatcast_orchestration.documents.markdown import seed

_HEAD = "Written by `make docs` from {source}. Change it there; edits here are lost."


def dbt_files() -> dict[str, str]:
    """Return all generated files of the dbt project: path below `dbt_project/` to text."""
    return {"macros/catalog.sql": _catalog_macros()}


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
        ]
    )


def _macro(name: str, items: Iterable[str], brackets: str) -> str:
    opened, closed = brackets
    lines = "".join(f"        {item},\n" for item in items)
    return (
        f"{{% macro {name}() -%}}\n    {{{{ return({opened}\n{lines}    {closed}) }}}}\n"
        "{%- endmacro %}\n"
    )
