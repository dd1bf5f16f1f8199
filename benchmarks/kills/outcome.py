"""What a night leaves that must not depend on whether earlier ones were killed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from threatcast_publishing.catalog import current
from threatcast_publishing.manifest import read_manifest
from threatcast_publishing.verify import verify

DUCKDB = "threatcast.duckdb"
"""Equal in content only: its blocks may lie in another order."""


def outcome_of(home: Path) -> dict[str, Any]:
    """Return the release, the hash of each of its files, and what else is kept for good.

    The forecasts are among the files (`parquet/forecast.parquet`).
    """
    release = current(home / "releases")
    if release is None:
        return {"release": None}
    folder = home / "releases" / release
    checked = verify(folder)
    entries = read_manifest(folder).files
    files = {name: entry["sha256"] for name, entry in entries.items() if name != DUCKDB}
    files[DUCKDB] = entries[DUCKDB]["content_sha256"]
    return {
        "release": release,
        "verified": checked.summary() if checked.problems else "whole",
        "releases": sorted(path.name for path in (home / "releases").iterdir()),
        "archive": _archive(home),
        "decisions": _decisions(home),
        "landing": _names(home / "landing", "*.zst") + _names(home / "landing", "*.meta.json"),
        "quarantine": _names(home / "quarantine", "*.json"),
        **{f"file {name}": digest for name, digest in files.items()},
    }


def differences(found: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """Return what differs, a line each; empty if nothing does."""
    return [
        f"{key}: {found.get(key)!s:.300} instead of {wanted.get(key)!s:.300}"
        for key in sorted({*found, *wanted})
        if found.get(key) != wanted.get(key)
    ]


def _names(folder: Path, pattern: str) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob(pattern))


def _archive(home: Path) -> list[tuple[str, str]]:
    notes = sorted((home / "archive").rglob("*.json"))
    return [(note.name, json.loads(note.read_text("utf-8"))["forecast_hash"]) for note in notes]


def _decisions(home: Path) -> list[str]:
    path = home / "models" / "decisions.jsonl"
    return path.read_text("utf-8").splitlines() if path.is_file() else []
