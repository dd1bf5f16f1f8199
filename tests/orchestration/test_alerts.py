"""Telling a webhook: a real server on the loopback takes the message, or does not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import dagster as dg
import pytest
from threatcast_orchestration.nightly.alerts import send, tell_end
from threatcast_orchestration.nightly.sensors import COMMAND_LINE_TAG, build_failure_sensor
from threatcast_orchestration.nightly.setbacks import Setbacks
from threatcast_orchestration.run.settings import Settings


class Webhook:
    """A server that keeps what it is sent and answers with `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.taken: list[dict[str, Any]] = []
        keeper = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                keeper.taken.append(json.loads(body))
                self.send_response(keeper.status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    hook = Webhook()
    thread = threading.Thread(target=hook.server.serve_forever, args=(0.02,))
    thread.start()
    yield hook
    hook.server.shutdown()
    hook.server.server_close()
    thread.join()


@pytest.mark.parametrize("event", ["failure", "blocked"])
def test_bad_end_is_told_with_text_and_details(webhook: Webhook, event: str) -> None:
    settings = Settings(webhook_url=webhook.url)
    assert send(settings, event, "the disk is full", {"as_of": "2026-06-14"})
    assert webhook.taken == [
        {"text": "the disk is full", "event": event, "details": {"as_of": "2026-06-14"}}
    ]


def test_good_end_is_told_only_if_asked_for(webhook: Webhook) -> None:
    assert not send(Settings(webhook_url=webhook.url), "success", "done", {})
    assert webhook.taken == []
    assert send(Settings(webhook_url=webhook.url, webhook_on="all"), "success", "done", {})
    assert len(webhook.taken) == 1


SETBACKS = Setbacks(
    failed=(
        {
            "feed": "threatfox_ips",
            "reason": "the last attempt (2026-06-15) failed, newest payload of 2026-06-14",
            "targets": 1,
            "published": 145,
            "data_through": "2026-06-14",
        },
    )
)


def test_night_that_published_with_a_failed_feed_is_told_by_name(webhook: Webhook) -> None:
    tell_end(Settings(webhook_url=webhook.url), "2026-06-15-abc", SETBACKS, {"run_id": "1"})
    (message,) = webhook.taken
    assert message["event"] == "degraded"
    assert "threatfox_ips failed: the last attempt (2026-06-15) failed" in message["text"]
    assert "145 outlooks stay published, from data through 2026-06-14" in message["text"]
    assert message["details"]["failed_feeds"] == list(SETBACKS.failed)
    assert message["details"]["release"] == "2026-06-15-abc"


@pytest.mark.parametrize(
    ("webhook_on", "setbacks", "events"),
    [
        ("failure", SETBACKS, []),
        ("degraded", SETBACKS, ["degraded"]),
        ("degraded", Setbacks(), []),
        ("all", SETBACKS, ["degraded"]),
        ("all", Setbacks(), ["success"]),
    ],
)
def test_setting_says_which_published_nights_are_told(
    webhook: Webhook, webhook_on: str, setbacks: Setbacks, events: list[str]
) -> None:
    settings = Settings(webhook_url=webhook.url, webhook_on=webhook_on)
    tell_end(settings, "2026-06-15-abc", setbacks, {})
    assert [message["event"] for message in webhook.taken] == events


def test_without_a_webhook_nothing_is_sent() -> None:
    assert not send(Settings(), "failure", "text", {})


def test_webhook_that_refuses_does_not_end_the_night(
    webhook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    webhook.status = 500
    assert not send(Settings(webhook_url=webhook.url), "failure", "the disk is full", {})
    assert "the webhook did not take the message" in caplog.text
    assert "the disk is full" in caplog.text


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "no address", "http://[::1"])
def test_webhook_that_cannot_be_reached_does_not_end_the_night(url: str) -> None:
    assert not send(Settings(webhook_url=url), "failure", "text", {})


def test_address_of_the_webhook_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    # the address of a chat's webhook is its password
    assert not send(Settings(webhook_url="http://127.0.0.1:9/secret"), "failure", "text", {})
    assert "secret" not in caplog.text


@dg.job
def failing() -> None:
    @dg.op
    def broken() -> None:
        raise ValueError("the disk is full")

    broken()


@pytest.mark.parametrize(("started_by", "told"), [("schedule", 1), ("command line", 0)])
def test_failed_run_is_told_once(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch, started_by: str, told: int
) -> None:
    monkeypatch.setenv("THREATCAST_WEBHOOK_URL", webhook.url)
    with dg.DagsterInstance.ephemeral() as instance:
        outcome = failing.execute_in_process(
            instance=instance, raise_on_error=False, tags={COMMAND_LINE_TAG: started_by}
        )
        context = dg.build_run_status_sensor_context(
            sensor_name="tell_webhook_of_failure",
            dagster_instance=instance,
            dagster_run=outcome.dagster_run,
            dagster_event=outcome.get_run_failure_event(),
        ).for_run_failure()
        build_failure_sensor()(context)
    assert len(webhook.taken) == told
    for message in webhook.taken:
        assert message["event"] == "failure"
        assert message["details"] == {"run_id": outcome.run_id, "job": "failing"}


def test_sensor_runs_as_soon_as_the_daemon_does() -> None:
    assert build_failure_sensor().default_status is dg.DefaultSensorStatus.RUNNING
