"""A page for each feed, from its `defs.yaml` and from what the seeds say of it."""

from __future__ import annotations

from collections.abc import Mapping

from threatcast_feeds.registry import FeedSpec, LiveSource, load_catalog

from threatcast_orchestration.documents.markdown import bullets, page, seed, table

_CATALOG = "feeds/threatcast_feeds/catalog"
_PUBLISH = {
    "counts": "counts by week and place; never rows, names or addresses",
    "shares": "shares; never the rows or addresses behind them",
    "all": "the licence would allow all of it; it is only looked up, not republished",
}
_STYLES = {
    "alpha2": "ISO codes of two letters",
    "alpha3": "ISO codes of three letters",
    "name": "English names",
}
_METHODS = {
    "file": "one file; a further address stands in if the one before fails",
    "bundle": "several small files, kept together as one payload",
    "paged": "page after page, kept together as one payload",
    "archive": "the dated files of a growing archive, one payload a week",
}


def feed_pages() -> dict[str, str]:
    """Return the page of each feed and their index."""
    catalog = load_catalog()
    made = {f"feeds/{key}.md": _feed(spec) for key, spec in catalog.items()}
    return made | {"feeds/index.md": _index(catalog)}


def _index(catalog: Mapping[str, FeedSpec]) -> str:
    rows = [
        (
            f"[`{key}`]({key}.md)",
            spec.title,
            spec.publisher,
            spec.licence.name,
            spec.tlp,
            ", ".join(f"`{target}`" for target in spec.targets) or "(looked up)",
            f"{spec.fresh_days} days",
            "yes" if spec.history else "no",
        )
        for key, spec in catalog.items()
    ]
    head = ("feed", "title", "publisher", "licence", "TLP", "target", "stale after", "back-fill")
    return page(
        f"{_CATALOG}/*/defs.yaml",
        "Feeds",
        "What is read, from whom, and under which terms. Back-fill: whether the feed's past can be "
        "replayed from a public git history "
        "([how](../operations.md#back-fill)).",
        table(head, rows),
    )


def _feed(spec: FeedSpec) -> str:
    return page(
        f"{_CATALOG}/{spec.key}/defs.yaml and dbt_project/seeds/",
        spec.title,
        spec.description,
        table(("", ""), _facts(spec)),
        "## What is counted",
        bullets(
            [
                f"**One event**: {spec.event}.",
                f"**Counts as seen**: {spec.seen}.",
                f"**Cadence**: {spec.cadence}.",
            ]
        ),
        _targets(spec),
        "## Stale and silent",
        f"`stale`: the newest payload is more than {spec.fresh_days} days old on the as-of day. "
        f"`silent`: the feed answers, but its newest event is more than {spec.silent_weeks} weeks "
        "old. What to do: [operations](../operations.md#when-a-feed-breaks).",
        _coverage(spec),
        "## Known biases",
        bullets(spec.biases),
        "## Known breaks",
        bullets(f"{shift.day}: {shift.what}" for shift in spec.breaks) or "None known.",
        _gaps(spec),
        "## Live",
        _live(spec),
        "## Its past",
        _past(spec),
        "## Payload",
        _payload(spec),
        table(
            ("column", "type", "what it says"),
            [(f"`{name}`", column.type, column.meaning) for name, column in spec.raw.items()],
        ),
        "## Where its code is",
        f"`{_CATALOG}/{spec.key}/` holds the definition, the parser and the sample generator; "
        f"`dbt_project/models/staging/stg_{spec.key}.sql` types and cleans the rows; the gate "
        f"[`payloads.{spec.key}`](../gates.md#payloads{spec.key}) judges each newest payload.",
    )


def _languages(spec: FeedSpec) -> str:
    if spec.source_languages is None:
        return "not looked at"
    return ", ".join(f"`{code}`" for code in spec.source_languages) or "none: machines make it"


def _facts(spec: FeedSpec) -> list[tuple[str, str]]:
    licence = spec.licence
    named = f"[{licence.name}]({licence.url})" if licence.url else licence.name
    targets = ", ".join(f"[`{target}`](../targets.md#{target})" for target in spec.targets)
    return [
        ("Feed", f"`{spec.key}`"),
        ("Publisher", f"[{spec.publisher}]({spec.homepage})"),
        ("Languages read", _languages(spec)),
        ("Use", f"counted as {targets}" if targets else "reference: looked up, not counted"),
        ("Licence", f"{named}. {licence.note}"),
        ("What is published", _PUBLISH.get(licence.publish, licence.publish)),
        ("TLP", spec.tlp),
        *([("Countries", f"written as {_styles(spec)}")] if spec.country_styles else []),
    ]


