"""The warnings of a night and its audit as assets, with checks for the data and the threats.

Neither check blocks: a warning is news for a person, never a reason to publish nothing.

No postponed annotations here: Dagster reads those of a step's arguments.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from threatcast_orchestration.assets.table_facts import table_metadata
from threatcast_orchestration.assets.table_keys import table_key
from threatcast_orchestration.early_warning.fairness_record import FAIRNESS
from threatcast_orchestration.early_warning.warning_record import WARNINGS
from threatcast_orchestration.forecasts.inputs import inputs_of_night
from threatcast_orchestration.forecasts.kept import make
from threatcast_orchestration.gates.green import refuse_unless_green
from threatcast_orchestration.nightly.resource import Night
from threatcast_orchestration.response.outcome_tables import WARNING_OUTCOMES, WARNINGS_CLOSED
from threatcast_orchestration.run.keys import code_key
from threatcast_orchestration.warehouse.content import content_of
from threatcast_orchestration.warehouse.raw import POOL, connect
from threatcast_orchestration.warehouse.stamps import begin, finish

_TABLES = (WARNINGS, FAIRNESS, WARNINGS_CLOSED, WARNING_OUTCOMES)
KEY = table_key(WARNINGS.schema, WARNINGS.name)
OF_DATA, OF_THREATS = "warnings_of_data", "warnings_of_threats"
SHOWN = 60
"""Warnings that the metadata of the asset show; the table has all."""
_COLUMNS = (
    "level", "kind", "target", "location", "since", "observed", "expected_low", "expected_high",
    "evidence", "stands_out", "behind", "detail",
)  # fmt: skip
# the highest level first, and the clearest of a level
_ROWS = f"""
    SELECT warning_id, {", ".join(_COLUMNS)}
    FROM {WARNINGS}
    ORDER BY level = 'severe' DESC, level = 'elevated' DESC, evidence DESC NULLS FIRST, target,
        location, kind, detail
"""


def build_warning_assets() -> dg.AssetsDefinition:
    """Return the step that finds the warnings that stand."""

    @dg.multi_asset(
        name="find_warnings",
        specs=[
            dg.AssetSpec(
                table_key(table.schema, table.name),
                group_name="forecasts",
                owners=["team:science"],
                kinds={"python", "duckdb"},
                description=table.description,
                deps=[
                    table_key("marts", "fct_weekly_counts"),
                    table_key("marts", "fct_week_to_date"),
                    table_key("marts", "fct_feed_health"),
                    table_key("forecasts", "outlook"),
                    table_key("live", "forecast_history"),
                ],
                code_version=code_key("warnings")[:12],
                metadata=table_metadata(table),
            )
            for table in _TABLES
        ],
        check_specs=[
            dg.AssetCheckSpec(
                OF_DATA,
                asset=KEY,
                description="No feed is at fault: none was silent, emptied, filled with old "
                "entries, changed its size or lost a field. A warning, never an error.",
            ),
            dg.AssetCheckSpec(
                OF_THREATS,
                asset=KEY,
                description="No series left what was published of it so far that its level is "
                "elevated or severe. A warning, never an error.",
            ),
        ],
        pool=POOL,
    )
    def find_warnings(context: dg.AssetExecutionContext, night: Night) -> Iterator[Any]:
        from threatcast_orchestration.early_warning.fairness_record import (
            languages_read,
            write_fairness,
        )
        from threatcast_orchestration.early_warning.warning_record import write_warnings
        from threatcast_orchestration.response.outcome_tables import write_outcomes

        plan = night.plan
        refuse_unless_green(plan, "marts", "forecasts", step="Looking for warnings")
        begin(plan.home, "warnings")
        inputs, key = inputs_of_night(plan)
        with connect(plan.home) as connection:
            count = write_warnings(connection, plan, make(inputs, plan, key))
            closed = write_outcomes(connection, plan.home, plan.as_of)
            write_fairness(connection, closed, languages_read(plan.catalog))
            counts = [(table, table.count(connection)) for table in _TABLES[1:]]
            rows = connection.execute(_ROWS).to_arrow_table().to_pylist()
            stamp = content_of(connection, _TABLES)
        finish(plan.home, "warnings", stamp)
        context.log.info("%d warnings stand", count)
        yield dg.MaterializeResult(
            asset_key=KEY,
            metadata={
                "dagster/row_count": count,
                "warnings": dg.MetadataValue.md(as_markdown(rows)),
            },
            data_version=dg.DataVersion(stamp),
        )
        for table, found in counts:
            yield dg.MaterializeResult(
                asset_key=table_key(table.schema, table.name),
                metadata={"dagster/row_count": found},
                data_version=dg.DataVersion(stamp),
            )
        yield from checks_of(rows)

    return find_warnings


def checks_of(rows: Sequence[Mapping[str, Any]]) -> Iterator[dg.AssetCheckResult]:
    """Yield the check of the data and the one of the threats."""
    from threatcast_forecasting.warning.warning_kinds import DATA_KINDS

    data = [row for row in rows if row["kind"] in DATA_KINDS]
    told = [row for row in rows if row["kind"] not in DATA_KINDS and not row["behind"]]
    threats = [row for row in told if row["level"] != "watch"]
    for name, found, rest in ((OF_DATA, data, 0), (OF_THREATS, threats, len(told) - len(threats))):
        yield dg.AssetCheckResult(
            passed=not found,
            severity=dg.AssetCheckSeverity.WARN,
            asset_key=KEY,
            check_name=name,
            description=_words(found, rest),
            metadata={"warnings": dg.MetadataValue.md(as_markdown(found))},
        )


def _words(found: Sequence[Mapping[str, Any]], watched: int) -> str:
    """Return in words what stands: the first three by name, and how many more."""
    named = [
        f"{row['level']}: {row['kind']} of {row['target']} in {row['location']} "
        f"since {row['since']}"
        for row in found[:3]
    ]
    more = [f"{len(found) - 3} more"] if len(found) > 3 else []
    watch = [f"{watched} to watch"] if watched else []
    return "; ".join([*named, *more, *watch]) or "nothing stands"


def as_markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return warnings as a table for Dagster's UI."""
    if not rows:
        return "No warning stands."
    lines = [
        "| " + " | ".join(_shown(row[name]) for name in _COLUMNS) + " |" for row in rows[:SHOWN]
    ]
    head = "| " + " | ".join(_COLUMNS) + " |\n" + "|" + " --- |" * len(_COLUMNS)
    rest = f"\n\nand {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    return "\n".join([head, *lines]) + rest


def _shown(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
