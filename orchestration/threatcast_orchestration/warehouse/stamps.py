"""The hash of inputs and code behind each stage's last success, and what each stage was made of.

Unchanged stages rest by it, and nothing is published unless the stages that stand now were made of
each other: one that was begun and not finished has no stamp, and one made of an earlier stage than
the present one is told apart from a whole chain.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from threatcast_feeds.durable import write_durably

from threatcast_orchestration.run.home import Home

MADE_OF = {
    "raw": (),
    "warehouse": ("raw",),
    "forecasts": ("warehouse",),
    "decisions": ("forecasts",),
    "history": ("raw",),
    "live": ("warehouse", "forecasts", "history"),
    "warnings": ("warehouse", "forecasts", "live"),
    "published": ("warehouse", "forecasts", "decisions", "live", "warnings", "history"),
    "tables": ("published",),
}
"""The stages of the warehouse file, each with those that it reads; `tables` is the content of the
published ones."""

Stamps = dict[str, str]


def read_stamps(home: Home) -> Stamps:
    """Return the stamp of each stage that stands whole; empty before the first run.

    A damaged file counts as none: the stages are built again and it is written anew.
    """
    return {stage: kept["stamp"] for stage, kept in _read(home).items()}


def begin(home: Home, stage: str) -> None:
    """Forget the stamp of a stage before it is made, so that a crash is seen."""
    _write(home, {name: kept for name, kept in _read(home).items() if name != stage})


def finish(home: Home, stage: str, stamp: str) -> None:
    """Keep the stamp of a stage that stands whole, with the stamps of what it was made of."""
    now = read_stamps(home)
    of = {name: now.get(name, "") for name in MADE_OF[stage]}
    _write(home, _read(home) | {stage: {"stamp": stamp, "of": of}})


def flaws(home: Home, stages: tuple[str, ...]) -> Iterator[str]:
    """Yield what keeps these stages, and all that they are made of, from being one whole chain."""
    kept = _read(home)
    for stage in (name for name in MADE_OF if name in _with_all_below(stages)):
        if stage not in kept:
            yield f"the stage {stage} is not whole: not made to the end, or a test of it failed"
            continue
        for below, stamp in kept[stage]["of"].items():
            if below in kept and kept[below]["stamp"] != stamp:
                yield f"the stage {stage} was made before the stage {below} that stands now"


def _with_all_below(stages: tuple[str, ...]) -> set[str]:
    return {*stages}.union(*(_with_all_below(MADE_OF[stage]) for stage in stages))


def _read(home: Home) -> dict[str, dict[str, Any]]:
    try:
        stages = json.loads(home.stamps.read_text(encoding="utf-8"))
        return {
            stage: {"stamp": str(kept["stamp"]), "of": dict(kept["of"])}
            for stage, kept in stages.items()
            if stage in MADE_OF
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


def _write(home: Home, stages: dict[str, dict[str, Any]]) -> None:
    write_durably(home.stamps, json.dumps(stages, indent=1).encode())
