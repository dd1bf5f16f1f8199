"""What warnings turned out to be: counts by hand, nothing closed, nobody knows."""

from __future__ import annotations

import pandas as pd
import pytest
from threatcast_forecasting.judging.warning_outcomes import outcome_shares


def of(*rows: tuple[str, str, str | None]) -> pd.DataFrame:
    told = pd.DataFrame(list(rows), columns=["level", "kind", "outcome"], dtype=object)
    return outcome_shares(told).set_index(["scope", "scope_value"])


def test_counts_and_shares_are_those_counted_by_hand() -> None:
    found = of(
        ("severe", "surge", "confirmed"),
        ("severe", "surge", "false_alarm"),
        ("severe", "drop", "false_alarm"),
        ("watch", "drop", "data_fault"),
        ("watch", "drop", None),
    )
    whole = found.loc[("all", "all")]
    assert whole[["told", "closed", "confirmed", "false_alarms", "data_faults"]].tolist() == [
        5, 4, 1, 2, 1,
    ]  # fmt: skip
    assert whole["share_false_alarms"] == pytest.approx(0.5)
    severe, drop = found.loc[("level", "severe")], found.loc[("kind", "drop")]
    assert severe["share_confirmed"] == pytest.approx(1 / 3)
    # of three drops two are closed: the open one is in no share
    assert (drop["told"], drop["closed"], drop["share_data_faults"]) == (3, 2, 0.5)


def test_where_none_is_closed_shares_are_unknown_and_not_zero() -> None:
    found = of(("watch", "surge", None))
    assert found["closed"].tolist() == [0, 0, 0]
    assert found[["share_confirmed", "share_false_alarms", "share_data_faults"]].isna().all(None)


def test_no_warning_at_all_is_a_row_of_zeros() -> None:
    found = of()
    assert found.index.tolist() == [("all", "all")]
    assert found.loc[("all", "all"), "told"] == 0


def test_if_nobody_knows_all_numbers_are_null() -> None:
    found = outcome_shares(None)
    assert found[["scope", "scope_value"]].to_numpy().tolist() == [["all", "all"]]
    assert found.drop(columns=["scope", "scope_value"]).isna().all(None)


def test_outcome_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no outcome: perhaps"):
        of(("watch", "surge", "perhaps"))
