"""A feed as a Dagster asset: what its table, its check and the history say of a night."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from feed_server import FeedServer
from threatcast_feeds.http import patience
from threatcast_feeds.modes.starter import NOTICE, notice_of, past_of_the_starter
from threatcast_feeds.registry import load_catalog, load_feed
from threatcast_orchestration.components import feed as component
from threatcast_orchestration.components.feed import PAYLOAD_GATE, FeedSource, feed_asset
from threatcast_orchestration.definitions import feed_definitions
from threatcast_orchestration.nightly.resource import Night, handed_down
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.plan import make_plan
from threatcast_orchestration.run.settings import Settings

KEV = dg.AssetKey(["raw", "cisa_kev"])
PLACES = dg.AssetKey(["raw", "country_codes"])


def run(
    home: Home, *feeds: str, instance: dg.DagsterInstance | None = None, **night: str
) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [feed_asset(load_feed(feed)) for feed in feeds],
        resources={"night": Night(home=str(home.root), **night)},
        instance=instance,
        raise_on_error=False,
    )


def metadata_of(outcome: dg.ExecuteInProcessResult, key: dg.AssetKey) -> dict[str, Any]:
    (materialization,) = outcome.asset_materializations_for_node(f"pull_{key.path[-1]}")
    return {name: value.value for name, value in materialization.metadata.items()}


def check_of(outcome: dg.ExecuteInProcessResult, key: dg.AssetKey) -> dg.AssetCheckEvaluation:
    (check,) = [one for one in outcome.get_asset_check_evaluations() if one.asset_key == key]
    return check


@pytest.fixture(scope="module")
def graph() -> Any:
    """Return the feeds as the whole of the definitions sees them."""
    night = dg.Definitions(resources={"night": Night.configure_at_launch()})
    return dg.Definitions.merge(feed_definitions(), night).resolve_asset_graph()


def test_catalog_loads_as_one_asset_and_one_check_a_feed(graph: Any) -> None:
    feeds = {dg.AssetKey(["raw", feed]) for feed in load_catalog()}
    assert graph.materializable_asset_keys == feeds
    assert {(key.asset_key, key.name) for key in graph.asset_check_keys} == {
        (feed, PAYLOAD_GATE) for feed in feeds
    }


def test_every_feed_waits_for_the_countries_that_its_gate_reads(graph: Any) -> None:
    for feed in load_catalog():
        key = dg.AssetKey(["raw", feed])
        assert graph.get(key).parent_keys == (set() if key == PLACES else {PLACES}), feed


def test_payload_gate_does_not_block_what_lies_downstream(graph: Any) -> None:
    assert not any(graph.get(key).blocking for key in graph.asset_check_keys)


def test_feed_says_in_the_ui_where_it_comes_from_and_what_its_columns_are() -> None:
    spec = load_feed("cisa_kev")
    (asset,) = feed_asset(spec).specs
    assert spec.biases[0] in str(asset.description)
    assert asset.metadata["licence"] == spec.licence.name
    columns = [column.name for column in asset.metadata["dagster/column_schema"].columns]
    assert columns == [*spec.columns, "payload"]


def test_definition_without_attributes_is_refused(tmp_path: Path) -> None:
    class Context:
        path = tmp_path / "defs.yaml"

    with pytest.raises(dg.DagsterInvalidDefinitionError, match=r"defs\.yaml: a feed needs"):
        FeedSource.load(None, Context())  # type: ignore[arg-type]  # only the path is read


def test_good_night_counts_rows_and_passes_the_gate(home: Home, small_mirror: Path) -> None:
    outcome = run(home, "country_codes", "cisa_kev", mirror=str(small_mirror))
    assert outcome.success
    told = metadata_of(outcome, KEV)
    assert told["dagster/row_count"] > 1000
    assert told["dagster/row_count"] == told["rows_read_tonight"]
    assert told["rows_of_newest_payload"] < told["dagster/row_count"]
    assert (told["payloads_landed"], told["newest_vintage"]) == (4, "2026-06-14")
    assert (told["error"], told["next_step"]) == ("none", "none")
    check = check_of(outcome, KEV)
    assert check.passed
    assert "expectations hold" in str(check.description)


def test_payload_that_fails_its_gate_shows_red_and_the_night_goes_on(
    home: Home, small_mirror: Path
) -> None:
    path = small_mirror / "cisa_kev" / "2026-06-14.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["vulnerabilities"] = document["vulnerabilities"][:20]
    path.write_text(json.dumps(document), encoding="utf-8")
    outcome = run(home, "country_codes", "cisa_kev", mirror=str(small_mirror))
    assert outcome.success
    check = check_of(outcome, KEV)
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "volume_ratio" in str(check.description)
    assert metadata_of(outcome, KEV)["payloads_set_aside"] == 1


def test_failed_fetch_keeps_the_rows_of_the_table_and_shows_in_the_check(
    home: Home, small_mirror: Path
) -> None:
    feeds = ("country_codes", "cisa_kev")
    before = metadata_of(run(home, *feeds, mirror=str(small_mirror)), KEV)
    page = b"<html><head><title>Access Denied</title></head></html>"
    (small_mirror / "cisa_kev" / "2026-06-15.json").write_bytes(page)
    # the second time nothing is new, and the page is still what came last
    for _ in range(2):
        outcome = run(home, *feeds, mirror=str(small_mirror), as_of="2026-06-15")
        told = metadata_of(outcome, KEV)
        rows = ("dagster/row_count", "rows_of_newest_payload", "newest_vintage")
        assert [told[name] for name in rows] == [before[name] for name in rows]
        assert told["rows_read_tonight"] == 0
        check = check_of(outcome, KEV)
        assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
        assert "Access Denied" in str(check.description)
        assert "last good payload" in str(check.description)


def test_feed_that_is_pulled_before_the_countries_is_judged_without_them(
    home: Home, small_mirror: Path
) -> None:
    outcome = run(home, "cisa_kev", mirror=str(small_mirror))
    assert outcome.success
    assert check_of(outcome, KEV).passed


def test_feed_without_any_payload_fails_its_gate_in_words(home: Home, small_mirror: Path) -> None:
    outcome = run(home, "country_codes", "openphish", mirror=str(small_mirror))
    assert outcome.success
    check = check_of(outcome, dg.AssetKey(["raw", "openphish"]))
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "no payload was accepted by 2026-06-14" in str(check.description)
    assert "phishing_mix" in str(check.description)
    assert "there is no such folder" in str(check.description)
    assert "there is no such folder" in metadata_of(outcome, check.asset_key)["error"]


def test_home_that_cannot_be_written_is_told_once(home: Home, small_mirror: Path) -> None:
    home.root.mkdir()
    home.landing.write_bytes(b"")
    outcome = run(
        home, "country_codes", "cisa_kev", "xposedornot_breaches", mirror=str(small_mirror)
    )
    failed = [event for event in outcome.all_events if event.is_step_failure]
    assert [event.step_key for event in failed] == ["pull_country_codes"]
    assert "cannot be written" in str(failed[0].step_failure_data.error_display_string)
    # a full disk is not mended by waiting
    assert not [event for event in outcome.all_events if event.is_step_up_for_retry]


def test_source_that_may_answer_later_is_asked_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    # nothing listens at the discard port: the connection is refused at once
    facts = load_feed("country_codes").model_dump()
    facts["live"] |= {"urls": ["http://127.0.0.1:9/list.csv"], "calls_per_minute": 60000}
    spec = type(load_feed("country_codes")).model_validate(facts)
    monkeypatch.setattr(component, "FETCH_RETRIES", dg.RetryPolicy(max_retries=1, delay=0.01))
    # the visit itself waits between its own attempts
    monkeypatch.setattr(patience, "ATTEMPTS", 1)
    with FeedServer() as others:
        plan = make_plan(home, Settings(source="live"))
        outcome = dg.materialize(
            [feed_asset(spec)],
            resources={"night": handed_down(replace(plan, rewrite=others.rewrite))},
            raise_on_error=False,
        )
    assert outcome.success
    assert len([event for event in outcome.all_events if event.is_step_up_for_retry]) == 1
    assert not check_of(outcome, PLACES).passed
    assert "127.0.0.1:9" in metadata_of(outcome, PLACES)["error"]


def test_feed_of_which_the_starter_holds_no_counts_is_left_out_and_nothing_fails(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path / "home")
    home.starter.mkdir(parents=True)
    (home.starter / NOTICE).write_text(notice_of(past_of_the_starter()), encoding="utf-8")
    outcome = run(home, "openphish", source="starter")
    assert outcome.success
    check = check_of(outcome, dg.AssetKey(["raw", "openphish"]))
    assert check.passed
    assert "the starter leaves it out" in (check.description or "")
    plan = make_plan(home, Settings(source="starter"))
    assert plan.landing.attempt("openphish") is None, "it was not asked"
