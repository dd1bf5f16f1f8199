"""All models that forecast from counts, one a module, and how they are found.

A model is one module of this folder with a module-level `MODEL`; nothing else names it. `card.py`
says what a model is. Modules whose name begins with an underscore hold what several models share.
Not here: forecasts made of other models' forecasts (`combinations`).
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

from threatcast_forecasting.errors import ModelError
from threatcast_forecasting.models.card import check_card

if TYPE_CHECKING:
    from threatcast_forecasting.models.card import Model


@cache
def base_models() -> dict[str, Model]:
    """Return the models of this folder by name, in alphabetical order.

    Raises
    ------
    ModelError
        If a module has no `MODEL`, or a card is incomplete or bears another name.
    """
    found: dict[str, Model] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda entry: entry.name):
        if module.name.startswith("_") or module.name == "card":
            continue
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        model = getattr(loaded, "MODEL", None)
        if model is None:
            raise ModelError(
                f"models/{module.name}.py",
                "the module has no MODEL",
                "Define it, or begin the module's name with an underscore",
            )
        check_card(model.card, module.name)
        found[module.name] = model
    return found
