"""The page of targets, from the seed that defines them."""

from __future__ import annotations

from threatcast_publishing.kinds import family, located

from threatcast_orchestration.documents.markdown import page, seed, table


def targets_page() -> str:
    """Return what each target counts and what a count of it does not say."""
    parts = []
    for row in seed("targets"):
        parts += [
            f"## {row['target']}",
            f"**{row['title']}.** {row['description']}",
            table(("", ""), _facts(row)),
        ]
    return page(
        "dbt_project/seeds/targets.csv",
        "Targets",
        "What is counted a week, and what a count does not say. How to read the tables: "
        "[analysts](analysts.md).",
        *parts,
    )


def _facts(row: dict[str, str]) -> list[tuple[str, str]]:
    by = row["located_by"]
    settles = int(row["settle_weeks"] or 0)
    facts = [
        ("Feed", f"[`{row['feed']}`](feeds/{row['feed']}.md)"),
        ("One event", row["event"]),
        ("Unit", row["unit"]),
        ("Family", f"{family(row['family'])} (`{row['family']}`)"),
        ("Places", "world only" if row["levels"] == "world" else "world down to countries"),
        *([("A place is", f"{located(by)} (`{by}`)")] if by else []),
        ("A zero means", row["zero_means"]),
        ("Over-represents", row["over_represents"]),
        ("Under-represents", row["under_represents"]),
        ("Series start", _starts(row)),
        ("A week may still grow", f"for {settles} weeks" if settles else "no; it is final at once"),
        ("Licence", row["licence"]),
        ("What is published", row["publishes"]),
    ]
    if row["shown_not_forecast"]:
        facts.append(("Not forecast", f"withheld, reason `{row['shown_not_forecast']}`"))
    return facts


def _starts(row: dict[str, str]) -> str:
    world, country = row["series_start_world"], row["series_start_country"]
    return world if country in ("", world) else f"{world}, countries {country}"
