"""What a feed's records mean: the part of its gate's YAML that the judging of meaning reads.

Each column is an expression of DuckDB over the feed's raw rows. Knows nothing of any feed.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal["cumulative", "window", "parts", "table", "ranges"]


class Meaning(BaseModel):
    """The records of one feed.

    `kind` says what a payload is: `cumulative` all records that ever were, with their days;
    `window` a list of what stands now, whose events are keys never seen before; `parts` the new
    lists of a span of days; `table` something to look up; `ranges` a table of ranges, whose
    `key` is where each begins (text that sorts as the ranges do).

    `place` and `category` are null where a record has none; `place_is` is the word for what stands
    for a place. `alike` are the columns that no two
    records share by chance, without the key. Records of another `edition` (a release of other
    scope, another form) are not held against each other. `step_days` is the usual time between
    copies; learnt if left out. `bounds` and `least` replace those of `checks.CHECKS` by name;
    `warns` are checks that warn of this feed, because its honest copies do so now and then.
    `must_have` names fields that records have, with what is empty or null where one has not: one
    that loses its values in the newest weeks is a warning of the data, and so is `day`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    key: tuple[str, ...] = Field(min_length=1)
    day: str = "null"
    place: str = "null"
    place_is: str = "place"
    category: str = "null"
    alike: tuple[str, ...] = ()
    edition: str = "null"
    where: str = "true"
    step_days: float | None = Field(default=None, gt=0)
    bounds: dict[str, float] = {}
    least: dict[str, float] = {}
    warns: tuple[str, ...] = ()
    must_have: dict[Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")], str] = {}

    @model_validator(mode="after")
    def _fields_have_weeks(self) -> Meaning:
        if self.must_have and self.day == "null":
            msg = "must_have is of records with days, and there is no day. Say `day`, or leave it"
            raise ValueError(msg)
        return self
