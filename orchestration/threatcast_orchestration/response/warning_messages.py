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
from threatcast_orchestration.response.wording import in_order, said_of, words_of

if TYPE_CHECKING:
    from threatcast_publishing.marks import Mark
    from threatcast_publishing.site.message_words import MessageWords

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
    public_url: str = ""

    def message(self, form: Form, channel: AnyChannel, kept: Sequence[KeptWarning]) -> Message:
        """Return a message on warnings that were kept."""
        rows = in_order([one.row for one in kept])
        ends = {one.row.warning_id: one.state for one in kept} if form == "end" else {}
        told = tuple(Told(warning_id=one.row.warning_id, level=one.row.level,
                          release_id=one.release_id) for one in kept)  # fmt: skip
        name = self._name(form, told)
        subject = self._subject(form, rows)
        lines = [line for row in rows[:MOST_LINES] for line in self._lines(row, form, ends)]
        if len(rows) > MOST_LINES:
            lines.append(self._words.more(len(rows) - MOST_LINES))
        foot = self._words.foot(asks=form != "end")
        text = "\n".join([*self._marked(), *lines, "", *foot])
        body = {
            "id": name,
            "text": f"{subject}\n{text}",
            "form": form,
            "playbook": self.playbook.name,
            "language": self.playbook.language,
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

    @property
    def _words(self) -> MessageWords:
        return words_of(self.playbook.language)

    def _marked(self) -> list[str]:
        return [self._words.mark(self.mark.text)] if self.mark else []

    def _subject(self, form: Form, rows: Sequence[WarningRow]) -> str:
        before = f"{self.mark.word} " if self.mark else ""
        said = self._words.subject(form, [said_of(row) for row in rows])
        return f"{before}Threatcast: {said}"

    def _lines(self, row: WarningRow, form: Form, ends: Mapping[str, str]) -> list[str]:
        """Return what is said of a warning; a digest is short, and leads nowhere else."""
        facts = said_of(row)
        if form == "end":
            return [f"[{row.warning_id}] {self._words.ended(facts, ends[row.warning_id])}"]
        if form == "digest":
            return [f"[{row.warning_id}] {self._words.in_short(facts)}"]
        links = self._links(row)
        more = self._words.links(links.get("page", ""), *links.get("guidance", ())[:1])
        return [f"[{row.warning_id}] {self._words.sentence(facts)}", *more]

    def _links(self, row: WarningRow) -> dict[str, Any]:
        """Return where the site tells of a warning and of what can be done, if it is known."""
        if not self.public_url:
            return {}
        root, facts = self.public_url.rstrip("/"), said_of(row)
        guidance = [f"{root}/{part}" for part in self._words.parts_of_guidance(facts)]
        return {"page": f"{root}/{self._words.page(facts)}", "guidance": guidance}

    def _facts(self, row: WarningRow, ends: Mapping[str, str]) -> dict[str, Any]:
        facts = row.model_dump(mode="json") | {"is_threat": row.is_threat}
        facts["sentence"] = self._words.sentence(said_of(row))
        return facts | self._links(row) | ({"ended_as": ends[row.warning_id]} if ends else {})
