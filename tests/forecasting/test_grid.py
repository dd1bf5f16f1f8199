"""The panel as a matrix, and what of it was known at an origin."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from panel_kit import make_panel, one_series
from threatcast_forecasting.errors import PanelError
from threatcast_forecasting.grid import Grid, Knowledge, cut
from threatcast_forecasting.panels import validate


def grid_of(*panels: pd.DataFrame) -> Grid:
    return Grid.of(validate(pd.concat(panels)))


def known_rows(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["series_id", "origin", "week", "value"])


def test_missing_row_is_missing_and_not_zero():
    grid = grid_of(one_series([1.0, 2.0, 3.0]).drop(index=1))
    np.testing.assert_array_equal(grid.values, [[1.0, np.nan, 3.0]])


def test_series_keep_their_own_first_and_last_row_even_without_a_value():
    grid = grid_of(one_series([1.0, 2.0, np.nan], "a"), one_series([5.0], "b", "2022-01-10"))
    assert grid.first.tolist() == [0, 1]
    assert grid.last.tolist() == [2, 1]


def test_columns_outside_the_panel_are_missing():
    values = np.array([[1.0, 2.0]])
    np.testing.assert_array_equal(cut(values, -1, 4), [[np.nan, 1.0, 2.0, np.nan]])
    np.testing.assert_array_equal(cut(values, 5, 2), [[np.nan, np.nan]])
    assert cut(values, 0, 0).shape == (1, 0)


def test_what_was_known_replaces_the_panel_for_its_origin_only():
    grid = grid_of(one_series([1.0, 2.0, 3.0, 4.0]))
    known = known_rows(
        ("a", "2022-01-17", "2022-01-03", 9.0), ("a", "2022-01-17", "2022-01-17", 8.0)
    )
    knowledge = Knowledge(grid, known)
    rows = np.array([0])
    # the second week was not known at that origin: missing, not the panel's later value
    np.testing.assert_array_equal(knowledge.values(rows, 2), [[9.0, np.nan, 8.0]])
    np.testing.assert_array_equal(knowledge.values(rows, 1), [[1.0, 2.0]])
    np.testing.assert_array_equal(knowledge.values(rows, 3), [[1.0, 2.0, 3.0, 4.0]])


def test_known_values_reach_the_right_series_whatever_the_selection():
    grid = Grid.of(validate(make_panel(5, 12)))
    known = known_rows(("s03", "2022-02-07", "2022-01-03", 77.0))
    for selection in ([3], [4, 3, 0], [0, 1]):
        values = Knowledge(grid, known).values(np.array(selection), 5)
        hit = [row for row, series in enumerate(selection) if series == 3]
        assert np.argwhere(values == 77.0).tolist() == [[row, 0] for row in hit]


def test_batch_ends_at_the_origin():
    grid = Grid.of(validate(make_panel(3, 12)))
    batch = Knowledge(grid).batch(np.array([2, 0]), 7)
    assert batch.series_ids == ("s02", "s00")
    assert batch.values.shape == (2, 8)
    assert str(batch.weeks[-1]) == "2022-02-21"
    assert set(np.diff(batch.weeks).astype(int)) == {7}


@pytest.mark.parametrize(
    ("known", "message"),
    [
        (
            known_rows(("a", "2022-01-03", "2022-01-10", 1.0)),
            "the table of known values, series a, row 1: the week 2022-01-10 lies after the origin "
            "2022-01-03. Give only what was known at the end of the origin.",
        ),
        (
            known_rows(*[("a", "2022-01-10", "2022-01-10", 1.0)] * 2),
            "the table of known values, series a: "
            "the week 2022-01-10 is there twice for one origin.",
        ),
        (
            known_rows(("a", "2022-01-10", "2022-01-10", 1.0)).drop(columns="origin"),
            "the table of known values: no column origin.",
        ),
    ],
)
def test_wrong_table_of_known_values_is_refused(known, message):
    with pytest.raises(PanelError) as caught:
        Knowledge(grid_of(one_series([1.0, 2.0])), known)
    assert str(caught.value) == message


def test_known_values_of_other_series_are_no_concern():
    knowledge = Knowledge(
        grid_of(one_series([1.0])), known_rows(("z", "2022-01-03", "2022-01-03", 9.0))
    )
    np.testing.assert_array_equal(knowledge.values(np.array([0]), 0), [[1.0]])
