"""Shows a run's steps: a bar on a terminal, plain log lines elsewhere.

A logging handler on Dagster's own events, so that it shows exactly what the history keeps.
"""

from __future__ import annotations

import logging
import sys
from types import TracebackType
from typing import Any

import dagster as dg
from threatcast_feeds.outside import shown

from threatcast_orchestration.run.bars import terminal_bar

LOGGER = "threatcast.night"
MOST_LINE = 4_000
# true and of no use to the reader: a failed step says itself what went wrong
_NOISE = ("Dependencies for step ", "Logging an `AssetObservation`")


@dg.logger(config_schema={}, description="One line a step and each warning; nothing else.")
def step_logger(init_context: Any) -> logging.Logger:
    """Hand Dagster the logger that `Progress` listens to."""
    del init_context
    logger = logging.getLogger(LOGGER)
    logger.setLevel(logging.DEBUG)  # the level of Dagster's own events
    logger.propagate = False
    return logger


class Progress(logging.Handler):
    """Prints the steps of one run while the `with` block lasts."""

    def __init__(self, total: int, *, quiet: bool = False) -> None:
        super().__init__(logging.DEBUG)
        self._total = total
        self._quiet = quiet
        self._done = 0
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Progress:
        logging.getLogger(LOGGER).addHandler(self)
        if not self._quiet and sys.stderr.isatty():
            self._bar = terminal_bar()
            self._bar.start()
            self._task = self._bar.add_task("starting", total=self._total)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        logging.getLogger(LOGGER).removeHandler(self)
        if self._bar is not None:
            self._bar.stop()

    def emit(self, record: logging.LogRecord) -> None:
        """Show one Dagster event or message."""
        event = (getattr(record, "dagster_meta", None) or {}).get("dagster_event")
        if event is None:
            if record.levelno >= logging.WARNING:
                said = (getattr(record, "dagster_meta", None) or {}).get("orig_message")
                text = said or record.getMessage()
                if not text.startswith(_NOISE):
                    self._line(f"warning: {text}")
            return
        kind = event.event_type_value
        if kind == "STEP_START":
            self._describe(str(event.step_key))
        elif kind == "STEP_UP_FOR_RETRY":
            seconds = event.step_retry_data.seconds_to_wait or 0
            self._line(f"{event.step_key}: no answer; asked again in {seconds:.0f} s")
        elif kind in ("STEP_SUCCESS", "STEP_FAILURE", "STEP_SKIPPED"):
            self._done += 1
            self._finish(event, kind)

    def _describe(self, step: str) -> None:
        if self._bar is not None:
            self._bar.update(self._task, description=step)

    def _finish(self, event: Any, kind: str) -> None:
        if kind == "STEP_SUCCESS":
            seconds = event.step_success_data.duration_ms / 1000
            text = f"[{self._done}/{self._total}] {event.step_key}: {seconds:.1f} s"
        else:
            words = "failed" if kind == "STEP_FAILURE" else "skipped"
            text = f"[{self._done}/{self._total}] {event.step_key}: {words}"
        if self._bar is not None:
            self._bar.advance(self._task)
            if kind == "STEP_SUCCESS":
                return
        self._line(text)

    def _line(self, text: str) -> None:
        if self._quiet:
            return
        text = shown(text, MOST_LINE, "\n\t")
        if self._bar is not None:
            self._bar.console.print(text, markup=False)
        else:
            sys.stderr.write(text + "\n")
            sys.stderr.flush()
