"""The tables of a release: names, keys and what every column means.

This is the contract that programs outside the project read. The comments of the warehouse win over
the descriptions here; these only stand in where the warehouse has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CONTRACT_VERSION = "1.2"
SIMULATED_MARK = "SIMULATED, not observed: made by the sample generator."
STATES = ("published", "insufficient_evidence", "source_failure", "withheld")


@dataclass(frozen=True)
class TableContract:
    """One published table: its key (the grain), its columns in order, what a row is.

    `required` are the columns that a release must carry; further ones are published as they come.
    """

    name: str
    key: tuple[str, ...]
    description: str
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
            "One row for each target and location at which the target is defined: what to expect "
            "over the next 4 and 12 weeks. Numbers are null unless state is `published`; zero "
            "means that no event is expected.",
            OUTLOOK_COLUMNS,
        ),
        TableContract(
            "forecast",
            ("target", "location", "model", "reference_date", "horizon", "quantile"),
            "One row for each target, location, model, reference date, horizon and quantile: "
            "events in the target week. Null where a model gave no forecast.",
            _FORECAST,
        ),
        TableContract(
            "forecast_published",
            ("target", "location", "horizon", "quantile"),
            "One row for each target, location, horizon and quantile: the published forecast, "
            "whichever model made it. Zero means none at that quantile; places without an outlook "
            "have no row.",
            ("target", "location", "model", "reference_date", *_FORECAST[4:-1]),
        ),
        TableContract(
            "activity_weekly",
            ("target", "location", "week"),
            "One row for each target, location and week: events counted. Zero means the feed was "
            "watched and reported none; null means nobody watched (observation `missing`).",
            _ACTIVITY,
        ),
        TableContract(
            "nowcast_quantiles",
            ("target", "location", "quantile"),
            "One row for each target, location and quantile: what the newest complete week will "
            "have counted once its late reports are in. Only targets that report late.",
            ("target", "location", "reference_date", "target_week", "quantile", "value"),
        ),
        TableContract(
            "scores",
            ("target", "location", "model", "reference_date", "horizon", "kind"),
            "One row for each scored forecast of a week that is now known. Null where the observed "
            "week is missing; lower is better.",
            _SCORES,
        ),
        TableContract(
            "skill",
            ("target", "location_level", "model", "horizon"),
            "One row for each target, level, model and horizon: mean scores and how they compare "
            "with the flat baseline. Below 1 is better than flat; null where too little is known.",
            ("target", "location_level", "model", "horizon"),
        ),
        TableContract(
            "drift",
            ("target", "scope", "place", "model"),
            "One row for each target, and place or location level: whether published forecasts "
            "keep what was promised. Empty until a week that was forecast is settled.",
            ("target", "scope", "place", "model", "state", "reason"),
        ),
        TableContract(
            "corrections",
            ("target", "reference_date", "number", "model"),
            "One row for each target, reference date and later forecast that differs from the "
            "first: why, and both scores. Zero scored means that none of its weeks is settled.",
            ("target", "reference_date", "number", "model", "release_id", "reason"),
        ),
        TableContract(
            "feed_health",
            ("feed",),
            "One row for each feed: how it fares on the as-of day. Zero new records means that it "
            "answered with nothing new.",
            _FEED_HEALTH,
        ),
        TableContract(
            "targets", ("target",), "One row for each target: what is counted.", ("target",)
        ),
        TableContract(
            "locations",
            ("location",),
            "One row for each location: world, M49 regions and sub-regions, countries, and the "
            "rest that could not be located. Groupings are statistical and express no opinion.",
            ("location", "location_level", "location_name", "parent"),
        ),
        TableContract("models", ("model",), "One row for each model: what it is.", ("model",)),
        TableContract(
            "data_vintages",
            ("feed", "vintage_day"),
            "One row for each feed and vintage: which payload was known on which day.",
            ("feed", "vintage_day"),
        ),
        TableContract(
            "outlook_history",
            ("release_id", "target", "location"),
            "One row for each past release, target and location: the outlook as it was published, "
            "never rewritten. Empty before the second release.",
            ("release_id", *OUTLOOK_COLUMNS),
        ),
        TableContract(
            "outlook_by_model",
            ("target", "location", "model"),
            "One row for each target, location and published model: the outlook by the target's "
            "own model and, for 28 days after a change, by the one before it. Zero means that no "
            "event is expected; cells that `outlook` does not show are left out.",
            ("target", "location", "model", "role", "since", "previous_until", *OUTLOOK_NUMBERS),
        ),
        TableContract(
            "model_decisions",
            ("target", "as_of", "action"),
            "One row for each target, day and action: what was decided about the published model, "
            "with both scores. Null where there was nothing to compare.",
            ("target", "as_of", "action", "model_before", "model_after", "decided_by", "reason"),
        ),
        TableContract(
            "model_changes",
            ("target", "since", "action"),
            "One row for each target, day and action: from that day on another model is published. "
            "Empty until it first happens; a null `until` says that it still holds.",
            ("target", "since", "action", "until", "model_before", "model", "decided_by", "reason"),
        ),
        TableContract(
            "probability_scores",
            ("target", "location_level", "model", "question"),
            "One row for each target, location level (and all of them), model and question: how "
            "the answers of past outlooks fared. Lower scores and higher skill are better; zero "
            "skill means no better than the last 104 weeks say by themselves.",
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
            "One row for each target, question and tenth of probability: what was said in past "
            "outlooks, and how often it came true. Zero observed frequency means never.",
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
            "One row for each scope, target and location: which threat is likeliest to grow where, "
            "and how sure its rank is. See probability_scores for what such ranks were worth.",
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
            "One row for each target, location and week in which counts began to stand at another "
            "level for good. No row means that no shift was noticed; zero level_after means that "
            "the series went silent.",
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
            "phishing_mix",
            ("week", "kind", "category"),
            "One row for each week, kind and category of new phishing addresses in a window of "
            "fixed size: shares, not counts of what happened. A category without any is absent; a "
            "week that nobody watched has no rows.",
            ("week", "kind", "category", "urls", "share"),
        ),
    )
}

COLUMN_DESCRIPTIONS: Mapping[str, str] = {
    "action": "In model_decisions: keep, promote, rollback or fall_back.",
    "age_hours": "Hours between the feed's last success and the end of the as-of day.",
    "as_of": "UTC day: everything was computed from what had been retrieved by its end.",
    "as_of_kind": "What the model could see: vintage, record_dates or final (final data flatter).",
    "bin": "Tenth of the probability, 1 (below 10 %) to 10.",
    "bytes": "Size of the payload in bytes.",
    "category": "Country-code domain or kind of host, by the row's kind.",
    "covered_50": "True if the count lay inside the central 50 % interval, bounds included.",
    "covered_80": "True if the count lay inside the central 80 % interval, bounds included.",
    "covered_95": "True if the count lay inside the central 95 % interval, bounds included.",
    "data_through": "Day through which the series' counts reach: the end of its newest week that "
    "was watched; null if none was.",
    "decided_by": "Who decided: gate, drift or person.",
    "description": "What it is, in plain words.",
    "evidence_grade": "A own model and much evidence, B own model and less, C borrows from its "
    "sub-region, D baseline only.",
    "expected_12w": "Median of the number of events in the next 12 weeks together.",
    "expected_4w": "Median of the number of events in the next 4 weeks together.",
    "feed": "Name of the feed.",
    "high90": "Upper bound of the observed frequency if the probabilities are right (90 %).",
    "high80_12w": "Upper bound of the central 80 % interval of events in the next 12 weeks.",
    "high80_4w": "Upper bound of the central 80 % interval of events in the next 4 weeks.",
    "homepage": "Where the publisher describes the feed.",
    "horizon": "Weeks ahead: horizon h ends 7*h days after the reference date.",
    "is_published": "True for the model that is published: in forecast what the outlook of the "
    "place rests on, elsewhere the model published for the target.",
    "is_repeat": "True if the payload has the same bytes as an earlier vintage.",
    "iso_alpha3": "ISO 3166-1 alpha-3 code; null for groups.",
    "kind": "In scores: backtest (rolling origins) or live (a published forecast scored later). In "
    "phishing_mix: country_domain or host_kind.",
    "last_event": "Newest day on which the feed shows an event.",
    "last_success": "When a payload of the feed was last accepted.",
    "level_after": "Events a week from the shift to the week in which it was noticed.",
    "level_before": "Events a week before the shift.",
    "licence": "Licence of the feed's data, as its publisher states it.",
    "licence_url": "Where that licence is written.",
    "limits": "What the model cannot do.",
    "location": "WORLD, an M49 code with prefix, an ISO 3166-1 alpha-2 code, or UNLOCATED.",
    "location_level": "world, region, subregion, country or unlocated.",
    "location_name": "Name of the location in English.",
    "low90": "Lower bound of the observed frequency if the probabilities are right (90 %).",
    "low80_12w": "Lower bound of the central 80 % interval of events in the next 12 weeks.",
    "low80_4w": "Lower bound of the central 80 % interval of events in the next 4 weeks.",
    "m49": "UN M49 code; null where none exists.",
    "mean_forecast": "Mean probability in the bin.",
    "method": "How the model works, in plain words.",
    "mode": "How the payload was had: live, mirror, sample or git_history.",
    "model": "Name of the model.",
    "model_after": "The published model from the day after the decision on.",
    "model_before": "The published model when it was decided.",
    "n": "Answers that were scored.",
    "new_records": "Records that the newest payload adds to the one before.",
    "note": "What a reader should know about the row.",
    "nowcast": "Median estimate of the week's final count where it may still grow; else null.",
    "nowcast_high80": "Upper bound of the nowcast's central 80 % interval; null without nowcast.",
    "nowcast_low80": "Lower bound of the nowcast's central 80 % interval; null without nowcast.",
    "noticed_week": "Monday of the week at whose end the shift was noticed.",
    "number": "Number of the forecast among those of its reference date; 0 is the first.",
    "observation": "observed, provisional (may still grow) or missing (not watched, not zero).",
    "observed_frequency": "Share of the bin's answers that came true.",
    "p_growth": "Probability of an increase or a large one in the next 4 weeks.",
    "p_top3": "Probability of being among the three that grow fastest.",
    "p_above_usual_4w": "Probability of more events in the next 4 weeks than at the usual level.",
    "p_decrease": "Probability of the trend class decrease.",
    "p_increase": "Probability of the trend class increase.",
    "p_large_decrease": "Probability of the trend class large_decrease.",
    "p_large_increase": "Probability of the trend class large_increase.",
    "p_stable": "Probability of the trend class stable.",
    "p_zero_4w": "Probability of no event at all in the next 4 weeks.",
    "parent": "The location that this one is summed into; null for the world.",
    "payload": "First 12 hexadecimal digits of the payload's SHA-256.",
    "place": "In drift: a location, or a location level; see scope.",
    "previous_until": "Last day on which the model before is published beside the new one.",
    "published_for": "Targets for which the model is published, comma separated; empty if none.",
    "publisher": "Who publishes the feed.",
    "question": "What was asked: see the outlook's columns; top3_of_locations and top3_of_targets "
    "ask who is among the three that grow fastest.",
    "quantile": "Level of the quantile, between 0 and 1.",
    "ratio": "Level after by level before; null where that is 0.",
    "rank": "Place in the order of p_growth, 1 for the likeliest; equal ones share a place.",
    "rank_high80": "Upper bound of the rank by growth in the next 4 weeks (80 %).",
    "rank_low80": "Lower bound of the rank by growth in the next 4 weeks (80 %).",
    "reason": "Why the state is what it is; null when there is nothing to explain.",
    "records": "Records in the newest accepted payload.",
    "reference": "Where the method is described; null if nowhere else.",
    "reference_score": "Mean score of what the last 104 weeks (for the top 3: chance) would say.",
    "reference_date": "Sunday that ends the newest complete week at the as-of day.",
    "rejected_count": "Records of the payload that could not be read.",
    "release_id": "The past release in which this row was published.",
    "retrieved_at": "When the payload was retrieved, UTC.",
    "role": "published, the model that outlook shows; or previous, the one before it.",
    "row_count": "Records read from the payload.",
    "run_id": "The run that made the row.",
    "scaled_wis": "WIS divided by the larger of 0.1 and the mean of the last 52 training weeks.",
    "scope": "In drift: location (one place) or level (all places of a location level together). "
    "In level_shifts: feed (the target as a whole) or series (one place alone). In ranks: target "
    "(locations are in order) or location (targets are in order).",
    "scope_value": "The target or location within which the order holds.",
    "score": "Mean score of the model; lower is better, zero is perfect.",
    "sentence": "The row in one plain sentence, written from the numbers by fixed rules.",
    "share": "Share of the week's new addresses of that kind of row, between 0 and 1.",
    "since": "First day on which the published model could be published; null if never changed.",
    "skill": "1 less score by reference_score; above 0 is better than the reference.",
    "state": "What the row is: see the table's states; numbers are null where nothing is known.",
    "target": "What is counted; see targets.",
    "target_week": "Monday of the week that is forecast.",
    "title": "Short name for readers.",
    "trend": "Likeliest of five classes against the usual level (thresholds 15 % and 50 %).",
    "unit": "What one event is, in the plural.",
    "until": "Last day on which the model is published; null while it stands.",
    "url": "Where the feed is had.",
    "urls": "New phishing addresses of the week in that category.",
    "usual_12w": "What 12 weeks hold at the usual level: 12 times usual_weekly.",
    "usual_4w": "What 4 weeks hold at the usual level: 4 times usual_weekly.",
    "usual_weekly": "Mean of the last 26 observed weeks, events a week.",
    "value": "Events; null where unknown, which is not zero.",
    "vintage_day": "UTC day on which the payload was retrieved.",
    "week": "Monday of the ISO week.",
    "wis": "Weighted interval score in events; 0 is perfect.",
}
