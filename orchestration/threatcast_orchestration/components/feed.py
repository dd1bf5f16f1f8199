"""The component behind each `defs.yaml` of the catalog: one asset, one gate and one cadence a feed.

No freshness policy of Dagster: it goes by when a step last ran, which every asked feed passes, also
one that fails. The check `feed_state` (`assets/feed_states.py`) says how the feed itself is.

No postponed annotations here: Dagster reads those of a step's context.
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Self

import dagster as dg
from pydantic import BaseModel
from threatcast_feeds.parsing import parser_version
from threatcast_feeds.registry import FeedSpec

from threatcast_orchestration.feed_steps.cut_off import cut_off
from threatcast_orchestration.feed_steps.gate import COUNTRIES, gate
from threatcast_orchestration.feed_steps.pull import PullReport, pull
from threatcast_orchestration.gates.asset_checks import to_check_result
from threatcast_orchestration.gates.gate_results import GateResult
from threatcast_orchestration.nightly.between import pull_between_nights
from threatcast_orchestration.nightly.record import PAYLOAD_GATE
from threatcast_orchestration.nightly.resource import Night
from threatcast_orchestration.run.plan import Plan
from threatcast_orchestration.warehouse.raw import VINTAGES, copies_of

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
        """Return the feed's asset with its payload gate, and its cadence if it has one."""
        del context
        defs = dg.Definitions(assets=[feed_asset(self.spec)])
        if self.spec.live.every_hours is None:
            return defs
        job, schedule = pull_between_nights(self.spec)
        return dg.Definitions.merge(defs, dg.Definitions(jobs=[job], schedules=[schedule]))


def feed_asset(spec: FeedSpec) -> dg.AssetsDefinition:
    """Build the asset `raw/<feed>` with the check `payload_gate`."""
    key = dg.AssetKey(["raw", spec.key])

    @dg.multi_asset(
        name=_step(spec.key),
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
        night.visits.begin(_asked_in(context, spec, plan))
        report = pull(spec, plan, context.log.info, night.visits.take(spec.key))
        if report.may_retry and context.retry_number < FETCH_RETRIES.max_retries:
            context.log.info("%s Trying again.", report.error)
            raise dg.RetryRequested(
                max_retries=FETCH_RETRIES.max_retries,
                seconds_to_wait=FETCH_RETRIES.calculate_delay(context.retry_number + 1),
            )
        result = gate(spec, plan, report)
        # where no source can be reached, the next step says it of all of them at once
        tell = context.log.info if cut_off(plan) or report.left_out else context.log.warning
        for message in filter(None, (report.error, *report.messages)):
            tell(message)
        copies, refused = copies_of(spec, plan.home, plan.landing, plan.as_of)
        yield dg.MaterializeResult(
            asset_key=key,
            metadata=_metadata(report, copies),
            data_version=dg.DataVersion(sha256(repr(copies).encode()).hexdigest()),
            check_results=[_check(spec, plan, report, result, refused)],
        )

    return pull_feed


def _step(feed: str) -> str:
    return f"pull_{feed}"


def _asked_in(context: dg.AssetExecutionContext, own: FeedSpec, plan: Plan) -> Sequence[FeedSpec]:
    """Return the feeds that this run asks side by side: those whose steps it runs itself."""
    if context.job_def.executor_def.name == dg.multiprocess_executor.name:
        return []
    steps = context.run.step_keys_to_execute or [node.name for node in context.job_def.graph.nodes]
    feeds = plan.catalog | {own.key: own}
    return [spec for key, spec in feeds.items() if _step(key) in steps]


def _asset_spec(spec: FeedSpec, key: dg.AssetKey) -> dg.AssetSpec:
    return dg.AssetSpec(
        key,
        group_name="feeds",
        description=_description(spec),
        owners=["team:data"],
        kinds={"python", "parquet", spec.extensions[0]},
        # payload gates hold countries against this feed
        deps=[] if spec.key == COUNTRIES else [dg.AssetKey(["raw", COUNTRIES])],
        metadata={
            "publisher": spec.publisher,
            "homepage": dg.MetadataValue.url(spec.homepage),
            "licence": spec.licence.name,
            "tlp": spec.tlp,
            "dagster/column_schema": _schema(spec),
        },
        tags={"feed": spec.key, "role": spec.role},
        code_version=parser_version(spec),
    )


def _check(
    spec: FeedSpec, plan: Plan, report: PullReport, result: GateResult | None, refused: str
) -> dg.AssetCheckResult:
    """Return the gate's outcome; what was not had or was refused did not pass it."""
    key = dg.AssetKey(["raw", spec.key])
    if result is not None:
        check = to_check_result(result, asset_key=key, check_name=PAYLOAD_GATE)
        wrong = report.error or refused
        if result.blocks or not wrong:
            return check
        described = f"{wrong} The gate looked at the last good payload: {check.description}"
        severity = dg.AssetCheckSeverity.WARN
        return check._replace(passed=False, severity=severity, description=described)
    if report.left_out:
        return dg.AssetCheckResult(
            passed=True, asset_key=key, check_name=PAYLOAD_GATE, description=report.left_out
        )
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
        f"Known biases: {'; '.join(spec.biases)}\n\n"
        "The check `feed_state` says how the feed is: its newest good payload serves for "
        f"{spec.fresh_days} days, and it is silent without a new event for {spec.silent_weeks} "
        "weeks."
    )


def _schema(spec: FeedSpec) -> dg.TableSchema:
    columns = [
        dg.TableColumn(name=name, type=column.type, description=column.meaning)
        for name, column in spec.raw.items()
    ]
    said = VINTAGES.meanings["payload"]
    return dg.TableSchema([*columns, dg.TableColumn("payload", "VARCHAR", description=said)])


def _metadata(
    report: PullReport, copies: Sequence[Mapping[str, Any]]
) -> dict[str, dg.MetadataValue[Any]]:
    return {
        # of the table, which holds all accepted payloads, whatever was read tonight
        "dagster/row_count": dg.MetadataValue.int(sum(copy["row_count"] for copy in copies)),
        "rows_of_newest_payload": dg.MetadataValue.int(copies[-1]["row_count"] if copies else 0),
        "rows_read_tonight": dg.MetadataValue.int(report.rows),
        "payloads_landed": dg.MetadataValue.int(report.landed),
        "payloads_parsed": dg.MetadataValue.int(report.parsed),
        "payloads_set_aside": dg.MetadataValue.int(report.quarantined),
        "records_rejected": dg.MetadataValue.int(report.rejected),
        "vintages_kept": dg.MetadataValue.int(len(copies)),
        "newest_vintage": dg.MetadataValue.text(
            str(copies[-1]["payload_day"]) if copies else "none"
        ),
        "error": dg.MetadataValue.text(report.error or "none"),
        "next_step": dg.MetadataValue.text(report.hint or "none"),
        "messages": dg.MetadataValue.json(report.messages[:MOST_MESSAGES]),
    }
