"""What a release is written as: one module here is one output format.

A module of this package that has a `FORMAT` takes part; nothing else needs to be told. A format
writes below the release's folder and returns what it wrote; `validate` reads its own files back and
returns problems as sentences, none if all is well.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Protocol, runtime_checkable

from threatcast_publishing.errors import FormatError
from threatcast_publishing.source import ReleaseContext


@runtime_checkable
class Format(Protocol):
    """One output format of a release.

    `after` names the formats whose files this one describes; they are written before it.
    """

    name: str
    after: tuple[str, ...]

    def write(self, release: ReleaseContext, folder: Path) -> Sequence[Path]:
        """Write below `folder` and return the files written."""

    def validate(self, folder: Path) -> Sequence[str]:
        """Return what is wrong with the files of this format below `folder`."""


def discover() -> list[Format]:
    """Return all formats, each after those that it describes, else by name."""
    found: dict[str, Format] = {}
    for module in pkgutil.iter_modules(__path__):
        candidate = getattr(importlib.import_module(f"{__name__}.{module.name}"), "FORMAT", None)
        if isinstance(candidate, Format):
            found[candidate.name] = candidate
    for output in found.values():
        unknown = sorted(set(output.after) - found.keys())
        if unknown:
            raise FormatError(
                f"comes after {', '.join(unknown)}, which no module writes",
                place=f"format {output.name}",
                cure="Mend `after` in the format's module.",
            )
    graph = {name: sorted(found[name].after) for name in sorted(found)}
    return [found[name] for name in TopologicalSorter(graph).static_order()]
