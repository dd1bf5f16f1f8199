"""`threatcast doctor`: settings and where each came from, and what would stop a night."""

from __future__ import annotations

import shutil
import sys
from dataclasses import fields
from importlib import metadata
from typing import TYPE_CHECKING, Any

from threatcast_orchestration.commands.options import (
    HomeOption,
    JsonOption,
    print_json,
    print_table,
    say,
)
from threatcast_orchestration.errors import OrchestrationError
from threatcast_orchestration.settings import Settings, credentials, home_path, load_settings

if TYPE_CHECKING:
    from threatcast_orchestration.home import Home

NEEDED_BYTES = 3_000_000_000
PACKAGES = ("dagster", "dbt-core", "dbt-duckdb", "duckdb", "great-expectations", "mlflow", "prophet")


def doctor(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Check this machine and this home, and show the settings."""
    place = home_path(home)
    settings = load_settings(place)
    secret = {"webhook_url"}
    shown = [
        {
            "setting": f.name,
            "value": "(set)" if f.name in secret and getattr(settings, f.name) else
            str(getattr(settings, f.name)),
            "from": settings.provenance[f.name],
        }
        for f in fields(Settings)
        if f.name != "provenance"
    ]
    checks = [*_machine(), *_home(place), *_feeds(settings)]
    if as_json:
        print_json({"settings": shown, "checks": checks})
    else:
        print_table(shown, ["setting", "value", "from"], f"Settings of {place.root}")
        print_table(checks, ["check", "result", "detail"], "Checks")
    bad = [check for check in checks if check["result"] == "fail"]
    if bad:
        raise OrchestrationError(f"{len(bad)} checks failed, see the table")
    if not as_json:
        say("Nothing stands in the way of a run.")


def _check(name: str, *, good: bool, detail: str, soft: bool = False) -> dict[str, Any]:
    result = "ok" if good else ("note" if soft else "fail")
    return {"check": name, "result": result, "detail": detail}


def _machine() -> list[dict[str, Any]]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    rows = [_check("python", good=(3, 11) <= sys.version_info[:2] <= (3, 13), detail=version)]
    git = shutil.which("git")
    rows.append(
        _check("git", good=git is not None, detail=git or "needed for feeds backfill", soft=True)
    )
    for package in PACKAGES:
        try:
            rows.append(_check(package, good=True, detail=metadata.version(package)))
        except metadata.PackageNotFoundError:
            rows.append(_check(package, good=False, detail="not installed: run `make setup`"))
    return rows


def _home(home: Home) -> list[dict[str, Any]]:
    place = home.root
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    rows = [
        _check(
            "disk",
            good=free > NEEDED_BYTES,
            detail=f"{free / 1e9:.1f} GB free at {place}, {NEEDED_BYTES / 1e9:.0f} GB advised",
        )
    ]
    try:
        home.prepare()
        rows.append(_check("home", good=True, detail=f"writable; source: {home.source or 'none'}"))
    except OrchestrationError as error:
        rows.append(_check("home", good=False, detail=str(error)))
    return rows


def _feeds(settings: Settings) -> list[dict[str, Any]]:
    from threatcast_feeds.registry import load_catalog

    catalog = load_catalog()
    rows = [_check("catalog", good=True, detail=f"{len(catalog)} feeds")]
    if settings.chosen_source != "live":
        return rows
    for spec in catalog.values():
        name = spec.live.auth_env
        if name and not credentials().get(name):
            rows.append(
                _check(f"key of {spec.key}", good=False, detail=f"{name} is not set", soft=True)
            )
    return rows
