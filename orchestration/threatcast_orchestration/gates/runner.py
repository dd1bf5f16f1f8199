"""Runs suites with Great Expectations on pandas frames and returns plain results.

Frames are small: the row rules are boolean columns that DuckDB has computed. Suites are built
from YAML each time and read back from nowhere, so that no file of a home can spoil a gate.
Results are returned; whoever calls decides what stops.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from hashlib import sha256
from time import perf_counter
from typing import TYPE_CHECKING, Any

from threatcast_orchestration.gates.gate_results import ExpectationResult, GateResult
from threatcast_orchestration.gates.library import batch_definition, quiet
from threatcast_orchestration.gates.records import GateRecords
from threatcast_orchestration.gates.suites import (
    Expectation,
    Frame,
    Suite,
    SuiteError,
    load_suite,
    load_suites,
)

if TYPE_CHECKING:
    from pathlib import Path

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
        Never raises: a suite that crashes is a result with an `error` and without a verdict.
    """
    return run_suites([suite], source, records=records)[0]


def run_suites(
    suites: Sequence[Suite], source: Source, *, records: GateRecords | None = None
) -> list[GateResult]:
    """Run several suites on one source; the first page of the Data Docs is written at the end."""
    with quiet():
        results = [_run(suite, source, records) for suite in suites]
        if records is not None:
            records.write_site()
    return results


def _run(suite: Suite, source: Source, records: GateRecords | None) -> GateResult:
    """Judge what the source holds, or tell again what was said of the very same rows."""
    started = perf_counter()
    results: dict[int, ExpectationResult] = {}
    rows: dict[str, int] = {}
    rows_hash = error = ""
    try:
        frames = {name: _load(suite, name, source) for name in suite.frames}
        if records is not None:
            rows_hash = _hash_of(frames)
            if kept := records.kept(suite, rows_hash):
                return _told(suite, kept, records, rows_hash)
        for name, frame in frames.items():
            rows[name] = len(frame)
            results |= _validate(suite, name, frame, records)
    except Exception as problem:  # noqa: BLE001 a crash must never pass, nor be taken for a verdict
        error = f"{type(problem).__name__}: {' '.join(str(problem).split())}"
    ordered = tuple(results[place] for place in sorted(results))
    error = error or next((f"{one.rule}: {one.error}" for one in ordered if one.error), "")
    result = GateResult(
        suite=suite.key,
        protects=suite.protects,
        expectations=ordered,
        rows=rows,
        seconds=round(perf_counter() - started, 3),
        error=error,
    )
    return _told(suite, result, records, rows_hash)


def _told(
    suite: Suite, result: GateResult, records: GateRecords | None, rows_hash: str
) -> GateResult:
    """Return a result with the place of its page, after it was written down."""
    if records is None:
        return result
    page = _page(suite, result.expectations, records)
    result = replace(result, docs=str(page.resolve()), link=records.link(page))
    records.write_json(suite, result, rows_hash)
    return result


def _hash_of(frames: Mapping[str, pd.DataFrame]) -> str:
    """Return a hash of all rows that a suite looks at, in their order."""
    import pandas as pd

    digest = sha256()
    for name, frame in frames.items():
        digest.update(repr((name, [*map(str, frame.columns)], [*map(str, frame.dtypes)])).encode())
        known = frame.copy()
        for column in known.select_dtypes("object"):
            known[column] = known[column].map(repr)
        hashes = pd.util.hash_pandas_object(known, index=False)
        digest.update(hashes.to_numpy().tobytes())
    return digest.hexdigest()


def _load(suite: Suite, name: str, source: Source) -> pd.DataFrame:
    """Return one frame of a suite, after checking that it may be looked at."""
    import pandas as pd

    if isinstance(source, pd.DataFrame):
        frame = source
    elif isinstance(source, Mapping):
        frame = source[name]
    else:
        frame = source.execute(_sorted(suite.frames[name])).df()
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


def _sorted(frame: Frame) -> str:
    """Return a frame's query in the order of what is shown, so that a release says the same."""
    order = ", ".join(f'"{column}"' for column in frame.samples)
    return f"SELECT * FROM ({frame.query}) ORDER BY {order}" if order else frame.query


def _validate(
    suite: Suite,
    name: str,
    frame: pd.DataFrame,
    records: GateRecords | None,
) -> dict[int, ExpectationResult]:
    """Run Great Expectations on one frame; results by their place in the suite's file."""
    import great_expectations as gx
    from great_expectations.expectations.expectation_configuration import (
        ExpectationConfiguration,
    )
    from great_expectations.expectations.metadata_types import FailureSeverity

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
    batch = batch_definition(gx_name).get_batch({"dataframe": frame})
    validated = batch.validate(
        gx_suite,
        result_format={
            "result_format": "SUMMARY",
            "partial_unexpected_count": SAMPLE_ROWS,
            "unexpected_index_column_names": list(suite.frames[name].samples),
            "return_unexpected_index_query": False,
        },
    )
    results = {
        int(one.expectation_config.meta["place"]): _result(
            suite.expectations[int(one.expectation_config.meta["place"])], one, suite
        )
        for one in validated.results
    }
    if records is not None:
        failed = [one for one in results.values() if not one.success]
        records.write_page(suite.key, name, validated, failed)
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
        severity=rule.severity,
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


def _page(suite: Suite, results: Sequence[ExpectationResult], records: GateRecords) -> Path:
    """Return the page of the worst failure, else of the first frame; of a crash the index."""
    if not results:
        return records.site
    failed = [rule.frame for rule in results if not rule.success]
    frame = failed[0] if failed else next(iter(suite.frames))
    return records.page(suite.key, frame)
