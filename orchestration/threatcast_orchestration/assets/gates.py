"""The gates after the payloads' own: on the marts, the forecasts and the published tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import dagster as dg

from threatcast_orchestration.assets.table_keys import table_key
from threatcast_orchestration.gates.asset_checks import build_checks
from threatcast_orchestration.gates.green import inputs_of, made_for
from threatcast_orchestration.gates.records import GateRecords
from threatcast_orchestration.gates.suites import Suite, load_suites
from threatcast_orchestration.warehouse.raw import POOL, connect

_SCHEMAS = {"marts": "marts", "forecasts": "forecasts", "release": "published"}


def build_gate_checks() -> list[dg.AssetChecksDefinition]:
    """Return one step for each kind of gate; a suite is named after the table that it protects."""
    return [
        build_checks(
            load_suites(kind),
            _protected,
            _open,
            name=f"{kind}_gate",
            pool=POOL,
            records=partial(_records, kind),
            required_resource_keys={"night"},
            additional_deps=_all_tables(kind),
        )
        for kind in _SCHEMAS
    ]


def _protected(suite: Suite) -> dg.AssetKey:
    return table_key(_SCHEMAS[suite.kind], suite.name)


def _all_tables(kind: str) -> list[dg.AssetKey]:
    """Return what a gate's queries may read, so that the gate waits for all of it."""
    return [_protected(suite) for suite in load_suites(kind)]


@contextmanager
def _open(context: dg.AssetCheckExecutionContext) -> Iterator[Any]:
    plan = context.resources.night.plan
    with connect(plan.home, read_only=True) as connection:
        connection.execute(f"SET VARIABLE drop_limit = {plan.settings.drop_limit:d}")
        yield connection


def _records(kind: str, context: dg.AssetCheckExecutionContext) -> GateRecords:
    """Return where results go: under the day of the tables looked at, with their stamps."""
    plan = context.resources.night.plan
    url = plan.settings.gates_url
    return GateRecords(plan.home.gates, made_for(plan), url, inputs_of(plan.home, kind))
