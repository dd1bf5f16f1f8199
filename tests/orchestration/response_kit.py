"""Small frames of the table `warnings`, and homes with playbooks."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from threatcast_orchestration.response.telling import Response, respond
from threatcast_orchestration.response.warning_rows import COLUMNS_OF_WARNINGS
from threatcast_orchestration.run.home import Home

NOW = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)
FIRST = "2026-06-14-0123456789ab"
SECOND = "2026-06-15-ba9876543210"
THIRD = "2026-06-16-cccccccccccc"
SURGE: dict[str, Any] = {
    "warning_id": "a1b2c3d4e5f60718",
    "reference_date": date(2026, 6, 14),
    "kind": "surge",
    "level": "elevated",
    "target": "ransomware_claims",
    "location": "DE",
    "detail": "",
    "since": date(2026, 6, 1),
    "week": date(2026, 6, 8),
    "observed": 42.0,
    "observed_upper": 48.0,
    "expected": 9.0,
    "expected_low": 5.0,
    "expected_high": 17.0,
    "peak": 55.0,
    "peak_week": date(2026, 6, 1),
    "evidence": 31.4,
    "stands_out": True,
    "behind": None,
    "forecasts_of": "archive",
    "agrees": "reported_cyberattacks",
    "disagrees": None,
}
SILENCE = SURGE | {
    "warning_id": "dada000000000001", "kind": "silence", "target": "ddos_targets", "location": "",
    "detail": "no events", "observed": None, "observed_upper": None, "expected": None,
    "expected_low": None, "expected_high": None, "peak": None, "peak_week": None,
    "evidence": None, "stands_out": False, "agrees": None,
}  # fmt: skip
FILE = "channel: {kind: file, path: told.jsonl}\n"


def frame(*rows: dict[str, Any]) -> pd.DataFrame:
    """Return the rows as a release's table holds them."""
    table = pd.DataFrame(list(rows), columns=list(COLUMNS_OF_WARNINGS))
    for name in ("reference_date", "since", "week"):
        table[name] = pd.to_datetime(table[name])
    return table


def many(count: int, **facts: Any) -> list[dict[str, Any]]:
    """Return warnings that differ in nothing but their id."""
    return [SURGE | {"warning_id": f"f{number:015x}"} | facts for number in range(count)]


def home_with(folder: Path, **playbooks: str) -> Home:
    """Return a home with these playbooks."""
    home = Home(folder / "home")
    home.playbooks.mkdir(parents=True)
    for name, text in playbooks.items():
        (home.playbooks / f"{name}.yaml").write_text(text, encoding="utf-8")
    return home


def night(
    home: Home,
    *rows: dict[str, Any],
    release: str = FIRST,
    now: datetime = NOW,
    environment: dict[str, str] | None = None,
) -> Response:
    """Let a home respond to warnings without waiting between tries."""
    given = environment or {}
    return respond(home, frame(*rows), release, now, given, sleep=lambda seconds: None)
