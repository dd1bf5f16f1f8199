"""Simulated windows of the newest phishing URLs, on hosts that are kept for examples.

Quirks kept: the window shrinks from 500 to 300 in May 2025 and stands still before that, one
campaign fills most of some windows, a user name that looks like the host, an underscore.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np

from threatcast_feeds.simulation import World
from threatcast_feeds.simulation.calendars import sundays

FIRST_VINTAGE = date(2024, 10, 13)
SHRUNK_ON = date(2025, 5, 2)
PAUSE = (date(2025, 4, 21), SHRUNK_ON)
SHORT = date(2026, 1, 25)
# the suffixes' shares of the hosts, in the first and in the last window
MIX = {
    **dict.fromkeys(("com", "org", "net"), (0.17, 0.14)),
    "io": (0.10, 0.16),
    **dict.fromkeys(("au", "cn"), (0.05, 0.06)),
    **dict.fromkeys(("id", "cl", "br"), (0.03, 0.04)),
    **dict.fromkeys(("de", "es", "ru", "fr", "in", "uk"), (0.02, 0.015)),
}
PATHS = ("", "verify/", "login.php", "index.html#user", "wp-content/x.php", "?id={number}")


def payloads(world: World) -> Iterator[tuple[date, str, bytes]]:
    """Yield the window of every Sunday, newest first."""
    chance = world.generator("openphish")
    days = sundays(FIRST_VINTAGE, world.end)
    for place, day in enumerate(days):
        lines = _window(chance, place, place / len(days), _size(day))
        if not PAUSE[0] <= day < PAUSE[1]:
            yield day, "txt", "".join(f"{line}\n" for line in lines).encode()


def _size(day: date) -> int:
    if day == SHORT:
        return 237
    return 500 if day < SHRUNK_ON else 300


def _window(chance: np.random.Generator, place: int, progress: float, size: int) -> list[str]:
    weights = np.array([first + (last - first) * progress for first, last in MIX.values()])
    suffixes = chance.choice(list(MIX), size=size, p=weights / weights.sum())
    massed = int(size * 0.6) if place % 20 == 0 else 0
    lines = []
    for line, suffix in enumerate(suffixes):
        number = place * 500 + line
        if line < massed:
            lines.append(f"https://campaign-{place}.example.com/{number}/")
            continue
        label = f"{'sign_in' if number % 97 == 0 else 'sign-in'}-{number}"
        host = f"{label}.example.{suffix}"
        if number % 211 == 0:
            host = f"www.bank.example%2f@{host}"
        path = PATHS[int(chance.integers(len(PATHS)))].format(number=number)
        lines.append(f"{'http' if number % 9 == 0 else 'https'}://{host}/{path}")
    return [lines[position] for position in chance.permutation(size)]
