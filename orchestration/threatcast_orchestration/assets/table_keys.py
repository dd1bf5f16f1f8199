"""What a table is called in Dagster's graph, which shows the last part of a key alone."""

from __future__ import annotations

import dagster as dg

_PREFIXES = {"seeds": "seed_", "forecasts": "night_", "live": "live_", "history": "past_"}


def table_key(schema: str, table: str) -> dg.AssetKey:
    """Return the asset key of a table: `published/outlook`, and `forecasts/night_outlook`.

    Tables that other steps pass on to `published` under the same name carry the word of their
    schema, so that no two assets have one last name.
    """
    return dg.AssetKey([schema, f"{_PREFIXES.get(schema, '')}{table}"])
