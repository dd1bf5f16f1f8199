"""What must be computed so that the models asked for can be given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from threatcast_forecasting.combinations.members import Average, Champion
from threatcast_forecasting.errors import ModelError
from threatcast_forecasting.roles import BASELINE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from threatcast_forecasting.combinations.members import Combination
    from threatcast_forecasting.models.card import Model

    Registry = Mapping[str, Model | Combination]


@dataclass(frozen=True)
class Recipe:
    """Names to give back, models to fit, averages to form, and champions to learn.

    Parameters
    ----------
    asked : tuple of str
        Models whose forecasts the caller wants, without repeats.
    references : tuple of str
        Models that are compared with in any case.
    base : dict
        Models to fit.
    averages : dict
        Combinations to form of them.
    champions : dict
        Combinations to learn, with the models each pools.
    spare : Model
        `flat`, which steps in where a model fails.
    """

    asked: tuple[str, ...]
    references: tuple[str, ...]
    base: dict[str, Model]
    averages: dict[str, Average]
    champions: dict[str, tuple[str, ...]]
    spare: Model

    def members(self, name: str) -> tuple[str, ...]:
        """Return the base models of which one by name is made; of a base model, itself."""
        if name in self.averages:
            return self.averages[name].members
        return self.champions.get(name, (name,))

    def fitted_for(self, name: str) -> set[str]:
        """Return the models that must be fitted to give one by name."""
        return set(self.members(name))


def recipe_of(
    asked: Sequence[str],
    registry: Registry,
    candidates: Sequence[str] | None = None,
    references: Sequence[str] = (),
) -> Recipe:
    """Return a recipe.

    Parameters
    ----------
    asked : sequence of str
        Names of models and combinations.
    registry : mapping
        All models and combinations by name.
    candidates : sequence of str, optional
        Base models that `champion` pools instead of its own members.
    references : sequence of str
        Computed as well, whether asked for or not.

    Raises
    ------
    ModelError
        If a name is unknown, or nothing is asked for.
    """
    if isinstance(asked, str) or not asked:
        raise ModelError("", "no list of models was given", "Name at least one, such as flat")
    wanted = tuple(dict.fromkeys([*asked, *references]))
    averages: dict[str, Average] = {}
    champions: dict[str, tuple[str, ...]] = {}
    base: dict[str, Model] = {}
    for name in wanted:
        entry = _find(registry, name)
        if isinstance(entry, Average):
            averages[name] = entry
            members = entry.members
        elif isinstance(entry, Champion):
            own = [member for member in entry.members if member in registry]
            members = tuple(sorted(set(candidates or own)))
            if not members:
                raise ModelError(
                    f"model {name}",
                    "none of the models it pools is at hand",
                    f"Name some as candidates, or add one of {', '.join(entry.members)}",
                )
            champions[name] = members
        else:
            members = (name,)
        base |= {member: _model(registry, member) for member in members}
    return Recipe(
        asked=tuple(dict.fromkeys(asked)),
        references=tuple(references),
        base=dict(sorted(base.items())),
        averages=averages,
        champions=champions,
        spare=_model(registry, BASELINE),
    )


def _find(registry: Registry, name: str) -> Model | Combination:
    if name not in registry:
        raise ModelError(
            f"model {name}", "there is no such model", f"Known: {', '.join(sorted(registry))}"
        )
    return registry[name]


def _model(registry: Registry, name: str) -> Model:
    entry = _find(registry, name)
    if isinstance(entry, Average | Champion):
        raise ModelError(f"model {name}", "a combination stands where a model is needed")
    return entry
