"""Settings: `threatcast.toml` in the home, environment, flags; the later wins.

The only reader of the environment, and of the clock.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
)
from threatcast_feeds.database import MEMORY

from threatcast_orchestration.errors import OrchestrationError, WrongUse
from threatcast_orchestration.run.home import Home, Source, refuse_unfit

DEFAULT_HOME = "./data"
DAGSTER_POSTGRES, MLFLOW_POSTGRES = (
    "THREATCAST_DAGSTER_POSTGRES_URL",
    "THREATCAST_MLFLOW_POSTGRES_URL",
)
"""Variables with the addresses of databases; they hold passwords, so no file and no flag does."""
WEBHOOK_ON = {
    "failure": ("failure", "blocked"),
    "degraded": ("failure", "blocked", "degraded"),
    "all": ("failure", "blocked", "degraded", "success"),
}
"""What the webhook is told of, by the setting `webhook_on`."""


def split_names(names: Any) -> Any:
    """Return the names of a list with commas, as a flag or the environment gives it."""
    if not isinstance(names, str):
        return names
    return tuple(name.strip() for name in names.split(",") if name.strip())


def _unsaid(value: Any) -> Any:
    """Return None for an empty text."""
    return None if value == "" else value


def _day(value: Any) -> Any:
    """Return the day of a text; numbers are no days, though pydantic would count seconds."""
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise ValueError("it is not a day; write it as YYYY-MM-DD") from error


_CONTACT = re.compile(
    r"[\w.+-]+@[\w-]+(\.[\w-]+)+|https://[\w-]+(\.[\w-]+)+(:\d+)?([/?#][!-~]*)?", re.ASCII
)


def _address(value: str) -> str:
    """Return an address that people can write to, which pages lead to; empty for none."""
    if value and not _CONTACT.fullmatch(value):
        raise ValueError("it is no e-mail address (desk@example.org) and no https address")
    return value


Count = Annotated[int, Field(ge=1)]
Days = Annotated[int, Field(ge=0)]
Names = Annotated[tuple[str, ...], BeforeValidator(split_names), Field(min_length=1)]


def _languages(codes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the codes of languages that the site has, in its order."""
    from threatcast_publishing.site.languages import languages_of

    return tuple(languages_of(codes))


class Settings(BaseModel):
    """What a run may be told; every field has a default that needs no flag."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Annotated[Source | None, BeforeValidator(_unsaid)] = None
    mirror: Annotated[Path | None, BeforeValidator(_unsaid)] = None
    as_of: Annotated[Annotated[date, Field(strict=True)] | None, BeforeValidator(_day)] = None
    correction: str = ""
    jobs: Count = 2
    dask: Annotated[str, Field(pattern=r"^((tcp|tls)://[^\s/@]+:\d+)?$")] = ""
    store: Annotated[str, Field(pattern=r"^(s3://[^\s/?#@]+(/[^\s?#]+)?|file:///\S+)?$")] = ""
    lease_seconds: Annotated[int, Field(ge=5)] = 600
    origins: Count = 8
    step: Count = 4
    seed: int = 20260101
    models: Names = (
        "calendar",
        "climatology",
        "common_level",
        "discounted_quantiles",
        "negative_binomial",
        "pooled_regression",
        "prophet",
        "seasonal_naive",
        "flat",
        "comb_two",
        "champion",
    )
    memory_limit: Annotated[str, Field(pattern=r"^\d+(\.\d+)? ?([KMGT]i?)?B$")] = "2GB"
    import_history: bool = True
    backfill_minutes: Days = 10
    between_nights: bool = False
    bulletin: bool = True
    public_url: Annotated[str, Field(pattern=r"^(https?://[^\s\"'<>?#]+)?$")] = ""
    contact: Annotated[str, AfterValidator(_address)] = ""
    languages: Annotated[Names, AfterValidator(_languages)] = ("en", "ar", "zh", "fr", "ru", "es")
    gates_url: str = "http://127.0.0.1:3001"
    mlflow_url: str = "http://127.0.0.1:5000"
    webhook_url: str = ""
    webhook_on: Literal["failure", "degraded", "all"] = "degraded"
    drop_limit: int = 10
    keep_nights: Days = 14
    keep_runs: Days = 30

    _provenance: dict[str, str] = PrivateAttr(default_factory=dict)

    @property
    def chosen_source(self) -> Source:
        """`source` if said; else the mirror if one is named; else the starter."""
        return self.source or ("mirror" if self.mirror else "starter")

    def of_a_night(self) -> Settings:
        """Return what a night works with: of the starter less, unless more is asked for."""
        if self.chosen_source != "starter":
            return self
        lighter = {
            name: value for name, value in STARTER.items() if self.came_from(name) == "default"
        }
        settings = self.model_copy(update=lighter)
        settings._provenance.update(dict.fromkeys(lighter, "starter"))  # noqa: SLF001 our own
        return settings

    def came_from(self, name: str) -> str:
        """Return where a setting's value came from: a file, a variable, `flag` or `default`."""
        return self._provenance.get(name, "default")


