"""What can go wrong with a mail server: each fault is a sentence, and the next sync begins anew."""

from __future__ import annotations

import socket
import threading
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from service.mail.source import NeedsReauth, SourceError
from tests.service.dovecot_server import DovecotServer
from tests.service.mail.inbox import MemoryInbox, letter
from tests.service.process import free_port
from tests.service.tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from tests.service.mail.conftest import OpenImap

pytestmark = pytest.mark.docker


def test_a_wrong_password_needs_another_one(dovecot: DovecotServer, open_imap: OpenImap, inbox: MemoryInbox) -> None:
    """It is sent once, and neither it nor the user name is in the sentence."""
    with TcpProxy(dovecot.port) as proxy:
        with pytest.raises(NeedsReauth) as raised:
            open_imap(proxy.port, password="hunter2").sync(inbox)
        assert proxy.connections == 1
    assert str(raised.value) == (
        f"the mail server 127.0.0.1:{proxy.port} refuses the user name or the password (AUTHENTICATIONFAILED): enter "
        "them again; some providers want a password made for this one application"
    )


def test_a_server_that_is_killed_and_comes_back_is_followed_again(
    user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """The wait ends with a sentence, so does every sync while it is away, and nothing comes twice."""
    with DovecotServer() as server:
        server.append(user, letter("before"))
        source = open_imap(server.port, timeout=5.0)
        source.sync(inbox)
        killer = threading.Timer(0.2, server.kill)
        killer.start()
        with pytest.raises(SourceError, match=rf"the mail server 127\.0\.0\.1:{server.port} .*: it is tried again"):
            source.wait(60)
        killer.join()
        for _ in range(2):
            with pytest.raises(SourceError, match="refuses the connection: see that the port is right"):
                source.sync(inbox)
        server.start()
        server.append(user, letter("after"))
        source.sync(inbox)
    assert inbox.subjects() == ["before", "after"]


def test_a_connection_that_is_cut_anywhere_loses_and_doubles_nothing(
    dovecot: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """Each sync goes further than the one before it, whatever the place of the cut."""
    dovecot.append(user, *(letter(f"{number:03}", "x" * 900) for number in range(400)))
    cuts = 0
    with TcpProxy(dovecot.port) as proxy:
        source = open_imap(proxy.port)
        while True:
            proxy.limit = 2_000 + cuts * 23_017 if cuts < 30 else None
            try:
                source.sync(inbox)
            except SourceError as error:
                assert "it is tried again" in str(error)
                cuts += 1
            else:
                break
    assert cuts > 5
    assert inbox.subjects() == [f"{number:03}" for number in range(400)]
    assert sum(inbox.batches) == 400


def test_a_server_that_falls_silent_is_given_up(
    dovecot: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """Before the greeting, in the midst of a session, and in IDLE; when it answers again it is followed again."""
    with TcpProxy(dovecot.port) as proxy:
        proxy.freeze()
        source = open_imap(proxy.port, timeout=0.5)
        for _ in range(2):
            with pytest.raises(SourceError, match="does not answer: see that host and port are right"):
                source.sync(inbox)
        proxy.thaw()
        source.sync(inbox)
        proxy.freeze()
        with pytest.raises(SourceError, match="does not answer"):
            source.wait(0.1)
        proxy.thaw()
        source.sync(inbox)
        proxy.freeze()
        with pytest.raises(SourceError, match="does not answer"):
            source.sync(inbox)
        proxy.thaw()
        dovecot.append(user, letter("one"))
        source.sync(inbox)
    assert inbox.subjects() == ["one"]


def test_a_server_that_is_nowhere_is_named(open_imap: OpenImap, inbox: MemoryInbox) -> None:
    """With its port, and with what to look at."""
    port = free_port()
    with pytest.raises(SourceError, match=rf"127\.0\.0\.1:{port} refuses the connection: see that the port is right"):
        open_imap(port).sync(inbox)
    with pytest.raises(SourceError, match=r"imap\.invalid:143 is not found: see that its name is spelled"):
        open_imap(143, host="imap.invalid").sync(inbox)


def test_a_private_network_is_the_operators_to_open(
    dovecot: DovecotServer, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """No connection is made, by whatever name the address goes; with TLS and without."""
    with TcpProxy(dovecot.port) as proxy:
        for host in ("127.0.0.1", "localhost", "::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0"):
            for security in ("tls", "none"):
                with pytest.raises(SourceError, match="or ask the operator to set IMAP_ALLOW_PRIVATE=true"):
                    open_imap(proxy.port, host=host, security=security, private=False).sync(inbox)
        assert proxy.connections == 0


def test_a_password_is_not_sent_in_the_clear_over_the_internet(open_imap: OpenImap, inbox: MemoryInbox) -> None:
    """Even where private networks are allowed: without TLS only they are."""
    with pytest.raises(SourceError, match="on the Internet, where a password is not sent in the clear: choose 'tls'"):
        open_imap(143, host="8.8.8.8").sync(inbox)


def test_a_fault_ends_no_later_than_its_timeout(open_imap: OpenImap, inbox: MemoryInbox) -> None:
    """A server that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = monotonic()
        with pytest.raises(SourceError, match="does not answer"):
            open_imap(silent.getsockname()[1], timeout=0.3).sync(inbox)
        assert monotonic() - began < 20
