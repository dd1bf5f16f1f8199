"""Runs suites with Great Expectations on pandas frames and returns plain results.

Frames are small: the row rules are boolean columns that DuckDB has computed. Great Expectations
is imported on the first suite (four seconds), and one context serves the whole process. Results
are returned; whoever calls decides what stops.
"""

from __future__ import annotations

import logging
import math
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from threatcast_orchestration.gates.records import GateRecords, open_context
from threatcast_orchestration.gates.results import ExpectationResult, GateResult
from threatcast_orchestration.gates.suites import (
    Expectation,
    Suite,
    SuiteError,
    load_suite,
    load_suites,
)

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    Source = duckdb.DuckDBPyConnection | pd.DataFrame | Mapping[str, pd.DataFrame]

__all__ = [
    "ExpectationResult",
    "GateRecords",
    "GateResult",
    "Suite",
    "SuiteError",
    "load_suite",
    "load_suites",
    "run_suite",
    "run_suites",
]

SAMPLE_ROWS = 5


def run_suite(suite: Suite, source: Source, *, records: GateRecords | None = None) -> GateResult:
    """Run one suite.

    Parameters
    ----------
    suite
        From `load_suites` or `load_suite`.
    source
        A DuckDB connection, on which the suite's queries run; or the frames themselves, by the
        suite's names for them (a lone frame stands for all of them).
    records
        Where the result and its Data Docs page go; None keeps nothing.

    Returns
    -------
    GateResult
        Never raises: a suite that crashes is a failed result of severity critical.
    """
    return run_suites([suite], source, records=records)[0]


def run_suites(
    suites: Sequence[Suite], source: Source, *, records: GateRecords | None = None
) -> list[GateResult]:
    """Run several suites on one source; the Data Docs are built once, at the end."""
    results: list[GateResult] = []
    identifiers: list[Any] = []
    with _quiet():
        for suite in suites:
            result = _run(suite, source, records, identifiers)
            if records is not None:
                records.write_json(result)
            results.append(result)
        if records is not None:
            records.build_docs(_context(records.folder), identifiers)
    return results


def _run(
    suite: Suite, source: Source, records: GateRecords | None, identifiers: list[Any]
) -> GateResult:
    started = perf_counter()
    results: dict[int, ExpectationResult] = {}
    rows: dict[str, int] = {}
    error = ""
    try:
        for name in suite.frames:
            frame = _load(suite, name, source)
            rows[name] = len(frame)
            results |= _validate(suite, name, frame, records, identifiers)
    except Exception as problem:  # noqa: BLE001 a crash must end as a failed gate, never as a pass
        error = f"{type(problem).__name__}: {problem}"
    ordered = tuple(results[place] for place in sorted(results))
    return GateResult(
        suite=suite.key,
        protects=suite.protects,
        expectations=ordered,
        rows=rows,
        seconds=round(perf_counter() - started, 3),
        error=error,
        docs=_page(suite, ordered, records),
    )


def _load(suite: Suite, name: str, source: Source) -> pd.DataFrame:
    """Return one frame of a suite, after checking that it may be looked at."""
    import pandas as pd

    if isinstance(source, pd.DataFrame):
        frame = source
    elif isinstance(source, Mapping):
        frame = source[name]
    else:
        frame = source.execute(suite.frames[name].query).df()
    shown = suite.frames[name].samples
    for column in frame.columns:
        if not pd.api.types.is_object_dtype(frame[column]) or column in shown:
            continue
        if frame[column].map(lambda value: isinstance(value, bool) or value is None).all():
            raise SuiteError(
                f"{suite.key}, frame {name}: the truth column '{column}' holds nulls, which "
                "Great Expectations would skip. Wrap it in coalesce(..., false)."
            )
        raise SuiteError(
            f"{suite.key}, frame {name}: the text column '{column}' is not among the columns "
            f"that may be shown ({', '.join(shown)}). Leave it out of the query."
        )
    return frame


