"""Settings: `threatcast.toml` in the home, environment, flags; the later wins.

The only reader of the environment, and of the clock.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from threatcast_orchestration.errors import WrongUse
from threatcast_orchestration.run.home import Home, refuse_unfit

DEFAULT_HOME = "./data"
WEBHOOK_ON = {
    "failure": ("failure", "blocked"),
    "degraded": ("failure", "blocked", "degraded"),
    "all": ("failure", "blocked", "degraded", "success"),
}
"""What the webhook is told of, by the setting `webhook_on`."""


@dataclass(frozen=True)
class Settings:
    """What a run may be told; every field has a flag-free default."""

    source: str = ""
    mirror: str = ""
    as_of: str = ""
    correction: str = ""
    jobs: int = 2
    horizon: int = 12
    origins: int = 8
    step: int = 4
    seed: int = 20260101
    models: str = (
        "calendar,climatology,common_level,discounted_quantiles,negative_binomial,"
        "pooled_regression,prophet,seasonal_naive,flat,comb_two,champion"
    )
    memory_limit: str = "2GB"
    gates_url: str = "http://127.0.0.1:3001"
    webhook_url: str = ""
    webhook_on: str = "degraded"
    drop_limit: int = 10
    provenance: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def model_names(self) -> tuple[str, ...]:
        """`models`, one by one."""
        return split_names(self.models)

    @property
    def chosen_source(self) -> str:
        """`source` if said; else the mirror if one is named; else the sample."""
        return self.source or ("mirror" if self.mirror else "sample")


def split_names(text: str) -> tuple[str, ...]:
    """Return the names of a list with commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


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
    return Home(root)


def load_settings(home: Home, flags: Mapping[str, Any] | None = None) -> Settings:
    """Gather the settings and where each came from.

    Raises
    ------
    WrongUse
        For an unknown key or a value of the wrong kind; names the place and the known keys.
    """
    known = {f.name: f for f in fields(Settings) if f.name != "provenance"}
    values: dict[str, Any] = {}
    origin: dict[str, str] = dict.fromkeys(known, "default")
    for place, given in (
        (str(home.root / "threatcast.toml"), _from_toml(home.root / "threatcast.toml")),
        ("environment", _from_environment(known)),
        ("flag", {k: v for k, v in (flags or {}).items() if v is not None}),
    ):
        for key, value in given.items():
            if key not in known:
                raise WrongUse(
                    f"{place}: unknown setting '{key}'. Known settings: {', '.join(sorted(known))}."
                )
            values[key] = _convert(key, value, type(known[key].default), place)
            origin[key] = f"THREATCAST_{key.upper()}" if place == "environment" else place
    if values.get("as_of"):
        parse_day(values["as_of"], "as_of")
    if values.get("webhook_on", Settings.webhook_on) not in WEBHOOK_ON:
        raise WrongUse(
            f"{origin['webhook_on']}: webhook_on is '{values['webhook_on']}'. Choose one of: "
            f"{', '.join(WEBHOOK_ON)}."
        )
    return Settings(**values, provenance=origin)


def _from_toml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongUse(f"{path} is not valid TOML: {error}. Mend or remove it.") from error


def _from_environment(known: Mapping[str, Any]) -> dict[str, str]:
    found = {key: os.environ.get(f"THREATCAST_{key.upper()}") for key in known}
    return {key: value for key, value in found.items() if value}


def _convert(key: str, value: Any, kind: type, place: str) -> Any:
    try:
        if kind is int:
            return int(value)
        return str(value)
    except (TypeError, ValueError) as error:
        raise WrongUse(f"{place}: '{key}' must be a whole number, found '{value}'.") from error


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


def tell_dbt(settings: Settings) -> None:
    """Hand the memory limit to dbt's profile, which reads it from the environment."""
    os.environ["THREATCAST_MEMORY_LIMIT"] = settings.memory_limit
