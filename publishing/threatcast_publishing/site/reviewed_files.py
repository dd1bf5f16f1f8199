"""Reads the YAML files beside this one, data that people review, and refuses what does not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from threatcast_publishing.errors import ReleaseError

Line = Annotated[str, Field(min_length=3, max_length=200)]


class Facts(BaseModel):
    """Facts from a file: a misspelt key is an error, and nothing changes them later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


AnyFacts = TypeVar("AnyFacts", bound=Facts)


def read_reviewed(model: type[AnyFacts], path: Path, error: type[ReleaseError]) -> AnyFacts:
    """Return what a file holds.

    Raises
    ------
    ReleaseError
        The class given, if it is no YAML, or lacks or has too much of anything; names the place in
        it and the cure.
    """
    import yaml

    try:
        return model.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as problem:
        raise error(
            f"no YAML: {' '.join(str(problem).split())}", place=path.name, cure="Mend that line"
        ) from problem
    except ValidationError as problem:
        raise error(_findings(problem), place=path.name, cure="Mend these keys") from problem


def _findings(error: ValidationError) -> str:
    found = (
        (".".join(map(str, one["loc"])) or "as a whole", one["msg"].removeprefix("Value error, "))
        for one in error.errors()
    )
    return "; ".join(f"{place}: {problem}" for place, problem in found)
