"""A target's champion as an MLflow model: a panel in, hub-format quantiles out.

MLflow copies this file into each logged model and runs it when one is loaded
("models from code"); which of our models it is comes from the model's configuration. Being fitted
is part of forecasting: it takes a panel, not the future's date.
"""

from __future__ import annotations

from typing import Any

import pandas as pd  # MLflow reads the annotations when it reads the file
from mlflow.models import set_model  # noqa: TID253 only MLflow reads this file
from mlflow.pyfunc import PythonModel  # type: ignore[attr-defined]  # noqa: TID253

DEFAULTS = {"horizon": 12, "seed": 20260101}
PLACES = ("target", "location")


class Champion(PythonModel):
    """Forecasts a panel with one of the library's models."""

    def load_context(self, context: Any) -> None:
        """Take the configuration: `model`, `horizon`, `seed`."""
        self._settings = DEFAULTS | dict(context.model_config)

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return quantiles for the weeks after the panel's last one.

        Parameters
        ----------
        model_input
            A panel: `series_id, week, value`, and `target, location` if known.
        params
            `horizon` in weeks, if another one is wanted.

        Returns
        -------
        DataFrame
            `series_id, target, location, reference_date, horizon, target_end_date, output_type,
            output_type_id, value`.
        """
        from threatcast_forecasting import forecast

        del context
        settings = self._settings | (params or {})
        unnamed = [key for key in PLACES if key in model_input and model_input[key].isna().all()]
        panel = model_input.drop(columns=unnamed)
        panel["week"] = pd.to_datetime(panel["week"])
        made = forecast(
            panel, [settings["model"]], horizon=int(settings["horizon"]), seed=settings["seed"]
        ).forecasts
        places = panel.drop_duplicates("series_id").set_index("series_id")
        origin_end = pd.to_datetime(made["origin"]) + pd.Timedelta(days=6)
        return pd.DataFrame(
            {
                "series_id": made["series_id"].astype(str),
                **{
                    key: made["series_id"].map(places[key]).astype(str) if key in places else ""
                    for key in PLACES
                },
                "reference_date": origin_end,
                "horizon": made["horizon"].astype("int64"),
                "target_end_date": origin_end + pd.to_timedelta(7 * made["horizon"], unit="D"),
                "output_type": "quantile",
                "output_type_id": made["quantile"].map("{:g}".format),
                "value": made["value"].astype(float),
            }
        ).reset_index(drop=True)


set_model(Champion())
