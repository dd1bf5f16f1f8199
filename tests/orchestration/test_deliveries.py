"""Messages to real servers on the loopback, which refuse, dawdle, fail and hang up."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pytest_httpserver import HTTPServer
from response_kit import FILE, FIRST, NOW, SECOND, SURGE, frame, home_with, many, night
from threatcast_orchestration.response import channels
from threatcast_orchestration.response.telling import respond
from threatcast_orchestration.response.warning_events import (
    Delivered,
    WarningRecord,
    read_events,
)
from threatcast_orchestration.run.home import Home
from werkzeug import Request, Response

WEBHOOK = "channel: {kind: webhook, url: '${HOOK}', headers: {Authorization: 'Bearer ${TOKEN}'}}\n"
TOKEN = "t0ken-of-nobody"  # noqa: S105 of nobody
PATH = "/hooks/s3cret-path"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_with(tmp_path, duty=WEBHOOK)


@pytest.fixture
def environment(httpserver: HTTPServer) -> dict[str, str]:
    return {"HOOK": httpserver.url_for(PATH), "TOKEN": TOKEN}


def deliveries(home: Home) -> list[Delivered]:
    return [event for event in read_events(home) if isinstance(event, Delivered)]


def bodies(server: HTTPServer) -> list[dict[str, Any]]:
    return [json.loads(request.get_data()) for request, _ in server.log]


def test_webhook_takes_a_warning_and_the_record_says_so(
    home: Home, httpserver: HTTPServer, environment: dict[str, str]
) -> None:
    httpserver.expect_request(PATH, method="POST").respond_with_data("", 204)
    told = night(home, SURGE, environment=environment).told
    assert told.sent == ["duty: warning to webhook ${HOOK}"]
    ((request, _),) = httpserver.log
    (event,) = deliveries(home)
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.headers["Idempotency-Key"] == event.message_id == bodies(httpserver)[0]["id"]
    assert (event.sent, event.channel, event.told[0].release_id) == (True, "webhook ${HOOK}", FIRST)


def test_two_nights_post_nothing_twice(
    home: Home, httpserver: HTTPServer, environment: dict[str, str]
) -> None:
    httpserver.expect_request(PATH).respond_with_data("")
    for release in (FIRST, FIRST, SECOND):
        night(home, SURGE, release=release, environment=environment)
    assert len(httpserver.log) == 1


def test_server_that_recovers_gets_the_message_once(
    home: Home, httpserver: HTTPServer, environment: dict[str, str]
) -> None:
    httpserver.expect_ordered_request(PATH).respond_with_data("", 500)
    httpserver.expect_ordered_request(PATH).respond_with_data("", 429)
    httpserver.expect_ordered_request(PATH).respond_with_data("", 200)
    night(home, SURGE, environment=environment)
    assert [event.sent for event in deliveries(home)] == [True]
    assert len({body["id"] for body in bodies(httpserver)}) == 1


@pytest.mark.parametrize(("status", "tries"), [(500, 4), (404, 1), (302, 1)])
def test_server_that_does_not_take_it_is_asked_as_often_as_helps(
    home: Home, httpserver: HTTPServer, environment: dict[str, str], status: int, tries: int
) -> None:
    headers = {"Location": httpserver.url_for("/elsewhere")}
    httpserver.expect_request(PATH).respond_with_data("", status, headers)
    told = night(home, SURGE, environment=environment).told
    assert told.failed == [f"duty: warning to webhook ${{HOOK}}: it answered {status}"]
    assert [request.path for request, _ in httpserver.log] == [PATH] * tries
    assert [event.sent for event in deliveries(home)] == [False]
    # what failed is due again
    httpserver.clear()
    httpserver.expect_request(PATH).respond_with_data("")
    night(home, SURGE, environment=environment)
    assert [event.sent for event in deliveries(home)] == [False, True]


def test_pauses_between_tries_grow(
    home: Home, httpserver: HTTPServer, environment: dict[str, str]
) -> None:
    httpserver.expect_request(PATH).respond_with_data("", 503)
    pauses: list[float] = []
    respond(home, frame(SURGE), FIRST, NOW, environment, sleep=pauses.append)
    assert pauses == [1, 2, 4]


def test_slow_server_is_not_waited_for_without_end(
    home: Home,
    httpserver: HTTPServer,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(channels, "TIMEOUT", 0.05)
    over = threading.Event()

    def dawdle(request: Request) -> Response:
        over.wait(5)
        return Response("")

    httpserver.expect_request(PATH).respond_with_handler(dawdle)
    told = night(home, SURGE, environment=environment).told
    over.set()
    assert told.failed == ["duty: warning to webhook ${HOOK}: it did not answer in time"]


def test_refused_connection_is_told_and_costs_no_other_playbook(tmp_path: Path) -> None:
    home = home_with(tmp_path, duty=WEBHOOK, file=FILE)
    told = night(home, SURGE, environment={"HOOK": "http://127.0.0.1:9/x", "TOKEN": TOKEN}).told
    assert told.failed == ["duty: warning to webhook ${HOOK}: the connection failed (ConnectError)"]
    assert told.sent == ["file: warning to file told.jsonl"]


@pytest.fixture
def half_way() -> Iterator[str]:
    """A server that hangs up in the middle of its answer's head."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            for _ in range(channels.ATTEMPTS):
                with server.accept()[0] as caller:
                    caller.recv(65536)
                    caller.sendall(b"HTTP/1.1 2")

        thread = threading.Thread(target=hang_up)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join()


