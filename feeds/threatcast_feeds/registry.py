"""The feeds' catalog: the only reader of `catalog/<feed>/defs.yaml`.

Imports nothing heavy, so that listing the feeds is quick. Parsers and sample generators are
imported when asked for.
"""

from __future__ import annotations

import importlib
from datetime import date
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from threatcast_feeds.errors import CatalogError

CATALOG = Path(__file__).parent / "catalog"
COMPONENT = "threatcast_orchestration.components.FeedSource"


class _Facts(BaseModel):
    """Facts from a file: a misspelt key is an error, and nothing changes them later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Licence(_Facts):
    """Under which terms the data come, and what they let us publish."""

    name: str
    url: str = ""
    publish: str = "counts"
    note: str = ""


class LevelShift(_Facts):
    """A dated change of the feed itself that must not be read as a change of threat."""

    day: date
    what: str


class Paging(_Facts):
    """How a source that answers in pages is asked for the next one."""

    parameter: str = "page"
    items: str = ""
    size: int = Field(default=100, ge=1)
    size_parameter: str | None = None
    first: int = 1
    last: str | None = None
    max_pages: int = Field(default=1000, ge=1)


class Sighting(_Facts):
    """When an address was last seen to give the feed, and by whom."""

    day: date
    url: str
    by: str = "our recordings"


class LiveSource(_Facts):
    """Where the feed is served now, and how politely and how often it is to be asked.

    `every_hours` is a cadence of its own, for what a list shows only between two nights; None is
    once a night. Whether it is kept is up to the settings.
    """

    method: Literal["file", "bundle", "paged", "archive"] = "file"
    urls: list[str] = Field(default_factory=list)
    media_types: list[str] = Field(default_factory=list)
    listing: str | None = None
    member_url: str | None = None
    auth_env: str | None = None
    auth_header: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    calls_per_minute: float = Field(default=10, gt=0)
    timeout_seconds: float = Field(default=60, gt=0)
    every_hours: Literal[1, 2, 3, 4, 6, 8, 12] | None = None
    conditional: bool = True
    paging: Paging | None = None
    last_seen: Sighting | None = None

    @property
    def addresses(self) -> list[str]:
        """What is asked for: `urls`, else the listing that names the members."""
        return self.urls or [self.listing or ""]

    @model_validator(mode="after")
    def _know_where_to_ask(self) -> LiveSource:
        if not self.urls and not self.listing:
            msg = "urls are needed, or a listing of the members"
            raise ValueError(msg)
        return self


class GitHistory(_Facts):
    """A public repository whose commits hold the feed's past."""

    repository: str
    branch: str = "main"
    path: str
    bundle: bool = False
    note: str = ""


class Limits(_Facts):
    """What a payload may weigh before it is not believed."""

    max_bytes: int = Field(default=200_000_000, gt=0)
    max_unpacked_bytes: int = Field(default=500_000_000, gt=0)
    max_growth: float = Field(default=20, gt=1)


class Coverage(_Facts):
    """Until when a copy can be believed to be whole: where its content ends, not the clock.

    Attributes
    ----------
    days : list of str
        Raw columns with the days of which records speak; the newest of them is where the content
        ends. None for a list that only shows now: its content ends with its last new record.
    year : str or None
        Raw column with the year of which a release says that it covers it.
    parts : str or None
        Raw column with the moments of the parts that a bundle holds; the feed was looked at then.
    days_a_week : int
        Days of a week that must have a part, for the week to be watched.
    quiet_days : int
        So long may a copy have nothing new to tell before its silence is taken for its own.
    keeps_days : int or None
        So long does a dated record surely stay in the list; weeks that no copy saw within that
        time are missing. None for a list that forgets nothing.
    """

    days: list[str] = Field(default_factory=list)
    year: str | None = None
    parts: str | None = None
    days_a_week: int = Field(default=1, ge=1, le=7)
    quiet_days: int = Field(ge=0)
    keeps_days: int | None = Field(default=None, gt=0)


class Column(_Facts):
    """A raw column: its DuckDB type, and what its values mean."""

    type: str
    meaning: str = Field(min_length=1)


