"""`auto_ets`: exponential smoothing, its form chosen by an information criterion."""

from __future__ import annotations

from typing import Any

from threatcast_forecasting.models._statsforecast import StatsForecast
from threatcast_forecasting.models.card import ModelCard

CARD = ModelCard(
    name="auto_ets",
    title="Exponential smoothing",
    description="A level, and perhaps a trend, that older weeks shape less and less.",
    method=(
        "AutoETS of statsforecast on log(1 + count): error and trend chosen by the corrected "
        "Akaike criterion, no season, missing weeks left out. The mean is scaled to the last "
        "year's counts. Quantiles are negative binomial around it, with the dispersion of past "
        "errors as many weeks ahead, recent ones first, and held below three times the largest "
        "count of three years."
    ),
    reference=(
        "Hyndman and Khandakar (2008), Automatic time series forecasting, doi:10.18637/jss.v027.i03"
    ),
    limits=(
        "Needs 30 observed weeks. Knows no season; on strongly seasonal series its intervals are "
        "far too narrow. Beyond 12 weeks they do not widen."
    ),
)


def candidates() -> list[Any]:
    """Return an unfitted AutoETS without a season."""
    from statsforecast.models import AutoETS

    return [AutoETS(season_length=1, model="ZZN")]


MODEL = StatsForecast(CARD, candidates, seconds_per_series=0.005, on_logs=True, undivided=True)
