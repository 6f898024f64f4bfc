"""Following a mailbox on a real IMAP server: what arrives, changes and goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from service.mail.source import Cursor, SourceError
from tests.service.mail.conftest import LIMIT
from tests.service.mail.inbox import MemoryInbox, letter

if TYPE_CHECKING:
    from tests.service.dovecot_server import DovecotServer
    from tests.service.mail.conftest import OpenImap

pytestmark = pytest.mark.docker


@pytest.fixture(params=["with CONDSTORE", "without"])
def server(request: pytest.FixtureRequest) -> DovecotServer:
    """A server that keeps count of changes, and one that does not."""
    name = "dovecot" if request.param == "with CONDSTORE" else "bare_dovecot"
    found: DovecotServer = request.getfixturevalue(name)
    return found


def numbered(count: int) -> list[bytes]:
    """Messages with the subjects 000, 001, …"""
    return [letter(f"{number:03}") for number in range(count)]


def test_all_that_is_there_comes_once(
    server: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """A mailbox comes in batches, in its order, and nothing comes with a second sync or a second connection."""
    server.append(user, *numbered(230))
    source = open_imap(server.port)
    source.sync(inbox)
    assert inbox.subjects() == [f"{number:03}" for number in range(230)]
    assert inbox.batches == [100, 100, 30]
    for again in (source, open_imap(server.port)):
        inbox.calls.clear()
        again.sync(inbox)
        assert set(inbox.calls) <= {"keep_folders", "settle"}


def test_nothing_is_marked_as_read(server: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox) -> None:
    """The server's flags are as they were, and the message is still recent for the owner's own program."""
    server.append(user, letter("small"), letter("large", "x" * LIMIT))
    open_imap(server.port).sync(inbox)
    with server.client(user) as client:
        flags = {flag for found in client.get_flags([1, 2]).values() for flag in found}
    assert flags <= {b"\\Recent"}
    assert inbox.flags() == {"small": set(), "large": set()}


def test_a_message_has_its_bytes_time_and_flags(
    dovecot: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """Bytes of eight bits stay as they are; the time is that of the mailbox, in UTC."""
    raw = letter("bytes").replace(b"Hello.", bytes(range(128, 256)) + b"\r\n{5}\r\n)")
    at = datetime(2024, 2, 29, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    with dovecot.client(user) as client:
        client.append("INBOX", raw, flags=["\\Seen", "\\Flagged", "$Work"], msg_time=at)
        client.append("INBOX", b"\r\n")
    open_imap(dovecot.port).sync(inbox)
    message, empty = inbox.messages.values()
    assert message.raw == raw
    assert message.size == len(raw)
    assert message.complete
    assert message.received_at == datetime(2024, 3, 1, 4, 30, tzinfo=UTC)
    assert message.flags == {"\\Seen", "\\Flagged", "$Work"}
    assert empty.raw == b"\r\n"
    assert empty.complete


def test_an_empty_mailbox_is_read_to_its_end(
    server: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """The first message comes with the next sync."""
    source = open_imap(server.port)
    source.sync(inbox)
    assert inbox.calls.count("deliver") == 0
    assert inbox.cursor("INBOX").uidnext == 1
    server.append(user, letter("first"))
    source.sync(inbox)
    assert inbox.subjects() == ["first"]


def test_flags_and_removals_are_followed(
    server: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """By the same connection, and by one that is made after they changed."""
    server.append(user, letter("read"), letter("deleted"), letter("kept"))
    source = open_imap(server.port, compare=0.0)
    source.sync(inbox)
    with server.client(user) as client:
        client.add_flags([1], ["\\Seen", "$Work"])
        source.sync(inbox)
        assert inbox.flags() == {"read": {"\\Seen", "$Work"}, "deleted": set(), "kept": set()}
        client.delete_messages([2])
        client.expunge()
        source.sync(inbox)
        assert inbox.subjects() == ["read", "kept"]
        client.remove_flags([1], ["\\Seen"])
        client.delete_messages([3])
        client.expunge()
    open_imap(server.port).sync(inbox)
    assert inbox.flags() == {"read": {"$Work"}}


def test_a_message_that_goes_as_another_comes_is_noticed(
    server: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """Also when as many messages are there as before."""
    server.append(user, letter("old"))
    source = open_imap(server.port)
    source.sync(inbox)
    with server.client(user) as client:
        client.delete_messages([1])
        client.expunge()
        client.append("INBOX", letter("new"))
    source.sync(inbox)
    assert inbox.subjects() == ["new"]


def test_messages_that_are_expunged_during_a_sync_are_no_error(
    server: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """What is gone before it was fetched does not come; what is gone after is removed."""
    server.append(user, *numbered(450))
    with server.client(user) as client:

        def expunge(call: str) -> None:
            if call == "deliver" and not inbox.batches:
                client.delete_messages([1, 201, *range(301, 441)])
                client.expunge()

        inbox.before = expunge
        source = open_imap(server.port)
        source.sync(inbox)
        source.sync(inbox)
    gone = {0, 200, *range(300, 440)}
    assert inbox.subjects() == [f"{number:03}" for number in range(450) if number not in gone]


def test_a_sync_goes_on_where_the_last_one_failed(
    server: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """When the database goes away no message is lost, and flags that changed meanwhile are seen."""
    server.append(user, *numbered(250))
    source = open_imap(server.port)

    def fail(call: str) -> None:
        if len(inbox.batches) == 2 and call == "deliver":
            raise ConnectionError

    inbox.before = fail
    with pytest.raises(ConnectionError):
        source.sync(inbox)
    assert len(inbox.subjects()) == 200
    with server.client(user) as client:
        client.add_flags([1], ["\\Seen"])
    inbox.before = lambda call: None  # noqa: ARG005
    source.sync(inbox)
    assert inbox.batches == [100, 100, 50]
    assert [subject for subject, flags in inbox.flags().items() if flags] == ["000"]


def test_what_the_inbox_has_lost_is_brought_again(
    server: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """As when the database was restored from a backup: every message that is not known is fetched."""
    server.append(user, *numbered(5))
    open_imap(server.port).sync(inbox)
    for uid in (2, 4):
        del inbox.messages[next(place for place in inbox.messages if place[2] == uid)]
    open_imap(server.port).sync(inbox)
    assert inbox.subjects() == ["000", "001", "002", "003", "004"]


def test_another_uidvalidity_has_the_folder_read_anew(
    server: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """Where messages were is forgotten when all of the folder is here again, and not before."""
    with server.client(user) as client:
        client.create_folder("Work")
    server.append(user, letter("one"), letter("two"), folder="Work")
    source = open_imap(server.port, folders=["Work"])
    source.sync(inbox)
    before = inbox.cursor("Work")
    with server.client(user) as client:
        client.delete_folder("Work")
        client.create_folder("Work")
    server.append(user, letter("two"), letter("three"), folder="Work")
    seen: list[int] = []
    inbox.before = lambda call: seen.append(len(inbox.messages)) if call == "settle" else None
    source.sync(inbox)
    assert inbox.cursor("Work").uidvalidity != before.uidvalidity
    assert seen == [4]
    assert inbox.subjects("Work") == ["two", "three"]


def test_a_large_message_comes_by_its_header(
    server: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """30 MB are not transferred, the messages around it come as they are, and nothing is tried again."""
    size = 30_000_000
    server.append(user, letter("before"), letter("large", ("x" * 70 + "\r\n") * (size // 72)), letter("after"))
    source = open_imap(server.port)
    source.sync(inbox)
    assert inbox.subjects() == ["before", "large", "after"]
    large = list(inbox.messages.values())[1]
    assert not large.complete
    assert large.raw == letter("large", "")[:-2]
    assert large.size > size - 100
    inbox.calls.clear()
    source.sync(inbox)
    assert inbox.calls == []


def test_large_messages_make_small_batches(
    dovecot: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """No more than 8 MB are asked for at a time."""
    dovecot.append(user, *(letter(f"{number}", "x\r\n" * 1_000_000) for number in range(5)))
    open_imap(dovecot.port, size_limit=10_000_000).sync(inbox)
    assert inbox.batches == [2, 2, 1]
    assert all(message.complete for message in inbox.messages.values())


def test_chosen_folders_are_followed(server: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox) -> None:
    """Names are in any script; a folder that is not chosen any more is forgotten."""
    names = ["Entwürfe & Notizen", "日本語", 'a "b" \\c', "Work.2026"]
    with server.client(user) as client:
        for name in names:
            client.create_folder(name)
    for name in ["INBOX", *names]:
        server.append(user, letter(f"in {len(name)}"), folder=name)
    open_imap(server.port, folders=["inbox", *names]).sync(inbox)
    assert {name: inbox.subjects(name) for name in inbox.cursors} == {
        name: [f"in {len(name)}"] for name in ["INBOX", *names]
    }
    open_imap(server.port, folders=names[:1]).sync(inbox)
    assert list(inbox.cursors) == names[:1]


def test_all_folders_are_all_but_drafts_junk_and_trash(
    server: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """As the server marks them; a folder that is made or removed later is noticed."""
    with server.client(user) as client:
        for name in ("Drafts", "Junk", "Sent", "Trash", "Work"):
            client.create_folder(name)
        source = open_imap(server.port, folders="all")
        source.sync(inbox)
        assert sorted(inbox.cursors) == ["INBOX", "Sent", "Work"]
        client.delete_folder("Work")
        client.create_folder("Play")
    source.sync(inbox)
    assert sorted(inbox.cursors) == ["INBOX", "Play", "Sent"]


def test_a_folder_that_gets_another_name_and_its_own_again_is_here_all_the_time(
    server: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """It has the same UIDs all the while; its old name is forgotten when the new one has been read."""
    with server.client(user) as client:
        client.create_folder("Work")
        client.append("Work", letter("plan"))
        source = open_imap(server.port, folders="all")
        source.sync(inbox)
        seen: list[list[str]] = []
        inbox.before = lambda _: seen.append(sorted(place[0] for place in inbox.messages))
        for old, new in (("Work", "Old"), ("Old", "Work")):
            client.rename_folder(old, new)
            source.sync(inbox)
            assert (inbox.subjects(old), inbox.subjects(new)) == ([], ["plan"])
    assert all(seen)


def test_a_chosen_folder_that_is_gone_is_named_and_holds_up_no_other(
    server: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """The owner learns of it; what was brought from it stays until another choice is made."""
    with server.client(user) as client:
        client.create_folder("Work")
        client.append("Work", letter("plan"))
        source = open_imap(server.port, folders=["Work", "INBOX"])
        source.sync(inbox)
        client.delete_folder("Work")
        client.append("INBOX", letter("new"))
    for _ in range(2):
        with pytest.raises(SourceError, match=r"does not open the folder 'Work': choose others, or see that it is st"):
            source.sync(inbox)
    assert inbox.subjects("INBOX") == ["new"]
    assert inbox.subjects("Work") == ["plan"]


def test_changes_are_counted_from_where_the_server_began_to(
    dovecot: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """A server that got CONDSTORE, or lost count, has all flags compared once."""
    dovecot.append(user, letter("one"))
    open_imap(dovecot.port).sync(inbox)
    with dovecot.client(user) as client:
        client.add_flags([1], ["\\Seen"])
    for modseq in (0, 10**9):
        now = inbox.cursor("INBOX")
        inbox.cursors["INBOX"] = Cursor(now.uidvalidity, now.uidnext, modseq)
        place = next(iter(inbox.messages))
        inbox.change("INBOX", {place[2]: frozenset()}, [], inbox.cursors["INBOX"])
        open_imap(dovecot.port).sync(inbox)
        assert inbox.flags() == {"one": {"\\Seen"}}
        assert 0 < inbox.cursor("INBOX").modseq < 10**9


def test_three_thousand_messages_come_in_one_sync(
    server: DovecotServer, user: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """Each once."""
    for start in range(0, 3000, 1000):
        server.append(user, *(letter(f"{start + number:04}") for number in range(1000)))
    open_imap(server.port).sync(inbox)
    assert inbox.subjects() == [f"{number:04}" for number in range(3000)]
