"""The folders of a home, and the one source that it holds.

Knows where things lie; does not know what is in them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from threatcast_feeds.durable import write_durably

from threatcast_orchestration.errors import OrchestrationError, WrongUse

Source = Literal["live", "mirror", "starter", "sample"]
SOURCES: tuple[Source, ...] = get_args(Source)

_WRITTEN = "# written by threatcast"
_DAGSTER_YAML = f"""\
{_WRITTEN} at each run: settings of this home's Dagster. Take this line out to keep your own.
telemetry:
  enabled: false
concurrency:
  pools:
    default_limit: 1
    granularity: op
  runs:
    max_concurrent_runs: 1
run_monitoring:
  enabled: true
  start_timeout_seconds: 300
freshness:
  enabled: true
retention:
  schedule:
    purge_after_days: 90
  sensor:
    purge_after_days: 7
nux:
  enabled: false
"""

_ON_POSTGRES = """\
storage:
  postgres:
    postgres_url:
      env: {variable}
"""

_PROBE = 1 << 20
"""Bytes that must fit on the disk before a run begins."""


def make_root(folder: Path) -> None:
    """Make the folder of a home, if there is none.

    Whatever the umask, others may go through it: a web server reads the releases. One that was
    there before keeps its rights.
    """
    if not folder.is_dir():
        folder.mkdir(parents=True)
        folder.chmod(folder.stat().st_mode | 0o011)


# what no quoting gets past: DuckDB ends a file's name at `?` when it writes its log, and Dagster
# pastes the path into an address, in which `%` begins a code
_UNFIT = re.compile(r"[?%\x00-\x1f\x7f\ud800-\udfff]")


def refuse_unfit(root: Path) -> None:
    """Refuse a path that a part of the platform would take for another one.

    Raises
    ------
    WrongUse
        Names the character and the folder whose name holds it; nothing was looked at or made.
    """
    found = _UNFIT.search(str(root))
    wrong = found.group() if found else ""
    # in a pattern DuckDB reads a backslash for a slash, and only as a pattern are these quoted
    if not wrong and "\\" in str(root) and {"[", "*"} & {*str(root)}:
        wrong = "\\"
    if wrong:
        folder = next(part for part in root.parts if wrong in part)
        raise WrongUse(
            f"A home cannot lie below a folder whose name holds {wrong!r}: {folder!r} in "
            f"{str(root)!r}. DuckDB and Dagster would take the path for another one. Nothing was "
            "changed. Rename the folder, or choose another place with --home."
        )


@dataclass(frozen=True)
class Home:
    """Paths below one home folder.

    `postgres_in` names the variable with the address of Dagster's database; without one Dagster
    keeps its history in files of the home.
    """

    root: Path
    postgres_in: str = ""

    @property
    def landing(self) -> Path:
        """Payloads as they were served."""
        return self.root / "landing"

    @property
    def raw(self) -> Path:
        """Rows parsed from them, one Parquet file a payload."""
        return self.root / "raw"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that nights build, and nobody else opens."""
        return self.root / "warehouse" / "night" / "threatcast.duckdb"

    @property
    def warehouse_copy(self) -> Path:
        """Its copy for readers, replaced when a night is over."""
        return self.root / "warehouse" / "threatcast.duckdb"

    @property
    def stamps(self) -> Path:
        """What each stage of the warehouse was made of."""
        return self.root / "warehouse" / "stamps.json"

    @property
    def release_stamp(self) -> Path:
        """What the newest release was made of."""
        return self.root / "warehouse" / "release.json"

    @property
    def forecasts(self) -> Path:
        """Finished forecasts, kept by the hash of all that they depend on."""
        return self.root / "forecasts"

    @property
    def fits(self) -> Path:
        """Fits of single series, kept by the hash of all that they depend on."""
        return self.forecasts / "fits.sqlite"

    @property
    def decisions(self) -> Path:
        """Record of which model was published for which target, and why."""
        return self.root / "models" / "decisions.jsonl"

    @property
    def accepted(self) -> Path:
        """Payloads that a person has accepted although their gate doubted them, and why."""
        return self.root / "accepted.jsonl"

    @property
    def warnings(self) -> Path:
        """What became of each warning: a line an event; lines are added, never changed."""
        return self.root / "warnings" / "events.jsonl"

    @property
    def playbooks(self) -> Path:
        """Which warnings are told to whom, one YAML file a playbook; written by people."""
        return self.root / "playbooks"

    @property
    def imported(self) -> Path:
        """Weekly counts of other releases, which are this home's past; never changed."""
        return self.root / "imported"

    @property
    def gates(self) -> Path:
        """Results of the gates, and their Data Docs."""
        return self.root / "gates"

    @property
    def releases(self) -> Path:
        """All releases, and the link `current`."""
        return self.root / "releases"

    @property
    def archive(self) -> Path:
        """Every forecast that was ever published; files are added, never changed."""
        return self.root / "archive"

    @property
    def dagster(self) -> Path:
        """Dagster's instance: its settings and the history of runs."""
        return self.root / "dagster"

    @property
    def history_stores(self) -> tuple[Path, ...]:
        """Dagster's files that every run opens; each run has one of its own beside them."""
        history = self.dagster / "history"
        return (
            history / "runs.db",
            history / "runs" / "index.db",
            self.dagster / "schedules" / "schedules.db",
        )

    @property
    def dbt_target(self) -> Path:
        """What dbt compiles and logs."""
        return self.root / "dbt_target"

    @property
    def simulated(self) -> Path:
        """The feeds of the simulated world."""
        return self.root / "simulated"

    @property
    def starter(self) -> Path:
        """The stand-in records of the shipped history."""
        return self.root / "starter"

    @property
    def mlflow(self) -> Path:
        """MLflow's store (`mlflow.db`) and its artifacts."""
        return self.root / "mlflow"

    @property
    def git(self) -> Path:
        """Clones that back-fills read."""
        return self.root / "git"

    @property
    def lock(self) -> Path:
        """Held by the one run that works in this home."""
        return self.root / "run.lock"

    @property
    def shared(self) -> Path:
        """Which store this home shares, and what of it is here already."""
        return self.root / "shared.json"

    @property
    def last_run(self) -> Path:
        """How the last run ended."""
        return self.root / "last_run.json"

    @property
    def source(self) -> str | None:
        """What this home holds, a word of `SOURCES`; None before the first run."""
        path = self.root / "source.json"
        if not path.is_file():
            return None
        try:
            return str(json.loads(path.read_text(encoding="utf-8"))["source"])
        except (ValueError, KeyError, TypeError) as error:
            raise OrchestrationError(
                f"{path} does not say what this home holds ({error}). Nothing was changed. Write "
                'one line into it, as {"source": "mirror"}; known: ' + ", ".join(SOURCES) + "."
            ) from error

    def bind_source(self, source: str) -> None:
        """Fix the source of this home, or refuse another one.

        Raises
        ------
        WrongUse
            If the home already holds payloads of another source.
        """
        if source not in SOURCES:
            raise WrongUse(f"Unknown source '{source}'. Choose one of: {', '.join(SOURCES)}.")
        held = self.source
        if held == source:
            return
        if held is not None:
            raise WrongUse(
                f"The home {self.root} holds data of the source '{held}'; a run with '{source}' "
                "would mix counts that do not belong together. Nothing was changed. "
                f"Use another home: --home {self.root}-{source}"
            )
        self.prepare()
        path = self.root / "source.json"
        write_durably(path, f"{json.dumps({'source': source})}\n".encode())

    def _dagster_yaml(self) -> str:
        where = _ON_POSTGRES.format(variable=self.postgres_in) if self.postgres_in else ""
        return _DAGSTER_YAML + where

    def prepare(self) -> None:
        """Make the folders and the settings of the Dagster instance.

        Raises
        ------
        OrchestrationError
            If the home cannot be written.
        """
        try:
            make_root(self.root)
            for folder in (self.warehouse.parent, self.dagster, self.releases, self.gates):
                folder.mkdir(parents=True, exist_ok=True)
            config = self.dagster / "dagster.yaml"
            text = config.read_text("utf-8") if config.is_file() else ""
            # what a kill left of ours is the beginning of it; without it pools have no limit
            if text.startswith(_WRITTEN) or _DAGSTER_YAML.startswith(text):
                write_durably(config, self._dagster_yaml().encode())
            probe = self.root / ".writable"
            try:
                probe.write_bytes(bytes(_PROBE))
            finally:
                probe.unlink(missing_ok=True)
        except OSError as error:
            raise OrchestrationError(
                f"The home {self.root} cannot be written ({error.strerror}). Nothing was changed. "
                "Free the disk or its rights, or choose another home with --home."
            ) from error
