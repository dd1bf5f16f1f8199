"""What a night is made from: frames, and the few choices that change numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from threatcast_forecasting.seeds import SEED

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from threatcast_forecasting.judging.published import PublishedModel


@dataclass(frozen=True)
class NightOptions:
    """The choices of a night.

    Parameters
    ----------
    models
        Names of the models to run.
    origins, step
        Past origins of the back-test, and the weeks between them.
    seed
        All random numbers follow from it.
    jobs
        Processes; changes no number.
    """

    models: tuple[str, ...]
    origins: int = 8
    step: int = 4
    seed: int = SEED
    jobs: int = 1


@dataclass(frozen=True)
class Places:
    """How places are summed, and the countries that borrow.

    Parameters
    ----------
    parents : dict
        Parent of each location; none above the world.
    sparse : DataFrame
        `series_id, target, location, parent, week, value`: the last 104 weeks.
    groupings : DataFrame
        `grouping, location`: who is a member on the as-of day; None if no groupings are summed.
    """

    parents: dict[str, str | None]
    sparse: pd.DataFrame
    groupings: pd.DataFrame | None = None


@dataclass(frozen=True)
class LateReports:
    """What is known of late reports at the night's moment.

    Parameters
    ----------
    triangle : DataFrame
        See `threatcast_forecasting.nowcast.delays`.
    counts : DataFrame
        `series_id, target, location, week, value` of the targets whose weeks grow.
    seen : dict
        Last day that the newest copy of each target's feed covers.
    day : datetime64[D]
        Last day that was over at the night's moment.
    """

    triangle: pd.DataFrame
    counts: pd.DataFrame
    seen: dict[str, np.datetime64]
    day: np.datetime64


@dataclass(frozen=True)
class NightInputs:
    """All that one night's tables are made from.

    Parameters
    ----------
    panel : DataFrame
        `series_id, target, location, week, value` of the series that may be forecast.
    known : DataFrame
        `series_id, origin, week, value`: counts as they stood at past origins.
    kinds : DataFrame
        `target, location, origin, as_of_kind`: how past knowledge was had.
    options
    run_id
        Name of these numbers; stands in the tables.
    late
        Late reports; none if no feed reports late.
    published
        The published model by target; one that is not named is the default's.
    places
        None if no places are summed.
    """

    panel: pd.DataFrame
    known: pd.DataFrame
    kinds: pd.DataFrame
    options: NightOptions
    run_id: str = ""
    late: LateReports | None = None
    published: Mapping[str, PublishedModel] = field(default_factory=dict)
    places: Places | None = None

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models that the night runs."""
        return self.options.models

    @property
    def sparse(self) -> pd.DataFrame:
        """The countries that borrow, as in `Places`."""
        return self.places.sparse if self.places else self.panel.iloc[:0]

    @property
    def counts(self) -> pd.DataFrame:
        """The panel and the countries that borrow: all series that may have an outlook."""
        import pandas as pd

        return pd.concat([self.panel, self.sparse[list(self.panel.columns)]])
