"""Waiting for mail on a real IMAP server: told by IDLE, or looked for where the server does not tell."""

from __future__ import annotations

import threading
from inspect import signature
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from service.mail.imap import Imap
from tests.service.mail.inbox import MemoryInbox, letter
from tests.service.tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.service.dovecot_server import DovecotServer
    from tests.service.mail.conftest import OpenImap

pytestmark = pytest.mark.docker

FOREVER = 60.0


def waited(source: Imap, meanwhile: Callable[[], object] | None = None, timeout: float = FOREVER) -> float:
    """Seconds that a wait took, during which something was done."""
    timer = threading.Timer(0.1, meanwhile or (lambda: None))
    timer.start()
    began = monotonic()
    source.wait(timeout)
    took = monotonic() - began
    timer.join()
    return took


def test_idle_tells_of_arrivals_flags_and_removals(
    dovecot: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """A wait ends within moments, and the next sync brings what happened."""
    source = open_imap(dovecot.port)
    source.sync(inbox)
    assert waited(source, lambda: dovecot.append(user, letter("one"), letter("two"))) < FOREVER / 4
    source.sync(inbox)
    assert inbox.subjects() == ["one", "two"]
    with dovecot.client(user) as client:
        assert waited(source, lambda: client.add_flags([1], ["\\Seen"])) < FOREVER / 4
        source.sync(inbox)
        assert inbox.flags() == {"one": {"\\Seen"}, "two": set()}
        client.delete_messages([2])
        source.sync(inbox)
        assert waited(source, client.expunge) < FOREVER / 4
        source.sync(inbox)
    assert inbox.subjects() == ["one"]


def test_idle_tells_of_flags_where_changes_are_not_counted(
    user: str, open_imap: OpenImap, inbox: MemoryInbox, idle_dovecot: DovecotServer
) -> None:
    """Without CONDSTORE the flags are compared when IDLE says that some have changed."""
    idle_dovecot.append(user, letter("one"))
    source = open_imap(idle_dovecot.port)
    source.sync(inbox)
    with idle_dovecot.client(user) as client:
        assert waited(source, lambda: client.add_flags([1], ["\\Seen"])) < FOREVER / 4
    source.sync(inbox)
    assert inbox.flags() == {"one": {"\\Seen"}}


def test_what_happens_between_a_sync_and_a_wait_is_told(
    dovecot: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """Nothing falls between the two."""
    source = open_imap(dovecot.port)
    source.sync(inbox)
    dovecot.append(user, letter("between"))
    assert waited(source) < FOREVER / 4
    source.sync(inbox)
    assert inbox.subjects() == ["between"]


def test_what_happens_during_a_sync_is_told(
    dovecot: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """The server announces it in the midst of an answer, and IDLE does not repeat it."""
    dovecot.append(user, letter("one"))
    inbox.before = lambda call: dovecot.append(user, letter("two")) if call == "settle" else None
    source = open_imap(dovecot.port)
    source.sync(inbox)
    inbox.before = lambda call: None  # noqa: ARG005
    if inbox.subjects() == ["one"]:
        assert waited(source) < FOREVER / 4
        source.sync(inbox)
    assert inbox.subjects() == ["one", "two"]


def test_idle_is_issued_again_and_again(
    dovecot: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """A wait goes on over many of them on one connection, and the last one still tells."""
    assert signature(Imap).parameters["reissue"].default < 29 * 60  # seconds, RFC 2177
    with TcpProxy(dovecot.port) as proxy:
        source = open_imap(proxy.port, reissue=0.05)
        source.sync(inbox)
        before = proxy.forwarded
        assert waited(source, timeout=1.0) >= 1.0
        assert proxy.forwarded - before > 5 * len("+ idling\r\n")
        assert waited(source, lambda: dovecot.append(user, letter("one"))) < FOREVER / 4
        source.sync(inbox)
        assert proxy.connections == 1
    assert inbox.subjects() == ["one"]


def test_without_idle_the_mailbox_is_looked_at_every_so_often(
    bare_dovecot: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """A wait takes until the next look, which the caller's timeout only shortens."""
    source = open_imap(bare_dovecot.port, poll_seconds=1)
    source.sync(inbox)
    assert waited(source, timeout=0.2) < 1
    bare_dovecot.append(user, letter("one"))
    assert waited(source) < FOREVER / 4
    source.sync(inbox)
    assert inbox.subjects() == ["one"]


def test_other_folders_are_looked_at_every_so_often(
    dovecot: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """IDLE tells of the inbox alone, at once; a sync for that leaves the others to their time."""
    with dovecot.client(user) as client:
        client.create_folder("Work")
    source = open_imap(dovecot.port, folders=["Work", "INBOX"], poll_seconds=2)
    source.sync(inbox)
    dovecot.append(user, letter("plan"), folder="Work")
    assert waited(source, lambda: dovecot.append(user, letter("one")), timeout=2) < 2
    source.sync(inbox)
    assert (inbox.subjects("INBOX"), inbox.subjects("Work")) == (["one"], [])
    assert waited(source) < FOREVER / 4
    source.sync(inbox)
    assert inbox.subjects("Work") == ["plan"]


@pytest.mark.parametrize("kind", ["dovecot", "bare_dovecot"])
def test_an_interrupt_ends_a_wait_or_the_next_one(
    request: pytest.FixtureRequest, kind: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """From another thread, connected or not; after it the connection is as good as before."""
    server: DovecotServer = request.getfixturevalue(kind)
    source = open_imap(server.port)
    for connected in (False, True):
        if connected:
            source.sync(inbox)
        assert waited(source, source.interrupt) < FOREVER / 4
        source.interrupt()
        assert waited(source) < FOREVER / 4
    assert waited(source, timeout=0.3) >= 0.3
    source.sync(inbox)
    source.close()
    source.interrupt()
    source.close()
