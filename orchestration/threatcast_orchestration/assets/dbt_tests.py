"""What dbt's tests hold, in words: the descriptions of the checks that Dagster makes of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def words_of(test: Mapping[str, Any]) -> str:
    """Return what a dbt test holds, as Markdown; empty for a kind that has no words yet.

    Parameters
    ----------
    test
        Its node in dbt's manifest. A description of its own comes first, or one in its `meta`,
        where a test that is a query of its own has it: what YAML says of such a one is lost when
        dbt reads only what changed.
    """
    own = test.get("description") or test["config"].get("meta", {}).get("description")
    if own:
        return str(own).strip()
    kind = test.get("test_metadata") or {}
    words = _WORDS.get(kind.get("name", ""))
    return words(kind["kwargs"]) if words else ""


def _not_null(given: Mapping[str, Any]) -> str:
    return f"`{given['column_name']}` is never null."


def _never_null(given: Mapping[str, Any]) -> str:
    columns = given["columns"]
    return f"{_listed(columns)} {'is' if len(columns) == 1 else 'are'} never null."


def _unique(given: Mapping[str, Any]) -> str:
    return f"No two rows have the same `{given['column_name']}`."


def _accepted_values(given: Mapping[str, Any]) -> str:
    return f"`{given['column_name']}` is null or one of: {', '.join(map(str, given['values']))}."


def _relationships(given: Mapping[str, Any]) -> str:
    table = ".".join(re.findall(r"['\"]([^'\"]+)['\"]", given["to"]))
    return f"Every `{given['column_name']}` is null or found in `{given['field']}` of `{table}`."


def _unique_key(given: Mapping[str, Any]) -> str:
    columns = given["columns"]
    if len(columns) == 1:
        return f"No two rows have the same `{columns[0]}`, and it is never null."
    return f"No two rows have the same {_listed(columns)}, and none of these is null."


def _holds(given: Mapping[str, Any]) -> str:
    rule = str(given["rule"])
    if "\n" in rule:
        return f"True of every row:\n\n```sql\n{rule}\n```"
    return f"True of every row: `{rule}`."


def _periods_do_not_overlap(given: Mapping[str, Any]) -> str:
    return (
        f"Of rows with the same {_listed(given['key'])} none begins to be known before the one "
        "before it has ended."
    )


def _reviewed_countries(given: Mapping[str, Any]) -> str:
    return (
        f"Every spelling of a country in `{given['column_name']}` has been reviewed. A warning: "
        "records with one that has not count as UNLOCATED until it has a row in the seed "
        "`country_spellings`."
    )


def _listed(columns: Sequence[str]) -> str:
    *first, last = (f"`{column}`" for column in columns)
    return f"{', '.join(first)} and {last}" if first else last


_WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "not_null": _not_null,
    "never_null": _never_null,
    "unique": _unique,
    "accepted_values": _accepted_values,
    "relationships": _relationships,
    "unique_key": _unique_key,
    "holds": _holds,
    "periods_do_not_overlap": _periods_do_not_overlap,
    "reviewed_countries": _reviewed_countries,
}
"""By the name of a generic test, dbt's own and those of `dbt_project/data_tests/generic/`."""
