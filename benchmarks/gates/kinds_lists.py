"""Kinds: lists of addresses, hosts and pages that are of something else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .kinds import kind
from .kinds_dates import changed
from .kinds_rows import commonest
from .wire import LIST, encode

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from .grounds import Ground
    from .wire import Record


def _strange(chance: Random) -> str:
    return ".".join(str(chance.randrange(1, 223)) for _ in range(4))


def _first_list(ground: Ground) -> Record:
    """Return what else a new record needs: the largest list of a bundle, the newest days."""
    copy = ground.copy
    if copy.shape.form == "tools":
        return {LIST: commonest(copy, LIST)}
    return max(copy.records, key=lambda one: str(one[copy.shape.day])) if copy.shape.day else {}


def _with(ground: Ground, addresses: list[str]) -> bytes:
    copy, rest = ground.copy.twin(), _first_list(ground)
    copy.records = copy.records + [rest | {copy.shape.key: one} for one in addresses]
    return encode(copy)


def _readdressed(ground: Ground, new: Callable[[int, str], str]) -> bytes:
    key = ground.copy.shape.key
    return changed(ground, lambda number, one: one.update({key: new(number, one[key])}))


@kind
def one_network(ground: Ground) -> bytes | None:
    """Add ten weeks' worth of addresses of one network."""
    if not ground.copy.shape.is_address:
        return None
    count = 10 * ground.copy.shape.weekly
    return _with(ground, [f"45.{77 + n // 250 % 8}.{n % 250}.7" for n in range(count)])


@kind
def few_networks(ground: Ground) -> bytes | None:
    """Add the addresses of four whole networks of 256: ranges instead of hosts."""
    if not ground.copy.shape.is_address:
        return None
    count = 4 if ground.copy.shape.weekly < 500 else 12
    return _with(ground, [f"185.{200 + n}.17.{k}" for n in range(count) for k in range(256)])


@kind
def another_list_of_the_same_size(ground: Ground) -> bytes | None:
    if not ground.copy.shape.is_address:
        return None
    chance = ground.chance("another")
    return _readdressed(ground, lambda *_: _strange(chance))


@kind
def half_of_another_list(ground: Ground) -> bytes | None:
    if not ground.copy.shape.is_address:
        return None
    chance = ground.chance("half")
    return _readdressed(ground, lambda n, old: _strange(chance) if n % 2 else old)


@kind
def octets_reversed(ground: Ground) -> bytes | None:
    if not ground.copy.shape.is_address:
        return None
    return _readdressed(ground, lambda _, old: ".".join(old.split(".")[::-1]))


@kind
def joined_with_another_list(ground: Ground) -> bytes | None:
    """Add as many addresses as there are, spread over the world: the union with other feeds."""
    if not ground.copy.shape.is_address:
        return None
    chance = ground.chance("joined")
    return _with(ground, [_strange(chance) for _ in ground.copy.records])


@kind
def addresses_out_of_range(ground: Ground) -> bytes | None:
    if not ground.copy.shape.is_address:
        return None
    return _readdressed(ground, lambda n, old: old if n % 10 else re.sub(r"^\d+", "999", old))


def _on_hosts(ground: Ground, pattern: str, new: str) -> bytes | None:
    """Change the host of every record; the pattern's first group is the host."""
    form = ground.copy.shape.form
    if ground.copy.shape.key == "host":
        return changed(ground, lambda _, one: one.update(host=re.sub(pattern, new, one["host"])))
    if form == "lines" and ground.copy.shape.key == "url":
        return changed(ground, lambda _, one: one.update(url=_in_url(one["url"], pattern, new)))
    if form == "posts":
        return changed(ground, lambda _, one: one.update(value=_in_post(one, pattern, new)))
    return None


def _in_post(post: Record, pattern: str, new: str) -> str:
    if post["kind"] == "url":
        return _in_url(post["value"], pattern, new)
    return re.sub(pattern, new, post["value"]) if post["kind"] == "domain" else post["value"]


def _in_url(url: str, pattern: str, new: str) -> str:
    head, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{head}://{re.sub(pattern, new, host)}{slash}{path}"


@kind
def hosts_with_a_port(ground: Ground) -> bytes | None:
    if ground.copy.shape.is_address:
        return _readdressed(ground, lambda _, old: f"{old}:443")
    return _on_hosts(ground, r"^(.*)$", r"\1:8443")


@kind
def hosts_in_upper_case(ground: Ground) -> bytes | None:
    if ground.copy.shape.key == "host":
        return changed(ground, lambda _, one: one.update(host=one["host"].upper()))
    return None


@kind
def hosts_with_a_dot_at_the_end(ground: Ground) -> bytes | None:
    return _on_hosts(ground, r"^(.*)$", r"\1.")


@kind
def one_host(ground: Ground) -> bytes | None:
    if ground.copy.shape.key == "url":
        return changed(ground, lambda n, one: one.update(url=f"https://x.example.ru/{n}"))
    if ground.copy.shape.key == "host":
        return changed(ground, lambda _, one: one.update(host="h-000000000000.gov.ua"))
    if ground.copy.shape.form == "posts":
        return changed(ground, lambda _, one: one.update(kind="domain", value="x.example.ru"))
    return None


@kind
def hosts_of_one_country(ground: Ground) -> bytes | None:
    return _on_hosts(ground, r"\.[^.:]+$", ".ru")


@kind
def hosts_without_an_ending(ground: Ground) -> bytes | None:
    return _on_hosts(ground, r"\.[^.:]+$", "")


@kind
def hosts_named_anew(ground: Ground) -> bytes | None:
    """Give every host another first label: the masking changed, and all looks new."""
    return _on_hosts(ground, r"^(h-|www\.)?", "q7")


@kind
def largest_list_lost(ground: Ground) -> bytes | None:
    copy = ground.copy.twin()
    if copy.shape.form not in ("tools", "orders"):
        return None
    lost = commonest(copy, LIST)
    copy.records = [one for one in copy.records if one[LIST] != lost]
    copy.shell = [name for name in copy.shell if name != lost]
    return encode(copy)


@kind
def lists_emptied_by_half(ground: Ground) -> bytes | None:
    """Every second file of a bundle is there and empty."""
    copy = ground.copy.twin()
    if copy.shape.form not in ("tools", "orders"):
        return None
    empty = set(copy.shell[::2])
    copy.records = [one for one in copy.records if one[LIST] not in empty]
    return encode(copy)
