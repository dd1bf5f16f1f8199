"""What a model is and what it says about itself: the words that models and their users share.

Knows no model, so that nothing circles; finding models is the package's own (`models/__init__.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Protocol

from threatcast_forecasting.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from threatcast_forecasting.panels import Batch


PARTS = ("trend", "season")
"""What a model may tell apart in its mean; the rest of it is the level."""


@dataclass(frozen=True)
class ModelCard:
    """What a reader must know of a model before trusting it, in plain words, nothing empty."""

    name: str
    title: str
    description: str
    method: str
    reference: str
    limits: str


@dataclass(frozen=True)
class Prediction:
    """Quantiles for each series of a batch.

    Parameters
    ----------
    quantiles : float array, shape (n, horizon, 23)
        Horizon 1 is the week after the origin. NaN where the model has nothing to say; that series
        falls back to `flat`.
    states : tuple of str, length n
        Empty where the model did as meant, else `fallback: <reason>`.
    parts : float array, shape (n, horizon, 2), optional
        Events of the mean that come of each of `PARTS`: the mean with it less the mean without it.
        None of a model that knows a level alone, or that is `undivided`.
    """

    quantiles: NDArray[np.float64]
    states: tuple[str, ...]
    parts: NDArray[np.float64] | None = None


class Model(Protocol):
    """Anything that turns past weekly counts into quantiles.

    The engine calls `predict` with series that have at least one observed week. The forecast of a
    series must depend on that series' row, the weeks, the horizon and the seed alone, so that it is
    the same in every batch; random numbers come from `seeds.stable_seed(seed, series_id)`.
    A model that cannot forecast one series of a batch returns its fallback with a state, or NaN, or
    raises; an error costs only the series that cause it.

    A model may have an attribute `seconds_per_series` (float): how long one series takes, roughly.
    Slow models are given smaller batches.

    A model with the attribute `pooled = True` is the exception to the rule above: it learns from
    all series of its batch, and is handed all series of one target (in a block of the pipeline) at
    one origin. If it raises, the whole batch falls back; for one series that it cannot forecast it
    returns NaN.

    A model with the attribute `champion_member = True` is one of those that `champion` pools.

    A model with the attribute `undivided = True` holds more than a level but cannot tell it apart.
    """

    card: ModelCard

    def predict(self, batch: Batch, horizon: int, seed: int) -> Prediction:
        """Return quantiles for the `horizon` weeks after the batch's last week."""
        ...


def is_pooled(model: object) -> bool:
    """Return whether a model learns from all series of its batch."""
    return bool(getattr(model, "pooled", False))


def is_undivided(model: object) -> bool:
    """Return whether a model holds more than a level without saying what."""
    return bool(getattr(model, "undivided", False))


def check_card(card: ModelCard, name: str) -> None:
    """Refuse a card that leaves something unsaid or that belongs to another model."""
    empty = [field.name for field in fields(card) if not getattr(card, field.name).strip()]
    if empty:
        raise ModelError(f"model {name}", f"the card says nothing about {', '.join(empty)}")
    if card.name != name:
        raise ModelError(f"model {name}", f"the card is named {card.name!r}")