def _validate(
    suite: Suite,
    name: str,
    frame: pd.DataFrame,
    records: GateRecords | None,
    identifiers: list[Any],
) -> dict[int, ExpectationResult]:
    """Run Great Expectations on one frame; results by their place in the suite's file."""
    import great_expectations as gx
    from great_expectations.expectations.expectation_configuration import (
        ExpectationConfiguration,
    )
    from great_expectations.expectations.metadata_types import FailureSeverity

    context = _context(records.folder if records else None)
    gx_name = f"{suite.key}.{name}"
    rules = suite.on(name)
    gx_suite = gx.ExpectationSuite(
        name=gx_name,
        expectations=[
            ExpectationConfiguration(
                type=rule.type,
                kwargs=dict(rule.kwargs),
                severity=FailureSeverity(rule.severity),
                meta={"place": place, "why": rule.meta.why, "cure": rule.meta.cure},
            ).to_domain_obj()
            for place, rule in rules
        ],
        meta={"protects": suite.protects},
    )
    batch = _asset(context, gx_name).get_batch({"dataframe": frame})
    validated = batch.validate(
        gx_suite,
        result_format={
            "result_format": "SUMMARY",
            "partial_unexpected_count": SAMPLE_ROWS,
            "unexpected_index_column_names": list(suite.frames[name].samples),
            "return_unexpected_index_query": False,
        },
    )
    if records is not None:
        identifiers += records.store(context, gx_suite, validated)
    results = {
        int(one.expectation_config.meta["place"]): _result(
            suite.expectations[int(one.expectation_config.meta["place"])], one, suite
        )
        for one in validated.results
    }
    missing = {place for place, _ in rules} - set(results)
    if missing:
        raise SuiteError(f"{gx_name}: no result for the expectations {sorted(missing)}.")
    return results


def _result(rule: Expectation, one: Any, suite: Suite) -> ExpectationResult:
    """Turn one of Great Expectations' results into ours."""
    error = _exception(one.exception_info)
    found = one.result or {}
    shown = suite.frames[rule.frame].samples
    sample = [
        {column: _plain(row[column]) for column in shown if column in row}
        for row in (found.get("partial_unexpected_index_list") or [])[:SAMPLE_ROWS]
        if isinstance(row, dict)
    ]
    count = found.get("unexpected_count")
    elements = found.get("element_count")
    return ExpectationResult(
        type=rule.type,
        kwargs=dict(rule.kwargs),
        frame=rule.frame,
        success=bool(one.success) and not error,
        # a rule that could not be looked at is as bad as the worst
        severity="critical" if error else rule.severity,
        unexpected_count=None if count is None else int(count),
        element_count=None if elements is None else int(elements),
        observed=_plain(found.get("observed_value")),
        sample=sample,
        why=rule.meta.why,
        cure=rule.meta.cure,
        error=error,
    )


def _exception(info: Any) -> str:
    """Return the first exception message of a result, '' if there was none."""
    if not info:
        return ""
    blocks = [info] if "raised_exception" in info else list(info.values())
    for block in blocks:
        if isinstance(block, dict) and block.get("raised_exception"):
            return str(block.get("exception_message") or "unknown error")
    return ""


def _plain(value: Any) -> Any:
    """Return a value that JSON and Dagster can hold; days without their midnight."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, datetime):
        return value.date().isoformat() if value == _midnight(value) else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _page(suite: Suite, results: Sequence[ExpectationResult], records: GateRecords | None) -> str:
    """Return the page of the worst failure, else of the first frame; of a crash the index."""
    if records is None:
        return ""
    if not results:
        return str(records.site.resolve())
    failed = [rule.frame for rule in results if not rule.success]
    frame = failed[0] if failed else next(iter(suite.frames))
    return str(records.page(f"{suite.key}.{frame}").resolve())


@cache
def _context(folder: Path | None) -> Any:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    return open_context(folder)


def _asset(context: Any, name: str) -> Any:
    """Return the batch definition of a frame, made on first use."""
    sources = context.data_sources
    source = sources.all().get("warehouse") or sources.add_pandas("warehouse")
    if name in source.get_asset_names():
        return source.get_asset(name).get_batch_definition("frame")
    return source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("frame")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Great Expectations' chatter out of a person's log; its results say it all."""
    logger = logging.getLogger("great_expectations")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"great_expectations(\.|$)")
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            yield
    finally:
        logger.setLevel(level)
