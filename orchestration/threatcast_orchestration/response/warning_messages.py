"""A message of a playbook: its text for people, its body for programs, its id for both.

Texts and bodies are made of the rows of warnings, and of nothing else that a home holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from threatcast_orchestration.response.warning_events import Form, Told
from threatcast_orchestration.response.warning_rows import WarningRow
from threatcast_orchestration.response.wording import FOOT, headline, in_order, sentence, summary

if TYPE_CHECKING:
    from threatcast_publishing.marks import Mark

    from threatcast_orchestration.response.playbooks import (
        Chat,
        Mailbox,
        Playbook,
        TextFile,
        Webhook,
    )
    from threatcast_orchestration.response.warning_states import KeptWarning, KnownWarnings

    AnyChannel = Webhook | Chat | Mailbox | TextFile

MOST_LINES = 20
"""Warnings that a digest's text names."""
MOST_ROWS = 100
"""Warnings that a message's body holds in full."""


@dataclass(frozen=True)
class Message:
    """One message to one channel.

    Attributes
    ----------
    message_id : str
        The same if it has to be sent again, so that a receiver may leave out the second.
    told : tuple of Told
        What the record keeps of it.
    """

    playbook: str
    channel: AnyChannel
    form: Form
    message_id: str
    told: tuple[Told, ...]
    subject: str
    text: str
    body: dict[str, Any]


@dataclass
class MessageWriter:
    """Writes the messages of one playbook."""

    playbook: Playbook
    known: KnownWarnings
    mark: Mark | None

    def message(self, form: Form, channel: AnyChannel, kept: Sequence[KeptWarning]) -> Message:
        """Return a message on warnings that were kept."""
        rows = in_order([one.row for one in kept])
        ends = {one.row.warning_id: one.state for one in kept} if form == "end" else {}
        told = tuple(Told(warning_id=one.row.warning_id, level=one.row.level,
                          release_id=one.release_id) for one in kept)  # fmt: skip
        name = self._name(form, told)
        subject = self._subject(form, rows)
        lines = [self._line(row, form, ends) for row in rows[:MOST_LINES]]
        if len(rows) > MOST_LINES:
            lines.append(f"And {len(rows) - MOST_LINES:,} more.")
        text = "\n".join([*([self.mark.text] if self.mark else []), *lines, "", *self._foot(form)])
        body = {
            "id": name,
            "text": f"{subject}\n{text}",
            "form": form,
            "playbook": self.playbook.name,
            "mark": self.mark.text if self.mark else None,
            "releases": sorted({one.release_id for one in told}),
            "warnings": [self._facts(row, ends) for row in rows[:MOST_ROWS]],
            "left_out": max(len(rows) - MOST_ROWS, 0),
        }
        return Message(self.playbook.name, channel, form, name, told, subject, text, body)

    def _name(self, form: Form, told: tuple[Told, ...]) -> str:
        """Return an id that stays until the message is recorded, and never comes again."""
        mine = [one for one in self.known.deliveries if one.playbook == self.playbook.name]
        parts = [self.playbook.name, form, str(sum(one.sent for one in mine))]
        parts += sorted(one.model_dump_json() for one in told)
        return sha256("\0".join(parts).encode()).hexdigest()[:32]

    def _subject(self, form: Form, rows: Sequence[WarningRow]) -> str:
        before = f"{self.mark.word} " if self.mark else ""
        what = {
            "warning": "",
            "digest": "",
            "escalation": "nobody has acknowledged: ",
            "end": "no longer so: ",
        }[form]
        said = headline(rows[0]) if len(rows) == 1 else summary(rows)
        return f"{before}Threatcast: {what}{said}"

    def _line(self, row: WarningRow, form: Form, ends: Mapping[str, str]) -> str:
        if form != "end":
            return f"[{row.warning_id}] {sentence(row)}"
        why = "is gone" if ends[row.warning_id] == "gone" else "was said by a release taken back"
        return f"[{row.warning_id}] {why}: {sentence(row)}"

    def _foot(self, form: Form) -> list[str]:
        if form == "end":
            return [FOOT]
        return [
            "Say that you know: threatcast warnings ack ID. What it was: warnings close ID.",
            FOOT,
        ]

    def _facts(self, row: WarningRow, ends: Mapping[str, str]) -> dict[str, Any]:
        facts = row.model_dump(mode="json") | {"is_threat": row.is_threat}
        facts["sentence"] = sentence(row)
        return facts | ({"ended_as": ends[row.warning_id]} if ends else {})