def test_answer_that_breaks_off_is_no_answer(home: Home, half_way: str) -> None:
    told = night(home, SURGE, environment={"HOOK": half_way, "TOKEN": TOKEN}).told
    assert told.failed == [
        "duty: warning to webhook ${HOOK}: the connection failed (RemoteProtocolError)"
    ]


def test_channel_that_is_down_is_not_waited_for_with_each_message(
    home: Home, httpserver: HTTPServer, environment: dict[str, str]
) -> None:
    httpserver.expect_request(PATH).respond_with_data("", 500)
    told = night(home, *many(3), environment=environment).told
    assert len(told.failed) == 3
    assert len(httpserver.log) == channels.ATTEMPTS


def test_crash_between_delivery_and_record_sends_again_by_the_same_id(
    home: Home,
    httpserver: HTTPServer,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    httpserver.expect_request(PATH).respond_with_data("")
    add = WarningRecord.add

    def killed(record: WarningRecord, *events: Any) -> None:
        if any(isinstance(event, Delivered) for event in events):
            raise KeyboardInterrupt
        add(record, *events)

    monkeypatch.setattr(WarningRecord, "add", killed)
    with pytest.raises(KeyboardInterrupt):
        night(home, SURGE, environment=environment)
    monkeypatch.setattr(WarningRecord, "add", add)
    night(home, SURGE, environment=environment)
    night(home, SURGE, environment=environment)
    first, second = bodies(httpserver)
    assert first["id"] == second["id"]


def test_variable_that_is_not_set_is_named(home: Home) -> None:
    told = night(home, SURGE, environment={"HOOK": "http://127.0.0.1:9/"}).told
    assert told.failed[0].endswith("The environment has no TOKEN; set it where nights are started.")


def test_fault_that_nobody_foresaw_costs_no_other_playbook(tmp_path: Path) -> None:
    home = home_with(tmp_path, duty=WEBHOOK, file=FILE)
    # no header can hold it
    told = night(home, SURGE, environment={"HOOK": "http://127.0.0.1:9/", "TOKEN": "tökén"}).told
    assert told.failed == ["duty: warning to webhook ${HOOK}: it failed (UnicodeEncodeError)"]
    assert told.sent == ["file: warning to file told.jsonl"]


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:9/s3cret", "nothing-with-s3cret", "http://[::s3cret", "ftp://s3cret/", ""],
)
def test_no_secret_is_logged_or_recorded_whatever_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    # the token is no header as well, so that libraries complain about it
    secrets = {"HOOK": address, "TOKEN": "to\nken-s3cret", "CHAT": f"json{address[4:]}"}
    chat = "channel: {kind: chat, url: '${CHAT}'}\n"
    mail = (
        "channel: {kind: email, host: 127.0.0.1, port: 9, sender: a@b.example, "
        "to: [c@d.example], user: u, password: '${TOKEN}'}\n"
    )
    home = home_with(tmp_path, a=WEBHOOK, b=chat, c=mail)
    with caplog.at_level(logging.DEBUG):
        told = night(home, SURGE, environment=secrets).told
    assert len(told.failed) == 3
    seen = caplog.text + home.warnings.read_text() + "".join(told.failed)
    assert "s3cret" not in seen
    assert "a message did not go out" in caplog.text


