"""What nowcasts gain: on the newest weeks themselves, and for the forecasts that learn from them.

Every number compares two ways from the same origins: counts as they stood, and their nowcasts.
The generated world is always measured; the recordings where they are.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from readings import Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    import pandas as pd

QUICK = {"THREATCAST_MODELS": "flat,comb_two", "THREATCAST_ORIGINS": "1"}
LEAST_A_WEEK = 0.3
"""Events a week of the places that are measured; at sparser ones nearly all counts stay 0."""

WEEKS = 13
"""Newest weeks that are measured at each origin."""

ORIGIN_STEP = 4
COLUMNS = ["series_id", "origin", "week", "value"]
MODELS = ("flat", "climatology", "negative_binomial", "comb_two", "champion")


@dataclass(frozen=True)
class Case:
    """A target and a time in which it is known what was known.

    Parameters
    ----------
    first, last : str
        First Sunday on which nowcasts are made, and last day on which copies were complete.
    step : int
        Weeks between the Sundays.
    """

    target: str
    first: str
    last: str
    step: int = 1


CASES = {
    # copies of hourly trackers; after 2026-06-21 they miss what is filled in late
    "recordings": (
        Case("ransomware_claims", "2025-10-26", "2026-06-21"),
        Case("reported_cyberattacks", "2024-03-03", "2025-08-29", 2),
        Case("state_cyber_incidents", "2023-03-05", "2025-02-21", 2),
    ),
    "generated": (
        Case("ransomware_claims", "2025-11-02", "2026-06-14"),
        Case("reported_cyberattacks", "2024-09-01", "2026-06-14", 2),
        Case("state_cyber_incidents", "2024-03-03", "2025-11-30", 2),
    ),
}

_NOW = """
    WITH places AS (
        SELECT location, unnest(sums_into) AS ancestor FROM marts.dim_locations
    ), known AS (
        SELECT ancestor AS location, week, count(*) AS value
        FROM intermediate.int_events INNER JOIN places USING (location)
        WHERE target = $target AND known_from <= {day} AND coalesce(known_to > {day}, true)
        GROUP BY ALL
    ), busy AS (
        SELECT counts.location, any_value(counts.location_level) AS location_level
        FROM marts.fct_weekly_counts AS counts
        WHERE target = $target
        GROUP BY counts.location HAVING avg(value) >= $least
    )
    SELECT busy.location AS series_id, $target AS target, busy.location, location_level,
        watched.week, CAST(coalesce(known.value, 0) AS DOUBLE) AS value
    FROM busy
    CROSS JOIN (
        SELECT week FROM intermediate.int_feed_weeks
        INNER JOIN marts.dim_targets USING (feed) WHERE target = $target
    ) AS watched
    LEFT JOIN known ON known.location = busy.location AND known.week = watched.week
    WHERE {when}
    ORDER BY series_id, watched.week"""


def measure(mirror: Path, scratch: Path, *, source: str) -> Iterator[Reading]:
    """Build a home of the generated world, and one of the recordings if there are any; measure.

    Raises
    ------
    RuntimeError
        If a home cannot be built.
    """
    import duckdb

    homes = {"generated": ["--source", "sample"]}
    if source == "mirror":
        homes["recordings"] = ["--source", "mirror", "--mirror", str(mirror)]
    for name, words in homes.items():
        home = scratch / name
        _build(home, words)
        with duckdb.connect(home / "warehouse" / "threatcast.duckdb", read_only=True) as con:
            for case in CASES[name]:
                yield from nowcast_readings(con, case, f"nowcasting/{name}/{case.target}")
                yield from forecast_readings(con, case, f"nowcasting/{name}/{case.target}")


def _build(home: Path, words: list[str]) -> None:
    program = str(Path(sys.executable).with_name("threatcast"))
    clean = {key: value for key, value in os.environ.items() if not key.startswith("THREATCAST_")}
    night = subprocess.run(
        [program, "run", *words, "--home", str(home)],
        env=clean | QUICK,
        capture_output=True,
        text=True,
        check=False,
    )
    if night.returncode:
        last = "\n".join((night.stdout + night.stderr).splitlines()[-5:])
        raise RuntimeError(f"the night that builds {home.name} ended badly:\n{last}")


def nowcast_readings(con: duckdb.DuckDBPyConnection, case: Case, name: str) -> Iterator[Reading]:
    """Yield, by location level, errors of nowcasts over those of counts as they stood."""
    rows = nowcast_errors(con, case)
    if rows.empty:
        yield Reading(f"{name}/nowcasts", 0, "weeks", note="not testable: no week has settled")
        return
    for level, part in rows.groupby("location_level", sort=True):
        for ages, here in (("newest", part["age"] == 0), ("all", part["age"] >= 0)):
            some = part[here]
            held = f"80 % hold {some['inside'].mean():.0%} of {len(some)}"
            errors = f"{some['stands'].mean():.2f} -> {some['error'].mean():.2f} events MAE"
            note = f"{errors}, WIS {some['wis'].mean():.2f}, {held}"
            ratio = some["wis"].mean() / max(some["stands"].mean(), 1e-9)
            yield Reading(f"{name}/{level}/{ages}", ratio, "x", 1.0, note)


def nowcast_errors(con: duckdb.DuckDBPyConnection, case: Case) -> pd.DataFrame:
    """Return one row a place, origin and week: what it counted then, the nowcast, and the end.

    The end is the count on the day the week settled. `stands` is the error of the count as it
    stood, which is its WIS too: it is a point.
    """
    import pandas as pd
    from threatcast_forecasting.nowcast.estimates import nowcast
    from threatcast_forecasting.quantiles import LEVELS
    from threatcast_forecasting.scores import weighted_interval_score

    triangle, last = _triangle(con, case), np.datetime64(case.last)
    final = _final(con, case, triangle).rename(columns={"value": "final"})
    parts = []
    for day in np.arange(np.datetime64(case.first), last + 1, 7 * case.step):
        counts = _counts(con, case, _sql(day), f"watched.week + 6 <= {_sql(day)}")
        made = nowcast(counts, triangle, day, levels=LEVELS, weeks=WEEKS)
        parts.append(made.assign(age=(day - made["week"].to_numpy().astype("datetime64[D]"))))
    rows = pd.concat(parts).merge(
        final[["location", "location_level", "week", "final"]], on=["location", "week"]
    )
    truth, quantiles = rows["final"].to_numpy(), rows[list(LEVELS)].to_numpy(dtype=float)
    return pd.DataFrame(
        {
            "location_level": rows["location_level"],
            "age": (pd.to_timedelta(rows["age"]).dt.days - 6) // 7,
            "stands": np.abs(rows["value"] - truth),
            "error": np.abs(rows[0.5] - truth),
            "wis": weighted_interval_score(truth[:, None], quantiles[:, None, :])[:, 0],
            "inside": (rows[0.1] <= truth) & (truth <= rows[0.9]),
        }
    )


def forecast_readings(con: duckdb.DuckDBPyConnection, case: Case, name: str) -> Iterator[Reading]:
    """Yield, by model, the WIS of forecasts that learnt from nowcasts over that of the others."""
    scores = forecast_scores(con, case)
    if scores.empty:
        yield Reading(f"{name}/forecasts", 0, "weeks", note="not testable: no week has settled")
        return
    world = scores[scores["series_id"] == "WORLD"]
    for place, part in (("all", scores), ("WORLD", world)):
        for model, rows in part.groupby("model", sort=True):
            plain, better = rows["stands"].mean(), rows["learnt"].mean()
            note = f"scaled WIS {plain:.4f} -> {better:.4f}, {rows['origin'].nunique()} origins"
            yield Reading(f"{name}/forecasts/{place}/{model}", better / plain, "x", None, note)


def forecast_scores(con: duckdb.DuckDBPyConnection, case: Case) -> pd.DataFrame:
    """Return the scores of both ways, against the counts of settled weeks."""
    import pandas as pd
    from threatcast_forecasting import backtest
    from threatcast_forecasting.nowcast.estimates import training_values

    triangle = _triangle(con, case)
    final = _final(con, case, triangle)
    if final.empty:
        return pd.DataFrame()
    oldest, newest = (np.datetime64(end, "D") for end in (final["week"].min(), final["week"].max()))
    first = np.datetime64(case.first) - 6
    # the choosing inside `champion` looks back as well, at what was known then
    weeks = np.arange(newest - 7 * ORIGIN_STEP, oldest + 7 * 26, -7 * ORIGIN_STEP)
    known = pd.concat(
        [
            _counts(con, case, _sql(week + 6), f"watched.week <= {_sql(week)}").assign(origin=week)
            for week in weeks
        ]
    )
    learnt = training_values(final, known[COLUMNS], triangle, newest + 6)
    origins = known.loc[known["origin"] >= first, ["series_id", "origin"]].drop_duplicates()
    panel = final[["series_id", "target", "location", "week", "value"]]
    stood, better = (
        backtest(panel, list(MODELS), origins_table=origins, known=values).scores
        for values in (known[COLUMNS], learnt)
    )
    return scores_of_both(stood, better)


def scores_of_both(stood: pd.DataFrame, better: pd.DataFrame) -> pd.DataFrame:
    """Return the WIS of both ways, `stands` and `learnt`, over one scale; unknown weeks left out.

    Each way's own scale is the mean of what it learnt from. Nowcasts raise that mean, which would
    make their errors look smaller.
    """
    keys = ["series_id", "model", "origin", "horizon"]
    rows = stood.merge(better[[*keys, "wis"]], on=keys, suffixes=("", "_nowcast"))
    scaled = {"stands": rows["wis"] / rows["scale"], "learnt": rows["wis_nowcast"] / rows["scale"]}
    return rows.assign(**scaled).dropna(subset=["stands"])


def _triangle(con: duckdb.DuckDBPyConnection, case: Case) -> pd.DataFrame:
    query = "SELECT * FROM marts.fct_reporting_triangle WHERE target = ? ORDER BY ALL"
    return con.execute(query, [case.target]).df()


def _final(con: duckdb.DuckDBPyConnection, case: Case, triangle: pd.DataFrame) -> pd.DataFrame:
    """Return the counts of each settled week, as known on the day that settled it."""
    settles = int(triangle["settles_after"].max())
    settled = f"watched.week <= {_sql(np.datetime64(case.last) - 6 - 7 * settles)}"
    return _counts(con, case, f"week + 6 + 7 * {settles}", settled)


def _counts(con: duckdb.DuckDBPyConnection, case: Case, day: str, when: str) -> pd.DataFrame:
    query = _NOW.format(day=day, when=when)
    return con.execute(query, {"target": case.target, "least": LEAST_A_WEEK}).df()


def _sql(day: np.datetime64) -> str:
    return f"DATE '{day}'"
