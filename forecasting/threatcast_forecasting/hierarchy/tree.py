"""The tree that places form: which forecasts must add up to which.

A parent is the sum of its children, but not every child has a forecast: sparse countries have none.
What is left of a parent after its children with a forecast is a series of its own, its *rest*, so
that nothing is lost and every parent is exactly the sum of the leaves below it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

REST = "/rest"
"""Ends the name of a rest, after its parent's."""


@dataclass(frozen=True)
class Tree:
    """Places with a forecast and the rests of the sums among them.

    Parameters
    ----------
    nodes : tuple of str
        Each place stands before those that are counted in it, and what is below a place stands
        right after it; a rest is the last part of its sum.
    above : tuple of int
        Where in `nodes` the sum is that a node is counted in; -1 above the topmost.
    """

    nodes: tuple[str, ...]
    above: tuple[int, ...]

    @property
    def sums(self) -> tuple[int, ...]:
        """Return where in `nodes` the sums are, topmost first."""
        return tuple(sorted(set(self.above) - {-1}))

    @property
    def leaves(self) -> tuple[int, ...]:
        """Return where in `nodes` those are that nothing is counted in."""
        return tuple(place for place in range(len(self.nodes)) if place not in set(self.above))

    def parts(self, place: int) -> list[int]:
        """Return where in `nodes` the direct parts of a sum are."""
        return [part for part, above in enumerate(self.above) if above == place]

    def add_up(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return an array, nodes first, in which every sum is the sum of its leaves.

        Parameters
        ----------
        values : float array, shape (nodes, ...)
            What stands at the places of sums is not read.
        """
        total = values.copy()
        total[list(self.sums)] = 0.0
        for place in range(len(self.nodes) - 1, -1, -1):
            if self.above[place] >= 0:
                total[self.above[place]] += total[place]
        return total


def nearest(places: Iterable[str], parents: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return for each place the closest of the other places that it is counted in, or None.

    Parameters
    ----------
    places : iterable of str
        Locations with a forecast.
    parents : mapping
        Parent of every location, with a forecast or without; None above the topmost.

    Examples
    --------
    >>> nearest(["FR", "WORLD"], {"FR": "M49-155", "M49-155": "WORLD", "WORLD": None})
    {'FR': 'WORLD', 'WORLD': None}
    """
    known = set(places)

    def climb(place: str) -> str | None:
        above = parents.get(place)
        while above is not None and above not in known:
            above = parents.get(above)
        return above

    return {place: climb(place) for place in sorted(known)}


def tree_of(places: Iterable[str], parents: Mapping[str, str | None]) -> Tree:
    """Return the tree of the places that have a forecast; every sum is given a rest.

    Parameters are those of `nearest`.

    Examples
    --------
    >>> tree_of(["DE", "FR", "WORLD"], {"DE": "WORLD", "FR": "WORLD"})
    Tree(nodes=('WORLD', 'DE', 'FR', 'WORLD/rest'), above=(-1, 0, 0, 0))
    """
    closest = nearest(places, parents)
    below: dict[str | None, list[str]] = {}
    for place, parent in closest.items():
        below.setdefault(parent, []).append(place)
    nodes: list[str] = []
    above: list[int] = []

    def add(place: str, sum_: int) -> None:
        here = len(nodes)
        nodes.append(place)
        above.append(sum_)
        if place in below:
            for part in below[place]:
                add(part, here)
            nodes.append(place + REST)
            above.append(here)

    for root in below.get(None, []):
        add(root, -1)
    return Tree(tuple(nodes), tuple(above))


def rests(counts: pd.DataFrame, parents: Mapping[str, str | None]) -> pd.DataFrame:
    """Return what is left of each sum after the places below it that are in the table.

    Parameters
    ----------
    counts : DataFrame
        `target, location, week, value` and perhaps `origin`: counts of all places with a forecast,
        NaN where nobody watched.
    parents : mapping
        See `nearest`.

    Returns
    -------
    DataFrame
        The same columns and `series_id`; NaN in weeks in which any part is not known.
    """
    import pandas as pd

    keys = [name for name in ("origin", "week") if name in counts.columns]
    columns = ["series_id", "target", "location", *keys, "value"]
    found = []
    for target, rows in counts.groupby("target", sort=True, observed=True):
        wide = pd.concat(
            {place: part.set_index(keys)["value"] for place, part in rows.groupby("location")},
            axis=1,
            sort=True,
        )
        above = nearest(wide.columns, parents)
        for place in sorted({parent for parent in above.values() if parent is not None}):
            parts = [child for child, parent in above.items() if parent == place]
            left = wide[place] - wide[parts].sum(axis=1, skipna=False)
            location = place + REST
            found.append(
                left.rename("value")
                .reset_index()
                .assign(series_id=f"{target}|{location}", target=target, location=location)
            )
    return pd.concat(found)[columns] if found else pd.DataFrame(columns=columns)
