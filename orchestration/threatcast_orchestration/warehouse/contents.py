"""Where the content of each copy ends, by the rule of its feed (`coverage` of its defs.yaml)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb
    from threatcast_feeds.registry import Coverage, FeedSpec


def read_contents(connection: duckdb.DuckDBPyConnection, spec: FeedSpec) -> None:
    """Fill `content_day`, `claimed_until` and `part_days` of a feed's rows in `raw.vintages`.

    Parameters
    ----------
    connection : DuckDBPyConnection
        With `raw.vintages` and the feed's view.
    spec : FeedSpec
        The feed; without a rule, or with one that names no column, its rows stay as they are.
    """
    rule = spec.coverage
    if rule is None or not (rule.days or rule.year or rule.parts):
        return
    connection.execute(
        f"""
        UPDATE raw.vintages SET content_day = told.content_day,
            claimed_until = told.claimed_until, part_days = told.part_days
        FROM (
            SELECT copy_number, {_content_day(spec, rule)} AS content_day,
                {_claimed_until(rule)} AS claimed_until, {_part_days(spec, rule)} AS part_days
            FROM raw.{spec.key}
            GROUP BY copy_number
        ) AS told
        WHERE vintages.feed = '{spec.key}' AND vintages.copy_number = told.copy_number
        """
    )


def _content_day(spec: FeedSpec, rule: Coverage) -> str:
    """Return the newest day of which a copy could know; days to come are no content."""
    days = [
        f"max({day}) FILTER ({day} <= vintage_day + 1)"
        for day in (_day(spec, name) for name in rule.days)
    ]
    return f"list_max([{', '.join(days)}])" if days else "CAST(NULL AS DATE)"


def _claimed_until(rule: Coverage) -> str:
    if rule.year is None:
        return "CAST(NULL AS DATE)"
    year = f'TRY_CAST(TRY_CAST("{rule.year}" AS DOUBLE) AS INTEGER)'
    return (
        f"make_date(CAST(max({year}) FILTER ({year} BETWEEN 1990 AND year(vintage_day) + 1) "
        "AS INTEGER), 12, 31)"
    )


def _part_days(spec: FeedSpec, rule: Coverage) -> str:
    if rule.parts is None:
        return "CAST(NULL AS DATE[])"
    day = _day(spec, rule.parts)
    return f"list_sort(list(DISTINCT {day}) FILTER ({day} <= vintage_day + 1))"


def _day(spec: FeedSpec, column: str) -> str:
    if spec.columns[column] in ("DATE", "TIMESTAMP"):
        return f'CAST("{column}" AS DATE)'
    return f'TRY_CAST(left(trim("{column}"), 10) AS DATE)'
