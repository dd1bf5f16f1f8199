"""What a night must tell although it published: feeds that failed, and outlooks that went away.

Read from the release itself, so that the command line, the UI's runs and `status` say the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FAILED = """
    SELECT
        health.feed,
        health.reason,
        count(DISTINCT targets.target) AS targets,
        count(*) FILTER (outlook.state = 'published') AS published,
        CAST(max(outlook.data_through) FILTER (outlook.state = 'published') AS VARCHAR)
            AS data_through
    FROM feed_health AS health
    LEFT JOIN targets USING (feed)
    LEFT JOIN outlook USING (target)
    WHERE health.state = 'failed'
    GROUP BY health.feed, health.reason
    ORDER BY health.feed
"""
_DROPPED = """
    WITH newest AS (
        SELECT release_id FROM outlook_history ORDER BY as_of DESC, release_id DESC LIMIT 1
    ),
    then_published AS (
        SELECT release_id, target, count(*) AS before
        FROM outlook_history
        INNER JOIN newest USING (release_id)
        WHERE state = 'published'
        GROUP BY release_id, target
    ),
    now_published AS (
        SELECT
            target,
            count(*) FILTER (state = 'published') AS now,
            mode(state) FILTER (state <> 'published') AS mostly
        FROM outlook
        GROUP BY target
    )
    SELECT target, release_id, before, coalesce(now, 0) AS now, mostly
    FROM then_published
    LEFT JOIN now_published USING (target)
    WHERE before - coalesce(now, 0) > before * {limit} / 100
    ORDER BY target
"""


@dataclass(frozen=True)
class Setbacks:
    """What went wrong in a night that published.

    Parameters
    ----------
    failed
        One row a failed feed: `feed, reason, targets` (how many are counted from it), `published`
        (outlooks made from its last good payload) and `data_through`.
    dropped
        One row a target that lost more outlooks than `drop_limit` allows: `target, release_id` (the
        release before), `before, now, mostly` (state of most cells without an outlook now).
    """

    failed: tuple[Mapping[str, Any], ...] = ()
    dropped: tuple[Mapping[str, Any], ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.failed or self.dropped)

    @property
    def lines(self) -> list[str]:
        """One sentence each, with names, for the screen and the webhook."""
        return [*map(_told_of_feed, self.failed), *map(_told_of_target, self.dropped)]

    def as_dict(self) -> dict[str, list[dict[str, Any]]]:
        """Return it for a program."""
        return {
            "failed_feeds": [dict(row) for row in self.failed],
            "dropped_targets": [dict(row) for row in self.dropped],
        }


def setbacks_of(releases: Path, limit: int) -> Setbacks:
    """Return what the current release must tell; nothing if there is none.

    Parameters
    ----------
    releases
        Folder of the releases.
    limit
        Percent of a target's outlooks of the release before that may go without a word.
    """
    from threatcast_publishing.catalog import current
    from threatcast_publishing.query import run_query

    if current(releases) is None:
        return Setbacks()
    failed = run_query(releases, _FAILED).data.to_pylist()
    dropped = run_query(releases, _DROPPED.format(limit=int(limit))).data.to_pylist()
    return Setbacks(tuple(failed), tuple(dropped))


def _told_of_feed(row: Mapping[str, Any]) -> str:
    if row["published"]:
        through = row["data_through"]
        left = f"{row['published']:,} outlooks stay published, from data through {through}"
    elif row["targets"]:
        left = "no outlook is published from it"
    else:
        left = "what refers to it goes by its last good payload, if there is one"
    return f"{row['feed']} failed: {row['reason']}; {left}."


def _told_of_target(row: Mapping[str, Any]) -> str:
    why = f", most others are {row['mostly']}" if row["mostly"] else ""
    return (
        f"{row['target']} has {row['now']:,} outlooks of the {row['before']:,} of "
        f"{row['release_id']}{why}."
    )
