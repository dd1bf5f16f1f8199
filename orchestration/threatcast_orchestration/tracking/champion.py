"""A target's model as an MLflow model: a panel in, hub-format quantiles out.

MLflow copies this file into each logged model and runs it when one is loaded
("models from code"); which of our models it is comes from the model's configuration. Being fitted
is part of forecasting: it takes a panel, not the future's date.
"""

from __future__ import annotations

from typing import Any

import pandas as pd  # MLflow reads the annotations when it reads the file
from mlflow.models import set_model  # noqa: TID253 only MLflow reads this file
from mlflow.pyfunc import PythonModel  # type: ignore[attr-defined]  # noqa: TID253

DEFAULTS = {
    "horizon": 12, "origins": 8, "step": 4, "seed": 20260101, "candidates": None, "parents": None,
}  # fmt: skip
PLACES = ("target", "location")


class PublishedForecaster(PythonModel):
    """Forecasts a panel with one of the library's models."""

    def load_context(self, context: Any) -> None:
        """Take the configuration: `model`, and what of `DEFAULTS` is otherwise."""
        self._settings = DEFAULTS | dict(context.model_config)

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return quantiles for the weeks after the panel's last one.

        Parameters
        ----------
        model_input
            A panel: `series_id, week, value`, and `target, location` if known. Rows that bear an
            `origin` are not of the panel: they are what was known of a week at the end of that
            past week, for models that learn from how forecasts fared.
        params
            `horizon` in weeks, if another one is wanted.

        Returns
        -------
        DataFrame
            `series_id, target, location, reference_date, horizon, target_end_date, output_type,
            output_type_id, value`.
        """
        del context
        settings = self._settings | (params or {})
        panel, known = _parted(model_input)
        made = _forecasts(panel, known, settings)
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


def _forecasts(
    panel: pd.DataFrame, known: pd.DataFrame | None, settings: dict[str, Any]
) -> pd.DataFrame:
    """Return `series_id, origin, horizon, quantile, value` as a night makes them.

    Where places are summed, a night draws them together, so that the forecasts add up; the ties
    between places are those of the back-test, which is therefore made as well.
    """
    from threatcast_forecasting import forecast, nightly

    horizon, names = int(settings["horizon"]), [settings["model"]]
    options = {
        "horizon": horizon,
        "known": known,
        "candidates": settings["candidates"],
        "seed": settings["seed"],
    }
    if not settings["parents"] or not {*PLACES} <= {*panel}:
        return forecast(panel, names, **options).forecasts
    from threatcast_forecasting.night.coherence import make_coherent
    from threatcast_forecasting.night.inputs import NightInputs, NightOptions, Places

    origins, step = int(settings["origins"]), int(settings["step"])
    result = nightly(panel, names, origins=origins, step=step, **options)
    empty = pd.DataFrame(columns=["series_id", "target", "location", "parent", "week", "value"])
    known = (
        pd.DataFrame(columns=["series_id", "origin", "week", "value"]) if known is None else known
    )
    night = NightOptions(tuple(names), origins, step, settings["seed"])
    places = Places(settings["parents"], empty)
    inputs = NightInputs(panel, known, pd.DataFrame(), night, places=places)
    pairs = [(target, settings["model"]) for target in sorted(panel["target"].unique())]
    return make_coherent(inputs, result, known, pairs).forecasts


def _parted(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Return the panel, and what was known at past origins if that was given."""
    rows = rows.assign(week=pd.to_datetime(rows["week"]))
    unnamed = [key for key in PLACES if key in rows and rows[key].isna().all()]
    if "origin" not in rows:
        return rows.drop(columns=unnamed), None
    past = rows["origin"].notna()
    known = rows.loc[past, ["series_id", "origin", "week", "value"]]
    known = known.assign(origin=pd.to_datetime(known["origin"]))
    panel = rows.loc[~past].drop(columns=[*unnamed, "origin"])
    return panel.reset_index(drop=True), known.reset_index(drop=True) if len(known) else None


set_model(PublishedForecaster())
