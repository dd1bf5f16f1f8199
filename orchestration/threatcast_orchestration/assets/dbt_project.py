"""The dbt project as it was read, and dbt's command line for it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from threatcast_orchestration.run.dagster_internals import LocalDbt
from threatcast_orchestration.run.keys import code_key
from threatcast_orchestration.run.project import CHECKOUT, DBT
from threatcast_orchestration.run.settings import home_path

_SOURCE_CODE = ("models", "macros", "seeds", "data_tests", "dbt_project.yml", "profiles.yml")


def manifest() -> Path:
    """Return dbt's manifest; parses the project first if that is newer or the manifest damaged.

    That of a checkout is shared by all homes. Where a wheel is installed it lies in the home, by
    the key of the project: the installation need not be writable, and its files tell no age.
    """
    path = _parsed() / "manifest.json"
    newest = max(source.stat().st_mtime for source in _sources())
    if not path.is_file() or path.stat().st_mtime < newest or not _is_whole(path):
        parse_project()
    return path


def _parsed() -> Path:
    if CHECKOUT is not None:
        return DBT / "target"
    return home_path().dbt_target / f"parsed-{code_key('published')[:12]}"


def _is_whole(path: Path) -> bool:
    """Whether dbt wrote its manifest to the end; it does so in place."""
    try:
        return "nodes" in json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return False


def _sources() -> Iterator[Path]:
    """Yield all files of the dbt project that decide what it builds, in one order."""
    for name in _SOURCE_CODE:
        root = DBT / name
        found = sorted(root.rglob("*")) if root.is_dir() else [root]
        yield from (path for path in found if path.is_file())


def parse_project() -> None:
    """Run `dbt parse`."""
    dbt_resource().cli(["--quiet", "parse"], target_path=_parsed()).wait()


def as_read() -> list[str]:
    """Return the words with which dbt begins from what it has read of the project before."""
    read = _parsed() / "partial_parse.msgpack"
    return ["--partial-parse-file-path", str(read)] if read.is_file() else []


def _program() -> str:
    """Return the dbt of this environment, which need not be on the path."""
    return str(Path(sys.executable).with_name("dbt"))


def dbt_resource() -> LocalDbt:
    """Return dbt's command line for this project."""
    return LocalDbt(project_dir=str(DBT), profiles_dir=str(DBT), dbt_executable=_program())
