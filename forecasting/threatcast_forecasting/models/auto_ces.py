"""`auto_ces`: complex exponential smoothing, which needs no choice between level and trend."""

from __future__ import annotations

from typing import Any

from threatcast_forecasting.models._statsforecast import StatsForecast
from threatcast_forecasting.models.card import ModelCard

CARD = ModelCard(
    name="auto_ces",
    title="Complex smoothing",
    description="Smooths the count and its recent growth together, without asking which it is.",
    method=(
        "AutoCES of statsforecast on log(1 + count), without a season; missing weeks left out. "
        "The mean is scaled to the last year's counts. Quantiles are negative binomial around it, "
        "with the dispersion of past errors as many weeks ahead, recent ones first, and held "
        "below three times the largest count of three years."
    ),
    reference=(
        "Svetunkov, Kourentzes and Ord (2022), Complex exponential smoothing, doi:10.1002/nav.22074"
    ),
    limits=(
        "Needs 30 observed weeks. Knows no season; on strongly seasonal series its intervals are "
        "far too narrow. Beyond 12 weeks they do not widen."
    ),
)


def candidates() -> list[Any]:
    """Return an unfitted AutoCES without a season."""
    from statsforecast.models import AutoCES

    return [AutoCES(season_length=1, model="N")]


MODEL = StatsForecast(CARD, candidates, seconds_per_series=0.002, on_logs=True, undivided=True)
