"""The pages of models, published tables and gates, from cards, contracts and suites."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from threatcast_orchestration.documents.markdown import one_line, page, table
from threatcast_orchestration.gates.suites import KINDS, Suite, load_suites
from threatcast_orchestration.run.project import DBT

_DOC = re.compile(r"\{\{\s*doc\(\s*['\"](\w+)['\"]\s*\)\s*\}\}")
_BLOCK = re.compile(r"\{%-?\s*docs\s+(\w+)\s*-?%\}(.*?)\{%-?\s*enddocs\s*-?%\}", re.DOTALL)
_KINDS = {
    "payloads": "On the newest payload of each feed. A critical failure sets that payload aside: "
    "the feed keeps its last good data, from which its targets are published while those are "
    "within the feed's limit, its state is `failed`, and the other feeds go on.",
    "marts": "On the warehouse. A critical failure stops the night before anything is forecast.",
    "forecasts": "On the forecasts. A critical failure stops the night before the release.",
    "release": "On the tables to be published. A critical failure leaves the last release current.",
}


def models_page() -> str:
    """Return the cards of all models."""
    from threatcast_forecasting.combinations.members import all_models

    from threatcast_orchestration.run.settings import Settings

    nightly = ", ".join(f"`{name}`" for name in Settings().models)
    parts = []
    for name, model in all_models().items():
        card = model.card
        facts = [
            ("Method", card.method),
            ("Reference", card.reference),
            ("Limits", card.limits),
        ]
        parts += [f"## {name}", f"**{card.title}.** {card.description}", table(("", ""), facts)]
    return page(
        "the cards in forecasting/threatcast_forecasting/",
        "Models",
        "Every model gives 23 quantiles of each week's count. How well each one did is in the "
        "tables `skill` and `scores`; which one is published for a target is in `models`. A night "
        f"runs {nightly}; the others are rivals to compare with (`threatcast "
        "backtest --models`). How they fit together: [methods](methods.md).",
        *parts,
    )


def tables_page() -> str:
    """Return all published tables: what a row is, what zero and null mean, the columns."""
    from threatcast_publishing.contract import CONTRACT_VERSION, TABLES

    models = published_models()
    parts = []
    for name, contract in TABLES.items():
        model = models[name]
        rows = [
            (
                f"`{column['name']}`" + (" (key)" if column["name"] in contract.key else ""),
                str(column["data_type"]),
                described(column),
            )
            for column in model["columns"]
        ]
        parts += [f"## {name}", described(model), table(("column", "type", "what it says"), rows)]
    return page(
        "dbt_project/models/published/",
        "Published tables",
        f"Contract version {CONTRACT_VERSION}. The same tables are in every release as "
        "`threatcast.duckdb`, `parquet/<table>.parquet` and `csv/<table>.csv`. Example queries: "
        "[analysts](analysts.md).",
        *parts,
    )


def published_models() -> dict[str, dict[str, Any]]:
    """Return what dbt's YAML says of the published models, by the name of the table."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((DBT / "models" / "published").glob("*.yml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        for model in document.get("models", []):
            found[model.get("config", {}).get("alias") or model["name"]] = model
    return found


def described(item: Mapping[str, Any]) -> str:
    """Return a description in one line, doc blocks filled in."""
    blocks = _doc_blocks()
    text = str(item.get("description", ""))
    return one_line(_DOC.sub(lambda match: blocks.get(match[1], match[0]), text))


def _doc_blocks() -> dict[str, str]:
    blocks: dict[str, str] = {}
    for path in sorted((DBT / "models").rglob("*.md")):
        blocks |= dict(_BLOCK.findall(path.read_text(encoding="utf-8")))
    return blocks


def gates_page() -> str:
    """Return all gate suites: what each protects and what it holds to be true."""
    parts = []
    for kind in KINDS:
        parts += [f"## {kind.capitalize()}", _KINDS[kind]]
        for suite in load_suites(kind):
            parts += [f"### {suite.key}", suite.protects, _rules(suite)]
    return page(
        "feeds/threatcast_feeds/catalog/*/gate.yaml and "
        "orchestration/threatcast_orchestration/gates/suites/",
        "Gates",
        "What must hold before anything goes on, in suites of Great Expectations. Severity "
        "`critical` blocks, `warning` is published with the release, `info` is only written "
        "down. What to do when one fails: [operations](operations.md#when-a-gate-fails).",
        *parts,
    )


def _rules(suite: Suite) -> str:
    rows = [
        (rule.severity, f"`{rule.type}` on {_object(rule.kwargs)}", rule.meta.why, rule.meta.cure)
        for rule in suite.expectations
    ]
    return table(("severity", "rule", "why", "cure"), rows)


def _object(kwargs: dict[str, Any]) -> str:
    """Return what a rule looks at: its column or columns, else the whole table."""
    columns = [str(value) for key, value in sorted(kwargs.items()) if key.startswith("column")]
    return ", ".join(f"`{column}`" for column in columns) or "the table"
