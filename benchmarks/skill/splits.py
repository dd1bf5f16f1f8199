"""Weekly series cut from the recordings in ways that no target of ours uses.

Nothing was tuned on them. Each family reads the warehouse of a home built from the recordings, or a
copy that lies in the folder `extra` beside them, and counts events by vendor, group, tool,
network and the like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb
    import pandas as pd

FEWEST_WEEKS = 78
FEWEST_EVENTS = 20
"""In the last 104 weeks."""
MOST_SERIES = 40
"""A family: the busiest are kept."""

_CLAIMS = """
    SELECT {name} AS name, min(CAST(published_at AS DATE)) AS day
    FROM staging.stg_ransomware_live
    WHERE published_at IS NOT NULL
        AND vintage_day = (SELECT max(vintage_day) FROM staging.stg_ransomware_live)
    GROUP BY gang, victim, {name}"""
_LISTED = """
    FROM staging.stg_cisa_kev
    WHERE vintage_day = (SELECT max(vintage_day) FROM staging.stg_cisa_kev)"""
_ADDRESS = "try_cast(split_part(address, '.', 1) AS INTEGER)"
_FIRST_URLS = """
    SELECT {name} AS name, min(vintage_day) AS day
    FROM (SELECT *, row_number() OVER (PARTITION BY vintage_day, host ORDER BY position) AS nth
          FROM staging.stg_openphish)
    WHERE nth <= 5
    GROUP BY url, {name}"""
_ORDERS = """
    SELECT name, day FROM (
        SELECT name, list_day AS day,
            lag(list_day) OVER (PARTITION BY name, host ORDER BY list_day) AS previous
        FROM (SELECT DISTINCT {name} AS name, host, list_day FROM staging.stg_ddosia_targets
              WHERE host IS NOT NULL))
    WHERE previous IS NULL OR day - previous > 28"""
_SHUTDOWNS = """
    SELECT trim(unnest(string_split({name}, ','))) AS name, start_day AS day
    FROM (SELECT DISTINCT countries_written, area, {name}, start_day
          FROM staging.stg_accessnow_keepiton
          WHERE vintage_day = (SELECT max(vintage_day) FROM staging.stg_accessnow_keepiton))"""
_HIBP = """
    SELECT {name} AS name, CAST(CAST(AddedDate AS TIMESTAMP) AS DATE) AS day
    FROM read_json('{extra}/hibp_breaches/*.json.gz')
    WHERE NOT (IsFabricated OR IsSpamList OR IsMalware OR IsStealerLog)"""
_INCIDENTS = """
    SELECT DISTINCT number, trim(unnest(string_split({name}, '; '))) AS name,
        try_cast(start_date AS DATE) AS day
    FROM (SELECT *, row_number() OVER () AS number FROM read_csv(
        '{extra}/eurepoc_world/*.csv.gz', all_varchar = true, header = true))
    WHERE {name} NOT IN ('', 'Not available', 'Unknown')
        AND day(try_cast(start_date AS DATE)) > 1"""

# family: feed whose gaps hold, first day, last day (empty: as far as the feed goes), events
FAMILIES: dict[str, tuple[str, str, str, str]] = {
    "kev_vendor": (
        "cisa_kev", "2022-07-04", "", f"SELECT vendor AS name, listed_day AS day {_LISTED}",
    ),
    "kev_weakness": (
        "cisa_kev", "2022-07-04", "",
        f"SELECT unnest(cwes) AS name, listed_day AS day {_LISTED}",
    ),
    "ransomware_group": ("ransomware_live", "2022-01-03", "", _CLAIMS.format(name="gang")),
    "ransomware_sector": (
        "ransomware_live", "2024-01-01", "", _CLAIMS.format(name="activity"),
    ),
    "ransomware_sector_us": (
        "ransomware_live", "2024-01-01", "",
        _CLAIMS.format(name="if(country_written = 'US', activity, NULL)"),
    ),
    "c2_tool": (
        "c2_tracker", "2022-12-05", "",
        """SELECT tool AS name, known_from - 1 AS day
        FROM intermediate.int_c2_tracker__history""",
    ),
    "c2_network": (
        "c2_tracker", "2022-12-05", "",
        f"""SELECT {_ADDRESS} AS name, known_from - 1 AS day
        FROM intermediate.int_c2_tracker__history
        WHERE tool NOT LIKE '777%'""",
    ),
    "malware_network": (
        "threatfox_ips", "2022-11-07", "",
        f"""SELECT {_ADDRESS} AS name, known_from AS day
        FROM intermediate.int_threatfox_ips__history""",
    ),
    "phishing_domain": (
        "openphish", "2024-10-21", "", _FIRST_URLS.format(name="top_domain"),
    ),
    "phishing_host": (
        "openphish", "2024-10-21", "", _FIRST_URLS.format(name="short_domain"),
    ),
    "ddos_domain": ("ddosia_targets", "2023-06-12", "", _ORDERS.format(name="top_domain")),
    "ddos_kind": (
        "ddosia_targets", "2023-06-12", "",
        _ORDERS.format(name="concat(attack_type, ' ', port)"),
    ),
    "shutdown_kind": (
        "accessnow_keepiton", "2016-01-04", "2025-12-28",
        _SHUTDOWNS.format(name="shutdown_type"),
    ),
    "shutdown_area": (
        "accessnow_keepiton", "2019-01-07", "2025-12-28", _SHUTDOWNS.format(name="area"),
    ),
    "breach_industry": (
        "xposedornot_breaches", "2024-01-01", "",
        """SELECT industry AS name, added_day AS day FROM staging.stg_xposedornot_breaches
        WHERE vintage_day = (SELECT max(vintage_day) FROM staging.stg_xposedornot_breaches)""",
    ),
    "hibp_kind": (
        "", "2018-01-01", "", _HIBP.replace("{name}", "unnest(DataClasses)"),
    ),
    "incident_kind": (
        "", "2022-09-05", "2025-09-28", _INCIDENTS.replace("{name}", "incident_type"),
    ),
    "incident_receiver": (
        "", "2022-09-05", "2025-09-28", _INCIDENTS.replace("{name}", "receiver_country"),
    ),
    "incident_initiator": (
        "", "2022-09-05", "2025-09-28", _INCIDENTS.replace("{name}", "initiator_country"),
    ),
}  # fmt: skip

_COUNTED = """
    WITH events AS (
        SELECT CAST(name AS VARCHAR) AS name, CAST(day AS DATE) AS day FROM ({events})
        WHERE name IS NOT NULL AND CAST(name AS VARCHAR) <> ''
    ),
    bounds AS (
        SELECT greatest(DATE '{first}', min(day)) AS first_day,
            least(DATE '{last}', max(day)) AS last_day
        FROM events
    ),
    weeks AS (
        SELECT CAST(unnest(generate_series(
            date_trunc('week', first_day + 6), date_trunc('week', last_day - 6), INTERVAL 7 DAY
        )) AS DATE) AS week
        FROM bounds
    ),
    counts AS (
        SELECT name, CAST(date_trunc('week', day) AS DATE) AS week, count(*) AS value
        FROM events GROUP BY ALL
    ),
    -- a series begins with its first event: what was not there could not be counted
    begins AS (SELECT name, min(week) AS first_week FROM counts GROUP BY name),
    gaps AS (SELECT * FROM seeds.gaps WHERE feed = '{feed}')
    SELECT '{family}|' || name AS series_id, '{family}' AS target, '' AS location, week,
        CAST(coalesce(value, 0) AS DOUBLE) AS value
    FROM begins
    INNER JOIN weeks ON weeks.week >= begins.first_week
    LEFT JOIN counts USING (name, week)
    WHERE NOT EXISTS (
        SELECT 1 FROM gaps WHERE weeks.week + 6 >= first_day AND weeks.week <= last_day
    )
    ORDER BY series_id, week"""


def split_panel(warehouse: duckdb.DuckDBPyConnection, mirror: Path | None) -> pd.DataFrame:
    """Return the series of all families that are long and busy enough.

    Parameters
    ----------
    warehouse : DuckDBPyConnection
        Of a home built from the recordings.
    mirror : Path or None
        The recordings; families that need the folder `extra` beside them are left out without it.

    Returns
    -------
    DataFrame
        `series_id, target` (the family), `location` (empty), `week, value`. A week in a gap of its
        feed is missing.
    """
    import pandas as pd

    extra = mirror.parent / "extra" if mirror else None
    parts = [
        busiest(_family(warehouse, name, extra))
        for name, (feed, *_) in FAMILIES.items()
        if feed or (extra is not None and extra.is_dir())
    ]
    return pd.concat(parts, ignore_index=True)


def _family(warehouse: duckdb.DuckDBPyConnection, family: str, extra: Path | None) -> pd.DataFrame:
    feed, first, last, events = FAMILIES[family]
    query = _COUNTED.format(
        events=events.replace("{extra}", str(extra)),
        first=first,
        last=last or "2100-01-01",
        feed=feed,
        family=family,
    )
    return warehouse.execute(query).df()


def busiest(panel: pd.DataFrame) -> pd.DataFrame:
    """Return the series with enough weeks and events, at most `MOST_SERIES` of them.

    Examples
    --------
    >>> import pandas as pd
    >>> weeks = pd.date_range("2024-01-01", periods=80, freq="W-MON")
    >>> rows = pd.concat(
    ...     pd.DataFrame({"series_id": name, "week": weeks, "value": value})
    ...     for name, value in (("busy", 1.0), ("still", 0.0))
    ... )
    >>> busiest(rows)["series_id"].unique().tolist()
    ['busy']
    """
    import pandas as pd

    if panel.empty:
        return panel
    horizon = panel["week"].max() - pd.Timedelta(weeks=104)
    lengths = panel.groupby("series_id")["week"].count()
    events = panel[panel["week"] > horizon].groupby("series_id")["value"].sum()
    fit = events[(events >= FEWEST_EVENTS) & (lengths.reindex(events.index) >= FEWEST_WEEKS)]
    kept = fit.sort_index().sort_values(ascending=False, kind="stable").index[:MOST_SERIES]
    return panel[panel["series_id"].isin(kept)].reset_index(drop=True)
