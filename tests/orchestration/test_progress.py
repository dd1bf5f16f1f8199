"""Progress of a run: plain lines where no one watches, nothing when told to be quiet.

No postponed annotations here: Dagster reads those of a step's context.
"""

import logging
import re

import dagster as dg
import pytest
from threatcast_orchestration.nightly.progress import LOGGER, Progress, step_logger


@dg.op
def first() -> int:
    return 1


@dg.op
def warns(context: dg.OpExecutionContext, given: int) -> int:
    context.log.info("all is well")
    context.log.warning("the feed stands still")
    return given


@dg.op
def breaks(given: int) -> int:
    raise ValueError("broken")


@dg.op
def never(given: int) -> None:
    pass


@dg.job(logger_defs={"steps": step_logger})
def night() -> None:
    never(breaks(warns(first())))


def run(*, quiet: bool = False) -> None:
    with Progress(4, quiet=quiet):
        night.execute_in_process(
            run_config={"loggers": {"steps": {"config": {}}}}, raise_on_error=False
        )


def test_steps_are_plain_numbered_lines_off_a_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    run()
    shown = capfd.readouterr()
    assert shown.out == ""
    first_line, warning, second_line, failed = shown.err.splitlines()
    assert re.fullmatch(r"\[1/4\] first: \d+\.\d s", first_line)
    assert warning == "warning: the feed stands still"
    assert re.fullmatch(r"\[2/4\] warns: \d+\.\d s", second_line)
    assert failed == "[3/4] breaks: failed"
    assert "\x1b" not in shown.err


def test_quiet_run_shows_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    run(quiet=True)
    assert capfd.readouterr().err == ""


def test_nothing_listens_after_the_run() -> None:
    with Progress(1) as progress:
        assert progress in logging.getLogger(LOGGER).handlers
    assert progress not in logging.getLogger(LOGGER).handlers


@dg.op(retry_policy=dg.RetryPolicy(max_retries=1, delay=0.2))
def answers_late(context: dg.OpExecutionContext) -> None:
    if context.retry_number == 0:
        raise ConnectionError("no answer")


@dg.job(logger_defs={"steps": step_logger})
def patient_night() -> None:
    answers_late()


def test_step_that_will_be_tried_again_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    with Progress(1):
        patient_night.execute_in_process(run_config={"loggers": {"steps": {"config": {}}}})
    waiting, done = capfd.readouterr().err.splitlines()
    assert waiting.startswith("answers_late: no answer; asked again in ")
    assert done.startswith("[1/1] answers_late: ")
