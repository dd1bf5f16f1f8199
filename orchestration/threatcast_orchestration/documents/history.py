"""The page beside the shipped history: whose facts it counts, on which terms, up to which day."""

from __future__ import annotations

from threatcast_feeds.history import FeedPast, read_history
from threatcast_feeds.registry import FeedSpec, load_catalog

from threatcast_orchestration.documents.markdown import page, table

_WHAT = """\
`history.parquet` holds weekly counts by target and place as of **{as_of}**, {rows:,} rows, taken
from release `{release}` (contract {contract}) by `threatcast history write`. They are counts that
Threatcast made: no record, name, address or text of a feed is in it."""
_HOW = """\
Columns: `target`, `location` (`WORLD`, a country, or `UNLOCATED`), `week` (its Monday), `value`
(empty: missing), `observation` (`observed`, `provisional`, `missing`). A place without a row for a
week has what the row of `WORLD` implies: 0, or missing where the world is. What a target counts:
[targets](../../../docs/targets.md)."""


def history_page() -> str:
    """Return the README of the shipped history."""
    history = read_history()
    catalog = load_catalog()
    rows = [_row(catalog[feed], past) for feed, past in sorted(history.feeds.items())]
    head = ("feed", "targets", "counts made from data of", "licence", "last copy", "last event")
    return page(
        "feeds/threatcast_feeds/history/history.parquet",
        "Weekly counts that ship with Threatcast",
        _WHAT.format(
            as_of=history.as_of,
            rows=history.counts.num_rows,
            release=history.release_id,
            contract=history.contract_version,
        ),
        table(head, rows),
        _HOW,
    )


def _row(spec: FeedSpec, past: FeedPast) -> tuple[str, ...]:
    where = spec.licence.url
    return (
        f"{spec.title} (`{spec.key}`)",
        ", ".join(f"`{target}`" for target in past.targets),
        f"[{past.publisher}]({spec.homepage})",
        f"[{past.licence}]({where})" if where else past.licence,
        str(past.last_copy),
        str(past.last_event or ""),
    )
