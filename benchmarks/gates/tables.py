"""The figures as Markdown: for the screen, and for `docs/results/gates.md`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from .ends import ENDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .replay import Replayed
    from .surges import Surged
    from .trials import Trial, Tried

MOST_HONEST = 1 / 400
LEAST_GOOD = 0.95
MOST_BLANK = 2
LONGEST = 160
_MARKS = {"set aside": "a", "missing": "m", "withheld": "h", "harmless": "·", "stopped": "!",
          "warned": "W", "silent": "S"}  # fmt: skip


def replay_part(found: Sequence[Replayed]) -> str:
    """Return the table of the recordings, and each vintage that was set aside."""
    rows = [
        (one.feed, len(one.past), len(one.refused), one.warned, max(one.blank.values(), default=0))
        for one in found
    ]
    count, refused = sum(row[1] for row in rows), sum(row[2] for row in rows)
    head = ("feed", "vintages", "set aside", "warned", "most nights blank after a dated break")
    said = (
        f"{refused} of {count} recorded vintages set aside (1 in {count / refused:.0f})"
        if refused
        else f"none of {count} recorded vintages set aside"
    )
    parts = ["## Recordings, replayed", said + f"; at most {MOST_HONEST * count:.0f} may be."]
    parts.append(table(head, rows))
    lines = [
        (one.feed, past.day, past.state, _short(past.said)) for one in found for past in one.refused
    ]
    if lines:
        parts.append(table(("feed", "day", "state", "why"), lines))
    return "\n\n".join(parts)


def faults_part(tried: Sequence[Tried], name: str) -> str:
    """Return kinds by feeds, the totals, and each fault that became wrong numbers."""
    trials = [trial for one in tried for trial in one.trials]
    feeds = [one.feed for one in tried]
    ends = {(trial.kind, trial.feed): trial.ended.end for trial in trials}
    kinds = list(dict.fromkeys(trial.kind for trial in trials))
    rows = [
        (kind, *(_MARKS.get(ends.get((kind, feed), ""), "") for feed in feeds)) for kind in kinds
    ]
    totals = Counter(trial.ended.end for trial in trials)
    good = sum(trial.ended.is_good for trial in trials)
    share = good / len(trials) if trials else 0.0
    said = (
        f"{len(trials)} faults of {len(kinds)} kinds: {good} ({share:.1%}) end as set aside, "
        f"missing, withheld or harmless; {totals['silent']} as wrong numbers without a word."
    )
    parts = [f"## Faults: {name}", said]
    parts.append(table(("end", "faults"), [(end, totals[end]) for end in ENDS]))
    legend = ", ".join(f"{mark} {end}" for end, mark in _MARKS.items())
    parts.append(f"By kind and feed ({legend}):\n\n" + table(("kind", *feeds), rows))
    parts += [_wrong(trials), _honest(tried)]
    return "\n\n".join(part for part in parts if part)


def _wrong(trials: Iterable[Trial]) -> str:
    bad = sorted(
        (trial for trial in trials if not trial.ended.is_good),
        key=lambda trial: (-ENDS.index(trial.ended.end), trial.feed, trial.kind),
    )
    lines = [
        (
            trial.ended.end.upper() if trial.ended.end == "silent" else trial.ended.end,
            trial.feed,
            trial.kind,
            len(trial.ended.differences),
            _short(trial.ended.differences[:2]),
            _short(trial.ended.said),
        )
        for trial in bad
    ]
    head = ("end", "feed", "kind", "numbers wrong", "for example", "said")
    return table(head, lines) if lines else ""


def _honest(tried: Sequence[Tried]) -> str:
    lines = [
        (one.feed, day, judged.refused_by or "warned", _short(judged.said))
        for one in tried
        for day, judged in one.honest
        if judged.said
    ]
    if not lines:
        return "No honest vintage that faults were put on was complained of."
    return "Honest vintages that were complained of:\n\n" + table(
        ("feed", "day", "by", "said"), lines
    )


def surges_part(surged: Sequence[Surged], notes: Iterable[str]) -> str:
    """Return the surges by feed, and each that was not published."""
    feeds = list(dict.fromkeys(one.surge.feed for one in surged))
    rows = []
    for feed in feeds:
        own = [one for one in surged if one.surge.feed == feed]
        up = [one for one in own if one.surge.factor > 1]
        down = [one for one in own if one.surge.factor < 1]
        rows.append(
            (
                feed,
                *(f"{sum(one.published for one in part)} of {len(part)}" for part in (up, down)),
                sum(bool(one.warned) for one in own),
            )
        )
    good = sum(one.published for one in surged)
    share = good / len(surged) if surged else 0.0
    parts = [
        "## True surges and drops",
        f"{good} of {len(surged)} ({share:.1%}) are published, each week on its own night; "
        f"{LEAST_GOOD:.0%} should be.",
        table(("feed", "surges published", "drops published", "with a warning"), rows),
        *(f"Left out: {note}." for note in notes),
    ]
    lines = [
        (
            one.surge.feed,
            one.surge.name,
            one.state,
            one.missing,
            _short([f"week {week}: {why}" for week, why in one.refused[:2]]),
        )
        for one in surged
        if not one.published
    ]
    if lines:
        parts.append(table(("feed", "surge", "state", "weeks missing", "set aside"), lines))
    return "\n\n".join(parts)


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _short(said: Iterable[object]) -> str:
    text = "; ".join(str(one) for one in said).replace("|", "/").replace("\n", " ")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
