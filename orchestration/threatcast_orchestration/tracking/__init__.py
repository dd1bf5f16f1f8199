"""Nights in MLflow: how good each model was, and which one is each target's champion.

`night` writes a night down, `registry` keeps the champions, `store` opens the store of a home and
brings an old one up to date. The numbers come from the forecasting step.
"""

from threatcast_orchestration.tracking.artifact_paths import store_uri
from threatcast_orchestration.tracking.lookup import newest_page
from threatcast_orchestration.tracking.night import track_night
from threatcast_orchestration.tracking.night_record import NightRecord, record_of
from threatcast_orchestration.tracking.store import migrate, open_store

__all__ = [
    "NightRecord",
    "migrate",
    "newest_page",
    "open_store",
    "record_of",
    "store_uri",
    "track_night",
]
