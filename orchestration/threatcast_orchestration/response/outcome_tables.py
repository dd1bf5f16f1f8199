"""What people found warnings to be, for the release: the tables of the closed and of outcomes.

Only what the record held before the first night of the as-of day counts, in the order of its
events: a night that is repeated finds the same, whatever was said since and whatever the clock
did. No note of a person goes any further than the record.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING

from threatcast_forecasting.warning.warning_kinds import EVERYWHERE, KINDS

from threatcast_orchestration.errors import OrchestrationError
from threatcast_orchestration.response.warning_events import (
    Changed,
    Closed,
    Event,
    NightSeen,
    Opened,
    read_events,
)
from threatcast_orchestration.response.warning_states import known_warnings
from threatcast_orchestration.warehouse.written import WrittenTable

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from threatcast_orchestration.run.home import Home

log = logging.getLogger(__name__)

WARNINGS_CLOSED = WrittenTable(
    "live",
    "warnings_closed",
    "One row a warning that a person closed before the as-of day's first night.",
    "warning_id VARCHAR, target VARCHAR, location VARCHAR, level VARCHAR, kind VARCHAR, "
    "opened DATE, closed_on DATE, outcome VARCHAR",
)
WARNING_OUTCOMES = WrittenTable(
    "live",
    "warning_outcomes",
    "One row for all warnings, one a level and one a kind: how many were told and closed, and as "
    "what.",
    "scope VARCHAR, scope_value VARCHAR, told BIGINT, closed BIGINT, confirmed BIGINT, "
    "false_alarms BIGINT, data_faults BIGINT, share_confirmed DOUBLE, share_false_alarms DOUBLE, "
    "share_data_faults DOUBLE",
)
_WORLD = "WORLD"


def write_outcomes(
    connection: duckdb.DuckDBPyConnection, home: Home, as_of: date
) -> pd.DataFrame | None:
    """Write both tables; returns the closed warnings, or None if the record cannot be read.

    A record that cannot be read stops no night: its numbers are unknown then, not zero.
    """
    from threatcast_forecasting.judging.warning_outcomes import outcome_shares

    try:
        told = told_warnings(read_events(home), as_of)
    except OrchestrationError as error:
        log.warning("What people found warnings to be is not known tonight. %s", error)
        told = None
    WARNINGS_CLOSED.create(connection)
    WARNING_OUTCOMES.create(connection)
    connection.register("found", outcome_shares(told))
    WARNING_OUTCOMES.insert_from(connection, "found")
    connection.unregister("found")
    if told is None:
        return None
    closed = told[told["outcome"].notna()]
    columns = [*WARNINGS_CLOSED.columns]
    rows = [dict(zip(columns, row, strict=True)) for row in closed[columns].to_numpy()]
    WARNINGS_CLOSED.insert(connection, rows)
    return closed[["target", "location", "outcome"]]


def told_warnings(events: Iterable[Event], as_of: date) -> pd.DataFrame:
    """Return one row a warning that was told before the first night of a day.

    Returns
    -------
    DataFrame
        The columns of `WARNINGS_CLOSED`; `closed_on` and `outcome` are null while nobody has
        closed it, and `level` is the one at which it was closed, else its newest. What was told by
        releases alone that were rolled back is left out unless a person closed it.
    """
    import pandas as pd
    from threatcast_publishing.catalog import day_of

    past = [*_before(events, as_of)]
    words = {event.warning_id: (event, day) for event, day in past if isinstance(event, Closed)}
    opened: dict[str, date] = {}
    for event, _ in past:
        if isinstance(event, Opened | Changed):
            opened.setdefault(event.row.warning_id, day_of(event.release_id))
    rows = []
    for name, kept in known_warnings(event for event, _ in past).warnings.items():
        row = kept.row
        # a kind of another version has no words here
        if row.kind not in KINDS or (kept.is_withdrawn and name not in words):
            continue
        level, closed_on, outcome = row.level, None, None
        if name in words:
            word, day = words[name]
            # a line of the record may have been taken out, that of the night too
            level, outcome = word.level, word.outcome
            closed_on = max(day or opened[name], opened[name])
        place = _WORLD if row.location == EVERYWHERE else row.location
        first = opened[name]
        rows.append((name, row.target, place, level, row.kind, first, closed_on, outcome))
    return pd.DataFrame(rows, columns=[*WARNINGS_CLOSED.columns], dtype=object)


def _before(events: Iterable[Event], as_of: date) -> Iterator[tuple[Event, date | None]]:
    """Yield the events before the first night of a day or of a later one, each with its day.

    The day of an event is the as-of day of the newest night by then: it needs no clock.
    """
    from threatcast_publishing.catalog import day_of

    newest = None
    for event in events:
        if isinstance(event, NightSeen):
            day = day_of(event.release_id)
            if day >= as_of:
                return
            newest = day if newest is None else max(day, newest)
        yield event, newest
