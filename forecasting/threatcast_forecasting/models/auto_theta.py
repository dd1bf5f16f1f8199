"""`auto_theta`: the Theta method, the simple winner of a forecasting competition."""

from __future__ import annotations

from typing import Any

from threatcast_forecasting.models._statsforecast import YEAR, StatsForecast
from threatcast_forecasting.models.card import ModelCard

CARD = ModelCard(
    name="auto_theta",
    title="Theta",
    description=(
        "A smoothed level that drifts along half of the long-run trend, with a season if one shows."
    ),
    method=(
        "AutoTheta of statsforecast on log(1 + count): of the standard, optimised and dynamic "
        "Theta models the one with the smallest error one week ahead, after a yearly season is "
        "taken out if two years are observed and their autocorrelation shows one. Missing weeks "
        "are left out. The mean is scaled to the last year's counts. Quantiles are negative "
        "binomial around it, with the dispersion of past errors as many weeks ahead, recent ones "
        "first, and held below three times the largest count of three years."
    ),
    reference=(
        "Fiorucci et al. (2016), Models for optimising the theta method and their relationship to "
        "state space models, doi:10.1016/j.ijforecast.2016.02.005"
    ),
    limits=(
        "Needs 30 observed weeks. The drift carries old growth forward; a gap shifts the season. "
        "Beyond 12 weeks intervals do not widen."
    ),
)


def candidates() -> list[Any]:
    """Return an unfitted AutoTheta."""
    from statsforecast.models import AutoTheta

    return [AutoTheta(season_length=YEAR, decomposition_type="additive")]


MODEL = StatsForecast(CARD, candidates, seconds_per_series=0.011, on_logs=True, undivided=True)