class FeedSpec(_Facts):
    """One feed as its `defs.yaml` describes it.

    `columns` are the raw columns in order with their DuckDB types; every raw Parquet file has
    exactly these, then `payload`. `country_styles` say how it writes countries: ISO codes of two or
    three letters, English names; what it writes otherwise is in dbt's seed `country_spellings`.
    `source_languages` are the languages (ISO 639-1) that the texts behind its records are written
    in; empty for a list that machines make of what machines do, null where nobody has looked.
    """

    # a definition says `columns`; asked for these, a feed tells their types, which most want
    model_config = ConfigDict(serialize_by_alias=True)

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    description: str
    publisher: str
    homepage: str
    role: Literal["observations", "reference"] = "observations"
    targets: list[str] = Field(default_factory=list)
    licence: Licence
    tlp: Literal["CLEAR", "GREEN", "AMBER"] = "CLEAR"
    event: str
    seen: str
    cadence: str
    fresh_days: int = Field(gt=0)
    silent_weeks: int = Field(gt=0)
    coverage: Coverage | None = None
    country_styles: list[Literal["alpha2", "alpha3", "name"]] = Field(default_factory=list)
    source_languages: list[Annotated[str, Field(pattern=r"^[a-z]{2}$")]] | None = None
    biases: list[str] = Field(min_length=1)
    breaks: list[LevelShift] = Field(default_factory=list)
    extensions: list[str] = Field(min_length=1)
    live: LiveSource
    history: GitHistory | None = None
    limits: Limits = Field(default_factory=Limits)
    raw: dict[str, Column] = Field(min_length=1, alias="columns")

    @property
    def columns(self) -> dict[str, str]:
        """DuckDB type of each raw column, in order."""
        return {name: column.type for name, column in self.raw.items()}

    @field_validator("tlp")
    @classmethod
    def _everybody_may_have_it(cls, tlp: str) -> str:
        if tlp != "CLEAR":
            msg = (
                f"{tlp} is not for everybody, as releases are. Leave the feed out, or agree with "
                "its publisher on a part of it that is CLEAR"
            )
            raise ValueError(msg)
        return tlp

    @field_validator("raw")
    @classmethod
    def _no_reserved_column(cls, columns: dict[str, Column]) -> dict[str, Column]:
        taken = {"payload", "vintage_day", "copy_number"} & set(columns)
        if taken:
            msg = f"{', '.join(sorted(taken))} is written by the house and cannot be a column"
            raise ValueError(msg)
        return columns

    @model_validator(mode="after")
    def _say_where_the_content_ends(self) -> FeedSpec:
        if self.coverage is None:
            if self.role == "observations":
                msg = "coverage is needed: until when is a copy to be believed?"
                raise ValueError(msg)
            return self
        named = [*self.coverage.days, self.coverage.year, self.coverage.parts]
        unknown = sorted({name for name in named if name} - set(self.columns))
        if unknown:
            msg = f"coverage names {', '.join(unknown)}, which is no column"
            raise ValueError(msg)
        if self.coverage.keeps_days and not self.coverage.days:
            msg = "coverage has keeps_days, which is of records with days, and names no days"
            raise ValueError(msg)
        return self


def load_catalog() -> dict[str, FeedSpec]:
    """Return all feeds of the catalog by key, sorted.

    Raises
    ------
    CatalogError
        If any `defs.yaml` does not hold together; names the file and the key.
    """
    return {path.parent.name: _definition(path) for path in sorted(CATALOG.glob("*/defs.yaml"))}


def load_feed(key: str) -> FeedSpec:
    """Return one feed; raises CatalogError with the known feeds if there is none of that name."""
    known = sorted(path.parent.name for path in CATALOG.glob("*/defs.yaml"))
    if key not in known:
        raise CatalogError(
            "", "catalog", f"there is no feed {key!r}", cure=f"Known feeds: {', '.join(known)}"
        )
    return _definition(CATALOG / key / "defs.yaml")


@cache
def _definition(path: Path) -> FeedSpec:
    return read_definition(path)


def read_definition(path: Path) -> FeedSpec:
    """Read one `defs.yaml`; the folder's name must be the feed's key.

    Raises
    ------
    CatalogError
        For anything that is not a feed's definition.
    """
    feed = path.parent.name
    place = f"catalog/{feed}/defs.yaml"
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=QUICK_LOADER)  # noqa: S506
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CatalogError(feed, place, f"cannot be read: {error}") from error
    if not isinstance(document, dict) or document.get("type") != COMPONENT:
        raise CatalogError(feed, place, f"is not `type: {COMPONENT}` with `attributes`")
    unknown = sorted(set(document) - {"type", "attributes"})
    if unknown:
        raise CatalogError(feed, place, f"unknown key: {', '.join(map(str, unknown))}")
    try:
        spec = FeedSpec.model_validate(document.get("attributes"))
    except ValidationError as error:
        raise CatalogError(feed, place, _findings(error), cure="Mend these keys") from error
    if spec.key != feed:
        raise CatalogError(feed, place, f"key is {spec.key!r} but the folder is {feed!r}")
    return spec


QUICK_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""YAML's C loader: safe as well, five times faster; `feeds list` reads every definition."""


def _findings(error: ValidationError) -> str:
    found = (
        f"{'.'.join(map(str, detail['loc'])) or 'attributes'}: {detail['msg'].lower()}"
        for detail in error.errors()
    )
    return "; ".join(found)


def parser_of(spec: FeedSpec) -> ModuleType:
    """Import the feed's parser (`catalog/<feed>/parse.py`)."""
    return _part(spec, "parse", "parse")


def generator_of(spec: FeedSpec) -> ModuleType:
    """Import the feed's sample generator (`catalog/<feed>/sample.py`)."""
    return _part(spec, "sample", "payloads")


def _part(spec: FeedSpec, module: str, function: str) -> ModuleType:
    name = f"threatcast_feeds.catalog.{spec.key}.{module}"
    place = f"catalog/{spec.key}/{module}.py"
    try:
        part = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise CatalogError(spec.key, place, "is missing") from error
    if not callable(getattr(part, function, None)):
        raise CatalogError(spec.key, place, f"has no function {function}()")
    return part
