"""`tsb`: how likely is anything at all, and how much is it then."""

from __future__ import annotations

from itertools import product
from typing import Any

from threatcast_forecasting.models._statsforecast import StatsForecast
from threatcast_forecasting.models.card import ModelCard

RATES = (0.02, 0.05, 0.1, 0.2)
"""Weight of the newest week, tried for the size of a count and for its being above zero."""

CARD = ModelCard(
    name="tsb",
    title="Sparse demand",
    description=(
        "The share of weeks with any count and the usual count of such weeks, each followed on its "
        "own."
    ),
    method=(
        "TSB of statsforecast on counts; the two smoothing rates are those of 16 pairs from 0.02 "
        "to 0.2 that foresaw past weeks best (negative-binomial log score, recent weeks first); "
        "missing weeks left out. Quantiles are negative binomial around the product, with the "
        "dispersion of past errors as many weeks ahead, recent ones first, and held below three "
        "times the largest count of three years."
    ),
    reference=(
        "Teunter, Syntetos and Babai (2011), Intermittent demand: linking forecasting to inventory "
        "obsolescence, doi:10.1016/j.ejor.2011.05.018"
    ),
    limits=(
        "Needs 30 observed weeks. Knows no season and no trend. Beyond 12 weeks intervals do not "
        "widen."
    ),
)


def candidates() -> list[Any]:
    """Return a TSB for each pair of rates."""
    from statsforecast.models import TSB

    return [TSB(alpha_d=size, alpha_p=share) for size, share in product(RATES, RATES)]


MODEL = StatsForecast(CARD, candidates, seconds_per_series=0.0025)
