"""The hash of inputs and code behind each stage's last success, so that unchanged stages rest."""

from __future__ import annotations

import json

from threatcast_feeds.durable import write_durably

from threatcast_orchestration.home import Home


def read_stamps(home: Home) -> dict[str, str]:
    """Return the stamp of each stage; empty before the first run.

    A damaged file counts as none: the stages are built again and it is written anew.
    """
    try:
        stamps = json.loads(home.stamps.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamps if isinstance(stamps, dict) else {}


def write_stamp(home: Home, stage: str, stamp: str) -> None:
    """Keep the stamp of a stage, or clear it ("") before a build, so that a crash is seen."""
    write_durably(home.stamps, json.dumps(read_stamps(home) | {stage: stamp}, indent=1).encode())
