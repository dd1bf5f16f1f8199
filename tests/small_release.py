"""A small warehouse with every published table, and releases made from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from threatcast_publishing.contract import OUTLOOK_COLUMNS, OUTLOOK_NUMBERS, OUTLOOK_TEXT, TABLES
from threatcast_publishing.release import Published, build, publish

AS_OF = date(2026, 6, 14)
REFERENCE_WEEK = date(2026, 6, 8)
BUILT_AT = datetime(2026, 6, 15, 2, 0, tzinfo=UTC)
QUANTILES = (0.1, 0.5, 0.9)
WEEKS = 60

DAYS = {
    "as_of", "week", "reference_date", "target_week", "last_event", "vintage_day", "since",
    "previous_until", "until", "data_through", "previous_as_of", "first_reference_date",
    "last_reference_date", "peak_week", "opened", "closed_on",
}  # fmt: skip
NUMBERS = {
    "quantile", "value", "nowcast", "nowcast_low80", "nowcast_high80", "wis", "scaled_wis",
    "age_hours", "share", "mean_scaled_wis", "observed", "expected_4w_before",
    "share_of_events", "events_4w", "events_12w", "weight", "wis_baseline", "relative_wis",
    "scaled_wis_baseline", "relative_to_flat", "observed_upper", "expected", "expected_low",
    "expected_high", "evidence", "peak",
    "share_records", "share_population", "per_population", "share_published",
    "share_internet_users", "per_internet_users", "share_confirmed", "share_false_alarms",
    "share_data_faults",
}  # fmt: skip
WHOLE = {
    "horizon",
    "records",
    "new_records",
    "rejected_count",
    "row_count",
    "urls",
    "members",
    "members_with_outlook",
    "origins",
    "forecasts",
    "series",
    "population",
    "position",
    "places",
    "cells",
    "targets",
    "told",
    "closed",
    "confirmed",
    "false_alarms",
    "data_faults",
    "warnings_closed",
}
# whether one count lay inside an interval in `scores`, the share of many here
SHARES = {
    (table, f"covered_{level}")
    for table in ("track_record", "track_record_summary", "fairness")
    for level in (50, 80, 95)
}

# a name that would break a page which does not escape
HOSTILE = '<script>alert(1)</script> & "Söhne"'
COUNTRIES = {"DE": "Germany", "FR": "France", "NA": "Namibia", "XX": HOSTILE}

TARGETS: dict[str, dict[str, Any]] = {
    "ransomware_claims": {
        "title": "Ransomware claims",
        "description": "Victims that ransomware groups name on their leak sites.",
        "unit": "claims a week",
        "family": "extortion",
        "located_by": "victim",
        "feed": "ransomware_live",
        "zero_means": "no group named a victim there that week",
        "over_represents": "groups that extort in public",
        "under_represents": "victims who pay quickly",
        "shown_not_forecast": None,
    },
    "ddos_targets": {
        "title": "Targets of the DDoSia attacks",
        "description": "Hosts that one group orders its volunteers to attack.",
        "unit": "hosts a week",
        "family": "attacks_on_services",
        "located_by": "registration+country_code_domain",
        "feed": "ddosia_targets",
        "zero_means": "no host was newly listed",
        "over_represents": "one group's politics",
        "under_represents": "all other attackers",
        "shown_not_forecast": None,
    },
    "phishing_mix": {
        "title": "Mix of phishing pages",
        "description": "How new phishing links share out.",
        "unit": "share of new links",
        "family": "abused_infrastructure",
        "located_by": None,
        "feed": "openphish",
        "zero_means": "no count is made",
        "over_represents": "global brands",
        "under_represents": "messages by phone",
        "shown_not_forecast": "fixed_size_window",
    },
}
FEEDS = {
    "ransomware_live": ("fresh", None),
    "ddosia_targets": ("stale", "nothing since 2026-05-01, limit 21 days"),
    "openphish": ("fresh", None),
}


def column_type(table: str, column: str) -> str:
    """Return the SQL type of a column of a table of a release."""
    if (table, column) in SHARES:
        return "DOUBLE"
    if column in DAYS:
        return "DATE"
    if column in ("last_success", "retrieved_at"):
        return "TIMESTAMP"
    if column in WHOLE:
        return "BIGINT"
    if column.startswith(("covered_", "is_")) or column == "stands_out":
        return "BOOLEAN"
    if column in NUMBERS or (column in OUTLOOK_COLUMNS and column not in OUTLOOK_TEXT):
        return "DOUBLE"
    return "VARCHAR"


def outlook_row(target: str, location: str, level: str, name: str, parent: str | None) -> dict:
    """Return an outlook without numbers; `published` fills them in."""
    return dict.fromkeys(OUTLOOK_COLUMNS) | {
        "target": target,
        "location": location,
        "location_level": level,
        "location_name": name,
        "parent": parent,
        "as_of": AS_OF,
        "data_through": REFERENCE_WEEK + timedelta(days=6),
        "run_id": "run-1",
    }


def published(row: dict, expected: float) -> dict:
    """Return the outlook with numbers around an expected count."""
    numbers = {
        "state": "published",
        "evidence_grade": "A",
        "usual_weekly": expected / 4,
        "usual_4w": expected,
        "usual_12w": expected * 3,
        "expected_4w": expected,
        "low80_4w": round(expected * 0.8),
        "high80_4w": round(expected * 1.3),
        "expected_12w": expected * 3,
        "low80_12w": round(expected * 2.2),
        "high80_12w": round(expected * 4.1),
        "p_above_usual_4w": 0.5,
        "p_zero_4w": 0.0,
        "trend": "stable",
        "p_large_decrease": 0.02,
        "p_decrease": 0.1,
        "p_stable": 0.62,
        "p_increase": 0.2,
        "p_large_increase": 0.06,
        "model": "champion",
        "sentence": f"{row['location_name']}: about {expected:,.0f} events in the next 4 weeks.",
    }
    return row | numbers


def outlook_rows(countries: dict[str, str]) -> list[dict]:
    """Return outlooks of all states: numbers, too little evidence, a failed source, withheld."""
    rows = []
    for target in ("ransomware_claims", "ddos_targets"):
        places = [
            ("WORLD", "world", "World", None),
            ("M49-150", "region", "Europe", "WORLD"),
            ("UNLOCATED", "unlocated", "Not located", "WORLD"),
            *((code, "country", name, "M49-150") for code, name in countries.items()),
        ]
        for at, place in enumerate(places):
            row = outlook_row(target, *place)
            if target == "ddos_targets":
                reason = "ddosia_targets is stale: nothing since 2026-05-01, limit 21 days"
                rows.append(row | {"state": "source_failure", "reason": reason})
            elif place[0] in ("FR", "UNLOCATED"):
                reason = f"{at} events in the last 104 weeks, 20 are needed"
                rows.append(row | {"state": "insufficient_evidence", "reason": reason})
            else:
                rows.append(published(row, 1200.0 / (at + 1)))
    mix = outlook_row("phishing_mix", "WORLD", "world", "World", None)
    rows.append(mix | {"state": "withheld", "reason": "fixed_size_window"})
    return rows


def activity_rows(outlooks: list[dict]) -> list[dict]:
    """Return weekly counts up to the reference week; three weeks missing, two may grow."""
    rows = []
    for at, outlook in enumerate(row for row in outlooks if row["target"] != "phishing_mix"):
        for back in range(WEEKS):
            kind = "missing" if 20 <= back < 23 else "provisional" if back < 2 else "observed"
            value = None if kind == "missing" else float((back * 7 + at) % 23)
            rows.append(
                {
                    "target": outlook["target"],
                    "location": outlook["location"],
                    "week": REFERENCE_WEEK - timedelta(weeks=back),
                    "value": value,
                    "observation": kind,
                    "as_of": AS_OF,
                }
            )
    return rows


def small_tables(outlooks: list[dict], countries: dict[str, str]) -> dict[str, list[dict]]:
    """Return the rows of every table."""
    series = [row for row in outlooks if row["state"] == "published"]
    forecast = [
        {
            "target": row["target"],
            "location": row["location"],
            "model": "champion",
            "reference_date": AS_OF,
            "horizon": horizon,
            "target_week": REFERENCE_WEEK + timedelta(weeks=horizon),
            "quantile": level,
            "value": round(row["expected_4w"] / 4 * (0.5 + level)),
            "state": "",
            "is_published": True,
        }
        for row in series[:3]
        for horizon in (1, 2, 3)
        for level in QUANTILES
    ]
    vintages = [
        {
            "feed": feed,
            "vintage_day": AS_OF - timedelta(days=7 * back + 1),
            "payload": f"{at:06x}{back:06x}",
            "mode": "sample",
            "row_count": 100,
            "rejected_count": back,
        }
        for at, feed in enumerate(FEEDS)
        for back in range(3)
    ]
    return {
        "outlook": outlooks,
        "forecast": forecast,
        "forecast_published": [{k: row[k] for k in list(row)[:-1]} for row in forecast],
        "activity_weekly": activity_rows(outlooks),
        "nowcast_quantiles": [],
        "scores": [_score(row) for row in series[:2]],
        "skill": [
            {
                "target": "ransomware_claims",
                "location_level": "world",
                "model": "champion",
                "horizon": 1,
                "mean_scaled_wis": 0.31,
            }
        ],
        "feed_health": [_health(feed, *state) for feed, state in FEEDS.items()],
        "targets": [{"target": name} | facts for name, facts in TARGETS.items()],
        "locations": _locations(countries),
        "models": [
            {
                "model": "champion",
                "title": "Champion",
                "description": "The model that did best when the past was forecast again.",
                "limits": "It follows sudden changes a few weeks late.",
            }
        ],
        "data_vintages": vintages,
        "track_record": [_record(row) for row in series[:2]],
        "track_record_summary": [
            {
                "target": "ransomware_claims",
                "kind": "backtest",
                "scope": scope,
                "scope_value": value,
                "model": "champion",
                "series": 2,
                "origins": 6,
                "forecasts": 48,
                "covered_50": 0.5,
                "covered_80": 0.75,
                "covered_95": 1.0,
                "scaled_wis": 0.8,
                "scaled_wis_baseline": 1.0,
                "relative_to_flat": 0.8,
                "is_worse": False,
            }
            for scope, value in (
                ("all", "all"),
                ("location_level", "country"),
                ("horizon", "4"),
                ("reference_date", (AS_OF - timedelta(weeks=12)).isoformat()),
            )
        ],
        "drift": [
            {
                "target": "ransomware_claims",
                "scope": "location",
                "place": "WORLD",
                "model": "champion",
                "state": "ok",
            }
        ],
        "corrections": [],
        "outlook_history": [],
        "outlook_groupings": [_grouping(row) for row in series if row["location"] == "DE"],
        "groupings": [
            {
                "grouping": "EU",
                "location": code,
                "since": date(1958, 1, 1),
                "until": None,
                "grouping_name": "European Union",
                "is_member": True,
            }
            for code in countries
            if code in ("DE", "FR")
        ],
        "forecast_history": [],
        "changes": [],
        "outlook_by_model": [
            {name: row[name] for name in ("target", "location", "model", *OUTLOOK_NUMBERS)}
            | {"role": "published"}
            for row in series
        ],
        "model_decisions": [
            {
                "target": "ransomware_claims",
                "as_of": AS_OF - timedelta(days=1),
                "action": "keep",
                "model_before": "champion",
                "model_after": "champion",
                "decided_by": "gate",
                "reason": "comb_two: it does not win on WIS",
            }
        ],
        "model_changes": [],
        "probability_scores": [],
        "reliability": [],
        "ranks": [],
        "level_shifts": [],
        "drivers": [
            {
                "target": series[0]["target"],
                "location": series[0]["location"],
                "driver": driver,
                "position": place,
                "events_4w": events,
                "events_12w": 3 * events,
                "model": "champion",
                "as_of": AS_OF,
                "run_id": "run",
            }
            for driver, place, events in (
                ("usual", 1, 9.0),
                ("level", 4, 2.5),
                ("middle", 11, -0.5),
            )
        ],
        "outlook_mix": [],
        "warnings": _warnings(series),
        "warnings_closed": _closed(),
        "warning_outcomes": _outcomes(),
        "fairness": [
            {
                "grouping": "region",
                "location": "M49-150",
                "places": 2,
                "share_records": 0.9,
                "share_population": 0.2,
                "per_population": 4.5,
                "share_internet_users": 0.3,
                "per_internet_users": 3.0,
                "forecasts": 48,
                "relative_wis": 0.8,
                "covered_80": 0.75,
                "cells": 6,
                "share_published": 0.5,
                "warnings_closed": 11,
                "false_alarms": 5,
                "share_false_alarms": 5 / 11,
                "beyond": "per_population",
                "as_of": AS_OF,
            },
            *_other_groups(),
        ],
        "phishing_mix": [
            {"week": REFERENCE_WEEK, "kind": "host_kind", "category": name, "share": share}
            for name, share in (("own domain", 0.7), ("free hosting", 0.3))
        ],
    }


def _warnings(series: list[dict]) -> list[dict]:
    """Return a surge, a fault of the data, and a surge that the fault may have made."""
    told = {
        "reference_date": AS_OF,
        "level": "elevated",
        "detail": "",
        "since": REFERENCE_WEEK - timedelta(weeks=2),
        "week": REFERENCE_WEEK,
        "stands_out": False,
        "agrees": "",
        "disagrees": "",
    }
    surge = told | {
        "warning_id": "0123456789abcdef",
        "kind": "surge",
        "target": series[0]["target"],
        "location": series[0]["location"],
        "observed": 31.0,
        "observed_upper": 36.0,
        "expected": 12.0,
        "expected_low": 6.0,
        "expected_high": 19.0,
        "peak": 44.0,
        "peak_week": REFERENCE_WEEK - timedelta(weeks=1),
        "evidence": 57.3,
        "stands_out": True,
        "forecasts_of": "backtest",
        "agrees": "ddos_targets",
    }
    fault = told | {
        "warning_id": "fedcba9876543210",
        "kind": "silence",
        "target": "ddos_targets",
        "location": "WORLD",
        "detail": "stale",
    }
    behind = surge | {
        "warning_id": "00112233445566aa",
        "target": "ddos_targets",
        "level": "severe",
        "behind": "silence",
    }
    return [surge, fault, behind]


def _other_groups() -> list[dict]:
    """Return an income group, and targets by the languages that their sources read."""
    facts = {
        "forecasts": 40, "relative_wis": 0.9, "covered_80": 0.8, "cells": 8, "beyond": "",
        "share_published": 0.25, "warnings_closed": 0, "false_alarms": 0, "as_of": AS_OF,
    }  # fmt: skip
    return [
        facts | {"grouping": "income", "location": "high_income", "places": 2,
                 "share_records": 0.7, "share_population": 0.6, "per_population": 7 / 6},
        facts | {"grouping": "income", "location": "low_income", "places": 1,
                 "share_records": 0.3, "share_population": 0.4, "per_population": 3 / 4},
        facts | {"grouping": "language", "location": "en,fr", "targets": 1, "share_records": 0.1},
        facts | {"grouping": "language", "location": "none", "targets": 2, "share_records": 0.9,
                 "relative_wis": 1.2, "beyond": "relative_wis"},
    ]  # fmt: skip


def _closed() -> list[dict]:
    """Return two warnings that people closed, the younger one first."""
    told = {"target": "ransomware_claims", "opened": AS_OF - timedelta(days=30), "kind": "surge"}
    return [
        told | {
            "warning_id": "aaaa000000000001", "location": "DE", "level": "severe",
            "closed_on": AS_OF - timedelta(days=3), "outcome": "false_alarm",
        },
        told | {
            "warning_id": "aaaa000000000002", "location": "WORLD", "level": "elevated",
            "closed_on": AS_OF - timedelta(days=9), "outcome": "confirmed",
        },
    ]  # fmt: skip


def _outcomes() -> list[dict]:
    """Return five warnings that were told, of which two were closed."""
    whole = {
        "told": 5, "closed": 2, "confirmed": 1, "false_alarms": 1, "data_faults": 0,
        "share_confirmed": 0.5, "share_false_alarms": 0.5, "share_data_faults": 0.0,
        "as_of": AS_OF,
    }  # fmt: skip
    none = dict.fromkeys(whole, 0) | {"told": 3, "as_of": AS_OF}
    none |= dict.fromkeys(("share_confirmed", "share_false_alarms", "share_data_faults"))
    return [
        {"scope": "all", "scope_value": "all"} | whole,
        {"scope": "kind", "scope_value": "surge"} | whole | {"told": 2},
        {"scope": "kind", "scope_value": "silence"} | none,
    ]


def _grouping(row: dict) -> dict:
    kept = {name: value for name, value in row.items() if not name.startswith("location")}
    del kept["parent"]
    whole = {"grouping": "EU", "grouping_name": "European Union", "members": 2}
    return kept | whole | {"members_with_outlook": 1, "share_of_events": 0.97}


def _score(row: dict) -> dict:
    return {
        "target": row["target"],
        "location": row["location"],
        "model": "champion",
        "reference_date": AS_OF - timedelta(weeks=4),
        "horizon": 1,
        "kind": "backtest",
        "as_of_kind": "vintage",
        "wis": 2.5,
        "scaled_wis": 0.31,
        "covered_50": True,
        "covered_80": True,
        "covered_95": True,
    }


def _record(row: dict) -> dict:
    return {
        "target": row["target"],
        "location": row["location"],
        "location_level": row["location_level"],
        "kind": "backtest",
        "model": "champion",
        "origins": 6,
        "first_reference_date": AS_OF - timedelta(weeks=60),
        "last_reference_date": AS_OF - timedelta(weeks=12),
        "forecasts": 24,
        "covered_50": 0.5,
        "covered_80": 0.75,
        "covered_95": 1.0,
        "wis": 2.5,
        "wis_baseline": 3.125,
        "relative_wis": 0.8,
        "is_worse": False,
    }


def _health(feed: str, state: str, reason: str | None) -> dict:
    return {
        "feed": feed,
        "state": state,
        "reason": reason,
        "last_success": datetime(2026, 6, 13, 2, 0),  # noqa: DTZ001 as DuckDB keeps it, UTC
        "last_event": AS_OF - timedelta(days=2),
        "age_hours": 46.0,
        "records": 12345,
        "new_records": 67,
        "licence": "CC-BY-4.0",
        "publisher": f"Publisher of {feed}",
        "url": f"https://example.org/{feed}",
    }


def _locations(countries: dict[str, str]) -> list[dict]:
    groups = [
        ("WORLD", "world", "World", None, 10_000_000 * len(countries)),
        ("M49-150", "region", "Europe", "WORLD", 10_000_000 * len(countries)),
        ("UNLOCATED", "unlocated", "Not located", "WORLD", None),
    ]
    every = [
        *groups,
        *((code, "country", name, "M49-150", 10_000_000) for code, name in countries.items()),
    ]
    names = ("location", "location_level", "location_name", "parent", "population")
    return [dict(zip(names, place, strict=True)) for place in every]


def write_warehouse(path: Path, countries: dict[str, str] | None = None) -> Path:
    """Write a warehouse whose schema `published` holds every table of the contract."""
    countries = COUNTRIES if countries is None else countries
    tables = small_tables(outlook_rows(countries), countries)
    with duckdb.connect(str(path)) as con:
        con.execute("create schema published")
        for name, rows in tables.items():
            _write_table(con, name, rows)
    return path


def _write_table(con: duckdb.DuckDBPyConnection, name: str, rows: list[dict]) -> None:
    contract = TABLES[name]
    columns = list(dict.fromkeys([*contract.key, *contract.required, *(rows[0] if rows else ())]))
    typed = ", ".join(f'"{column}" {column_type(name, column)}' for column in columns)
    con.execute(f'create table published."{name}" ({typed})')
    describe(con, name)
    if rows:
        # one statement: row by row would take seconds
        marks = f"({', '.join('?' * len(columns))})"
        con.execute(
            f'insert into published."{name}" values {", ".join([marks] * len(rows))}',
            [row.get(column) for row in rows for column in columns],
        )


def describe(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Comment a published table and its columns, as dbt does."""
    con.execute(f"comment on table published.\"{name}\" is 'One row a key of {name}.'")
    for column, *_ in con.execute(f'describe published."{name}"').fetchall():
        con.execute(f'comment on column published."{name}"."{column}" is \'What {column} says.\'')


def make_release(
    warehouse: Path,
    releases: Path,
    *,
    source: str = "sample",
    as_of: date = AS_OF,
    commit: str = "0" * 40,  # another commit makes another release of the same tables
    built_at: datetime = BUILT_AT,
    languages: Sequence[str] = (),
) -> Published:
    """Build and publish a release of the warehouse."""
    staged = build(
        warehouse,
        releases,
        as_of=as_of,
        source=source,
        settings={"horizon": 12},
        commit=commit,
        built_at=built_at,
        languages=languages,
    )
    return publish(staged)
