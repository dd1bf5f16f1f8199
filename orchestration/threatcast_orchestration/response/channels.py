"""One message to one channel, tried a few times; what fails says why without the address.

An address and its headers are secrets: they are filled in here, and no log line or error of a
library about them leaves this module.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential
from threatcast_feeds.http.patience import passes

from threatcast_orchestration.errors import WrongUse
from threatcast_orchestration.response.playbooks import Chat, Mailbox, TextFile, Webhook
from threatcast_orchestration.response.secret_values import filled

if TYPE_CHECKING:
    from threatcast_orchestration.response.warning_messages import Message
    from threatcast_orchestration.run.home import Home

ATTEMPTS = 4
TIMEOUT = 15.0
"""Seconds without a sign of life after which an attempt is given up."""
_PERMANENT = 500
_LOUD = ("apprise", "httpx", "httpcore", "urllib3", "requests", "requests_oauthlib")
"""Loggers that may write an address down."""


class NotDelivered(Exception):  # noqa: N818 the name says what happened
    """A message did not go out; `may_pass` if another try may help."""

    def __init__(self, why: str, *, may_pass: bool) -> None:
        self.may_pass = may_pass
        super().__init__(why)


def deliver(
    message: Message,
    home: Home,
    now: datetime,
    environment: Mapping[str, str],
    sleep: Callable[[float], None],
) -> str:
    """Send a message; returns what must be said beside "sent", mostly nothing.

    Raises
    ------
    NotDelivered
        After the last try; says why in words that hold no secret.
    """
    tries = Retrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential(multiplier=1, max=30),
        retry=retry_if_exception(lambda error: isinstance(error, NotDelivered) and error.may_pass),
        sleep=sleep,
        reraise=True,
    )
    with _unlogged():
        try:
            return tries(_send, message, home, now, environment)
        except WrongUse as error:  # a variable that is not set
            raise NotDelivered(str(error), may_pass=False) from error


def _send(message: Message, home: Home, now: datetime, environment: Mapping[str, str]) -> str:
    match message.channel:
        case Webhook() as channel:
            return _post(channel, message, environment)
        case Chat() as channel:
            return _chat(channel, message, environment)
        case Mailbox() as channel:
            return _mail(channel, message, now, environment)
        case TextFile() as channel:
            return _write(channel, message, home, now)


def _post(channel: Webhook, message: Message, environment: Mapping[str, str]) -> str:
    import httpx

    url = filled(channel.url, environment)
    headers = {name: filled(value, environment) for name, value in channel.headers.items()}
    headers["Idempotency-Key"] = message.message_id
    try:
        # the answer's body is of no use, and may have no end
        with httpx.stream(
            "POST", url, json=message.body, headers=headers, timeout=TIMEOUT, follow_redirects=False
        ) as answer:
            status = answer.status_code
    except httpx.TimeoutException:
        raise NotDelivered("it did not answer in time", may_pass=True) from None
    except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL):
        raise NotDelivered(
            f"{channel.url} or a header holds what cannot be sent to", may_pass=False
        ) from None
    except httpx.TransportError as error:
        why = f"the connection failed ({type(error).__name__})"
        raise NotDelivered(why, may_pass=True) from None
    if not httpx.codes.is_success(status):
        raise NotDelivered(f"it answered {status}", may_pass=passes(status))
    return ""


def _chat(channel: Chat, message: Message, environment: Mapping[str, str]) -> str:
    import apprise

    asset = apprise.AppriseAsset(
        async_mode=False, storage_mode=apprise.PersistentStoreMode.MEMORY, app_id="Threatcast"
    )
    service = apprise.Apprise.instantiate(filled(channel.url, environment), asset=asset)
    if service is None:
        why = f"{channel.url} holds no address that Apprise knows"
        raise NotDelivered(why, may_pass=False)
    # tries are counted here, whatever its address says; and an address must not lead elsewhere
    service.retry, service.redirects = 0, False
    sender = apprise.Apprise(asset=asset)
    sender.add(service)
    if not sender.notify(title=message.subject, body=message.text):
        raise NotDelivered("the service did not take it", may_pass=True)
    return ""


def _mail(channel: Mailbox, message: Message, now: datetime, environment: Mapping[str, str]) -> str:
    import smtplib
    import ssl
    from email.message import EmailMessage
    from email.utils import format_datetime

    mail = EmailMessage()
    mail["From"], mail["To"] = channel.sender, ", ".join(channel.to)
    mail["Subject"], mail["Date"] = message.subject, format_datetime(now)
    mail["Message-ID"] = f"<{message.message_id}@threatcast.invalid>"
    mail.set_content(message.text)
    try:
        if channel.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                channel.host, channel.port, timeout=TIMEOUT, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(channel.host, channel.port, timeout=TIMEOUT)
        with server:
            if channel.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if channel.password is not None:
                word = filled(channel.password, environment)
                server.login(filled(channel.user, environment), word)
            refused = server.send_message(mail)
    except smtplib.SMTPResponseException as error:
        why = f"the mail server answered {error.smtp_code}"
        raise NotDelivered(why, may_pass=error.smtp_code < _PERMANENT) from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = {code for code, _ in error.recipients.values()}
        why = f"the mail server refused all addresses ({', '.join(map(str, sorted(codes)))})"
        raise NotDelivered(why, may_pass=min(codes) < _PERMANENT) from None
    except smtplib.SMTPNotSupportedError:
        why = f"the mail server does not know {channel.security} or log-in"
        raise NotDelivered(why, may_pass=False) from None
    except (smtplib.SMTPException, OSError) as error:
        why = f"the connection to the mail server failed ({type(error).__name__})"
        raise NotDelivered(why, may_pass=True) from None
    return f"refused for {', '.join(sorted(refused))}" if refused else ""


def _write(channel: TextFile, message: Message, home: Home, now: datetime) -> str:
    path = home.root / channel.path
    line = json.dumps(message.body | {"at": now.isoformat()}, ensure_ascii=False) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # others follow the file while it grows, so that it is not replaced as ours are
        with path.open("ab+") as file:
            if file.tell() and not _ends_whole(file.fileno()):
                line = "\n" + line
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise NotDelivered(f"{path} cannot be written ({error.strerror})", may_pass=False) from None
    return ""


def _ends_whole(opened: int) -> bool:
    """Whether a file's last line was written to its end."""
    return os.pread(opened, 1, os.fstat(opened).st_size - 1) == b"\n"


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep libraries from logging while they hold an address."""
    loggers = [logging.getLogger(name) for name in _LOUD]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, was in zip(loggers, before, strict=True):
            logger.disabled = was
