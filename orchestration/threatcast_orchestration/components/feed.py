"""The component behind each `defs.yaml` of the catalog: one asset and one gate a feed.

No postponed annotations here: Dagster reads those of a step's context.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Self

import dagster as dg
from pydantic import BaseModel
from threatcast_feeds.registry import FeedSpec

from threatcast_orchestration.gates.checks import to_check_result
from threatcast_orchestration.gates.results import GateResult
from threatcast_orchestration.intake import PullReport, pull
from threatcast_orchestration.night import Night, Plan
from threatcast_orchestration.payload_gate import COUNTRIES, gate

PAYLOAD_GATE = "payload_gate"
MOST_MESSAGES = 20

FETCH_RETRIES = dg.RetryPolicy(
    max_retries=2, delay=30, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)


class FeedSource(dg.Component):
    """A public feed: fetched, landed, parsed to Parquet and gated."""

    def __init__(self, spec: FeedSpec) -> None:
        self.spec = spec

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """Return the one definition of a feed's attributes, which the feeds package owns."""
        return FeedSpec

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        """Build the component from the checked attributes of its YAML file."""
        if not isinstance(attributes, FeedSpec):
            raise dg.DagsterInvalidDefinitionError(f"{context.path}: a feed needs `attributes:`")
        return cls(attributes)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the feed's asset with its payload gate as an asset check."""
        del context
        return dg.Definitions(assets=[feed_asset(self.spec)])


def feed_asset(spec: FeedSpec) -> dg.AssetsDefinition:
    """Build the asset `raw/<feed>` with the check `payload_gate`."""
    key = dg.AssetKey(["raw", spec.key])

    @dg.multi_asset(
        name=f"pull_{spec.key}",
        specs=[_asset_spec(spec, key)],
        check_specs=[
            dg.AssetCheckSpec(
                PAYLOAD_GATE,
                asset=key,
                description="Great Expectations suite of the newest payload; a critical failure "
                "sets the payload aside; the feed's targets are forecast from its last good one.",
            )
        ],
    )
    def pull_feed(
        context: dg.AssetExecutionContext, night: Night
    ) -> Iterator[dg.MaterializeResult[Any]]:
        plan = night.plan
        report = pull(spec, plan, context.log.info)
        if report.may_retry and context.retry_number < FETCH_RETRIES.max_retries:
            context.log.info("%s Trying again.", report.error)
            raise dg.RetryRequested(
                max_retries=FETCH_RETRIES.max_retries,
                seconds_to_wait=FETCH_RETRIES.calculate_delay(context.retry_number + 1),
            )
        result = gate(spec, plan, report)
        for message in filter(None, (report.error, *report.messages)):
            context.log.warning(message)
        yield dg.MaterializeResult(
            asset_key=key,
            metadata=_metadata(spec, report, night),
            check_results=[_check(spec, plan, report, result)],
        )

    return pull_feed


def _asset_spec(spec: FeedSpec, key: dg.AssetKey) -> dg.AssetSpec:
    return dg.AssetSpec(
        key,
        group_name="feeds",
        description=_description(spec),
        owners=["team:data"],
        kinds={"python", "parquet", spec.extensions[0]},
        # payload gates hold countries against this feed
        deps=[] if spec.key == COUNTRIES else [dg.AssetKey(["raw", COUNTRIES])],
        freshness_policy=dg.FreshnessPolicy.time_window(
            fail_window=timedelta(days=max(spec.fresh_days, 2)),
            warn_window=timedelta(days=1, hours=12),
        ),
        metadata={
            "publisher": spec.publisher,
            "homepage": dg.MetadataValue.url(spec.homepage),
            "licence": spec.licence.name,
            "tlp": spec.tlp,
            "dagster/column_schema": _schema(spec),
        },
        tags={"feed": spec.key, "role": spec.role},
    )


def _check(
    spec: FeedSpec, plan: Plan, report: PullReport, result: GateResult | None
) -> dg.AssetCheckResult:
    """Return the gate's outcome; a feed without any accepted payload has failed it."""
    key = dg.AssetKey(["raw", spec.key])
    if result is not None:
        return to_check_result(result, asset_key=key, check_name=PAYLOAD_GATE)
    told = [
        f"{spec.key}: no payload was accepted by {plan.as_of}, so there is nothing to gate and "
        f"its targets ({', '.join(spec.targets) or 'none'}) go to source_failure.",
        report.error or " ".join(report.messages[-1:]),
    ]
    return dg.AssetCheckResult(
        passed=False,
        severity=dg.AssetCheckSeverity.ERROR,
        asset_key=key,
        check_name=PAYLOAD_GATE,
        description=" ".join(filter(None, told)),
    )


def _description(spec: FeedSpec) -> str:
    return (
        f"{spec.title} ({spec.publisher}). {spec.description}\n\n"
        f"One event: {spec.event}. Counts as seen: {spec.seen}. Cadence: {spec.cadence}.\n\n"
        "Known biases: " + "; ".join(spec.biases) + "\n\nThe freshness policy tells when the feed "
        "was last asked; whether anything new came, and its state, stand in marts/fct_feed_health."
    )


def _schema(spec: FeedSpec) -> dg.TableSchema:
    columns = {**spec.columns, "payload": "VARCHAR"}
    return dg.TableSchema(
        columns=[dg.TableColumn(name=name, type=kind) for name, kind in columns.items()]
    )


def _metadata(spec: FeedSpec, report: PullReport, night: Night) -> dict[str, dg.MetadataValue[Any]]:
    landing = night.plan.landing
    newest = landing.newest(spec.key)
    vintages = len(landing.payloads(spec.key))
    return {
        "dagster/row_count": dg.MetadataValue.int(report.rows),
        "payloads_landed": dg.MetadataValue.int(report.landed),
        "payloads_parsed": dg.MetadataValue.int(report.parsed),
        "payloads_set_aside": dg.MetadataValue.int(report.quarantined),
        "records_rejected": dg.MetadataValue.int(report.rejected),
        "vintages_kept": dg.MetadataValue.int(vintages),
        "newest_vintage": dg.MetadataValue.text(str(newest.day) if newest else "none"),
        "error": dg.MetadataValue.text(report.error or "none"),
        "next_step": dg.MetadataValue.text(report.hint or "none"),
        "messages": dg.MetadataValue.json(report.messages[:MOST_MESSAGES]),
    }
