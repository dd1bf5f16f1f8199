"""What a release and a run say of their making: the commit and the settings that change numbers."""

from __future__ import annotations

import subprocess
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

from threatcast_orchestration.run.project import CHECKOUT

if TYPE_CHECKING:
    from threatcast_orchestration.run.settings import Settings


@cache
def commit() -> str:
    """Return the commit of this code, with `+changes` if files differ; else its version."""
    if CHECKOUT is None:
        return version()
    try:
        head = _git("rev-parse", "HEAD")
        return head + ("+changes" if _git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.CalledProcessError):
        return version()


def version() -> str:
    """Return the version of the installed package, which stands in `pyproject.toml` alone."""
    return f"version {metadata.version('threatcast')}"


def _git(*words: str) -> str:
    return subprocess.run(  # noqa: S603 fixed words, no shell
        ["git", *words],  # noqa: S607 the git on the path
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def settings_of(settings: Settings) -> dict[str, Any]:
    """Return the settings that decide numbers; paths and secrets stay here."""
    from threatcast_forecasting.weeks import HORIZON

    return {
        "models": ",".join(settings.models),
        "horizon": HORIZON,
        "origins": settings.origins,
        "step": settings.step,
        "seed": settings.seed,
    }
