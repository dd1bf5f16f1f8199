"""What a playbook has to tell now: each warning once at each level, not at night, not in a flood.

Nothing is sent here and nothing recorded. A message that is not sent now, whatever the reason, is
due again the next time somebody asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from threatcast_orchestration.response.warning_events import Form, Told, within
from threatcast_orchestration.response.warning_messages import Message, MessageWriter
from threatcast_orchestration.response.warning_rows import LEVELS, Level, rank

if TYPE_CHECKING:
    from threatcast_publishing.marks import Mark

    from threatcast_orchestration.response.playbooks import Playbook
    from threatcast_orchestration.response.warning_states import KeptWarning, KnownWarnings

HOUR = 3600


@dataclass
class Due:
    """What is due of one playbook: messages for now, and how many warnings wait, and for what."""

    messages: list[Message] = field(default_factory=list)
    quiet: int = 0
    limited: int = 0


def due_messages(
    playbook: Playbook,
    known: KnownWarnings,
    now: datetime,
    mark: Mark | None = None,
    public_url: str = "",
) -> Due:
    """Return what a playbook has to tell now.

    Parameters
    ----------
    mark
        What must be said of numbers that no feed gave today.
    public_url
        Where the world finds the site; empty if messages are to lead nowhere.
    """
    past = _Past.of(playbook, known)
    due = Due()
    quiet = playbook.quiet_hours is not None and playbook.quiet_hours.hold(now)
    news = [kept for kept in known.warnings.values() if past.is_news(kept, playbook)]
    urgent = [kept for kept in known.warnings.values() if past.is_unanswered(kept, playbook, now)]
    if quiet:
        due.quiet = len(news) + len(urgent)
        news = [kept for kept in news if _passes(kept, playbook)]
        urgent = [kept for kept in urgent if _passes(kept, playbook)]
        due.quiet -= len(news) + len(urgent)
    write = MessageWriter(playbook, known, mark, public_url)
    ends = [] if quiet else past.ended(known, playbook)
    if ends:
        due.messages.append(write.message("end", playbook.channel, ends))
    if len(news) > playbook.digest.above:
        due.messages.append(write.message("digest", playbook.channel, news))
    else:
        due.messages += [write.message("warning", playbook.channel, [kept]) for kept in news]
    _limit(due, known, now, write, news)
    if urgent:
        other = playbook.escalate.channel if playbook.escalate else None
        due.messages.append(write.message("escalation", other or playbook.channel, urgent))
        _limit(due, known, now, write, [])
    return due


def _passes(kept: KeptWarning, playbook: Playbook) -> bool:
    unless = playbook.quiet_hours.unless if playbook.quiet_hours else None
    return unless is not None and rank(kept.row.level) >= rank(unless)


@dataclass
class _Past:
    """What a playbook has told that still stands, and since when it tries to."""

    told: dict[str, Told] = field(default_factory=dict)
    escalated: dict[str, Level] = field(default_factory=dict)
    tried: dict[tuple[str, Level], datetime] = field(default_factory=dict)

    @classmethod
    def of(cls, playbook: Playbook, known: KnownWarnings) -> _Past:
        past = cls()
        for delivery in known.deliveries:
            if delivery.playbook == playbook.name:
                for one in delivery.told:
                    past._take(one, delivery.form, delivery.at, sent=delivery.sent)
        return past

    def _take(self, one: Told, form: Form, at: datetime, *, sent: bool) -> None:
        if form == "end":
            if sent:  # whoever heard that it is over is told anew if it comes back
                self.told.pop(one.warning_id, None)
                self.escalated.pop(one.warning_id, None)
                for level in LEVELS:
                    self.tried.pop((one.warning_id, level), None)
        elif form == "escalation":
            if sent:
                self.escalated[one.warning_id] = one.level
        else:
            self.tried.setdefault((one.warning_id, one.level), at)
            before = self.told.get(one.warning_id)
            if sent and (before is None or rank(one.level) > rank(before.level)):
                self.told[one.warning_id] = one

    def is_news(self, kept: KeptWarning, playbook: Playbook) -> bool:
        """Whether a warning is open, wanted, and not yet told at this level or a higher one."""
        told = self.told.get(kept.row.warning_id)
        return (
            kept.state == "open"
            and playbook.match.takes(kept.row)
            and rank(kept.row.level) > rank(told.level if told else None)
        )

    def is_unanswered(self, kept: KeptWarning, playbook: Playbook, now: datetime) -> bool:
        """Whether it was told, or should have been, so long ago that others must hear of it.

        A moment after now, before the clock was set back, counts as long ago: rather too early
        than never.
        """
        rule, name, level = playbook.escalate, kept.row.warning_id, kept.row.level
        tries = [
            when for (which, tried), when in self.tried.items()
            if which == name and rank(tried) >= rank(level)
        ]  # fmt: skip
        return (
            rule is not None
            and bool(tries)
            and kept.state == "open"
            and rank(level) >= rank(rule.level)
            and rank(level) > rank(self.escalated.get(name))
            and not within(tries[0], now, rule.after_hours * HOUR)
        )

    def ended(self, known: KnownWarnings, playbook: Playbook) -> list[KeptWarning]:
        """Return what was told and is over: its release was rolled back, or it is gone."""
        found = []
        for name, told in self.told.items():
            kept = known.warnings.get(name)
            if kept is None:
                continue
            is_withdrawn = told.release_id in known.withdrawn
            if ("withdrawn" in playbook.tell_end and is_withdrawn) or (
                "gone" in playbook.tell_end and kept.state == "gone"
            ):
                found.append(kept)
        return found


def _limit(
    due: Due, known: KnownWarnings, now: datetime, write: MessageWriter, news: Sequence[KeptWarning]
) -> None:
    """Keep to what the channel of the last message may still get: a digest first, then wait."""
    if not due.messages:
        return
    channel = due.messages[-1].channel
    span = channel.limit.hours * HOUR
    sent = sum(
        delivery.sent and delivery.channel == channel.label and within(delivery.at, now, span)
        for delivery in known.deliveries
    )
    left = max(channel.limit.messages - sent, 0)
    mine = [message for message in due.messages if message.channel.label == channel.label]
    if len(mine) > left and len(news) > 1:
        single = [message for message in mine if message.form == "warning"]
        due.messages = [message for message in due.messages if message not in single]
        if single:
            due.messages.append(write.message("digest", channel, news))
        mine = [message for message in due.messages if message.channel.label == channel.label]
    for message in mine[left:]:
        due.messages.remove(message)
        due.limited += len(message.told)
