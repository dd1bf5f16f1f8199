"""Working in a home: its lock, and where it shares a store the lease of that, around every change.

Whoever changes something that others need works inside `working_in`: a night, a fetch, a promotion.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from threatcast_orchestration.errors import OrchestrationError
from threatcast_orchestration.run.lock import run_lock
from threatcast_orchestration.run.settings import Settings, load_settings
from threatcast_orchestration.sharing.exchange import Exchange
from threatcast_orchestration.sharing.lease import leased
from threatcast_orchestration.sharing.shared_store import open_shared_store

if TYPE_CHECKING:
    from pathlib import Path

    from threatcast_orchestration.run.home import Home

log = logging.getLogger(__name__)
_AT_WORK: dict[Path, Exchange] = {}
"""Exchanges of this process by their homes, which steps of a night ask for."""


@contextmanager
def working_in(home: Home, *, lend: bool = False, borrow: bool = False) -> Iterator[None]:
    """Hold the home's lock while the block runs, and share what came of it if it shares a store.

    Parameters
    ----------
    home
    lend, borrow
        As `run_lock` has them; what is borrowed is shared by who lent it.

    Raises
    ------
    LockHeld
        At once, if another process works in the home, or another machine on the store.
    StoreFailure
        If the store cannot be reached; at the end, what came stays in the home and is handed over
        with the next change.
    LeaseLost
        At the end, if another run took over; the store is as that one has it. Of a night, its step
        that hands over raises both.
    """
    with run_lock(home.lock, lend=lend, borrow=borrow):
        settings = load_settings(home)
        if not settings.store or home.root in _AT_WORK:
            yield
            return
        store = open_shared_store(settings.store)
        with leased(store, settings.lease_seconds) as lease:
            exchange = _AT_WORK[home.root] = Exchange(home, store, lease)
            try:
                exchange.bring()
                yield
                _hand_over(exchange, told=lend or borrow)
            finally:
                del _AT_WORK[home.root]


def _hand_over(exchange: Exchange, *, told: bool) -> None:
    """Hand over what came; after a night only what its own step did not, which has told errors."""
    try:
        exchange.hand_over()
    except OrchestrationError as error:
        if not told:
            raise
        log.warning("%s", error)


@contextmanager
def sharing(home: Home) -> Iterator[None]:
    """Work in a home that shares a store; in one that shares none, another run may work beside."""
    if load_settings(home).store:
        with working_in(home):
            yield
    else:
        yield


def exchange_of(home: Home) -> Exchange | None:
    """Return the exchange of the work that goes on in a home; None if nothing is shared."""
    return _AT_WORK.get(home.root)


def check_store(settings: Settings) -> str:
    """Return in words what the settings' store holds; '' without one. Raises if it is not there."""
    from threatcast_orchestration.sharing.head import read_head

    if not settings.store:
        return ""
    head, _ = read_head(open_shared_store(settings.store))
    held = f"{len(head.releases)} releases, current {head.release}" if head else "nothing yet"
    return f"{settings.store} holds {held}"