def _styles(spec: FeedSpec) -> str:
    written = " or ".join(_STYLES[style] for style in spec.country_styles)
    return f"{written}; other spellings: dbt_project/seeds/country_spellings.csv"


def _targets(spec: FeedSpec) -> str:
    rows = [
        (f"[`{row['target']}`](../targets.md#{row['target']})", row["title"], row["zero_means"])
        for row in seed("targets")
        if row["feed"] == spec.key
    ]
    return table(("target", "title", "a zero means"), rows)


def _gaps(spec: FeedSpec) -> str:
    rows = [
        (gap["first_day"], gap["last_day"], gap["scope"], gap["reason"])
        for gap in seed("gaps")
        if gap["feed"] == spec.key
    ]
    listed = table(("first day", "last day", "whose gap", "why"), rows)
    return f"Weeks touched by these days are missing, not zero:\n\n{listed}" if rows else ""


def _live(spec: FeedSpec) -> str:
    live = spec.live
    addresses = [*live.urls, *([live.listing] if live.listing else [])]
    key = f"in the environment variable `{live.auth_env}`" if live.auth_env else "none"
    asked = "asked whether anything changed first" if live.conditional else "fetched whole"
    return (
        f"{bullets(f'<{address}>' for address in addresses)}\n\n"
        f"Fetched as {_METHODS[live.method]}; {asked}. At most {live.calls_per_minute:g} calls a "
        f"minute, {live.timeout_seconds:g} s of patience for each. Key: {key}.{_often(live)}\n\n"
        f"{_sighting(spec)} Ask today: `threatcast feeds check {spec.key}`."
    )


def _often(live: LiveSource) -> str:
    """Return how often a feed is asked that has a cadence of its own."""
    if live.every_hours is None:
        return ""
    return (
        f" Asked every {live.every_hours} hours instead of once a night with the setting "
        "[`between_nights`](../operations.md#between-nights)."
    )


def _sighting(spec: FeedSpec) -> str:
    """Return when which address was last seen to work."""
    seen = spec.live.last_seen
    if seen is None:
        return "Not seen to work by us: no recording was taken from these addresses."
    return f"Last seen to work: {seen.day}, <{seen.url}>, by {seen.by}."


def _past(spec: FeedSpec) -> str:
    history = spec.history
    if history is None:
        return "No public repository keeps this feed's past, so it cannot be replayed."
    starts = [row["series_start_world"] for row in seed("targets") if row["feed"] == spec.key]
    return (
        f"Replayed from <{history.repository}>, branch `{history.branch}`, path `{history.path}`. "
        f"{history.note}".strip()
        + f"\n\n```sh\nthreatcast feeds backfill {spec.key} --since {min(starts)}\n```"
    )


def _payload(spec: FeedSpec) -> str:
    limits = spec.limits
    return (
        f"Extensions: {', '.join(f'`.{extension}`' for extension in spec.extensions)}. Set aside "
        f"if larger than {limits.max_bytes / 1e6:g} MB ({limits.max_unpacked_bytes / 1e6:g} MB "
        f"unpacked), or more than {limits.max_growth:g} times as large as the largest of the last "
        "five that were accepted."
    )


def _coverage(spec: FeedSpec) -> str:
    """Return until when a copy counts: where its content ends, not the clock."""
    rule = spec.coverage
    if rule is None:
        return ""
    silence = f"{rule.quiet_days} days"
    if rule.parts:
        return (
            f"A week counts as watched if the feed has parts (`{rule.parts}`) of at least "
            f"{rule.days_a_week} of its days; others are missing, not zero."
        )
    if not rule.days:
        return (
            f"A copy without any new record for more than {silence} is no look: its week is "
            "missing, not zero."
        )
    year = f" or the year that it claims (`{rule.year}`)" if rule.year else ""
    kept = (
        f" A record surely stays for {rule.keeps_days} days: weeks that no copy saw within that "
        "time are missing too."
        if rule.keeps_days
        else ""
    )
    return (
        f"A copy covers the days until it was taken{year}. If its newest "
        f"{' or '.join(f'`{name}`' for name in rule.days)} is more than {silence} older than "
        f"that, it covers the days until then only; later weeks are missing, not zero.{kept}"
    )
