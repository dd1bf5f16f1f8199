"""What the tests of gates share: a small suite on a small frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from threatcast_orchestration.gates.suites import Suite

MakeSuite = Callable[..., Suite]


def rule(column: str, severity: str = "critical", **kwargs: Any) -> dict[str, Any]:
    return {
        "frame": "rows",
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": column, "max_value": 9} | kwargs,
        "severity": severity,
        "meta": {"why": f"{column} is too high.", "cure": "Look at it."},
    }


@pytest.fixture
def make_suite() -> MakeSuite:
    """Return how to make a suite on the frame `rows`; `week` and `code` may be shown."""

    def make(*rules: dict[str, Any], samples: tuple[str, ...] = ("week", "code")) -> Suite:
        return Suite.model_validate(
            {
                "name": "counts",
                "kind": "payloads",
                "protects": "Something.",
                "frames": {"rows": {"query": "select * from counts", "samples": samples}},
                "expectations": rules or (rule("value"),),
            }
        )

    return make


@pytest.fixture
def frame() -> pd.DataFrame:
    weeks = pd.date_range("2026-01-05", periods=10, freq="W-MON")
    return pd.DataFrame(
        {
            "week": weeks.astype("datetime64[us]"),
            "code": [f"C{place}" for place in range(10)],
            "value": range(10),
            "other": 0.5,
        }
    )
