"""Address ranges by country: IPv4 and IPv6, in one file or in a bundle."""

from __future__ import annotations

from pathlib import Path

import pytest
from payload_reading import IMPOSTORS, Rows, ask, bundle, read_payload, read_recordings
from threatcast_feeds.errors import FeedError, ParseError, UnpackError
from threatcast_feeds.payload import ParseOutcome
from threatcast_feeds.registry import load_feed

SPEC = load_feed("ip_country")
V4 = "1.0.0.0,1.0.0.255,AU\n255.255.255.0,255.255.255.255,NA\n"
V6 = "2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,JP\n"


def read(content: str | bytes, folder: Path, ext: str = "csv") -> tuple[ParseOutcome, Rows]:
    content = content.encode() if isinstance(content, str) else content
    return read_payload(SPEC, content, folder, ext)


def test_both_families_are_read_with_keys_to_search_by(tmp_path: Path) -> None:
    outcome, rows = read(V4 + V6, tmp_path)
    assert outcome == ParseOutcome(3)
    assert [tuple(row.values()) for row in rows] == [
        (4, "1.0.0.0", "1.0.0.255", "AU", 2**24, 2**24 + 255, None, None),
        (4, "255.255.255.0", "255.255.255.255", "NA", 2**32 - 256, 2**32 - 1, None, None),
        (
            6,
            "2001:200::",
            "2001:200:ffff:ffff:ffff:ffff:ffff:ffff",
            "JP",
            None,
            None,
            "20010200000000000000000000000000",
            "20010200ffffffffffffffffffffffff",
        ),
    ]


def test_bundle_of_a_file_for_each_family_gives_the_same_rows(tmp_path: Path) -> None:
    content = bundle({"asn-country-ipv4.csv": V4, "asn-country-ipv6.csv": V6})
    assert read(content, tmp_path, "zip")[1] == read(V4 + V6, tmp_path)[1]


@pytest.mark.parametrize("text", [V4.replace("\n", "\r\n"), "\ufeff" + V4, V4 + "\n\n", V4[:-1]])
def test_layout_of_the_text_does_not_matter(text: str, tmp_path: Path) -> None:
    outcome, rows = read(text, tmp_path)
    assert (len(rows), outcome.rejected) == (2, 0)


@pytest.mark.parametrize(
    "line",
    [
        "1.0.1.0,1.0.1.255",
        "1.0.1.0,1.0.1.255,",
        "1.0.1.0,1.0.1.255,Australia",
        "1.0.1.0,1.0.1.256,AU",
        "1.0.1.255,1.0.1.0,AU",
        "1.0.1.0,2001:200::,AU",
        "2001:300::,2001:200::,AU",
        "start,end,AU",
        "1.0.1.0,1.0.1.255,AU,extra",
    ],
)
def test_line_that_is_no_range_costs_itself(line: str, tmp_path: Path) -> None:
    outcome, rows = read(f"{V4}{line}\n{V6}", tmp_path)
    assert (len(rows), outcome.rejected) == (3, 1)
    assert outcome.samples == ["line 3 is not `start,end,country`"]


def test_bad_line_of_a_bundle_is_told_with_its_member(tmp_path: Path) -> None:
    outcome, _ = read(bundle({"a.csv": V4, "b.csv": f"x\n{V6}"}), tmp_path, "zip")
    assert outcome.samples == ["b.csv, line 1 is not `start,end,country`"]


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        *[(content, ParseError, said) for content, said in IMPOSTORS],
        (b"404: Not Found", ParseError, "none of its 1 lines is `start,end,country`"),
        ((V4 + V6)[:-20].encode(), ParseError, "the CSV is cut: it ends in the middle of line 3"),
        (bundle({"a.csv": V4})[:60], UnpackError, "the archive is cut or damaged"),
        (bundle({"../a.csv": V4}), UnpackError, "points outside the archive"),
        (bundle({"a.csv": "1" * 9_000_000}), UnpackError, "unpacks to more than"),
    ],
)
def test_what_is_not_the_feed_is_called_by_its_name(
    content: bytes, kind: type[FeedError], said: str, tmp_path: Path
) -> None:
    with pytest.raises(kind) as caught:
        read(content, tmp_path)
    assert said in str(caught.value)


def test_recorded_table_is_read_whole(mirror: Path, tmp_path: Path) -> None:
    [outcome] = read_recordings(SPEC, mirror, tmp_path).values()
    assert (outcome.rows, outcome.rejected) == (207_564, 0)
    facts = ask(
        tmp_path,
        SPEC,
        "SELECT count_if(family = 4), count_if(family = 6), count(DISTINCT country), "
        "count_if(country = 'NA') > 0, count_if(family = 4 AND start_ipv4 > end_ipv4), "
        "count_if(family = 6 AND start_ipv6_key > end_ipv6_key) FROM raw",
    )
    assert facts == (140_169, 67_395, 237, True, 0, 0)
    share = ask(tmp_path, SPEC, "SELECT sum(end_ipv4 - start_ipv4 + 1) / 2 ** 32 FROM raw")
    assert 0.85 < share[0] < 0.87
    overlaps = ask(
        tmp_path,
        SPEC,
        "SELECT count(*) FROM (SELECT start_ipv4 <= lag(end_ipv4) OVER (ORDER BY start_ipv4) AS o "
        "FROM raw WHERE family = 4) WHERE o",
    )
    assert overlaps == (0,)


@pytest.mark.parametrize("ext", ["csv", "zip"])
def test_line_that_is_no_text_costs_that_line(ext: str, tmp_path: Path) -> None:
    lines = V4.encode() + b"1.0.1.0,1.0.1.255,\xe9\n" + V6.encode()
    content = bundle({"ipv4.csv": lines}) if ext == "zip" else lines
    outcome, rows = read(content, tmp_path, ext)
    assert (len(rows), outcome.rejected) == (3, 1)
    assert outcome.samples[0].endswith("line 3 is not `start,end,country`")


def test_table_without_one_of_the_families_says_so(tmp_path: Path) -> None:
    assert read(V4, tmp_path)[0].message == "it holds no range of IPv6"
    assert read(V6, tmp_path)[0].message == "it holds no range of IPv4"
