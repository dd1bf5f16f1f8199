"""The tables of a release: names, keys, columns that must be there, version.

This is the contract that programs outside the project read. What tables and columns mean is said by
dbt (`dbt_project/models/published/`) and comes here as the comments of the warehouse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CONTRACT_VERSION = "1.8"
STATES = ("published", "insufficient_evidence", "source_failure", "withheld")


@dataclass(frozen=True)
class TableContract:
    """One published table: its key (the grain) and its columns in order.

    `required` are the columns that a release must carry; further ones are published as they come.
    """

    name: str
    key: tuple[str, ...]
    required: tuple[str, ...] = field(default=())


OUTLOOK_COLUMNS = (
    "target", "location", "location_level", "location_name", "parent", "as_of", "data_through",
    "state", "reason", "evidence_grade", "usual_weekly", "usual_4w", "usual_12w", "expected_4w",
    "low80_4w", "high80_4w", "expected_12w", "low80_12w", "high80_12w", "p_above_usual_4w",
    "p_zero_4w", "trend", "p_large_decrease", "p_decrease", "p_stable", "p_increase",
    "p_large_increase", "sentence", "model", "run_id",
)  # fmt: skip
OUTLOOK_TEXT = frozenset(
    ("target", "location", "location_level", "location_name", "parent", "state", "reason",
     "evidence_grade", "trend", "sentence", "model", "run_id")
)  # fmt: skip
OUTLOOK_NUMBERS = OUTLOOK_COLUMNS[OUTLOOK_COLUMNS.index("usual_weekly") : -3]

_FORECAST = (
    "target", "location", "model", "reference_date", "horizon", "target_week", "quantile", "value",
    "state", "is_published",
)  # fmt: skip
_ACTIVITY = (
    "target", "location", "week", "value", "observation", "nowcast", "nowcast_low80",
    "nowcast_high80", "as_of",
)  # fmt: skip
_SCORES = (
    "target", "location", "model", "reference_date", "horizon", "kind", "as_of_kind", "wis",
    "scaled_wis", "covered_50", "covered_80", "covered_95",
)  # fmt: skip
_FEED_HEALTH = (
    "feed", "state", "reason", "last_success", "last_event", "age_hours", "records", "new_records",
    "licence", "publisher", "url",
)  # fmt: skip

TABLES: Mapping[str, TableContract] = {
    table.name: table
    for table in (
        TableContract(
            "outlook",
            ("target", "location"),
            OUTLOOK_COLUMNS,
        ),
        TableContract(
            "forecast",
            ("target", "location", "model", "reference_date", "horizon", "quantile"),
            _FORECAST,
        ),
        TableContract(
            "forecast_published",
            ("target", "location", "horizon", "quantile"),
            ("target", "location", "model", "reference_date", *_FORECAST[4:-1]),
        ),
        TableContract(
            "activity_weekly",
            ("target", "location", "week"),
            _ACTIVITY,
        ),
        TableContract(
            "nowcast_quantiles",
            ("target", "location", "quantile"),
            ("target", "location", "reference_date", "target_week", "quantile", "value"),
        ),
        TableContract(
            "scores",
            ("target", "location", "model", "reference_date", "horizon", "kind"),
            _SCORES,
        ),
        TableContract(
            "skill",
            ("target", "location_level", "model", "horizon"),
            ("target", "location_level", "model", "horizon"),
        ),
        TableContract(
            "track_record",
            ("target", "location", "kind"),
            (
                "target",
                "location",
                "location_level",
                "kind",
                "model",
                "origins",
                "first_reference_date",
                "last_reference_date",
                "forecasts",
                "covered_50",
                "covered_80",
                "covered_95",
                "wis",
                "wis_baseline",
                "relative_wis",
                "is_worse",
            ),
        ),
        TableContract(
            "track_record_summary",
            ("target", "kind", "scope", "scope_value"),
            (
                "target",
                "kind",
                "scope",
                "scope_value",
                "model",
                "series",
                "origins",
                "forecasts",
                "covered_50",
                "covered_80",
                "covered_95",
                "scaled_wis",
                "scaled_wis_baseline",
                "relative_to_flat",
                "is_worse",
            ),
        ),
        TableContract(
            "drift",
            ("target", "scope", "place", "model"),
            ("target", "scope", "place", "model", "state", "reason"),
        ),
        TableContract(
            "corrections",
            ("target", "reference_date", "number", "model"),
            ("target", "reference_date", "number", "model", "release_id", "reason"),
        ),
        TableContract(
            "feed_health",
            ("feed",),
            _FEED_HEALTH,
        ),
        TableContract("targets", ("target",), ("target",)),
        TableContract(
            "locations",
            ("location",),
            ("location", "location_level", "location_name", "parent", "population"),
        ),
        TableContract("models", ("model",), ("model",)),
        TableContract(
            "data_vintages",
            ("feed", "vintage_day"),
            ("feed", "vintage_day"),
        ),
        TableContract(
            "outlook_history",
            ("release_id", "target", "location"),
            ("release_id", *OUTLOOK_COLUMNS),
        ),
        TableContract(
            "outlook_groupings",
            ("target", "grouping"),
            (
                "target",
                "grouping",
                "grouping_name",
                "members",
                "members_with_outlook",
                "share_of_events",
                *OUTLOOK_COLUMNS[OUTLOOK_COLUMNS.index("as_of") :],
            ),
        ),
        TableContract(
            "groupings",
            ("grouping", "location", "since"),
            ("grouping", "location", "since", "until", "grouping_name", "is_member"),
        ),
        TableContract(
            "forecast_history",
            ("target", "location", "reference_date", "horizon", "quantile"),
            (
                "target",
                "location",
                "reference_date",
                "horizon",
                "quantile",
                "target_week",
                "value",
                "observed",
                "observation",
                "model",
                "release_id",
                "as_of",
            ),
        ),
        TableContract(
            "changes",
            ("target", "location"),
            (
                "target",
                "location",
                "as_of",
                "previous_as_of",
                "previous_release_id",
                "state_before",
                "state",
                "expected_4w_before",
                "expected_4w",
                "cause",
                "reason",
            ),
        ),
        TableContract(
            "outlook_by_model",
            ("target", "location", "model"),
            ("target", "location", "model", "role", "since", "previous_until", *OUTLOOK_NUMBERS),
        ),
        TableContract(
            "model_decisions",
            ("target", "as_of", "action"),
            ("target", "as_of", "action", "model_before", "model_after", "decided_by", "reason"),
        ),
        TableContract(
            "model_changes",
            ("target", "since", "action"),
            ("target", "since", "action", "until", "model_before", "model", "decided_by", "reason"),
        ),
        TableContract(
            "probability_scores",
            ("target", "location_level", "model", "question"),
            (
                "target",
                "location_level",
                "model",
                "question",
                "n",
                "score",
                "reference_score",
                "skill",
            ),
        ),
        TableContract(
            "reliability",
            ("target", "question", "bin"),
            (
                "target",
                "question",
                "bin",
                "mean_forecast",
                "observed_frequency",
                "n",
                "low90",
                "high90",
            ),
        ),
        TableContract(
            "ranks",
            ("scope", "target", "location"),
            (
                "scope",
                "scope_value",
                "target",
                "location",
                "rank",
                "p_growth",
                "rank_low80",
                "rank_high80",
                "p_top3",
            ),
        ),
        TableContract(
            "level_shifts",
            ("target", "location", "week"),
            (
                "target",
                "location",
                "week",
                "noticed_week",
                "scope",
                "level_before",
                "level_after",
                "ratio",
                "as_of",
            ),
        ),
        TableContract(
            "drivers",
            ("target", "location", "driver"),
            (
                "target",
                "location",
                "driver",
                "position",
                "events_4w",
                "events_12w",
                "model",
                "as_of",
                "run_id",
            ),
        ),
        TableContract(
            "outlook_mix",
            ("target", "location", "member"),
            (
                "target",
                "location",
                "member",
                "weight",
                "events_4w",
                "events_12w",
                "model",
                "as_of",
            ),
        ),
        TableContract(
            "warnings",
            ("warning_id",),
            (
                "warning_id",
                "reference_date",
                "kind",
                "level",
                "target",
                "location",
                "detail",
                "since",
                "week",
                "observed",
                "observed_upper",
                "expected",
                "expected_low",
                "expected_high",
                "peak",
                "peak_week",
                "evidence",
                "stands_out",
                "behind",
                "forecasts_of",
                "agrees",
                "disagrees",
            ),
        ),
        TableContract(
            "warnings_closed",
            ("warning_id",),
            (
                "warning_id",
                "target",
                "location",
                "level",
                "kind",
                "opened",
                "closed_on",
                "outcome",
            ),
        ),
        TableContract(
            "warning_outcomes",
            ("scope", "scope_value"),
            (
                "scope",
                "scope_value",
                "told",
                "closed",
                "confirmed",
                "false_alarms",
                "data_faults",
                "share_confirmed",
                "share_false_alarms",
                "share_data_faults",
                "as_of",
            ),
        ),
        TableContract(
            "fairness",
            ("grouping", "location"),
            (
                "grouping",
                "location",
                "places",
                "targets",
                "share_records",
                "share_population",
                "per_population",
                "share_internet_users",
                "per_internet_users",
                "forecasts",
                "relative_wis",
                "covered_80",
                "cells",
                "share_published",
                "warnings_closed",
                "false_alarms",
                "share_false_alarms",
                "beyond",
                "as_of",
            ),
        ),
        TableContract(
            "phishing_mix",
            ("week", "kind", "category"),
            ("week", "kind", "category", "urls", "share"),
        ),
    )
}
