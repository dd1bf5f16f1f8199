"""What stays of a night's gates: one JSON a suite, and Great Expectations' Data Docs.

Both are written under one folder (HOME/gates). A gate run again for the same as-of day replaces
what was there, so a repeated night leaves the same files.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threatcast_orchestration.gates.pages import stand_alone, write_index

if TYPE_CHECKING:
    from threatcast_orchestration.gates.results import GateResult

KEPT_NIGHTS = 7
"""Nights whose pages stay in the Data Docs; the JSON of every night is kept."""


@dataclass(frozen=True)
class GateRecords:
    """Where the results of one night go.

    Parameters
    ----------
    folder
        HOME/gates.
    as_of
        Day of the night; names its folder and its run in the Data Docs.
    """

    folder: Path
    as_of: date

    @property
    def site(self) -> Path:
        """First page of the Data Docs."""
        return self.folder / "data_docs" / "index.html"

    @property
    def night(self) -> Path:
        """Folder of this night's JSON results."""
        return self.folder / self.as_of.isoformat()

    def write_json(self, result: GateResult) -> Path:
        """Write one result; the file is complete before it is visible."""
        self.night.mkdir(parents=True, exist_ok=True)
        path = self.night / f"{result.suite}.json"
        scratch = path.with_suffix(".tmp")
        text = json.dumps(result.as_dict(), indent=2, ensure_ascii=False, default=str)
        scratch.write_text(text + "\n", encoding="utf-8")
        scratch.replace(path)
        return path

    def results(self) -> list[dict[str, Any]]:
        """Return this night's results as they were written, by name of the suite."""
        return [
            json.loads(path.read_text(encoding="utf-8"))
            for path in sorted(self.night.glob("*.json"))
        ]

    def warnings(self) -> tuple[str, ...]:
        """Return what this night's gates warned of, a sentence each: a release says so.

        Kind and name stand apart: with a dot between them they read as the name of a host, which
        a release must not hold.
        """
        return tuple(
            f"{result['suite'].replace('.', ' gate, ')}: {rule['why']} "
            f"({rule['type']}, {rule['unexpected_count'] or 1} of {rule['element_count'] or 1})"
            for result in self.results()
            for rule in result["expectations"]
            if not rule["success"] and rule["severity"] != "info"
        )

    def run_id(self) -> Any:
        """Return the run's id in the Data Docs: the as-of day, never the clock."""
        from great_expectations.core.run_identifier import RunIdentifier

        return RunIdentifier(
            run_name=self.as_of.isoformat(),
            run_time=datetime.combine(self.as_of, time(), tzinfo=UTC),
        )

    def page(self, suite_name: str) -> Path:
        """Return the page of one validated suite of this night."""
        run_time = f"{self.as_of:%Y%m%d}T000000.000000Z"
        below = Path(*suite_name.split("."), self.as_of.isoformat(), run_time, "frame.html")
        return self.folder / "data_docs" / "validations" / below

    def store(self, context: Any, suite: Any, validated: Any) -> list[Any]:
        """Put a validated suite where the Data Docs are built from; returns its identifiers."""
        from great_expectations.data_context.types.resource_identifiers import (
            ExpectationSuiteIdentifier,
            ValidationResultIdentifier,
        )

        run_id = self.run_id()
        validated.meta["run_id"] = run_id
        suite_id = ExpectationSuiteIdentifier(name=suite.name)
        result_id = ValidationResultIdentifier(
            expectation_suite_identifier=suite_id, run_id=run_id, batch_identifier="frame"
        )
        context.validation_results_store.store_validation_results(
            suite_validation_result=validated,
            suite_validation_result_identifier=result_id,
            expectation_suite_identifier=suite_id,
        )
        context.suites.add_or_update(suite)
        return [suite_id, result_id]

    def build_docs(self, context: Any, identifiers: list[Any]) -> Path:
        """Render the pages of these suites and the index; returns the first page."""
        self._forget_old_nights()
        if identifiers:
            context.build_data_docs(resource_identifiers=identifiers)
        self.site.parent.mkdir(parents=True, exist_ok=True)
        for page in map(self._file_of, identifiers):
            if page.is_file():
                stand_alone(page)
        # the index as rendered is empty without its scripts
        nights = sorted(path for path in self.folder.iterdir() if _is_day(path.name))
        write_index(
            self.site,
            {
                night.name: GateRecords(self.folder, date.fromisoformat(night.name)).listing()
                for night in nights[-KEPT_NIGHTS:]
            },
        )
        return self.site

    def listing(self) -> list[tuple[dict[str, Any], dict[str, Path]]]:
        """Return this night's results, each with the pages that there are of its frames."""
        return [
            (
                result,
                {
                    frame: page
                    for frame in result["rows"]
                    if (page := self.page(f"{result['suite']}.{frame}")).is_file()
                },
            )
            for result in self.results()
        ]

    def _file_of(self, identifier: Any) -> Path:
        site = self.folder / "data_docs"
        if hasattr(identifier, "expectation_suite_identifier"):
            return self.page(identifier.expectation_suite_identifier.name)
        return site / "expectations" / Path(*identifier.name.split(".")).with_suffix(".html")

    def _forget_old_nights(self) -> None:
        """Drop the stored results of all but the newest nights; the site follows the store."""
        store = self.folder / "store" / "validations"
        nights = sorted({path.name for path in store.glob("*/*/*/*") if path.is_dir()})
        for night in nights[:-KEPT_NIGHTS]:
            for path in store.glob(f"*/*/*/{night}"):
                shutil.rmtree(path)


def _is_day(name: str) -> bool:
    try:
        date.fromisoformat(name)
    except ValueError:
        return False
    return True


def open_context(folder: Path | None) -> Any:
    """Return a Great Expectations context; without a folder it keeps nothing.

    Progress bars and analytics are off. The stores are files, so that two processes of one night
    add to the same site instead of wiping each other's pages.
    """
    import great_expectations as gx
    from great_expectations.data_context.types.base import DataContextConfig, ProgressBarsConfig

    def backend(below: str) -> dict[str, Any]:
        if folder is None:
            return {"class_name": "InMemoryStoreBackend"}
        base = str(folder.resolve() / below)
        return {"class_name": "TupleFilesystemStoreBackend", "base_directory": base}

    memory = {"class_name": "InMemoryStoreBackend"}
    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": backend("data_docs"),
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "site_section_builders": {"profiling": "None"},
    }
    config = DataContextConfig(
        expectations_store_name="expectations",
        validation_results_store_name="validations",
        checkpoint_store_name="checkpoints",
        stores={
            "expectations": {
                "class_name": "ExpectationsStore",
                "store_backend": backend("store/expectations"),
            },
            "validations": {
                "class_name": "ValidationResultsStore",
                "store_backend": backend("store/validations"),
            },
            "checkpoints": {"class_name": "CheckpointStore", "store_backend": memory},
            "validation_definition_store": {
                "class_name": "ValidationDefinitionStore",
                "store_backend": memory,
            },
        },
        data_docs_sites={} if folder is None else {"site": site},
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    return gx.get_context(project_config=config, mode="ephemeral")
