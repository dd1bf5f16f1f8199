"""A row of the table `warnings` as this room knows it: its columns, and nothing else."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from threatcast_forecasting.warning.warning_kinds import THREAT_KINDS

from threatcast_orchestration.errors import OrchestrationError

if TYPE_CHECKING:
    import pandas as pd

Level = Literal["watch", "elevated", "severe"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""From the least; as in `threatcast_forecasting.warning.budget`."""


def rank(level: Level | None) -> int:
    """Return the place of a level in `LEVELS`; -1 for none."""
    return LEVELS.index(level) if level else -1


def _unset(value: Any) -> Any:
    """Return None for what a frame holds where nothing is known."""
    # NaN and NaT are the values that do not equal themselves; pandas' own NA refuses to say
    return None if type(value).__name__ == "NAType" or value != value else value


def _number(value: Any) -> Any:
    """Return None for what is no number, infinity included: JSON knows none of them."""
    value = _unset(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _day(value: Any) -> Any:
    """Return the day of a moment, as frames hold days."""
    return value.date() if hasattr(value, "date") and _unset(value) is not None else _unset(value)


def _names(value: Any) -> Any:
    """Return the names of a list with commas."""
    value = _unset(value)
    if not isinstance(value, str | None):
        return value
    return tuple(name.strip() for name in (value or "").split(",") if name.strip())


def _text(value: Any) -> Any:
    return _unset(value) or ""


Day = Annotated[date | None, BeforeValidator(_day)]
Number = Annotated[float | None, BeforeValidator(_number)]
Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
Text = Annotated[str, BeforeValidator(_text)]


class WarningRow(BaseModel):
    """One warning as a release tells it; a column that is not listed here goes no further."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    warning_id: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{4,64}$")]
    reference_date: Day
    kind: str
    level: Level
    target: str
    location: Text
    detail: Text
    since: Day
    week: Day
    observed: Number
    observed_upper: Number
    expected: Number
    expected_low: Number
    expected_high: Number
    peak: Number
    peak_week: Day
    evidence: Number
    stands_out: Annotated[bool | None, BeforeValidator(_unset)]
    behind: Text
    forecasts_of: Text
    agrees: Names
    disagrees: Names

    @property
    def is_threat(self) -> bool:
        """Whether it is of the world; a kind that is not known is held for one of the data."""
        return self.kind in THREAT_KINDS

    def says_the_same_as(self, other: WarningRow) -> bool:
        """Whether two nights say the same, whichever day they were."""
        apart = {"reference_date"}
        return self.model_dump(exclude=apart) == other.model_dump(exclude=apart)


COLUMNS_OF_WARNINGS = tuple(WarningRow.model_fields)


def rows_of(frame: pd.DataFrame) -> list[WarningRow]:
    """Return the warnings of a frame that has the columns of the table `warnings`.

    Raises
    ------
    OrchestrationError
        Names the column that is absent, or the row and column that cannot be read.
    """
    lacking = [name for name in COLUMNS_OF_WARNINGS if name not in frame.columns]
    if lacking:
        raise OrchestrationError(
            f"The table warnings lacks {', '.join(lacking)}. No warning was recorded or told. It "
            "is of another version of Threatcast: make a release with this one: threatcast run"
        )
    rows = []
    facts = frame[list(COLUMNS_OF_WARNINGS)].astype(object).to_dict("records")
    for number, fact in enumerate(facts, 1):
        try:
            rows.append(WarningRow.model_validate(fact))
        except ValidationError as error:
            first = error.errors()[0]
            raise OrchestrationError(
                f"The table warnings, row {number}, {'.'.join(map(str, first['loc']))}: "
                f"{first['msg'].lower()}. No warning was recorded or told. The release stays; "
                "say what this row holds to whoever maintains Threatcast."
            ) from error
    return rows
