"""`threatcast doctor`: settings and where each came from, and what would stop a night."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from threatcast_orchestration.commands.options import (
    HomeOption,
    JsonOption,
    QuietOption,
    print_json,
    print_table,
    say,
)
from threatcast_orchestration.errors import OrchestrationError
from threatcast_orchestration.run.databases import check_databases
from threatcast_orchestration.run.keys import CODE, code_key
from threatcast_orchestration.run.lock import run_lock
from threatcast_orchestration.run.settings import (
    Settings,
    credentials,
    home_path,
    limit_memory,
    load_settings,
)
from threatcast_orchestration.run.workers import check_workers
from threatcast_orchestration.sharing.work import check_store

if TYPE_CHECKING:
    from threatcast_orchestration.run.home import Home

NEEDED_BYTES = 3_000_000_000
NEEDED_MEMORY = 4_000_000_000
PACKAGES = (
    "dagster",
    "dbt-core",
    "dbt-duckdb",
    "duckdb",
    "great-expectations",
    "mlflow",
    "prophet",
)
SECRETS = frozenset(("webhook_url",))


@dataclass(frozen=True)
class Check:
    """One look at the machine or the home: `ok`, `note` (worth knowing) or `fail` (stops a run)."""

    check: str
    result: Literal["ok", "note", "fail"]
    detail: str


def doctor(
    home: HomeOption = None, *, as_json: JsonOption = False, quiet: QuietOption = False
) -> None:
    """Check this machine and this home, and show the settings."""
    place = home_path(home)
    settings = load_settings(place)
    limit_memory(settings)
    shown = shown_settings(settings)
    checks = [vars(check) for check in all_checks(place, settings)]
    bad = [check for check in checks if check["result"] == "fail"]
    if as_json:
        print_json(
            {
                "home": str(place.root),
                "ok": not bad,
                "settings": shown,
                "checks": checks,
                "keys": {stage: code_key(stage) for stage in CODE},
            }
        )
    else:
        if not quiet:
            print_table(shown, ["setting", "value", "from"], f"Settings of {place.root}")
        told = [check for check in checks if not quiet or check["result"] != "ok"]
        if told:
            print_table(told, ["check", "result", "detail"], "Checks")
    if bad:
        names = ", ".join(check["check"] for check in bad)
        raise OrchestrationError(f"A run would stop at: {names}. The table says why.")
    if not as_json:
        say("Nothing stands in the way of a run.")


def shown_settings(settings: Settings) -> list[dict[str, str]]:
    """Return every setting with its value and where that came from; secrets stay hidden."""
    return [
        {
            "setting": name,
            "value": "(set)" if name in SECRETS and value else _shown(value),
            "from": settings.came_from(name),
        }
        for name, value in settings
    ]


def _shown(value: Any) -> str:
    """Return a value as the environment would say it."""
    if isinstance(value, tuple):
        return ",".join(value)
    return "" if value is None else str(value)


def all_checks(home: Home, settings: Settings) -> Iterator[Check]:
    """Yield every check, the machine's before the home's."""
    yield from _machine(settings)
    yield from _packages()
    yield from _answer("dask", check_workers, settings)
    yield from _databases()
    yield from _answer("store", check_store, settings)
    yield _disk(home)
    yield _writable(home)
    yield _lock(home)
    yield _place(home)
    yield _source(home, settings)
    yield _release(home)
    yield from _feeds(settings)
    yield from _playbooks(home)


def _check(name: str, detail: str, *, good: bool, soft: bool = False) -> Check:
    return Check(name, "ok" if good else "note" if soft else "fail", detail)


def _machine(settings: Settings) -> Iterator[Check]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield _check("python", version, good=(3, 11) <= sys.version_info[:2] <= (3, 13))
    git = shutil.which("git")
    yield _check("git", git or "needed for feeds backfill", good=git is not None, soft=True)
    cores = len(os.sched_getaffinity(0))
    jobs = f"{settings.jobs} jobs on {cores} cores"
    yield _check("cores", jobs, good=settings.jobs <= cores, soft=True)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    text = f"{memory / 1e9:.1f} GB, {NEEDED_MEMORY / 1e9:.0f} GB advised"
    yield _check("memory", text, good=memory >= NEEDED_MEMORY, soft=True)


def _packages() -> Iterator[Check]:
    for package in PACKAGES:
        try:
            yield _check(package, metadata.version(package), good=True)
        except metadata.PackageNotFoundError:
            yield _check(package, "not installed: run `make setup`", good=False)


def _answer(name: str, ask: Callable[[Settings], str], settings: Settings) -> Iterator[Check]:
    """Say what is answered at the place that a setting names; nothing if it names none."""
    try:
        if said := ask(settings):
            yield _check(name, said, good=True)
    except OrchestrationError as error:
        yield _check(name, str(error), good=False)


def _databases() -> Iterator[Check]:
    """Say of each history that lies in a Postgres whether that answers."""
    try:
        for whose, place in check_databases():
            yield _check(whose, place, good=True)
    except OrchestrationError as error:
        yield _check("databases", str(error), good=False)


def _existing(path: Path) -> Path:
    """Return the path, or the nearest folder above it that is there."""
    while not path.exists():
        path = path.parent
    return path


def _disk(home: Home) -> Check:
    place = _existing(home.root)
    free = shutil.disk_usage(place).free
    detail = f"{free / 1e9:.1f} GB free at {place}, {NEEDED_BYTES / 1e9:.0f} GB advised"
    return _check("disk", detail, good=free > NEEDED_BYTES)


def _writable(home: Home) -> Check:
    if not home.root.exists():
        place = _existing(home.root)
        can = place.is_dir() and os.access(place, os.W_OK | os.X_OK)
        verb = "will be made" if can else "cannot be made"
        return _check("home", f"{home.root} {verb} in {place}", good=can)
    if not home.root.is_dir():
        return _check("home", f"{home.root} is not a folder; choose another --home", good=False)
    try:
        home.prepare()
    except OrchestrationError as error:
        return _check("home", str(error), good=False)
    return _check("home", f"{home.root} can be written", good=True)


def _lock(home: Home) -> Check:
    """Say whether a run works here, without touching the lock: a run must not be refused by us."""
    try:
        holder = home.lock.read_text(encoding="utf-8").strip()
    except OSError:
        holder = ""
    held = holder.isdigit() and Path("/proc", holder).exists()
    detail = f"a run (process {holder}) works in this home now" if held else "free"
    return _check("lock", detail, good=not held, soft=True)


def _place(home: Home) -> Check:
    """Say whether all that the home holds lies in it; a home that was moved is put right."""
    from sqlalchemy.exc import SQLAlchemyError

    from threatcast_orchestration.tracking.artifact_paths import follow, points_elsewhere

    try:
        before = points_elsewhere(home)
    except OrchestrationError as error:
        return _check("place", str(error), good=False)
    if not before:
        return _check("place", "nothing points out of this home", good=True)
    try:
        with run_lock(home.lock):
            follow(home)
    except (OSError, SQLAlchemyError, OrchestrationError) as error:
        detail = f"MLflow's store points to {before}, and cannot be put right now: {error}"
        return _check("place", detail, good=False, soft=True)
    detail = f"MLflow's store pointed to {before}; it was put right and points here"
    return _check("place", detail, good=False, soft=True)


def _source(home: Home, settings: Settings) -> Check:
    chosen = settings.chosen_source
    try:
        held = home.source
    except OrchestrationError as error:
        return _check("source", str(error), good=False)
    if held not in (None, chosen):
        detail = f"the home holds {held}, the settings say {chosen}: a run needs --source {held}"
        return _check("source", f"{detail}, or another --home", good=False)
    if chosen == "mirror":
        return _mirror(settings)
    return _check("source", chosen, good=True)


def _mirror(settings: Settings) -> Check:
    folder = settings.mirror.expanduser() if settings.mirror else None
    if folder is None or not folder.is_dir():
        detail = f"the mirror {settings.mirror or '(none named)'} is not a folder"
        return _check(
            "source", f"{detail}; name one with --mirror or THREATCAST_MIRROR", good=False
        )
    feeds = sorted(path.name for path in folder.iterdir() if path.is_dir())
    detail = f"mirror {folder}, {len(feeds)} feeds"
    if not feeds:
        detail = f"the mirror {folder} holds no folder of a feed; name another one with --mirror"
    return _check("source", detail, good=bool(feeds))


def _release(home: Home) -> Check:
    from threatcast_publishing.catalog import current
    from threatcast_publishing.verify import verify

    name = current(home.releases)
    if name is None:
        return _check("release", "none yet", good=True)
    outcome = verify(home.releases / name)
    # a damaged release does not stop the next run; it must be known all the same
    return _check("release", outcome.summary(), good=outcome.ok, soft=True)


def _feeds(settings: Settings) -> Iterator[Check]:
    from threatcast_feeds.errors import CatalogError
    from threatcast_feeds.registry import load_catalog

    try:
        catalog = load_catalog()
    except CatalogError as error:
        yield _check("catalog", str(error), good=False)
        return
    yield _check("catalog", f"{len(catalog)} feeds", good=True)
    if settings.chosen_source != "live":
        return
    for spec in catalog.values():
        name = spec.live.auth_env
        if name and not credentials().get(name):
            detail = f"{name} is not set: the feed will fail and the others go on"
            yield _check(f"key of {spec.key}", detail, good=False, soft=True)


def _playbooks(home: Home) -> Iterator[Check]:
    from threatcast_orchestration.response.playbook_files import read_playbooks

    found, problems = read_playbooks(home)
    for problem in problems:
        yield _check("playbook", problem, good=False, soft=True)
    for book in found:
        lacking = [name for name in book.variables if not credentials().get(name)]
        detail = f"not set: {', '.join(lacking)}" if lacking else f"to {book.channel.label}"
        yield _check(f"playbook {book.name}", detail, good=not lacking, soft=True)
