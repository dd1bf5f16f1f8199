"""The registered models `threatcast-<target>` and their aliases `champion` and `challenger`.

The champion is the model that is published, the challenger the best other one of the night. A
version is one model at one commit with one set of settings: a model that stays is not registered
anew each night, and one that comes back gets its old version back. Targets that take the same model
in one night share what is logged of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

CHAMPION, CHALLENGER = "champion", "challenger"
_CODE = Path(__file__).with_name("champion.py")
_NEEDED = ("threatcast", "mlflow", "pandas", "numpy", "scipy", "prophet", "joblib")


def registered_name(target: str) -> str:
    """Return the name of a target's registered model."""
    return f"threatcast-{target}"


def drop_alias(client: Any, target: str, alias: str) -> None:
    """Take an alias off a target's registered model, if there is both."""
    name = registered_name(target)
    known = client.search_registered_models(f"name = '{name}'")
    if known and alias in known[0].aliases:
        client.delete_registered_model_alias(name, alias)


def versions_of(client: Any) -> dict[str, dict[str, str]]:
    """Return the version behind each alias, by target."""
    return {
        model.name.removeprefix("threatcast-"): {
            alias: str(version) for alias, version in sorted(model.aliases.items())
        }
        for model in client.search_registered_models(max_results=1000)
        if model.name.startswith("threatcast-")
    }


def register(
    client: Any,
    run_id: str,
    target: str,
    alias: str,
    identity: Mapping[str, str],
    config: Mapping[str, Any],
    logged: dict[str, str],
) -> str:
    """Give the alias to the version that these tags name; log it if there is none.

    Parameters
    ----------
    client
        From `open_store`.
    run_id
        The target's run; a new version is of it.
    target
        Whose model it is.
    alias
        `CHAMPION` or `CHALLENGER`.
    identity
        Tags that tell versions apart: model, commit, settings.
    config
        What `champion.py` is told: `model`, and `horizon`, `seed`, `candidates` if said.
    logged
        What MLflow calls each model that was logged in this night, by its name; a new one is added.

    Returns
    -------
    str
        Number of the version.
    """
    name = registered_name(target)
    known = client.search_registered_models(f"name = '{name}'")
    if not known:
        client.create_registered_model(name, description=f"Models of the target {target}")
    versions = client.search_model_versions(f"name = '{name}'") if known else []
    number = next(
        (str(one.version) for one in versions if identity.items() <= one.tags.items()), None
    ) or _version(client, run_id, name, identity, _logged(client, run_id, config, logged))
    if not known or str(known[0].aliases.get(alias)) != number:
        client.set_registered_model_alias(name, alias, number)
    return number


def _logged(client: Any, run_id: str, config: Mapping[str, Any], logged: dict[str, str]) -> str:
    """Return what MLflow calls the night's model of this name, as an output of the run too."""
    from mlflow.entities import LoggedModelOutput

    model = str(config["model"])
    if model in logged:
        client.log_outputs(run_id, [LoggedModelOutput(logged[model], step=0)])
    else:
        logged[model] = _log(run_id, config)
    return logged[model]


def _log(run_id: str, config: Mapping[str, Any]) -> str:
    """Log the model to the run and return what MLflow calls it."""
    import mlflow

    with mlflow.start_run(run_id=run_id):
        # with requirements and signature given, MLflow starts no child process to guess them
        made = mlflow.pyfunc.log_model(
            name=str(config["model"]),
            python_model=str(_CODE),
            model_config=dict(config),
            signature=_signature(int(config.get("horizon", 12))),
            pip_requirements=[f"{package}=={version(package)}" for package in _NEEDED],
        )
    return str(made.model_id)


def _version(
    client: Any, run_id: str, name: str, identity: Mapping[str, str], model_id: str
) -> str:
    """Register the logged model under a name and return the number of its version."""
    place = client.get_logged_model(model_id).artifact_location
    # `mlflow.register_model` does the same and prints
    made = client.create_model_version(name, place, run_id, tags=dict(identity), model_id=model_id)
    return str(made.version)


def _signature(horizon: int) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    return ModelSignature(
        inputs=Schema(
            [
                ColSpec("string", "series_id"),
                ColSpec("string", "target", required=False),
                ColSpec("string", "location", required=False),
                ColSpec("datetime", "week"),
                ColSpec("double", "value"),
                ColSpec("datetime", "origin", required=False),
            ]
        ),
        outputs=Schema(
            [
                ColSpec("string", "series_id"),
                ColSpec("string", "target"),
                ColSpec("string", "location"),
                ColSpec("datetime", "reference_date"),
                ColSpec("long", "horizon"),
                ColSpec("datetime", "target_end_date"),
                ColSpec("string", "output_type"),
                ColSpec("string", "output_type_id"),
                ColSpec("double", "value"),
            ]
        ),
        params=ParamSchema([ParamSpec("horizon", "long", horizon)]),
    )
