"""`adida`: sparse counts, first added up to periods that are not empty."""

from __future__ import annotations

from typing import Any

from threatcast_forecasting.models._statsforecast import StatsForecast
from threatcast_forecasting.models.card import ModelCard

CARD = ModelCard(
    name="adida",
    title="Sparse counts in blocks",
    description=(
        "Weeks are added up to blocks as long as the usual pause between counts; the level of the "
        "blocks is followed and spread over weeks again."
    ),
    method=(
        "ADIDA of statsforecast on counts; missing weeks left out. Quantiles are negative "
        "binomial around its mean, with the dispersion of past errors as many weeks ahead, recent "
        "ones first, and held below three times the largest count of three years."
    ),
    reference=(
        "Nikolopoulos et al. (2011), An aggregate-disaggregate intermittent demand approach, "
        "doi:10.1057/jors.2010.32"
    ),
    limits=(
        "Needs 30 observed weeks. Knows no season and no trend. Beyond 12 weeks intervals do not "
        "widen."
    ),
)


def candidates() -> list[Any]:
    """Return the one ADIDA there is."""
    from statsforecast.models import ADIDA

    return [ADIDA()]


MODEL = StatsForecast(CARD, candidates, seconds_per_series=0.003)
