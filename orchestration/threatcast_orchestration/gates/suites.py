"""Suites: the YAML files that say what must hold, read and checked.

A suite names one or more frames (SQL over the warehouse) and the expectations on them. That of a
feed's payloads lies with the feed (`gate.yaml` in its catalog folder), all others in
`suites/<kind>/`; folder or file give its name. What many suites share (a feed's volume against its
own history) lies in `suites/shared/` and is taken in with `uses`. Knows nothing of Great
Expectations: a typing error in YAML is found in milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from threatcast_feeds.registry import CATALOG, QUICK_LOADER

from threatcast_orchestration.errors import OrchestrationError
from threatcast_orchestration.meaning.facts import Meaning

KINDS = ("payloads", "marts", "forecasts", "release")
Severity = Literal["critical", "warning", "info"]

_ROOT = Path(__file__).parent / "suites"
_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class SuiteError(OrchestrationError):
    """A suite's YAML that cannot be used; names the file and the place in it."""


class Meta(BaseModel):
    """What a person reads when an expectation fails."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    why: str
    cure: str


class Expectation(BaseModel):
    """One rule on one frame; `type` and `kwargs` are Great Expectations' own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str = Field(pattern=r"^expect_[a-z_]+$")
    kwargs: dict[str, Any]
    severity: Severity
    meta: Meta
    frame: str


class Frame(BaseModel):
    """A query over the warehouse, and the columns that may be shown of a row that fails.

    `samples` never holds a column with personal data: places, codes and days only.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    query: str
    samples: tuple[str, ...] = ()


class Suite(BaseModel):
    """What one YAML file says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kind: str
    protects: str
    frames: dict[str, Frame]
    expectations: tuple[Expectation, ...] = Field(min_length=1)
    meaning: Meaning | None = None

    @property
    def key(self) -> str:
        """Name of the suite among all kinds, e.g. `payloads.cisa_kev`."""
        return f"{self.kind}.{self.name}"

    @property
    def check_name(self) -> str:
        """Name of its Dagster asset check."""
        return f"gx_{self.kind}_{self.name}"

    def on(self, frame: str) -> list[tuple[int, Expectation]]:
        """Return the expectations on a frame, each with its place in the file."""
        return [(i, rule) for i, rule in enumerate(self.expectations) if rule.frame == frame]

    @model_validator(mode="after")
    def _every_frame_has_a_rule(self) -> Suite:
        asked = {rule.frame for rule in self.expectations}
        if asked != set(self.frames):
            raise ValueError(
                f"frames {sorted(self.frames)} and the frames of the expectations "
                f"{sorted(asked)} differ"
            )
        return self


def load_suites(kind: str) -> list[Suite]:
    """Return all suites of a kind, by name.

    Raises
    ------
    SuiteError
        If the kind is unknown or a file of it cannot be used.
    """
    if kind not in KINDS:
        raise SuiteError(f"Unknown kind of gate '{kind}'. Known: {', '.join(KINDS)}.")
    return [load_suite(kind, name) for name in sorted(_files(kind))]


@cache
def load_suite(kind: str, name: str) -> Suite:
    """Return one suite.

    Raises
    ------
    SuiteError
        If there is no such suite, or its YAML cannot be used.
    """
    files = _files(kind)
    if name not in files:
        known = ", ".join(sorted(files))
        raise SuiteError(f"There is no suite '{name}' among the {kind}. Known: {known}.")
    return read_suite(files[name], kind)


def _files(kind: str) -> dict[str, Path]:
    """Return the files of a kind's suites by name."""
    if kind == "payloads":
        return {path.parent.name: path for path in CATALOG.glob("*/gate.yaml")}
    return {path.stem: path for path in (_ROOT / kind).glob("*.yaml")}


def read_suite(path: Path, kind: str) -> Suite:
    """Read one YAML file; what it `uses` is taken in, placeholders are filled.

    In the suite of a feed's payloads `{{ feed }}` is the feed's key.
    """
    text = _yaml(path)
    name = path.parent.name if kind == "payloads" else path.stem
    parameters = ({"feed": name} if kind == "payloads" else {}) | text.pop("parameters", {})
    parts = [_shared(use, path) for use in text.pop("uses", [])]
    frames: dict[str, Any] = {}
    rules: list[Any] = []
    rest: dict[str, Any] = {}
    for part in [*parts, text]:
        defaults = part.pop("defaults", {})
        filled = _fill(part, defaults | parameters, path)
        frames |= filled.pop("frames", {})
        rules += filled.pop("expectations", [])
        rest |= filled
    try:
        return Suite(name=name, kind=kind, frames=frames, expectations=tuple(rules), **rest)
    except (ValidationError, TypeError) as error:
        raise SuiteError(f"{path}: not a usable suite: {error}") from error


def _shared(name: str, user: Path) -> dict[str, Any]:
    path = _ROOT / "shared" / f"{name}.yaml"
    if not path.is_file():
        raise SuiteError(f"{user}: uses '{name}', but there is no {path.name} in suites/shared/.")
    return _yaml(path)


def _yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=QUICK_LOADER)  # noqa: S506
    except yaml.YAMLError as error:
        raise SuiteError(f"{path}: not YAML: {error}") from error
    if not isinstance(content, dict):
        raise SuiteError(f"{path}: must hold a mapping, found {type(content).__name__}.")
    return content


def _fill(value: Any, parameters: Mapping[str, Any], path: Path) -> Any:
    """Put the parameters in place of `{{ name }}`; a lone placeholder keeps its type."""
    if isinstance(value, dict):
        return {key: _fill(item, parameters, path) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, parameters, path) for item in value]
    if not isinstance(value, str):
        return value
    missing = set(_PLACEHOLDER.findall(value)) - set(parameters)
    if missing:
        raise SuiteError(f"{path}: no parameter for {', '.join(sorted(missing))}.")
    lone = _PLACEHOLDER.fullmatch(value.strip())
    if lone:
        return parameters[lone.group(1)]
    return _PLACEHOLDER.sub(lambda match: str(parameters[match.group(1)]), value)
