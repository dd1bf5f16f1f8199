"""Nothing that looks like a victim or an indicator can be published, also not by a new table."""

from __future__ import annotations

import pyarrow as pa
import pytest
from threatcast_publishing.privacy import findings, kind_of
from threatcast_publishing.source import PublishedTable, read_tables


def table(name="skill", **columns) -> dict[str, PublishedTable]:
    data = pa.table(columns)
    return {name: PublishedTable(name, (), data, "", dict.fromkeys(columns, ""))}


def kinds(tables) -> list[str]:
    return [finding.kind for finding in findings(tables)]


def test_tables_of_a_release_are_clean(warehouse):
    assert findings(read_tables(warehouse)) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("seen at 192.0.2.7", "an IPv4 address"),
        ("192[.]0[.]2[.]7:443", "an IPv4 address"),
        ("2001:db8::1", "an IPv6 address"),
        ("from fe80::1 on", "an IPv6 address"),
        ("2001:db8:0:1:1:1:1:1", "an IPv6 address"),
        ("victim.example", "a host name"),
        ("evil[.]example[.]com", "a host name"),
        ("Attack on gov.md", "a host name"),
        ("hosts:a/www2.example.py", "a host name"),
        ("abcdefghij234567.onion", "a host name"),
        ("\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444", "a host name"),
        ("https://victim.example/x", "a link"),
        ("hxxp://victim", "a link"),
        ("see www.victim.example", "a link"),
        ("jane.doe@victim.example", "a mail address"),
        ("jane[at]victim[.]example", "a mail address"),
    ],
)
def test_indicator_in_a_text_is_found(text, kind):
    assert kinds(table(note=["fine", text])) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "12 claims in Germany.",
        "3 events in 104 weeks, at least 20 are needed: too few",
        "nothing since 2026-03-16 02:00:00, limit 21 days",
        "Own model, e.g. champion; U.S. agency",
        "written to csv/outlook.csv and settings.yml",
        "version 1.2.3, ratio 0.95",
        "Ransomware.live",
        "M49-150",
        "a1b2c3d4e5f6",
    ],
)
def test_harmless_text_is_left_alone(text):
    assert kinds(table(note=[text])) == []


@pytest.mark.parametrize(
    "column", ["victim", "host_name", "ip", "email", "source_ip", "post_url", "ioc", "VictimName"]
)
def test_column_named_like_an_indicator_is_refused_even_if_it_is_empty(column):
    found = findings(table(**{column: pa.array([], pa.string())}))
    assert [finding.kind for finding in found] == ["a column named like victims or indicators"]


def test_indicator_in_a_list_is_found():
    assert kinds(table(tags=[["fine"], ["192.0.2.7"]])) == ["an IPv4 address"]


def test_unknown_table_is_looked_at_as_well():
    assert kinds(table("brand_new", note=["192.0.2.7"])) == ["an IPv4 address"]


def test_address_of_a_feed_is_allowed_where_it_belongs_and_its_host_anywhere():
    url = "https://feeds.abuse.example/list.csv"
    feed = table("feed_health", url=[url], reason=["feeds.abuse.example did not answer"])
    assert kinds(feed) == []
    assert kinds({**feed, **table(note=["abuse.example was down"])}) == []
    assert kinds({**feed, **table(note=[url])}) == ["a link"]
    assert kinds({**feed, **table(note=["other.example was down"])}) == ["a host name"]


def test_address_of_a_grouping_is_allowed_where_it_belongs_and_its_host_nowhere_else():
    groupings = table("groupings", source_url=["https://members.alliance.example/list"])
    assert kinds(groupings) == []
    assert kinds({**groupings, **table(note=["alliance.example was hit"])}) == ["a host name"]


def test_finding_names_table_and_column_and_never_repeats_what_it_found():
    (finding,) = findings(table(note=["192.0.2.7", "192.0.2.8"]))
    assert str(finding) == "skill.note: an IPv4 address (2 found, like '192…')"


def test_number_of_dots_alone_is_no_reason_to_refuse():
    assert kind_of("1.2.3.4.5.6") == ""
    assert kind_of("...") == ""
    assert kind_of("::") == ""
