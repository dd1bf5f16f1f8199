"""What the newest release was made of, so that a night with nothing new leaves it as it stands.

The stamp is no proof: the release must be current and as its manifest says, or it is built anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from threatcast_feeds.durable import write_durably

from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.keys import code_key
from threatcast_orchestration.warehouse.stamps import read_stamps

_TABLES = ("published", "tables")
"""The stages whose stamps tell the tables, their rows and their words."""


def release_key(home: Home, told: Mapping[str, Any]) -> str:
    """Return a hash of the published tables that stand, of all else told to a release, its code.

    Parameters
    ----------
    told
        What `threatcast_publishing.release.build` is given beside the tables; not the clock.
    """
    stamps = read_stamps(home)
    tables = [stamps.get(stage, "") for stage in _TABLES]
    told_words = json.dumps(told, sort_keys=True, default=str)
    return sha256("\0".join([code_key("release"), *tables, told_words]).encode()).hexdigest()


def made_of(home: Home, key: str) -> str:
    """Return the id of the release that was made of the same; empty if there is none."""
    try:
        kept = json.loads(home.release_stamp.read_text(encoding="utf-8"))
        return str(kept["release_id"]) if kept["key"] == key else ""
    except (OSError, ValueError, LookupError, TypeError):
        return ""


def keep_key(home: Home, key: str, release_id: str) -> None:
    """Keep what a release was made of, once it is published."""
    text = json.dumps({"key": key, "release_id": release_id}, indent=1)
    write_durably(home.release_stamp, text.encode())
