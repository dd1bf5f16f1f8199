"""Forecasting of weekly counts: frames in, quantiles and scores out.

A pure library: no files, no clock, no environment, no network. Names are imported when first used,
so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from threatcast_forecasting.backtesting.rolling import backtest, forecast, nightly
    from threatcast_forecasting.backtesting.summary import summarise
    from threatcast_forecasting.combinations.members import all_models
    from threatcast_forecasting.errors import ForecastError
    from threatcast_forecasting.panels import validate

_HOMES = {
    "ForecastError": "errors",
    "all_models": "combinations.members",
    "backtest": "backtesting.rolling",
    "forecast": "backtesting.rolling",
    "nightly": "backtesting.rolling",
    "summarise": "backtesting.summary",
    "validate": "panels",
}

__all__ = [
    "ForecastError",
    "all_models",
    "backtest",
    "forecast",
    "nightly",
    "summarise",
    "validate",
]


def __getattr__(name: str) -> Any:
    """Return a public name from the module that defines it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
