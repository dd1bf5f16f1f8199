"""Gates as Dagster asset checks: what failed, how often, which rows, why, and the cure.

No postponed annotations here: Dagster reads those of a check's context.

A critical failure is a blocking check of severity ERROR, a warning is WARN, and a failed rule of
severity info passes with a note.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

import dagster as dg

from threatcast_orchestration.gates.gate_results import (
    ExpectationResult,
    GateResult,
    row_in_words,
)
from threatcast_orchestration.gates.records import GateRecords
from threatcast_orchestration.gates.runner import run_suites
from threatcast_orchestration.gates.suites import Suite

Context = dg.AssetCheckExecutionContext
LoadSource = Callable[[Context], AbstractContextManager[Any]]
KeyOf = dg.AssetKey | Callable[[Suite], dg.AssetKey]

_COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("severity", "string", description="critical blocks the release"),
        dg.TableColumn("expectation", "string"),
        dg.TableColumn("rows", "int", description="Rows that broke the rule"),
        dg.TableColumn("of", "int", description="Rows looked at"),
        dg.TableColumn("observed", "string"),
        dg.TableColumn("sample", "string", description="Up to five of the rows"),
        dg.TableColumn("why", "string"),
        dg.TableColumn("cure", "string"),
    ]
)


def to_check_result(
    result: GateResult, *, asset_key: dg.AssetKey | None = None, check_name: str | None = None
) -> dg.AssetCheckResult:
    """Turn a gate's result into Dagster's.

    Parameters
    ----------
    result
        From `run_suite` or `run_suites`.
    asset_key, check_name
        Needed where one step yields several checks.

    Returns
    -------
    dagster.AssetCheckResult
        Failed with ERROR for a critical failure, with WARN for a warning; metadata holds the
        failed expectations as a table, their sample rows, and the page of the Data Docs.
    """
    severity = dg.AssetCheckSeverity.ERROR if result.blocks else dg.AssetCheckSeverity.WARN
    return dg.AssetCheckResult(
        passed=result.severity in (None, "info"),
        severity=severity,
        asset_key=asset_key,
        check_name=check_name,
        description=result.summary,
        metadata=_metadata(result),
    )


def check_spec(suite: Suite, asset_key: dg.AssetKey, *, blocking: bool = True) -> dg.AssetCheckSpec:
    """Return the spec of a suite's check, for a step that runs its gate itself."""
    return dg.AssetCheckSpec(
        suite.check_name, asset=asset_key, blocking=blocking, description=suite.protects
    )


def build_checks(
    suites: Sequence[Suite],
    asset_key: KeyOf,
    load_frame: LoadSource,
    *,
    name: str,
    blocking: bool = True,
    pool: str | None = None,
    records: Callable[[Context], GateRecords | None] = lambda _: None,
    required_resource_keys: set[str] | None = None,
    additional_deps: Sequence[dg.AssetKey] = (),
) -> dg.AssetChecksDefinition:
    """Return one step that runs these suites as asset checks.

    All suites of a step share one process and one import of Great Expectations.

    Parameters
    ----------
    suites
        What to run; one check a suite, named `gx_<kind>_<name>`.
    asset_key
        The asset that all suites protect, or a function from suite to asset.
    load_frame
        From the step's context to a context manager that yields a DuckDB connection or frames.
    name
        Name of the step.
    blocking
        Whether a critical failure keeps what lies downstream from running.
    pool
        Concurrency pool; the warehouse's, if `load_frame` opens that file.
    records
        From the step's context to where results and Data Docs go.
    required_resource_keys
        Resources that `load_frame` and `records` take from the context.
    additional_deps
        Assets that must be there before the checks run.
    """
    key_of = asset_key if callable(asset_key) else lambda _: asset_key
    specs = [
        dg.AssetCheckSpec(
            suite.check_name,
            asset=key_of(suite),
            blocking=blocking,
            description=suite.protects,
            additional_deps=[key for key in additional_deps if key != key_of(suite)],
        )
        for suite in suites
    ]

    @dg.multi_asset_check(
        name=name,
        specs=specs,
        can_subset=True,
        pool=pool,
        compute_kind="greatexpectations",
        required_resource_keys=required_resource_keys or set(),
    )
    def run_gates(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        wanted = {key.name for key in context.selected_asset_check_keys}
        chosen = [suite for suite in suites if suite.check_name in wanted]
        with load_frame(context) as source:
            results = run_suites(chosen, source, records=records(context))
        for suite, result in zip(chosen, results, strict=True):
            log = context.log.info if result.success else context.log.warning
            log(result.summary)
            if not result.error:
                yield to_check_result(result, asset_key=key_of(suite), check_name=suite.check_name)
        for suite, result in zip(chosen, results, strict=True):
            result.refuse_crash(f"the table {'.'.join(key_of(suite).path)}")

    return run_gates


def _metadata(result: GateResult) -> dict[str, Any]:
    failures = result.failures
    metadata: dict[str, Any] = {
        "expectations": len(result.expectations),
        "failed": len(failures) + int(bool(result.error)),
        "rows looked at": sum(result.rows.values()),
        "seconds": result.seconds,
    }
    if failures:
        metadata["failed expectations"] = dg.MetadataValue.table(
            records=[dg.TableRecord(_record(rule)) for rule in failures], schema=_COLUMNS
        )
        metadata["sample rows"] = dg.MetadataValue.md(_samples(failures))
    if result.error:
        metadata["error"] = result.error
    if result.link:
        metadata["data docs"] = dg.MetadataValue.url(result.link)
    if result.docs:
        metadata["data docs file"] = dg.MetadataValue.path(result.docs)
    return metadata


def _record(rule: ExpectationResult) -> dict[str, Any]:
    return {
        "severity": rule.severity,
        "expectation": rule.rule,
        "rows": rule.unexpected_count,
        "of": rule.element_count,
        "observed": rule.error or ("" if rule.observed is None else str(rule.observed)),
        "sample": "; ".join(map(row_in_words, rule.sample)),
        "why": rule.why,
        "cure": rule.cure,
    }


def _samples(failures: Sequence[ExpectationResult]) -> str:
    """Return the sample rows of each failed rule as Markdown tables."""
    parts = []
    for rule in failures:
        parts.append(f"**{rule.rule}** ({rule.severity}): {rule.why} *Cure:* {rule.cure}")
        if rule.sample:
            columns = list(rule.sample[0])
            parts.append(
                "\n".join(
                    [
                        "| " + " | ".join(columns) + " |",
                        "| " + " | ".join("---" for _ in columns) + " |",
                        *(
                            "| " + " | ".join(_cell(row.get(column)) for column in columns) + " |"
                            for row in rule.sample
                        ),
                    ]
                )
            )
    return "\n\n".join(parts)


def _cell(value: Any) -> str:
    return ("" if value is None else str(value)).replace("|", "\\|")