def test_sent_secrets_are_not_logged(
    home: Home,
    httpserver: HTTPServer,
    environment: dict[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    httpserver.expect_request(PATH).respond_with_data("")
    with caplog.at_level(logging.DEBUG):
        night(home, SURGE, environment=environment)
    ours = [record for record in caplog.records if record.name != "werkzeug"]
    assert "s3cret" not in "".join(record.getMessage() for record in ours)
    assert "s3cret" not in home.warnings.read_text()
    assert TOKEN not in home.warnings.read_text()
    assert logging.getLogger("httpx").disabled is False


def test_chat_gets_its_own_shape_once(tmp_path: Path, httpserver: HTTPServer) -> None:
    home = home_with(tmp_path, duty="channel: {kind: chat, url: '${CHAT}'}\n")
    httpserver.expect_request("/hooks/abcdef0123456789abcdef0123").respond_with_data("ok")
    # of its address: tries of its own, which are turned off
    address = f"mmost://127.0.0.1:{httpserver.port}/abcdef0123456789abcdef0123?retry=3"
    night(home, SURGE, environment={"CHAT": address})
    (body,) = bodies(httpserver)
    assert "elevated: Surge: Ransomware claims, Germany" in body["text"]


def test_chat_that_fails_is_tried_by_us_alone(tmp_path: Path, httpserver: HTTPServer) -> None:
    home = home_with(tmp_path, duty="channel: {kind: chat, url: '${CHAT}'}\n")
    httpserver.expect_request("/").respond_with_data("", 500)
    told = night(
        home, SURGE, environment={"CHAT": f"json://127.0.0.1:{httpserver.port}/?retry=3"}
    ).told
    assert told.failed == ["duty: warning to chat ${CHAT}: the service did not take it"]
    assert len(httpserver.log) == channels.ATTEMPTS


class Postbox:
    """What a mail server does with mails: it keeps them, or answers with `replies` first."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.replies: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.replies:
            reply = self.replies.pop(0)
            if reply == "hang up":
                server.transport.abort()
            return reply
        self.mails.append(envelope.content)
        return "250 taken"

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address.startswith("gone"):
            return "550 no such address"
        envelope.rcpt_tos.append(address)
        return "250 fine"


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    box = Postbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    box.port = port  # type: ignore[attr-defined]
    yield box
    controller.stop()


def mailing(box: Any, to: str = "duty@example.org") -> str:
    return (
        f"channel: {{kind: email, host: 127.0.0.1, port: {box.port}, security: none, "
        f"sender: threatcast@example.org, to: [{to}]}}\n"
    )


def test_mail_is_readable_and_has_an_id_that_stays(tmp_path: Path, postbox: Postbox) -> None:
    home = home_with(tmp_path, duty=mailing(postbox))
    night(home, SURGE, SURGE | {"warning_id": "b" * 16, "kind": "silence", "location": ""})
    mails = [message_from_bytes(content, policy=default) for content in postbox.mails]
    assert [mail["Subject"].strip() for mail in mails] == [
        "Threatcast: elevated: Surge: Ransomware claims, Germany",
        "Threatcast: DATA, no threat: Silent source: Ransomware claims",
    ]
    assert [mail["Message-ID"] for mail in mails] == [
        f"<{event.message_id}@threatcast.invalid>" for event in deliveries(home)
    ]
    assert "42 to 48 were counted" in mails[0].get_content()


@pytest.mark.parametrize(
    ("replies", "sent", "why"),
    [
        (["451 later"], True, ""),
        (["hang up"], True, ""),
        (
            ["hang up"] * 4,
            False,
            "the connection to the mail server failed (SMTPServerDisconnected)",
        ),
        (["554 never"], False, "the mail server answered 554"),
    ],
)
def test_mail_server_s_fault_is_met_as_it_says(
    tmp_path: Path, postbox: Postbox, replies: list[str], sent: bool, why: str
) -> None:
    home = home_with(tmp_path, duty=mailing(postbox))
    postbox.replies = list(replies)
    night(home, SURGE)
    (event,) = deliveries(home)
    assert (event.sent, event.why) == (sent, why)
    assert len(postbox.mails) == sent


def test_address_that_is_refused_is_told_and_the_others_get_the_mail(
    tmp_path: Path, postbox: Postbox
) -> None:
    home = home_with(
        tmp_path,
        all="match: {level: watch}\n" + mailing(postbox, "gone@example.org"),
        duty=mailing(postbox, "gone@example.org, duty@example.org"),
    )
    night(home, SURGE)
    none, some = deliveries(home)
    assert (none.sent, none.why) == (False, "the mail server refused all addresses (550)")
    assert (some.sent, some.why) == (True, "refused for gone@example.org")


def test_password_is_not_given_to_a_server_without_encryption(
    tmp_path: Path, postbox: Postbox
) -> None:
    text = mailing(postbox).replace("none", "starttls, user: me, password: '${WORD}'")
    home = home_with(tmp_path, duty=text)
    night(home, SURGE, environment={"WORD": "s3cret"})
    (event,) = deliveries(home)
    assert event.why == "the mail server does not know starttls or log-in"


def test_file_grows_by_whole_lines(tmp_path: Path) -> None:
    home = home_with(tmp_path, duty=FILE)
    (home.root / "told.jsonl").write_text('{"cut": ')
    night(home, SURGE)
    cut, line = (home.root / "told.jsonl").read_text().splitlines()
    assert cut == '{"cut": '
    assert json.loads(line)["form"] == "warning"


def test_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    home = home_with(tmp_path, duty=FILE)
    (home.root / "told.jsonl").mkdir()
    told = night(home, SURGE).told
    assert "told.jsonl cannot be written (Is a directory)" in told.failed[0]
