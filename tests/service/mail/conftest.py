"""Dovecots without some of its capabilities, which the tests of a session share, and sources of their mailboxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

from service.mail.imap import Imap
from service.mail.imap.settings import ImapSettings
from tests.service.dovecot_server import PASSWORD, DovecotServer
from tests.service.mail.inbox import MemoryInbox

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 100_000


class OpenImap(Protocol):
    """Makes a source of the user's mailbox at `port`; `options` are those of `Imap` and of `ImapSettings`."""

    def __call__(self, port: int, **options: Any) -> Imap: ...  # noqa: D102


@pytest.fixture(scope="session")
def bare_dovecot() -> Iterator[DovecotServer]:
    """A server without IDLE and CONDSTORE."""
    with DovecotServer(without=["IDLE", "CONDSTORE"]) as server:
        yield server


@pytest.fixture(scope="session")
def idle_dovecot() -> Iterator[DovecotServer]:
    """A server with IDLE and without CONDSTORE."""
    with DovecotServer(without=["CONDSTORE"]) as server:
        yield server


@pytest.fixture
def inbox() -> MemoryInbox:
    """An empty inbox."""
    return MemoryInbox()


@pytest.fixture
def open_imap(user: str) -> Iterator[OpenImap]:
    """Makes sources, and closes them after the test."""
    made: list[Imap] = []

    def make(port: int, **options: Any) -> Imap:
        given = {"host": "127.0.0.1", "port": port, "security": "none", "username": user}
        poll = {name: options.pop(name) for name in ("poll_seconds",) if name in options}
        given |= {name: options.pop(name) for name in ImapSettings.model_fields if name in options}
        how = {"private": True, "size_limit": LIMIT, "timeout": 20.0} | options
        settings = ImapSettings.model_validate(given).model_copy(update=poll)  # more often than users may
        made.append(Imap(settings, how.pop("password", PASSWORD), **how))
        return made[-1]

    yield make
    for source in made:
        source.close()
