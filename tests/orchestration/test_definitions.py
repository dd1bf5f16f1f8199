"""What the UI and the schedule are told: every asset, its place, its columns, its guards."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from threatcast_feeds.registry import load_catalog
from threatcast_orchestration.assets.dbt import build_dbt_assets
from threatcast_orchestration.assets.dbt_project import manifest
from threatcast_orchestration.assets.feed_states import HEALTH
from threatcast_orchestration.assets.table_keys import table_key
from threatcast_orchestration.components.feed import FETCH_RETRIES, PAYLOAD_GATE
from threatcast_orchestration.definitions import build_definitions
from threatcast_orchestration.gates.suites import load_suites
from threatcast_orchestration.nightly.days import NIGHTS
from threatcast_orchestration.nightly.jobs import JOB
from threatcast_orchestration.nightly.record import FEED_STATE
from threatcast_orchestration.run.settings import clock
from threatcast_orchestration.warehouse.raw import POOL
from threatcast_publishing.contract import TABLES

SNAPSHOT = Path(__file__).with_name("asset_keys.txt")
STAGES = {
    "raw": "feeds",
    "seeds": "seeds",
    "staging": "staging",
    "intermediate": "history",
    "marts": "marts",
    "forecasts": "forecasts",
    "live": "forecasts",
    "mlflow": "forecasts",
    "decisions": "release",
    "history": "release",
    "published": "published",
    "release": "release",
    "retention": "release",
    "response": "release",
    "store": "release",
}
NO_TABLES = (
    "mlflow/night",
    "release",
    "decisions/record",
    "retention/pruned",
    "response/warnings_told",
    "store/landed",
    "store/handed_over",
)


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_definitions()


@pytest.fixture(scope="module")
def graph(definitions: dg.Definitions) -> Any:
    return definitions.resolve_asset_graph()


@pytest.fixture(scope="module")
def nodes(graph: Any) -> dict[str, Any]:
    return {key.to_user_string(): graph.get(key) for key in graph.get_all_asset_keys()}


def steps(definitions: dg.Definitions) -> dict[str, Any]:
    job = definitions.resolve_job_def(JOB)
    return {node.name: node.definition for node in job.graph.nodes}


def parents(node: Any) -> set[str]:
    return {key.to_user_string() for key in node.parent_keys}


def below(nodes: dict[str, Any], start: str, without: frozenset[str] = frozenset()) -> set[str]:
    """Return all that is made from one asset, not by way of those named."""
    found, queue = set(), [start]
    while queue:
        for child in nodes[queue.pop()].child_keys:
            name = child.to_user_string()
            if name not in found | without:
                found.add(name)
                queue.append(name)
    return found


def test_assets_are_those_of_the_list_and_of_the_feeds(nodes: dict[str, Any]) -> None:
    listed = set(SNAPSHOT.read_text(encoding="utf-8").split())
    for feed, spec in load_catalog().items():
        listed |= {f"raw/{feed}", f"staging/stg_{feed}"}
        if set(spec.targets) - {"phishing_mix"}:
            listed |= {f"intermediate/int_{feed}__history"}
    gone, new = sorted(listed - set(nodes)), sorted(set(nodes) - listed)
    assert (gone, new) == ([], []), (
        f"Assets are names that history and people refer to. Gone: {gone}. New: {new}. "
        f"If that is meant, change {SNAPSHOT.name} beside this test."
    )


def test_no_two_assets_look_the_same_in_the_graph(nodes: dict[str, Any]) -> None:
    # of a key the graph shows the last part
    called = Counter(name.rsplit("/", 1)[-1] for name in nodes)
    assert {name for name, assets in called.items() if assets > 1} == set()


def test_every_table_tells_where_it_stands_in_the_warehouse(nodes: dict[str, Any]) -> None:
    feeds = {f"raw/{feed}" for feed in load_catalog()}
    nameless = {name for name, node in nodes.items() if "dagster/table_name" not in node.metadata}
    assert nameless == {*NO_TABLES, *feeds}
    told = nodes["forecasts/night_outlook"].metadata["dagster/table_name"]
    assert told == "forecasts.outlook"


def test_every_asset_is_made_here_and_stands_in_the_group_of_its_stage(
    nodes: dict[str, Any],
) -> None:
    assert [name for name, node in nodes.items() if not node.is_materializable] == []
    groups = {name: node.group_name for name, node in nodes.items()}
    assert groups == {name: STAGES[name.split("/")[0]] for name in nodes}


@pytest.mark.parametrize("fact", ["owners", "kinds", "description"])
def test_every_asset_has(nodes: dict[str, Any], fact: str) -> None:
    assert [name for name, node in nodes.items() if not getattr(node, fact)] == []


def test_every_table_has_its_columns_and_their_types(nodes: dict[str, Any]) -> None:
    bare = [
        name
        for name, node in nodes.items()
        if name not in NO_TABLES
        and not (
            "dagster/column_schema" in node.metadata
            and all(c.type for c in node.metadata["dagster/column_schema"].columns)
        )
    ]
    assert bare == []


def test_columns_of_tables_come_described(nodes: dict[str, Any]) -> None:
    undescribed = [
        f"{name}.{column.name}"
        for name, node in nodes.items()
        if name not in NO_TABLES
        for column in node.metadata["dagster/column_schema"].columns
        if not column.description
    ]
    assert undescribed == []


def test_every_feed_reaches_its_staging_model_and_the_release(nodes: dict[str, Any]) -> None:
    for feed in load_catalog():
        assert f"raw/{feed}" in parents(nodes[f"staging/stg_{feed}"]), feed
        assert "release" in below(nodes, f"raw/{feed}"), feed


def test_every_observed_feed_reaches_forecasts_and_outlook_by_its_own_rows(
    nodes: dict[str, Any],
) -> None:
    # all feeds reach everything by way of the tables about the run: not those are meant
    about_the_run = frozenset({"raw/feeds", "raw/vintages", "raw/run_context", "raw/unwatched"})
    for spec in load_catalog().values():
        if spec.role != "observations":
            continue
        made = below(nodes, f"staging/stg_{spec.key}", about_the_run)
        wanted = {"marts/fct_feed_health", "published/outlook", "release"}
        counted = set(spec.targets) - {"phishing_mix"}
        if counted:
            wanted |= {"marts/fct_weekly_counts", "forecasts/night_forecast", "published/forecast"}
        assert wanted <= made, (spec.key, wanted - made)


def test_only_seeds_and_the_countries_are_made_from_nothing(nodes: dict[str, Any]) -> None:
    roots = {name for name, node in nodes.items() if not node.parent_keys}
    assert roots == {name for name in nodes if name.startswith("seeds/")} | {"raw/country_codes"}


def test_release_waits_for_every_published_table_and_for_payloads_to_be_safe(
    nodes: dict[str, Any],
) -> None:
    published = {f"published/{table}" for table in TABLES}
    assert parents(nodes["release"]) == {*published, "store/landed"}


def test_one_job_makes_everything_with_every_check(definitions: dg.Definitions, graph: Any) -> None:
    job = definitions.resolve_job_def(JOB)
    assert set(job.asset_layer.executable_asset_keys) == graph.get_all_asset_keys()
    assert set(job.asset_layer.asset_graph.asset_check_keys) == set(graph.asset_check_keys)


def test_every_check_says_what_it_holds(graph: Any) -> None:
    checks = [graph.get(key) for key in graph.asset_check_keys]
    assert [check.key.name for check in checks if not check.description] == []


def test_every_test_of_dbt_is_a_check() -> None:
    nodes = json.loads(manifest().read_text(encoding="utf-8"))["nodes"]
    tests = {name for name, node in nodes.items() if node["resource_type"] == "test"}
    shown = {
        spec.metadata.get("dagster_dbt/unique_id")
        for assets in build_dbt_assets()
        for spec in assets.check_specs
    }
    assert tests - shown == set()


def test_every_asset_has_a_night_for_each_day_until_today(
    definitions: dg.Definitions, nodes: dict[str, Any]
) -> None:
    assert {node.partitions_def for node in nodes.values()} == {NIGHTS}
    assert definitions.resolve_job_def(JOB).partitions_def == NIGHTS
    assert NIGHTS.get_last_partition_key() == clock().date().isoformat()


def test_schedule_asks_for_the_night_of_its_own_day(definitions: dg.Definitions) -> None:
    schedule = definitions.resolve_schedule_def("nightly_at_two")
    at_two = datetime(2026, 11, 20, 2, tzinfo=UTC)
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(instance, scheduled_execution_time=at_two)
        (request,) = schedule.evaluate_tick(context).run_requests
    assert request.partition_key == "2026-11-20"


def test_schedule_runs_every_night_at_two_utc_without_being_switched_on(
    definitions: dg.Definitions,
) -> None:
    schedule = definitions.resolve_schedule_def("nightly_at_two")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 2 * * *", "UTC")
    assert schedule.job_name == JOB
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING


def test_sensors_tell_of_every_end_without_being_switched_on(definitions: dg.Definitions) -> None:
    sensors = definitions.get_repository_def().sensor_defs
    assert {sensor.name for sensor in sensors} == {
        "tell_webhook_of_failure",
        "keep_record_of_night",
        "close_dead_runs",
        "tell_what_waits",
    }
    assert {sensor.default_status for sensor in sensors} == {dg.DefaultSensorStatus.RUNNING}


def test_every_step_that_opens_the_warehouse_waits_for_the_others(
    definitions: dg.Definitions,
) -> None:
    pools = {name: step.pool for name, step in steps(definitions).items()}
    free = {name for name, pool in pools.items() if pool != POOL}
    # fetching, parsing, sharing and telling have files of their own, and may run beside each other
    assert free == {*(f"pull_{feed}" for feed in load_catalog()), "tell_warnings", "store__landed"}


def test_every_feed_has_a_payload_gate_that_lets_the_others_go_on(graph: Any) -> None:
    for feed in load_catalog():
        checks = graph.get_check_keys_for_assets({dg.AssetKey(["raw", feed])})
        assert {check.name for check in checks} == {PAYLOAD_GATE, FEED_STATE}
        assert not any(graph.get(check).blocking for check in checks), feed


@pytest.mark.parametrize(
    ("kind", "schema"),
    [("marts", "marts"), ("forecasts", "forecasts"), ("release", "published")],
)
def test_suites_after_the_payloads_block_what_lies_downstream(
    graph: Any, kind: str, schema: str
) -> None:
    suites = load_suites(kind)
    assert suites
    for suite in suites:
        key = dg.AssetCheckKey(table_key(schema, suite.name), suite.check_name)
        assert graph.get(key).blocking, suite.name


def test_feed_is_not_called_fresh_because_it_was_asked(nodes: dict[str, Any], graph: Any) -> None:
    # Dagster's policy goes by the last materialization, which a failed fetch makes as well
    for feed in load_catalog():
        assert nodes[f"raw/{feed}"].freshness_policy is None, feed
        state = graph.get(dg.AssetCheckKey(dg.AssetKey(["raw", feed]), FEED_STATE))
        assert HEALTH in state.parent_entity_keys, feed
        assert not state.blocking, feed
    policy = nodes["release"].freshness_policy
    assert policy.warn_window.to_timedelta() < policy.fail_window.to_timedelta()


def test_fetches_are_tried_again_and_wait_longer_each_time() -> None:
    assert FETCH_RETRIES.max_retries >= 2
    assert FETCH_RETRIES.backoff is dg.Backoff.EXPONENTIAL


def test_columns_written_by_steps_are_those_that_they_declare(nodes: dict[str, Any]) -> None:
    columns = nodes["raw/feeds"].metadata["dagster/column_schema"].columns
    types = {column.name: column.type for column in columns}
    assert (types["feed"], types["fresh_days"], types["targets"]) == (
        "varchar",
        "integer",
        "varchar[]",
    )
