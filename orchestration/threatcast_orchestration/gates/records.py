"""What stays of a night's gates: one JSON a suite, and pages rendered by Great Expectations.

Both are written under one folder (HOME/gates). A gate that is asked again about the very same rows
for the same as-of day says what it said; of other rows, or changed itself, it judges anew and
replaces what was there. A damaged file counts as none.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threatcast_orchestration.gates.data_docs import render, write_index, write_whole
from threatcast_orchestration.gates.gate_results import GateResult, row_in_words
from threatcast_orchestration.gates.version import gate_version

if TYPE_CHECKING:
    from threatcast_orchestration.gates.gate_results import ExpectationResult
    from threatcast_orchestration.gates.suites import Suite

DOCS = "data_docs"
"""Folder of the Data Docs below that of the gates."""
KEPT_NIGHTS = 7
"""Nights whose pages stay in the Data Docs; the JSON of every night is kept."""
NAMED = 3
"""Rows that a warning names."""
_FIELDS = {"suite", "protects", "expectations", "rows", "error", "severity", "success"}


@dataclass(frozen=True)
class GateRecords:
    """Where the results of one night go.

    Parameters
    ----------
    folder
        HOME/gates.
    as_of
        Day of the night; names its folder and its pages.
    address
        Where a browser finds the Data Docs: the setting `gates_url`.
    inputs
        Stamps of what the gates look at; kept with each result, which is worth nothing elsewhere.
    """

    folder: Path
    as_of: date
    address: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def docs(self) -> Path:
        """Folder of the Data Docs."""
        return self.folder / DOCS

    @property
    def site(self) -> Path:
        """First page of the Data Docs."""
        return self.docs / "index.html"

    @property
    def night(self) -> Path:
        """Folder of this night's JSON results."""
        return self.folder / self.as_of.isoformat()

    def write_json(self, suite: Suite, result: GateResult, rows_hash: str = "") -> Path:
        """Write one result, with the version of its gate and what it looked at.

        Parameters
        ----------
        rows_hash
            Of the rows looked at; empty if they could not be read.
        """
        path = self.night / f"{suite.key}.json"
        looked_at = {"inputs": dict(self.inputs), "rows_hash": rows_hash}
        facts = {"gate": gate_version(suite)} | looked_at | result.as_dict()
        text = json.dumps(facts, indent=2, ensure_ascii=False, default=str)
        write_whole(path, text + "\n")
        return path

    def result(self, suite: str) -> dict[str, Any] | None:
        """Return this night's result of one suite as it was written; None without a whole one."""
        return _read(self.night / f"{suite}.json")

    def kept(self, suite: Suite, rows_hash: str) -> GateResult | None:
        """Return what this gate said of these very rows this night, if its pages are there too.

        A crash is none: the gate looks again.
        """
        written = self.result(suite.key)
        if (
            written is None
            or written["error"]
            or (written.get("gate"), written.get("rows_hash")) != (gate_version(suite), rows_hash)
            or not all(self.page(suite.key, frame).is_file() for frame in suite.frames)
        ):
            return None
        return GateResult.from_dict(written)

    def results(self) -> list[dict[str, Any]]:
        """Return this night's results as they were written, by name of the suite.

        A file that is empty, cut or of another shape counts as none.
        """
        read = (_read(path) for path in sorted(self.night.glob("*.json")))
        return [result for result in read if result is not None]

    def warnings(self) -> tuple[str, ...]:
        """Return what this night's gates warned of, a sentence each: a release says so.

        Kind and name stand apart: with a dot between them they read as the name of a host, which
        a release must not hold.
        """
        return tuple(
            f"{result['suite'].replace('.', ' gate, ')}: {rule['why']} "
            f"({rule['type']}, {rule['unexpected_count'] or 1} of {rule['element_count'] or 1}"
            + "".join(f"; {row_in_words(row)}" for row in rule["sample"][:NAMED])
            + ")"
            for result in self.results()
            for rule in result["expectations"]
            if not rule["success"] and rule["severity"] != "info"
        )

    def page(self, suite: str, frame: str) -> Path:
        """Return the page of one frame of a suite of this night."""
        return self.docs / self.as_of.isoformat() / f"{suite}.{frame}.html"

    def link(self, page: Path) -> str:
        """Return the address of a page; a browser follows no link from a web page to a file."""
        below = page.relative_to(self.docs).as_posix()
        return f"{self.address.rstrip('/')}/{below}" if self.address else ""

    def write_page(
        self, suite: str, frame: str, validated: Any, failed: Sequence[ExpectationResult]
    ) -> None:
        """Write the page of a validated frame, with the rows that failed.

        Its moment is the as-of day, never the clock.
        """
        from great_expectations.core.run_identifier import RunIdentifier

        moment = datetime.combine(self.as_of, time(), tzinfo=UTC)
        validated.meta["run_id"] = RunIdentifier(self.as_of.isoformat(), moment)
        write_whole(self.page(suite, frame), render(validated, failed))

    def write_site(self) -> None:
        """Write the first page over the newest nights, and drop the pages of older ones."""
        nights = sorted(path.name for path in self.folder.iterdir() if _is_day(path.name))
        kept = nights[-KEPT_NIGHTS:]
        for pages in self.docs.glob("*/") if self.docs.is_dir() else ():
            if pages.name not in kept:
                shutil.rmtree(pages)
        write_index(
            self.site,
            {
                night: GateRecords(self.folder, date.fromisoformat(night)).listing()
                for night in kept
            },
        )

    def listing(self) -> list[tuple[dict[str, Any], dict[str, Path]]]:
        """Return this night's results, each with the pages that there are of its frames."""
        return [
            (
                result,
                {
                    frame: page
                    for frame in result["rows"]
                    if (page := self.page(result["suite"], frame)).is_file()
                },
            )
            for result in self.results()
        ]


def _read(path: Path) -> dict[str, Any] | None:
    """Return one result as it was written, or None of a file that does not hold one."""
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        return result if result.keys() >= _FIELDS else None
    except (OSError, ValueError, AttributeError):
        return None


def _is_day(name: str) -> bool:
    try:
        date.fromisoformat(name)
    except ValueError:
        return False
    return True
