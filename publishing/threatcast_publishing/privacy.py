"""Refuses to publish what looks like a victim or an indicator.

A release holds counts by place and week. Addresses, hosts, links, mail addresses and the names of
victims have no place in it. This looks at every column's name and at every distinct text of every
table, also of tables and columns that are added later. It never repeats a finding in full.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from threatcast_publishing.contract import TABLES

if TYPE_CHECKING:
    from threatcast_publishing.source import PublishedTable

# columns that hold the address of a feed, a licence, a publisher or a grouping, and nothing else
ADDRESS_COLUMNS = frozenset(
    ("url", "licence_url", "homepage", "reference", "reference_url", "source_url")
)
ADDRESS_TABLES = frozenset(("feed_health", "targets", "models", "data_vintages", "groupings"))

# words of a column's name (between underscores) that say what the column would hold
_COLUMN_WORDS = frozenset(
    ("victim", "victims", "host", "hostname", "domain", "ip", "ipv4", "ipv6", "address", "email",
     "mail", "url", "website", "post", "phone", "person", "company", "organisation",
     "organization", "indicator", "ioc", "hash", "port")
)  # fmt: skip

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}(?:\.|\[\.\])){3}\d{1,3}(?![\w.]*\d)")
_IPV6 = re.compile(r"(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])", re.IGNORECASE)
_LINK = re.compile(r"\b(?:h(?:tt|xx)ps?|ftp|ldap|file|onion)://|\bwww\.\w", re.IGNORECASE)
_MAIL = re.compile(r"[\w.+-]+(?:@|\[at\])[\w-]+(?:\.|\[\.\])[\w.-]+", re.IGNORECASE)
_HOST = re.compile(
    r"(?<!\w)((?:\w(?:[\w-]{0,61}\w)?(?:\.|\[\.\]))+(?:[^\W\d_]{2,24}|xn--[a-z0-9-]{2,59}))"
    r"(?![\w-])",
    re.IGNORECASE,
)
# a dotted word that ends so is a file of ours; .md and .py are countries' domains and not listed
_FILE_ENDINGS = ("csv", "json", "parquet", "sql", "yml", "yaml", "txt", "xlsx", "html")
# publishers that are known by their host's name
_PUBLISHERS = ("ransomware.live", "abuse.ch", "xposedornot.com", "accessnow.org", "witha.name")


@dataclass(frozen=True)
class PrivacyFinding:
    """One kind of thing found in one column; `example` shows its first letters only."""

    table: str
    column: str
    kind: str
    count: int
    example: str = ""

    def __str__(self) -> str:
        shown = f", like {self.example!r}" if self.example else ""
        return f"{self.table}.{self.column}: {self.kind} ({self.count} found{shown})"


def findings(tables: Mapping[str, PublishedTable]) -> list[PrivacyFinding]:
    """Return what must not be published, empty if all is well; a gate for the release.

    The address of a feed or of a licence is allowed in the columns that are made for it, and a
    feed's own host anywhere.
    """
    hosts = known_hosts(tables)
    found: list[PrivacyFinding] = []
    for table in tables.values():
        found.extend(_column_findings(table))
        found.extend(_value_findings(table, hosts))
    return found


def _column_findings(table: PublishedTable) -> Iterator[PrivacyFinding]:
    contract = TABLES.get(table.name)
    agreed = set(contract.required) | set(contract.key) if contract else set()
    for column in table.data.schema.names:
        if column in agreed or _is_address_column(table.name, column):
            continue
        words = set(re.split(r"[_\W]+", _CAMEL.sub("_", column).lower()))
        if words & _COLUMN_WORDS:
            yield PrivacyFinding(table.name, column, "a column named like victims or indicators", 1)


def _value_findings(table: PublishedTable, hosts: frozenset[str]) -> Iterator[PrivacyFinding]:
    for column in table.data.schema.names:
        if _is_address_column(table.name, column):
            continue
        seen: dict[str, list[str]] = {}
        for text in _distinct_texts(table, column):
            kind = kind_of(text, hosts)
            if kind:
                seen.setdefault(kind, []).append(text)
        for kind, texts in sorted(seen.items()):
            yield PrivacyFinding(table.name, column, kind, len(texts), texts[0][:3] + "…")


def kind_of(text: str, known_hosts: frozenset[str] = frozenset()) -> str:
    """Return what a text looks like, "" if it is harmless.

    Examples
    --------
    >>> kind_of("seen at 192.0.2.7")
    'an IPv4 address'
    >>> kind_of("12 claims in Germany")
    ''
    """
    if "." not in text and ":" not in text and "@" not in text:
        return ""
    if _LINK.search(text):
        return "a link"
    if _MAIL.search(text):
        return "a mail address"
    if _IPV4.search(text):
        return "an IPv4 address"
    if any(_is_ipv6(match.group()) for match in _IPV6.finditer(text)):
        return "an IPv6 address"
    for match in _HOST.finditer(text):
        host = match.group(1).lower().replace("[.]", ".")
        if host.rsplit(".", 1)[1] in _FILE_ENDINGS or host in known_hosts:
            continue
        return "a host name"
    return ""


def _is_ipv6(text: str) -> bool:
    try:
        return bool(IPv6Address(text)) and text != "::"
    except ValueError:
        return False


def _is_address_column(table: str, column: str) -> bool:
    return column in ADDRESS_COLUMNS and table in ADDRESS_TABLES


def _distinct_texts(table: PublishedTable, column: str) -> list[str]:
    import pyarrow as pa
    import pyarrow.compute as pc

    values = table.data.column(column)
    if pa.types.is_list(values.type):
        values = pc.list_flatten(values)
    if not pa.types.is_string(values.type) and not pa.types.is_large_string(values.type):
        return []
    return [text for text in pc.unique(values).to_pylist() if text]


def known_hosts(tables: Mapping[str, PublishedTable]) -> frozenset[str]:
    """Return the feeds' own hosts and what they are part of: they name sources, not victims."""
    hosts = set(_PUBLISHERS)
    # a grouping is no source: its host may be a victim's anywhere else
    for name in (ADDRESS_TABLES - {"groupings"}) & tables.keys():
        for column in ADDRESS_COLUMNS & set(tables[name].data.schema.names):
            for url in _distinct_texts(tables[name], column):
                host = (urlsplit(url).hostname or "").lower()
                labels = host.split(".")
                hosts.update(".".join(labels[at:]) for at in range(max(len(labels) - 1, 0)))
    return frozenset(hosts)
