"""All keys: what is kept is kept under a hash of its data, its settings and its code.

    code_key("forecasts")                  of all code that the forecasts depend on
    code_key("judged", "cisa_kev")         of all code that the verdicts on one feed depend on
    key("forecasts", settings, data)       of that, the settings that change them, their data

The same keys name kept results, let stages rest, and are Dagster's code and data versions. A
feed's payloads have keys of their own (`threatcast_feeds.parsing.parser_version`), so that a
change of one parser reads one feed again; a gate's verdicts too (`gates/version.py`). Releases
are named by what is in them (`threatcast_publishing`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_orchestration.run.project import DBT, LOCK

if TYPE_CHECKING:
    from threatcast_orchestration.run.settings import Settings

_DBT = ("macros/**/*", "seeds/**/*", "data_tests/**/*", "dbt_project.yml", "profiles.yml")
_FORECASTING = {"forecasting": ("**/*.py",), "lock": ()}
_WRITTEN = "warehouse/written.py"
CODE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "parsed": {
        "feeds": (
            "parsing.py", "payload.py", "impostors.py", "database.py", "unpack.py", "readers/*.py",
            "catalog/**/*.py", "catalog/*/defs.yaml",
        )
    },
    "judged": {
        "feeds": ("catalog/{feed}/gate.yaml",),
        "orchestration": ("meaning/*.py", "feed_steps/*.py"),
    },
    "raw": {"orchestration": ("warehouse/*.py",)},
    "warehouse": {"dbt": (*_DBT, "models/*/**/*")},
    "forecasts": {
        **_FORECASTING, "orchestration": ("forecasts/*.py", "published_models/*.py", _WRITTEN),
    },
    "live": {**_FORECASTING, "orchestration": ("live_scores/*.py", "forecasts/*.py", _WRITTEN)},
    "warnings": {
        **_FORECASTING,
        "orchestration": (
            "early_warning/*.py", "forecasts/*.py", _WRITTEN, "response/outcome_tables.py",
        ),
    },
    "history": {"orchestration": ("warehouse/outlook_history.py", _WRITTEN)},
    "published": {"dbt": (*_DBT, "models/**/*")},
    "release": {"publishing": ("**/*",), "lock": ()},
}  # fmt: skip
"""By stage, the files that its result depends on, below the folders of `roots`; none: a file.

What lies in a feed's folder (`{feed}`) counts for that feed alone."""
_APART = {"warehouse": "models/published/"}
"""What a stage's patterns name and another stage builds."""
SETTINGS: Mapping[str, tuple[str, ...]] = {
    "forecasts": ("models", "origins", "step", "seed"),
    "live": ("seed",),
}
"""By stage, the settings that change its numbers; all others change none."""
Roots = Mapping[str, Path]


def key(stage: str, settings: Settings, *data: str) -> str:
    """Return the key of a stage's result: its code, the settings that change it, its data."""
    parts = (code_key(stage), settings_key(stage, settings), *data)
    return sha256("\0".join(parts).encode()).hexdigest()


def settings_key(stage: str, settings: Settings) -> str:
    """Return a hash of the settings that change a stage's numbers."""
    chosen = [(name, getattr(settings, name)) for name in SETTINGS.get(stage, ())]
    return sha256(repr(chosen).encode()).hexdigest()[:16]


@cache
def code_key(stage: str, feed: str = "*") -> str:
    """Return a hash of all code that a stage's result depends on, for one feed or for all."""
    return code_key_of(stage, roots(), feed)


def code_key_of(stage: str, places: Roots, feed: str = "*") -> str:
    """Return the same of code that lies elsewhere, e.g. in a copy of the project."""
    digest = sha256()
    for name, path in _files(stage, places, feed):
        digest.update(name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def roots() -> Roots:
    """Return where this installation's code lies, by the names that `CODE` uses."""
    import threatcast_feeds
    import threatcast_forecasting
    import threatcast_publishing

    import threatcast_orchestration

    packages = {
        "feeds": threatcast_feeds,
        "forecasting": threatcast_forecasting,
        "publishing": threatcast_publishing,
        "orchestration": threatcast_orchestration,
    }
    found = {name: Path(str(module.__file__)).parent for name, module in packages.items()}
    return found | {"dbt": DBT, "lock": LOCK}


def _files(stage: str, places: Roots, feed: str) -> Iterator[tuple[str, Path]]:
    """Yield the files of a stage's code with their names below the roots, in one order."""
    for root, patterns in sorted(CODE[stage].items()):
        place = places[root]
        if place.is_file():
            yield root, place
            continue
        found = {path for pattern in patterns for path in place.glob(pattern.format(feed=feed))}
        for path in sorted(found):
            name = path.relative_to(place).as_posix()
            is_apart = name.startswith(_APART.get(stage, "\0"))
            if path.is_file() and "__pycache__" not in path.parts and not is_apart:
                yield f"{root}/{name}", path