STARTER: Mapping[str, Any] = {
    "origins": 2,
    "models": ("negative_binomial", "flat", "comb_two", "champion"),
    "bulletin": False,
}
"""What a first night is content with, so that it ends sooner."""


def home_path(flag: str | Path | None = None) -> Home:
    """Return the home: the flag, else THREATCAST_HOME, else ./data.

    Raises
    ------
    WrongUse
        If its path holds a character that cannot be quoted everywhere.
    """
    chosen = str(flag) if flag else os.environ.get("THREATCAST_HOME") or DEFAULT_HOME
    root = Path(chosen).expanduser().resolve()
    refuse_unfit(root)
    return Home(root, DAGSTER_POSTGRES if os.environ.get(DAGSTER_POSTGRES) else "")


def load_settings(home: Home, flags: Mapping[str, Any] | None = None) -> Settings:
    """Gather the settings and where each came from.

    Raises
    ------
    WrongUse
        For an unknown key or a value of the wrong kind; names the place and the known keys.
    """
    values: dict[str, Any] = {}
    origin: dict[str, str] = {}
    file = home.root / "threatcast.toml"
    for place, given in (
        (str(file), _from_toml(file)),
        ("environment", _from_environment()),
        ("flag", {key: value for key, value in (flags or {}).items() if value is not None}),
    ):
        for key, value in given.items():
            values[key] = value
            origin[key] = _variable(key) if place == "environment" else place
    if not values.keys() & {"source", "mirror"} and _is_of_the_sample(home):
        # a home that was begun as one goes on as one
        values["source"] = "sample"
        origin["source"] = str(home.root / "source.json")
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise WrongUse("\n".join(_refusal(one, origin) for one in error.errors())) from error
    settings._provenance.update(origin)  # noqa: SLF001 known only here
    return settings


def _is_of_the_sample(home: Home) -> bool:
    try:
        return home.source == "sample"
    except OrchestrationError:  # said where the source is bound
        return False


def _variable(key: str) -> str:
    return f"THREATCAST_{key.upper()}"


def _refusal(problem: Mapping[str, Any], origin: Mapping[str, str]) -> str:
    """Say in one line what is wrong with a setting, where it stands and what would be right."""
    key = str(problem["loc"][0])
    if problem["type"] == "extra_forbidden":
        known = ", ".join(sorted(Settings.model_fields))
        return f"{origin[key]}: unknown setting '{key}'. Known settings: {known}."
    said = problem["msg"].removeprefix("Value error, ")
    said = said[0].lower() + said[1:]
    return f"{origin[key]}: {key} is '{problem['input']}': {said}."


def _from_toml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongUse(f"{path} is not valid TOML: {error}. Mend or remove it.") from error


def _from_environment() -> dict[str, str]:
    found = {key: os.environ.get(_variable(key)) for key in Settings.model_fields}
    return {key: value for key, value in found.items() if value}


def parse_day(text: str, name: str) -> date:
    """Read a day written YYYY-MM-DD."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise WrongUse(f"{name}: '{text}' is not a day; write it as YYYY-MM-DD.") from error


def credentials() -> Mapping[str, str]:
    """Return the environment, from which a feed takes the key that its defs.yaml names."""
    return os.environ


def clock() -> datetime:
    """Return the present moment (UTC); the only place that asks."""
    return datetime.now(UTC)  # noqa: TID251 the clock is read here and passed down


def quiet_environment(home: Home) -> None:
    """Switch off the telemetry of every package, and tell Dagster and dbt where the home is."""
    os.environ.update(
        {
            "DO_NOT_TRACK": "true",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DAGSTER_DISABLE_TELEMETRY": "1",
            "GX_ANALYTICS_ENABLED": "false",
            "GIT_PYTHON_REFRESH": "quiet",
            "DAGSTER_HOME": str(home.dagster),
            "THREATCAST_HOME": str(home.root),
            "THREATCAST_WAREHOUSE": str(home.warehouse),
            "DBT_LOG_PATH": str(home.dbt_target / "logs"),
            "MPLBACKEND": "Agg",
            # small matrices in many processes: threads of their own only get in each other's way
            "OPENBLAS_NUM_THREADS": "1",
        }
    )


def limit_memory(settings: Settings) -> None:
    """Hold every DuckDB of this process, and of dbt that it starts, to the memory limit."""
    os.environ[MEMORY] = settings.memory_limit
