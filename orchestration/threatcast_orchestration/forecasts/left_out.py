"""Rivals that break a rule of the gate on forecasts are left out of the night, and named.

Only what is published speaks for the platform, so only that may block a release. Another model is
there to be compared with: where it breaks a critical rule in one place it is left out of the whole
target, since a comparison without its worst places would flatter it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from threatcast_orchestration.gates.suites import Suite, load_suite
from threatcast_orchestration.warehouse.written import WrittenTable

if TYPE_CHECKING:
    import duckdb

log = logging.getLogger(__name__)

LEFT_OUT = WrittenTable(
    "forecasts",
    "left_out",
    "One row a target, location, model and rule of the gate that the model breaks there: a rival "
    "that is left out of the night.",
    "target VARCHAR, location VARCHAR, model VARCHAR, rule VARCHAR, largest DOUBLE, bound DOUBLE",
    {
        "target": "Key of the target, of which the model is left out as a whole.",
        "location": "Place where it breaks the rule.",
        "model": "Name of the model.",
        "rule": "Rule that it breaks: a column of the gate's query.",
        "largest": "Largest number that it forecasts there.",
        "bound": "Most that may be forecast there.",
    },
)

_FRAME = "series"
_BROKEN = """
    INSERT INTO forecasts.left_out
    SELECT target, location, model, rule, largest, bound
    FROM (UNPIVOT ({query}) ON {rules} INTO NAME rule VALUE holds)
    ANTI JOIN (
        SELECT target, model FROM forecasts.outlook
        UNION SELECT target, model FROM forecasts.outlook_by_model
    ) AS shown USING (target, model)
    WHERE NOT holds
    ORDER BY ALL
"""
_LEAVE_OUT = """
    DELETE FROM forecasts.forecast AS made
    USING (SELECT DISTINCT target, model FROM forecasts.left_out) AS refused
    WHERE made.target = refused.target AND made.model = refused.model
"""


def leave_out(connection: duckdb.DuckDBPyConnection) -> int:
    """Write `forecasts.left_out` and take those models out of `forecasts.forecast`.

    Asks what the gate will ask, with the gate's own query, after all other tables are written.

    Returns
    -------
    int
        Rows of `forecasts.left_out`; 0 if every model keeps the rules.
    """
    suite = load_suite("forecasts", "forecast")
    LEFT_OUT.create(connection)
    query, rules = suite.frames[_FRAME].query, ", ".join(_critical(suite))
    connection.execute(_BROKEN.format(query=query, rules=rules))
    connection.execute(_LEAVE_OUT)
    told = connection.execute(
        "SELECT model, target, list(location || ' (' || rule || ')' ORDER BY location, rule) "
        "FROM forecasts.left_out GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    for model, target, broken in told:
        text = "%s is left out of %s tonight; it breaks a rule in %s"
        log.warning(text, model, target, ", ".join(broken))
    return sum(len(broken) for *_, broken in told)


def _critical(suite: Suite) -> list[str]:
    """Return the truth columns of which each must hold in every row."""
    return [
        str(rule.kwargs["column"])
        for _, rule in suite.on(_FRAME)
        if rule.severity == "critical" and "mostly" not in rule.kwargs
    ]
