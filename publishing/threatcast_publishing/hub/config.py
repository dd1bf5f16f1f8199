"""The settings of the hub, in the words of the hubverse schemas v6.0.0.

Everything here is derived from the release's tables: targets, locations, rounds and levels are
never typed by hand. Pure functions that return what is written as JSON or YAML.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from threatcast_publishing.kinds import family, located
from threatcast_publishing.source import ReleaseContext

TEAM = "threatcast"
PUBLISHED: Mapping[str, str] = {
    "model": "published",
    "title": "Published forecasts",
    "description": "The forecasts on which the outlook rests: of each target those of the model "
    "published for it, or of the baseline that stands in.",
    "method": "A choice among the other models of this hub, made anew only by a recorded decision; "
    "the table model_changes of the release says when, and why.",
}
"""The team's designated model; the others are there to compare with."""
SCHEMAS = "https://raw.githubusercontent.com/hubverse-org/schemas/main/v6.0.0/{}-schema.json"
OBSERVABLE_UNIT = ("target_end_date", "target", "location")
TIMEZONE = "Africa/Abidjan"  # UTC all year; the schema's list has no UTC
LONGEST_METHODS = 200


@dataclass(frozen=True)
class HubTask:
    """What models are asked for one target; dates as ISO text, all sorted."""

    target: str
    reference_dates: tuple[str, ...]
    horizons: tuple[int, ...]
    target_end_dates: tuple[str, ...]
    locations: tuple[str, ...]
    levels: tuple[float, ...]


def admin(release: ReleaseContext) -> dict[str, Any]:
    """Return `admin.json`."""
    return {
        "schema_version": SCHEMAS.format("admin"),
        "name": f"Threatcast hub. {release.mark.text}" if release.mark else "Threatcast hub",
        "maintainer": "Threatcast maintainers",
        "contact": {"name": "Threatcast maintainers"},
        "repository": {"name": "threatcast"},
        "file_format": ["parquet"],
        "timezone": TIMEZONE,
    }


def tasks(
    wanted: Iterable[HubTask],
    targets: Mapping[str, Mapping[str, Any]],
    release: ReleaseContext,
) -> dict[str, Any]:
    """Return `tasks.json`: one round, named by its reference date, one group of tasks a target.

    `targets` holds the rows of the table `targets` by name. Nothing is required of a model but
    whole quantiles: outside models may answer for some targets and places only.
    """
    groups = [_model_task(task, targets.get(task.target, {}), release) for task in wanted]
    rounds = [
        {
            "round_id_from_variable": True,
            "round_id": "reference_date",
            "model_tasks": groups,
            "submissions_due": {"relative_to": "reference_date", "start": 0, "end": 6},
            "additional_metadata": _origin(release),
        }
    ]
    return {
        "schema_version": SCHEMAS.format("tasks"),
        "rounds": rounds if groups else [],
        "output_type_id_datatype": "character",
        "derived_task_ids": ["target_end_date"],
    }


def _origin(release: ReleaseContext) -> dict[str, Any]:
    return {
        "as_of": release.as_of.isoformat(),
        "source": release.source,
        "simulated": release.simulated,
    }


def _model_task(task: HubTask, row: Mapping[str, Any], release: ReleaseContext) -> dict[str, Any]:
    description = _description(task.target, row)
    return {
        "task_ids": {
            "reference_date": _optional(task.reference_dates),
            "target": _optional([task.target]),
            "horizon": _optional(task.horizons),
            "target_end_date": _optional(task.target_end_dates),
            "location": _optional(task.locations),
        },
        "output_type": {
            "quantile": {
                "output_type_id": {"required": list(task.levels)},
                "is_required": True,
                "value": {"type": "double", "minimum": 0},
            }
        },
        "target_metadata": [
            {
                "target_id": task.target,
                "target_name": str(row.get("title") or task.target),
                "target_units": str(row.get("unit") or "events a week"),
                "target_keys": {"target": task.target},
                "description": release.marked(description),
                "target_type": "discrete",
                "is_step_ahead": True,
                "time_unit": "week",
            }
        ],
    }


def _description(target: str, row: Mapping[str, Any]) -> str:
    """Return what is counted, of which family it is, and what its places are places of."""
    said = [str(row.get("description") or f"Events a week of {target}.")]
    if row.get("family"):
        said.append(f"Family: {family(row['family'])}.")
    if row.get("located_by"):
        said.append(f"A place is {located(row['located_by'])}.")
    return " ".join(said)


def _optional(values: Sequence[Any]) -> dict[str, Any]:
    return {"required": None, "optional": list(values)}


def target_data(release: ReleaseContext) -> dict[str, Any]:
    """Return `target-data.json`."""
    return {
        "schema_version": SCHEMAS.format("target-data"),
        "observable_unit": list(OBSERVABLE_UNIT),
        "date_col": "target_end_date",
        "time-series": {"non_task_id_schema": {"status": "character"}, "versioned": True},
        "oracle-output": {"has_output_type_ids": False},
        "additional_metadata": {
            **_origin(release),
            "status": "observed, or provisional: the count may still grow",
            "missing": "A week that nobody watched has no row; a zero is a count of none.",
        },
    }


def model_id(model: str) -> str:
    """Return team and model as hubverse joins them; only letters, digits, `_` and `+` may stay."""
    return f"{TEAM}-{re.sub(r'[^A-Za-z0-9_+]', '_', model)}"


def model_metadata(
    row: Mapping[str, Any], *, data_inputs: str, release: ReleaseContext
) -> dict[str, Any]:
    """Return the metadata of one model from its row in the table `models`."""
    model = str(row["model"])
    description = str(row.get("description") or row.get("title") or model)
    method = str(row.get("method") or description)
    found = {
        "team_name": "Threatcast",
        "team_abbr": TEAM,
        "model_name": str(row.get("title") or model),
        "model_abbr": model_id(model).removeprefix(f"{TEAM}-"),
        "model_contributors": [{"name": "Threatcast maintainers", "affiliation": "Threatcast"}],
        "designated_model": model == PUBLISHED["model"],
        "data_inputs": release.marked(data_inputs),
        "methods": textwrap.shorten(description, LONGEST_METHODS, placeholder=" …"),
        "methods_long": release.marked(method),
        "source": release.source,
        "simulated": release.simulated,
    }
    for name, column in (("limits", "limits"), ("citation", "reference")):
        if row.get(column):
            found[name] = str(row[column])
    return found


def model_metadata_schema() -> dict[str, Any]:
    """Return `model-metadata-schema.json`: what a model's metadata must say in this hub."""
    text = {"type": "string", "minLength": 1}
    short = {"type": "string", "pattern": "^[a-zA-Z0-9_+]+$", "maxLength": 32}
    contributor = {
        "type": "object",
        "properties": {"name": text, "affiliation": text},
        "required": ["name", "affiliation"],
        "additionalProperties": False,
    }
    required = {
        "team_name": text,
        "team_abbr": short,
        "model_name": text,
        "model_abbr": short,
        "model_contributors": {"type": "array", "items": contributor, "minItems": 1},
        "designated_model": {"type": "boolean"},
        "data_inputs": text,
        "methods": {**text, "maxLength": LONGEST_METHODS},
        "methods_long": text,
        "source": text,
        "simulated": {
            "type": "boolean",
            "description": "True if the model was run on simulated counts.",
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Metadata of a model in the Threatcast hub",
        "type": "object",
        "properties": {**required, "limits": text, "citation": text},
        "required": list(required),
        "additionalProperties": False,
    }
