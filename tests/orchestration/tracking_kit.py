"""Nights for MLflow whose scores are known, for tests of what is tracked and of what is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from threatcast_forecasting.judging.published import Decision
from threatcast_orchestration.tracking import NightRecord

TARGETS = ("malware_hosts", "ransomware_claims")
MODELS = ("flat", "comb_two", "champion")
PLACES = ("WORLD", "DE")
AS_OF = date(2026, 6, 14)
SCALED = {"flat": 0.8, "comb_two": 0.5, "champion": 0.4}


def scores() -> pd.DataFrame:
    """Return scores whose means are known: they depend on the model and the horizon only."""
    rows = pd.MultiIndex.from_product(
        [TARGETS, PLACES, MODELS, pd.to_datetime(["2026-04-05", "2026-05-03"]), (1, 2)],
        names=["target", "location", "model", "reference_date", "horizon"],
    ).to_frame(index=False)
    rows["scaled_wis"] = rows["model"].map(SCALED) + 0.1 * rows["horizon"] - 0.15
    rows["wis"] = rows["scaled_wis"] * 3
    rows["log_wis"] = rows["scaled_wis"] / 2
    rows["covered_50"] = rows["horizon"] == 1
    rows["covered_80"] = True
    rows["covered_95"] = True
    rows["pit_low"], rows["pit_high"] = 0.25, 0.75
    rows["state"] = ""
    return rows


def panel() -> pd.DataFrame:
    weeks = pd.date_range("2024-01-01", periods=120, freq="W-MON")
    rows = pd.MultiIndex.from_product(
        [TARGETS, PLACES, weeks], names=["target", "location", "week"]
    ).to_frame(index=False)
    rows["series_id"] = rows["target"] + "|" + rows["location"]
    rows["value"] = np.arange(len(rows)) % 7.0
    return rows


def decision(target: str, published: str, challenger: str | None = "flat") -> Decision:
    return Decision(
        AS_OF,
        target,
        "keep",
        published,
        published,
        "gate",
        "it does not win on WIS",
        challenger,
        scaled_wis=0.5,
        challenger_scaled_wis=0.8 if challenger else None,
        ratio=1.6 if challenger else None,
    )


def reliability() -> pd.DataFrame:
    """Return what was said of one target alone, and how often it came true."""
    return pd.DataFrame(
        {
            "target": "malware_hosts",
            "question": ["zero_4w", "zero_4w", "growth_4w"],
            "bin": [1, 6, 3],
            "mean_forecast": [0.05, 0.55, 0.25],
            "observed_frequency": [0.1, 0.5, 0.2],
            "n": [20, 10, 30],
            "low90": [0.0, 0.3, 0.1],
            "high90": [0.15, 0.8, 0.4],
        }
    )


def record(**other: Any) -> NightRecord:
    made = NightRecord(
        as_of=AS_OF,
        run_id="0123456789abcdef",
        commit="c0ffee",
        vintage_hash="aaaa",
        settings_hash="bbbb",
        source="sample",
        params={"horizon": 4, "seed": 7},
        models=MODELS,
        panel=panel(),
        known=pd.DataFrame({"series_id": [], "origin": [], "week": [], "value": []}),
        scores=scores(),
        decisions=[decision(TARGETS[0], "comb_two"), decision(TARGETS[1], "flat", None)],
        weights=pd.DataFrame({"target": TARGETS}),
        reliability=reliability(),
        seconds={"flat": 0.5},
    )
    return replace(made, **other)


def one_target(**other: Any) -> NightRecord:
    rows = scores().query("target == 'malware_hosts' and model != 'champion'")
    kept = [decision("malware_hosts", "comb_two", None)]
    return record(**{"scores": rows, "decisions": kept} | other)
