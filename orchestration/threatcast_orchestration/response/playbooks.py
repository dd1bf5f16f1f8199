"""What a playbook may say: which warnings go where, when, and what if nobody answers."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime, time
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from threatcast_forecasting.warning.warning_kinds import DATA_KINDS, KINDS, THREAT_KINDS

from threatcast_orchestration.response.secret_values import REFERENCE, names_in
from threatcast_orchestration.response.warning_rows import Level, WarningRow, rank
from threatcast_orchestration.run.project import SEEDS

_GROUPS = {"data": DATA_KINDS, "threats": THREAT_KINDS}


def _secret(text: str) -> str:
    if not REFERENCE.search(text):
        # the value is not shown: it may be the secret itself
        raise ValueError("it may let others in, so name a variable of the environment: ${NAME}")
    return text


def _clock_time(value: Any) -> Any:
    """Return the time of a text; 22:00 without quotes is a number to YAML, of minutes."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:
        return time(*divmod(value, 60))
    if isinstance(value, str):
        try:
            return time.fromisoformat(value.zfill(5))
        except ValueError:
            pass
    raise ValueError('it is no time of the day; write it as "22:00"')


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"there is no time zone {name!r}; known are such as Europe/Berlin, UTC")
    return name


def _language(code: str) -> str:
    from threatcast_publishing.site.languages import LANGUAGES

    if code not in LANGUAGES:
        raise ValueError(f"there is no language {code!r}; known are {', '.join(LANGUAGES)}")
    return code


def _kinds(value: Any) -> Any:
    """Return the kinds of a list, in which `data` and `threats` stand for all of theirs."""
    if not isinstance(value, list):
        return value
    return [kind for name in value for kind in _GROUPS.get(name, (name,))]


def _kind(name: str) -> str:
    if name not in KINDS:
        raise ValueError(f"there is no kind {name!r}; known: {', '.join((*_GROUPS, *KINDS))}")
    return name


def _target(name: str) -> str:
    if name not in _targets():
        raise ValueError(f"there is no target {name!r}; known: {', '.join(_targets())}")
    return name


def _place(code: Any) -> Any:
    if code is False:
        raise ValueError('to YAML a bare NO is a no; Norway wants quotes: "NO"')
    if code not in _parents():
        raise ValueError(
            f"there is no place {code!r}; they are such as DE, M49-150 and WORLD, as in the table "
            "locations"
        )
    return code


Kind = Annotated[str, AfterValidator(_kind)]
Target = Annotated[str, AfterValidator(_target)]
Place = Annotated[str, BeforeValidator(_place)]
Secret = Annotated[str, AfterValidator(_secret)]
ClockTime = Annotated[time, BeforeValidator(_clock_time)]


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Limit(_Facts):
    """How many messages a channel gets at most, whichever playbooks use it."""

    messages: Annotated[int, Field(ge=1)] = 10
    hours: Annotated[float, Field(gt=0)] = 1.0


class Webhook(_Facts):
    """A JSON body is posted to an address."""

    kind: Literal["webhook"]
    url: Secret
    headers: dict[str, Secret] = {}
    limit: Limit = Limit()

    @property
    def label(self) -> str:
        """What the record and messages call it."""
        return f"webhook {self.url}"


class Chat(_Facts):
    """A text is given to a chat or a paging service, in the address form of Apprise."""

    kind: Literal["chat"]
    url: Secret
    limit: Limit = Limit()

    @property
    def label(self) -> str:
        """What the record and messages call it."""
        return f"chat {self.url}"


class Mailbox(_Facts):
    """A text is mailed over SMTP."""

    kind: Literal["email"]
    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: Secret | None = None
    sender: Annotated[str, Field(pattern=r"^[^\s@]+@[^\s@]+$")]
    to: Annotated[list[Annotated[str, Field(pattern=r"^[^\s@]+@[^\s@]+$")]], Field(min_length=1)]
    limit: Limit = Limit()

    @model_validator(mode="after")
    def _keep_the_password_secret(self) -> Mailbox:
        if self.password and self.security == "none":
            msg = "a password is only sent over starttls or tls; security is none"
            raise ValueError(msg)
        return self

    @property
    def label(self) -> str:
        """What the record and messages call it."""
        return f"email to {', '.join(self.to)}"


