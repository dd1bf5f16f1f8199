"""Tells a webhook how a night ended: one JSON body that Slack-like services show as text."""

from __future__ import annotations

import logging
from typing import Any

from threatcast_orchestration.settings import Settings

log = logging.getLogger(__name__)


def send(settings: Settings, event: str, text: str, details: dict[str, Any]) -> bool:
    """Post to the configured webhook; never raises, since a night must not end by its alarm.

    Parameters
    ----------
    event : str
        `failure`, `blocked` or `success`; `success` is sent only with webhook_on = "all".

    Returns
    -------
    bool
        Whether a webhook took the message.
    """
    if not settings.webhook_url or (event == "success" and settings.webhook_on != "all"):
        return False
    import httpx

    try:
        answer = httpx.post(
            settings.webhook_url,
            json={"text": text, "event": event, "details": details},
            timeout=15.0,
            follow_redirects=False,
        )
        answer.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        log.warning("the webhook did not take the message (%s); %s", type(error).__name__, text)
        return False
    return True
