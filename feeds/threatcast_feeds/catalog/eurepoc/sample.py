"""Simulated cyber incidents with a political side, in two of the forms of the repository.

The feed goes stale: its last export is half a year older than the last simulated day. Quirks
kept: Python literals in release 1.1, a byte order mark and CRLF in the exports, long country
names among regions and bodies, receivers named twice, starts known to the year alone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

import numpy as np

from threatcast_feeds.simulation import CountedWorld, Event, World
from threatcast_feeds.simulation.countries import countries
from threatcast_feeds.simulation.patterns import UNLOCATED

IMPORTED_ON = date(2022, 8, 15)
RELEASE = date(2023, 11, 12)
EXPORTS = (
    *(date(2024, 3, 31), date(2024, 6, 30), date(2024, 9, 29), date(2024, 12, 29)),
    *(date(2025, 3, 30), date(2025, 6, 29), date(2025, 9, 28), date(2025, 11, 30)),
)
MISSING = "Not available"
BODIES = ("Europe (region)", "NATO (institutions)", "United Nations", MISSING)
LONG_NAMES = {
    "US": "United States",
    "GB": "United Kingdom",
    "KR": "Korea, Republic of",
    "IR": "Iran, Islamic Republic of",
    "HK": "Hong Kong",
}

_RELEASE_HEADER = """
ID name description start_date end_date inclusion_criteria inclusion_criteria_subcode
source_incident_detection_disclosure incident_type receiver_name receiver_country
receiver_region receiver_category receiver_category_subcode initiator_name
initiator_country initiator_category initiator_category_subcode number_of_attributions
attribution_date attribution_type attribution_basis attributing_actor
attribution_it_company attributing_country attributed_initiator
attributed_initiator_country attributed_initiator_category attributed_initiator_subcategory
sources_attribution cyber_conflict_issue offline_conflict_issue offline_conflict_name_HIIK
offline_conflict_intensity offline_conflict_intensity_subcode number_of_political_responses
political_response_date political_response_type political_response_type_subcode
political_response_country political_response_actor zero_days zero_days_subcode
MITRE_initial_access MITRE_impact user_interaction has_disruption data_theft disruption
hijacking physical_effects_spatial physical_effects_temporal unweighted_cyber_intensity
target_multiplier weighted_cyber_intensity impact_indicator impact_indicator_value
functional_impact intelligence_impact political_impact_affected_entities
political_impact_affected_entities_exact_value political_impact_third_countries
political_impact_third_countries_exact_value economic_impact economic_impact_exact_value
economic_impact_currency state_responsibility_indicator IL_breach_indicator
IL_breach_indicator_subcode evidence_for_sanctions_indicator number_of_legal_responses
legal_response_date legal_response_type legal_response_type_subcode legal_response_country
legal_response_actor legal_attribution_reference legal_attribution_reference_subcode
legal_response_indicator casualties sources_url
"""
_EXPORT_HEADER = """
ID name description start_date end_date inclusion_criteria inclusion_criteria_subcode
source_incident_detection_disclosure incident_type receiver_name receiver_country
receiver_region receiver_category receiver_category_subcode initiator_name
initiator_country initiator_category initiator_category_subcode number_of_attributions
attribution_ID attribution_date attribution_type attribution_basis attributing_actor
attribution_it_company attributing_country attributed_initiator
attributed_initiator_country attributed_initiator_category sources_attribution
cyber_conflict_issue offline_conflict_issue offline_conflict_issue_subcode
offline_conflict_intensity offline_conflict_intensity_subcode number_of_political_responses
political_response_date political_response_type political_response_type_subcode
political_response_country political_response_actor zero_days zero_days_subcode
MITRE_initial_access MITRE_impact user_interaction has_disruption data_theft disruption
hijacking physical_effects_spatial physical_effects_temporal unweighted_cyber_intensity
target_multiplier weighted_cyber_intensity impact_indicator impact_indicator_value
functional_impact intelligence_impact political_impact_affected_entities
political_impact_affected_entities_exact_value political_impact_third_countries
political_impact_third_countries_exact_value economic_impact economic_impact_exact_value
economic_impact_currency state_responsibility_indicator IL_breach_indicator
IL_breach_indicator_subcode evidence_for_sanctions_indicator number_of_legal_responses
legal_response_date legal_response_type legal_response_type_subcode legal_response_country
legal_response_actor legal_attribution_reference legal_attribution_reference_subcode
legal_response_indicator casualties sources_url added_to_DB updated_at status
"""
RELEASE_COLUMNS = _RELEASE_HEADER.split()
EXPORT_COLUMNS = _EXPORT_HEADER.split()


class Incident(NamedTuple):
    """One incident and those who were hit; `start` is None if it is not known."""

    number: int
    start: date | None
    added: date
    updated: date
    receivers: tuple[str, ...]


def payloads(world: World) -> Iterator[tuple[date, str, bytes]]:
    """Yield release 1.1, then an export each quarter."""
    incidents = list(_incidents(world))
    for day in (RELEASE, *EXPORTS):
        known = [incident for incident in incidents if incident.added <= day]
        if day == RELEASE:
            yield day, "csv", _table(RELEASE_COLUMNS, [_release_row(one) for one in known], "\n")
        else:
            rows = [_export_row(incident, day) for incident in known]
            yield day, "csv", b"\xef\xbb\xbf" + _table(EXPORT_COLUMNS, rows, "\r\n")


def reenacted(past: CountedWorld) -> Iterator[tuple[date, str, bytes]]:
    """Yield the newest export, with as many incidents a week and receiver as were counted.

    An incident is added on its first day: how late they came is not in weekly counts.
    """
    day = past.last_copy("eurepoc")
    rows = [
        _export_row(_stand_in(event, day), day) for event in past.events("state_cyber_incidents")
    ]
    # what was added last says until when somebody looked
    rows[-1]["added_to_DB"] = day.isoformat()
    yield day, "csv", b"\xef\xbb\xbf" + _table(EXPORT_COLUMNS, rows, "\r\n")


def _stand_in(event: Event, day: date) -> Incident:
    start = event.day
    # the first of a month would stand for the month; the next or last day is of the same week
    if start.day == 1:
        start += timedelta(days=1 if start.weekday() < 6 else -1)
    return Incident(event.number, start, start, day, (_name(event.location, 3),))


def _incidents(world: World) -> Iterator[Incident]:
    chance = world.generator("eurepoc")
    number = 0
    events = world.events("state_cyber_incidents")
    for day, together in groupby(events, key=lambda event: event.day):
        receivers = tuple(_name(event.location, event.number) for event in together)
        # what hits several countries on one day is one incident
        for part in [receivers] if chance.random() < 0.5 else [(one,) for one in receivers]:
            number += 1
            yield _incident(chance, number, day, part)
        if chance.random() < 0.04:
            number += 1
            # a campaign that is known to the year alone, or not at all
            start = day.replace(month=1, day=1) if chance.random() < 0.8 else None
            late = _incident(chance, number, day, receivers[:1])
            yield late._replace(start=start)


def _incident(
    chance: np.random.Generator, number: int, day: date, receivers: tuple[str, ...]
) -> Incident:
    luck = chance.random()
    mean = 8.0 if luck < 0.65 else 35.0 if luck < 0.92 else 200.0
    added = max(day + timedelta(days=int(chance.exponential(mean))), IMPORTED_ON)
    updated = added + timedelta(days=int(chance.exponential(140)))
    return Incident(number, day, added, updated, receivers)


def _name(location: str, number: int) -> str:
    if location == UNLOCATED:
        return BODIES[number % len(BODIES)]
    return LONG_NAMES.get(location) or countries()[location].name


def _common(incident: Incident) -> dict[str, str]:
    return {
        "ID": str(incident.number),
        "name": f"Invented incident {incident.number}",
        "description": 'Made up, "invented"\n\nand on three lines.' if incident.number < 3 else "",
        "start_date": incident.start.isoformat() if incident.start else MISSING,
        "end_date": MISSING,
        "incident_type": "Data theft; Hijacking with Misuse"
        if incident.number % 3
        else "Disruption",
    }


def _release_row(incident: Incident) -> dict[str, str]:
    return {**_common(incident), "receiver_country": str(list(incident.receivers))}


def _export_row(incident: Incident, day: date) -> dict[str, str]:
    receivers = incident.receivers * (2 if incident.number % 10 == 0 else 1)
    return {
        **_common(incident),
        "receiver_country": "; ".join(receivers),
        "added_to_DB": incident.added.isoformat(),
        "updated_at": (incident.updated if incident.updated <= day else incident.added).isoformat(),
        "status": "Sent to database",
    }


def _table(columns: list[str], rows: list[dict[str, str]], newline: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", lineterminator=newline)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