class TextFile(_Facts):
    """A line of JSON is added to a file; a path that is not absolute is below the home."""

    kind: Literal["file"]
    path: Annotated[str, Field(min_length=1)]
    limit: Limit = Limit()

    @property
    def label(self) -> str:
        """What the record and messages call it."""
        return f"file {self.path}"


Channel = Annotated[Webhook | Chat | Mailbox | TextFile, Field(discriminator="kind")]


class Match(_Facts):
    """Which warnings a playbook is for; without any key, threats and data of `elevated` and up.

    Attributes
    ----------
    places, within
        Only these places; these places and all that lie in them. A fault of a whole feed touches
        all of its places, and passes.
    stands_out
        Whether a surge or drop must also stand out among all series of its night. True unless
        said: each series alone may warn falsely twice a year, and of thousands some do every night.
    """

    level: Level = "elevated"
    kinds: Annotated[list[Kind], BeforeValidator(_kinds), Field(min_length=1)] = list(KINDS)
    targets: Annotated[list[Target], Field(min_length=1)] | None = None
    places: Annotated[list[Place], Field(min_length=1)] | None = None
    within: Annotated[list[Place], Field(min_length=1)] | None = None
    agreement: Literal["any", "agreed", "undisputed"] = "any"
    stands_out: bool = True

    def takes(self, row: WarningRow) -> bool:
        """Whether a warning is one of these."""
        return (
            rank(row.level) >= rank(self.level)
            and row.kind in self.kinds
            and (self.targets is None or row.target in self.targets)
            and self._is_about(row)
            and (self.agreement != "agreed" or bool(row.agrees))
            and (self.agreement != "undisputed" or not row.disagrees)
            # faults of data and what is new are found without evidence, and none is asked of them
            and (not self.stands_out or row.evidence is None or bool(row.stands_out))
        )

    def _is_about(self, row: WarningRow) -> bool:
        if self.places is None and self.within is None:
            return True
        place = row.location or "WORLD"
        if place == "WORLD" and not row.is_threat:
            return True
        return place in (self.places or ()) or not set(self.within or ()).isdisjoint(_around(place))


class QuietHours(_Facts):
    """When nothing is sent but what cannot wait; the rest goes when they are over."""

    start: ClockTime
    end: ClockTime
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    unless: Level | None = "severe"

    def hold(self, now: datetime) -> bool:
        """Whether it is quiet now."""
        here = now.astimezone(ZoneInfo(self.timezone)).time()
        if self.start <= self.end:
            return self.start <= here < self.end
        return here >= self.start or here < self.end


class Digest(_Facts):
    """More new warnings than this at once are one message."""

    above: Annotated[int, Field(ge=1)] = 5


class Escalation(_Facts):
    """Whom to tell if nobody acknowledges; without a channel, the same one again."""

    after_hours: Annotated[float, Field(gt=0)]
    level: Level = "elevated"
    channel: Channel | None = None


class Playbook(_Facts):
    """One playbook; its name is its file's."""

    name: str
    match: Match = Match()
    channel: Channel
    quiet_hours: QuietHours | None = None
    escalate: Escalation | None = None
    digest: Digest = Digest()
    language: Annotated[str, AfterValidator(_language)] = "en"
    tell_end: list[Literal["withdrawn", "gone"]] = ["withdrawn"]

    @property
    def channels(self) -> list[Webhook | Chat | Mailbox | TextFile]:
        """Its channel, and that of its escalation if it has another one."""
        other = self.escalate.channel if self.escalate else None
        return [self.channel, *([other] if other else [])]

    @property
    def variables(self) -> list[str]:
        """Variables of the environment that it needs."""
        text = "".join(channel.model_dump_json() for channel in self.channels)
        return list(dict.fromkeys(names_in(text)))


@cache
def _targets() -> tuple[str, ...]:
    return tuple(row["target"] for row in _seed("targets"))


@cache
def _parents() -> dict[str, str]:
    return {row["location"]: row["parent"] for row in _seed("locations")}


def _around(place: str) -> Iterator[str]:
    """Yield a place and the places that it lies in."""
    while place:
        yield place
        place = _parents().get(place, "")


def _seed(name: str) -> Iterator[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
