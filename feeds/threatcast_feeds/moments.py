"""What a moment of retrieval says: a copy knows what had happened by then, and nothing later."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

END_OF_DAY = time(23, 59, 59)
"""When a recording counts as taken, unless its mirror says otherwise."""


def at(day: date, hour: time) -> datetime:
    """Return a time of a UTC day as aware moment."""
    return datetime.combine(day, hour, UTC)


def whole_day(moment: datetime) -> date:
    """Return the last UTC day that was over at a moment; its last second counts as its end.

    Examples
    --------
    >>> whole_day(at(date(2026, 6, 15), time(2, 0))).isoformat()
    '2026-06-14'
    >>> whole_day(at(date(2026, 6, 14), END_OF_DAY)).isoformat()
    '2026-06-14'
    """
    return (moment.astimezone(UTC) + timedelta(seconds=1)).date() - timedelta(days=1)
