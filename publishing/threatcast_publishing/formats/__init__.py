"""What a release is written as: one module here is one output format.

A module of this package that has a `FORMAT` takes part; nothing else needs to be told. A format
writes below the release's folder and returns what it wrote; `validate` reads its own files back and
returns problems as sentences, none if all is well.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Protocol, runtime_checkable

from threatcast_publishing.errors import FormatError
from threatcast_publishing.source import ReleaseContext


@runtime_checkable
class Format(Protocol):
    """One output format of a release.

    `after` names the formats whose files this one describes; they are written before it.
    `content_types` says by the endings of its files what a web server calls them.
    """

    name: str
    after: tuple[str, ...]
    content_types: Mapping[str, str]

    def write(self, release: ReleaseContext, folder: Path) -> Sequence[Path]:
        """Write below `folder` and return the files written."""

    def validate(self, folder: Path) -> Sequence[str]:
        """Return what is wrong with the files of this format below `folder`."""


_PARTS = ("name", "after", "content_types", "write", "validate")


def discover() -> list[Format]:
    """Return all formats, each after those that it describes, else by name.

    Raises
    ------
    FormatError
        If a `FORMAT` lacks a part, or comes after one that no module writes.
    """
    found: dict[str, Format] = {}
    for module in pkgutil.iter_modules(__path__):
        candidate = getattr(importlib.import_module(f"{__name__}.{module.name}"), "FORMAT", None)
        if candidate is None:
            continue
        if not isinstance(candidate, Format):
            parts = sorted(name for name in _PARTS if not hasattr(candidate, name))
            raise FormatError(
                f"FORMAT has no {', '.join(parts)}",
                place=f"formats/{module.name}.py",
                cure="Add what the protocol `Format` names.",
            )
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


@cache
def content_types() -> dict[str, str]:
    """Return what a web server calls the files of a release, by their endings.

    Raises
    ------
    FormatError
        If two formats call files of the same ending differently.
    """
    found: dict[str, str] = {}
    for output in discover():
        for ending, kind in output.content_types.items():
            if found.setdefault(ending, kind) != kind:
                raise FormatError(
                    f"calls {ending} {kind}, another format {found[ending]}",
                    place=f"format {output.name}",
                    cure="Mend `content_types` in one of the two modules.",
                )
    return found
