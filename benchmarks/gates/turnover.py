"""Honest next vintages of lists of now: some entries leave, and new ones like the newest come."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date, timedelta
from hashlib import sha256
from math import ceil
from typing import TYPE_CHECKING

from .dates import day_in, moved
from .growth import HONEST, Change, address_near
from .wire import LIST, Copy, tool_of

if TYPE_CHECKING:
    from random import Random

    from .past import Atlas, Past
    from .wire import Record

STOCK_TOOL = "7777 Botnet"
"""A botnet that is left out of the counts; nothing is made of it."""
ORDER_LAGS = (*range(12, 18), *range(5, 12), *range(27, 45))
"""Weeks back to the orders that are given again; between them the collector was down."""
POST_LAGS = tuple(range(1, 33))
"""Weeks back to the posts that come again: all recorded, and of the same reporters."""
WINDOW_LAG = 20
"""Weeks back to the window whose pages come again."""
RECENT = 6
"""Payloads back, whose arrivals since tell what new entries look like."""


def addresses(
    past: Past, copy: Copy, day: date, chance: Random, atlas: Atlas, change: Change = HONEST
) -> Copy:
    """Return a list of addresses a week later: as many leave and come as in the last weeks.

    Parameters
    ----------
    past : Past
        What was recorded: tells how many come and go.
    copy : Copy
        The list of a week before; of a bundle each tool for itself.
    day, chance, atlas, change
    """
    del day
    last = past.newest_day
    older = past.steps_before(last, RECENT) or past.newest()
    newest = past.newest()
    span = max(1, (last - past.landed[-1 - min(RECENT, len(past.landed) - 1)].day).days)
    was, now = _by_list(older), _by_list(newest)
    found = copy.twin()
    by_list = _by_list(copy)
    found.records = []
    for name, entries in by_list.items():
        gone = len(was.get(name, set()) - now.get(name, set())) * 7 / span
        came = sorted(now.get(name, set()) - was.get(name, set()))
        per_week = len(came) * 7 / span
        kept = _thinned(sorted(entries), int(gone), chance)
        counts = tool_of(name) != STOCK_TOOL
        models = [(one, change.of(atlas.country(one))) for one in came] if counts else []
        new = _near(models, per_week, entries, chance)
        rows = sorted({*kept, *new}, key=_number)
        found.records += [_row(copy, name, one) for one in rows]
    return found


def _by_list(copy: Copy) -> dict[str, set[str]]:
    lists: dict[str, set[str]] = defaultdict(set)
    for one in copy.records:
        lists[one.get(LIST, "")].add(one["address"])
    return dict(lists)


def _row(copy: Copy, name: str, address: str) -> Record:
    return {"address": address} if copy.shape.form == "lines" else {LIST: name, "address": address}


def _thinned(entries: list[str], gone: int, chance: Random) -> list[str]:
    leave = set(chance.sample(entries, min(gone, len(entries) // 2)))
    return [one for one in entries if one not in leave]


def _near(
    models: list[tuple[str, float]], per_week: float, taken: set[str], chance: Random
) -> set[str]:
    """Return new addresses, each of the network of one that came in the last weeks."""
    new: set[str] = set()
    for address, factor in models:
        if address.count(".") != 3:
            continue
        wanted = factor * per_week / len(models)
        for _ in range(int(wanted) + (chance.random() < wanted % 1)):
            made = address_near(address, chance)
            if made not in taken:
                new.add(made)
    return new


def _number(address: str) -> tuple[int, ...]:
    parts = address.split(".")
    return tuple(int(one) for one in parts) if len(parts) == 4 else (256,)


def windows(past: Past, copy: Copy, day: date, chance: Random) -> Copy:
    """Return a window of phishing URLs: those of some weeks ago under names of their own."""
    found = copy.twin()
    donor = past.by(day - timedelta(weeks=WINDOW_LAG)) or past.newest()
    lines = donor.values("url")[: len(copy.records)]
    found.records = [
        {"url": re.sub("://(?:www[.])?", f"://n{chance.randrange(10**5)}-", line, count=1)}
        for line in lines
    ]
    return found


def orders(past: Past, copy: Copy, day: date, chance: Random, change: Change = HONEST) -> Copy:
    """Return a week of target lists: those of an earlier week, with other hosts.

    A host that had been a target in the four weeks before stays one of the newest hosts, so that
    new hosts are as many as they were.
    """
    found = Copy(copy.feed, copy.ext, [], [])
    turns = max(1, ceil(change.factor))
    for turn, lag in enumerate(ORDER_LAGS[:turns]):
        donor_day = day - timedelta(weeks=lag)
        donor = past.by(donor_day)
        if donor is None:
            continue
        earlier = [past.by(donor_day - timedelta(weeks=back)) for back in range(1, 5)]
        known = {host for one in earlier if one for host in one.values("host")}
        names = _renaming(copy, donor, known, f"{lag}{donor_day}", chance)
        shares = {host: change.of(_country_of(host)) - turn for host in set(donor.values("host"))}
        chosen = {host for host in sorted(shares) if chance.random() < shares[host]}
        for one in donor.records:
            if one["host"] in chosen and names.get(one["host"]) and _in_week(one[LIST], donor_day):
                row = one | {LIST: moved(one[LIST], 7 * lag), "host": names[one["host"]]}
                found.records.append(row)
    found.shell = sorted({one[LIST] for one in found.records})
    return found


def posts(past: Past, copy: Copy, day: date, chance: Random, change: Change = HONEST) -> Copy:
    """Return a week of posts: those of earlier weeks, the hosts that were new then new again.

    A host that had been posted in the weeks before the donor's keeps its name.
    """
    found = copy.twin()
    found.records = []
    recorded = [lag for lag in POST_LAGS if day - timedelta(weeks=lag) <= past.newest_day]
    for turn, lag in enumerate(recorded[: max(1, ceil(change.factor))]):
        donor_day = day - timedelta(weeks=lag)
        donor = past.by(donor_day)
        if donor is None:
            continue
        earlier = [past.by(donor_day - timedelta(weeks=back)) for back in range(1, RECENT)]
        known = {host_of(text) for one in earlier if one for text in one.values("value")}
        hosts = sorted({host_of(text) for text in donor.values("value")})
        chosen = {host for host in hosts if chance.random() < change.factor - turn}
        names = {host: host if host in known else _host_like(host, day, chance) for host in chosen}
        for one in donor.records:
            host = host_of(one["value"])
            if host in chosen and _in_week(one["posted"], donor_day):
                value = one["value"].replace(host, names[host])
                row = {"posted": moved(one["posted"], 7 * lag), "value": value}
                found.records.append(one | row)
    found.records.sort(key=lambda one: str(one["posted"]))
    return found


def host_of(text: str) -> str:
    """Return the host of what a post names; a hash is a host of its own here.

    >>> host_of("https://a@x.example:8080/y"), host_of("x.example"), host_of("192.0.2.1")
    ('x.example', 'x.example', '192.0.2.1')
    """
    match = re.match(r"(?:\w+://)?(?:[^/@]*@)?([^/:?#]+)", text)
    return match[1] if match else text


def _host_like(host: str, day: date, chance: Random) -> str:
    if re.fullmatch(r"\d+([.]\d+){3}", host):
        return address_near(host, chance)
    return f"n{sha256(f'{day}{host}'.encode()).hexdigest()[:6]}-{host}"


def _in_week(name: str, last: date) -> bool:
    listed = day_in(name)
    return listed is not None and last - timedelta(days=7) < listed <= last


def _renaming(
    copy: Copy, donor: Copy, known: set[str], salt: str, chance: Random
) -> dict[str, str]:
    """Return a new name for each host: a host known before gets that of one of the last list."""
    pool: dict[str, list[str]] = defaultdict(list)
    for host in sorted(set(copy.values("host"))):
        pool[host.rpartition(".")[2]].append(host)
    for hosts in pool.values():
        chance.shuffle(hosts)
    names = {}
    for host in sorted(set(donor.values("host"))):
        rest = host.partition(".")[2]
        if host in known:
            hosts = pool[host.rpartition(".")[2]]
            names[host] = hosts.pop() if hosts else ""
        else:
            names[host] = f"h-{sha256(f'{salt}{host}'.encode()).hexdigest()[:12]}.{rest}"
    return names


def _country_of(host: str) -> str:
    ending = host.rpartition(".")[2].upper()
    return "GB" if ending == "UK" else ending
