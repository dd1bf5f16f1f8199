"""Tells a webhook how a night ended: one JSON body that Slack-like services show as text."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from threatcast_feeds.outside import shown

from threatcast_orchestration.run.settings import WEBHOOK_ON, Settings

if TYPE_CHECKING:
    from threatcast_orchestration.nightly.setbacks import Setbacks

MOST_TEXT = 4_000
"""Characters; services that show such a message take no more."""

log = logging.getLogger(__name__)


def tell_end(
    settings: Settings, release: str | None, setbacks: Setbacks, details: dict[str, Any]
) -> None:
    """Tell how a night ended that published: what went wrong in it, by name, or that all is well.

    Parameters
    ----------
    release
        Id of the release that is current after it.
    setbacks
        What `setbacks_of` found in that release.
    details
        Of the run.
    """
    if not setbacks:
        send(settings, "success", f"Threatcast: release {release}", details)
        return
    text = f"Threatcast: release {release} is out, but: {' '.join(setbacks.lines)}"
    send(settings, "degraded", text, details | {"release": release} | setbacks.as_dict())


def send(settings: Settings, event: str, text: str, details: dict[str, Any]) -> bool:
    """Post to the configured webhook; never raises, since a night must not end by its alarm.

    Parameters
    ----------
    event : str
        `failure`, `blocked`, `degraded` (published, but a feed failed or outlooks went away) or
        `success`; the setting `webhook_on` decides which of them are sent.

    Returns
    -------
    bool
        Whether a webhook took the message.
    """
    if not settings.webhook_url or event not in WEBHOOK_ON[settings.webhook_on]:
        return False
    import httpx

    try:
        answer = httpx.post(
            settings.webhook_url,
            json={"text": _plain(text), "event": event, "details": _plain(details)},
            timeout=15.0,
            follow_redirects=False,
        )
        answer.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        log.warning("the webhook did not take the message (%s); %s", type(error).__name__, text)
        return False
    return True


def _plain(value: Any) -> Any:
    """Return a value whose texts, at any depth, are escaped and cut."""
    if isinstance(value, dict):
        return {_plain(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return shown(value, MOST_TEXT, "\n") if isinstance(value, str) else value
