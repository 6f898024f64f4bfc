"""What a server says that keeps the letter of the protocol and is not to be believed, and what it leaves unsaid."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest

from service.mail.source import SourceError
from tests.service.mail.conftest import LIMIT
from tests.service.mail.inbox import MemoryInbox
from tests.service.mail.scripted_server import GREETING, ScriptedServer

if TYPE_CHECKING:
    from tests.service.mail.conftest import OpenImap

IDLE = {"CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN IDLE\r\n%s OK .\r\n"}
NO = b"%s NO .\r\n"


def opened(exists: int, uidnext: int) -> bytes:
    """An answer to EXAMINE."""
    told = f"* {exists} EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n* OK [UIDNEXT {uidnext}] .\r\n"
    return told.encode() + b"%s OK [READ-ONLY] .\r\n"


def found(*uids: int) -> bytes:
    """An answer to SEARCH."""
    return b"* SEARCH" + b"".join(b" %d" % uid for uid in uids) + b"\r\n%s OK .\r\n"


def sized(*uids: int, size: int = 3) -> bytes:
    """An answer with the sizes of messages."""
    return b"".join(b"* %d FETCH (UID %d RFC822.SIZE %d)\r\n" % (uid, uid, size) for uid in uids) + b"%s OK .\r\n"


def given(*uids: int, body: bytes = b"abc") -> bytes:
    """An answer with messages."""
    line = b"* %d FETCH (UID %d BODY[] {%d}\r\n%s)\r\n"
    return b"".join(line % (uid, uid, len(body), body) for uid in uids) + b"%s OK .\r\n"


def test_a_folder_whose_name_is_too_long_or_unprintable_is_left_out(open_imap: OpenImap, inbox: MemoryInbox) -> None:
    """No index of a database takes the one, and no owner could tell the other from its neighbour."""
    names = [b"y" * 500, b"z" * 501, b"with &AAc- bell", b"INBOX"]
    listed = b"".join(b'* LIST () "/" "%s"\r\n' % name for name in names)
    with ScriptedServer({"LIST": listed + b"%s OK .\r\n"}) as server:
        open_imap(server.port, folders="all").sync(inbox)
    assert sorted(inbox.cursors) == ["INBOX", "y" * 500]


def test_a_flag_that_is_unprintable_is_left_out(open_imap: OpenImap, inbox: MemoryInbox) -> None:
    """The others of the message are kept; so it is with a change of flags."""
    flags = b"FLAGS (\\Seen \x07 \x1b \x7f $Work)"
    with ScriptedServer({"UID FETCH": b"* 1 FETCH (UID 1 " + flags + b" BODY[] {3}\r\nabc)\r\n%s OK .\r\n"}) as server:
        source = open_imap(server.port, compare=0.0)
        source.sync(inbox)
        assert inbox.flags() == {"": {"\\Seen", "$Work"}}
        server.answers["UID FETCH"] = b"* 1 FETCH (UID 1 FLAGS (\x7f \\Flagged))\r\n%s OK .\r\n"
        source.sync(inbox)
    assert inbox.flags() == {"": {"\\Flagged"}}


def test_a_uidnext_that_goes_backwards_brings_nothing_again(open_imap: OpenImap, inbox: MemoryInbox) -> None:
    """As from a server that was restored from a backup: what it has lost goes, and what it numbers anew comes."""
    answers: dict[str, bytes | list[bytes]] = {
        "EXAMINE": opened(3, 4),
        "UID SEARCH": found(1, 2, 3),
        "SIZES": sized(1, 2, 3),
        "UID FETCH": given(1, 2, 3),
    }
    with ScriptedServer(answers) as server:
        source = open_imap(server.port)
        source.sync(inbox)
        server.answers |= {"EXAMINE": opened(1, 2), "UID SEARCH": found(1)}
        source.sync(inbox)
        assert [place[2] for place in inbox.messages] == [1]
        assert inbox.cursor("INBOX").uidnext == 4
        server.answers |= {"EXAMINE": opened(2, 3), "UID SEARCH": found(1, 2)}
        server.answers |= {"SIZES": sized(2), "UID FETCH": given(2, body=b"new")}
        source.sync(inbox)
    assert [(place[2], message.raw) for place, message in inbox.messages.items()] == [(1, b"abc"), (2, b"new")]
    assert inbox.batches == [3, 1]


def test_a_message_that_was_not_given_is_asked_for_again_though_the_number_is_right(
    open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """Another one went meanwhile, so that as many messages are there as are here."""
    with ScriptedServer({}) as server:
        source = open_imap(server.port)
        source.sync(inbox)
        server.answers |= {"EXAMINE": opened(1, 3), "UID SEARCH": found(2), "SIZES": sized(2)}
        server.answers["UID FETCH"] = [NO, given(2)]
        source.sync(inbox)
    assert [place[2] for place in inbox.messages] == [2]


def test_a_message_that_is_never_given_holds_up_no_other_folder(open_imap: OpenImap, inbox: MemoryInbox) -> None:
    """The owner is told of it when all else is here, what went from its folder included."""
    with ScriptedServer({}) as server:
        source = open_imap(server.port, folders=["INBOX", "Work"])
        source.sync(inbox)
        server.answers |= {"EXAMINE": opened(2, 4), "UID SEARCH": found(2, 3), "SIZES": sized(2, 3)}
        server.answers["UID FETCH"] = [given(2), given(2, 3), given(2)]
        with pytest.raises(SourceError, match="lists 1 messages in the folder 'INBOX' that it does not give"):
            source.sync(inbox)
    assert sorted(place[::2] for place in inbox.messages) == [("INBOX", 2), ("Work", 2), ("Work", 3)]


def test_what_was_not_asked_for_is_not_kept(open_imap: OpenImap, inbox: MemoryInbox) -> None:
    """A server that sends other messages with every answer fills no memory with them."""
    uids = range(1, 961)
    batches = [uids[first : first + 80] for first in range(0, 960, 80)]  # 8 MB each
    unasked = [given(*batches[place - 4], body=b"x" * LIMIT).removesuffix(b"%s OK .\r\n") for place in range(12)]
    answers: dict[str, bytes | list[bytes]] = {
        "EXAMINE": opened(960, 961),
        "UID SEARCH": found(*uids),
        "SIZES": sized(*uids, size=LIMIT),
        "UID FETCH": [more + given(*batch) for more, batch in zip(unasked, batches, strict=True)],
    }
    with ScriptedServer(answers) as server:
        tracemalloc.start()
        open_imap(server.port).sync(inbox)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert {message.raw for message in inbox.messages.values()} == {b"abc"}
    assert len(inbox.messages) == len(uids)
    assert peak < 40 * 10**6, peak


@pytest.mark.parametrize("answers", [{"IDLE": b""}, {"DONE": b""}, {"IDLE": b"* 2 EXISTS\r\n"}])
def test_a_server_that_never_answers_idle_is_given_up(
    answers: dict[str, bytes], open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """Neither at its beginning nor at its end, or with news alone; the next sync connects anew."""
    with ScriptedServer({**IDLE, **answers}) as server:
        source = open_imap(server.port, timeout=0.5)
        source.sync(inbox)
        with pytest.raises(SourceError, match="does not answer"):
            source.wait(0.1)
        source.sync(inbox)
        assert server.commands.count("PASSWORD") == 2


def test_a_server_that_refuses_idle_is_named(open_imap: OpenImap, inbox: MemoryInbox) -> None:
    """Though it said that it has it."""
    with ScriptedServer({**IDLE, "IDLE": NO}) as server:
        source = open_imap(server.port)
        source.sync(inbox)
        with pytest.raises(SourceError, match=r"no IMAP \(IDLE is refused\)"):
            source.wait(60)


def test_a_server_that_chatters_in_idle_makes_nobody_spin(open_imap: OpenImap, inbox: MemoryInbox) -> None:
    """What it says tells of no change, so IDLE is issued anew, at a bounded rate."""
    with ScriptedServer({**IDLE, "IDLE": b"+ idling\r\n* OK still here\r\n"}) as server:
        source = open_imap(server.port)
        source.sync(inbox)
        source.wait(2.0)
        assert 1 <= server.commands.count("IDLE") <= 5


def test_capabilities_are_those_after_the_login(open_imap: OpenImap, inbox: MemoryInbox) -> None:
    """A server may show more, or less, to who is logged in."""
    plain, idle = b"[CAPABILITY IMAP4rev1 AUTH=PLAIN]", b"[CAPABILITY IMAP4rev1 AUTH=PLAIN IDLE]"
    for before, after, idles in ((plain, idle, 1), (idle, plain, 0)):
        shown = b"* " + after.strip(b"[]") + b"\r\n%s OK .\r\n"
        answers: dict[str, bytes | list[bytes]] = {
            "GREETING": b"* OK " + before + b" ready\r\n",
            "CAPABILITY": [b"* " + before.strip(b"[]") + b"\r\n%s OK .\r\n", shown],
            "PASSWORD": b"* " + after.strip(b"[]") + b"\r\n%s OK " + after + b" .\r\n",
            "IDLE": b"+ idling\r\n* 2 EXISTS\r\n",
        }
        with ScriptedServer(answers) as server:
            source = open_imap(server.port)
            source.sync(inbox)
            source.wait(0.2)
            assert server.commands.count("IDLE") == idles


def test_a_server_that_knows_us_already_is_told_no_password(open_imap: OpenImap, inbox: MemoryInbox) -> None:
    """PREAUTH (RFC 9051, 7.1.4)."""
    with ScriptedServer({"GREETING": GREETING.replace(b"OK", b"PREAUTH", 1)}) as server:
        open_imap(server.port).sync(inbox)
        assert "PASSWORD" not in server.commands
    assert len(inbox.messages) == 1


def test_a_look_that_is_overdue_is_taken_at_once(open_imap: OpenImap, inbox: MemoryInbox) -> None:
    """When what came between the sync and the wait took longer than the time between two looks."""
    with ScriptedServer({}) as server:
        source = open_imap(server.port, poll_seconds=0)
        source.sync(inbox)
        source.wait(60)
        source.sync(inbox)
    assert server.commands.count("EXAMINE") == 2


@pytest.mark.parametrize(
    ("told", "asked", "looks"), [(b"* 2 EXISTS", False, 1), (b"* 2 EXISTS", True, 3), (b"* 1 EXPUNGE", False, 3)]
)
def test_news_of_one_folder_leave_the_others_to_their_time(
    told: bytes, asked: bool, looks: int, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """Unless somebody asks for a sync, or mail has gone, which may be in another folder now."""
    with ScriptedServer({**IDLE, "IDLE": b"+ idling\r\n" + told + b"\r\n"}) as server:
        source = open_imap(server.port, folders=["INBOX", "Work"])
        source.sync(inbox)
        before = server.commands.count("EXAMINE")
        if asked:
            source.interrupt()
        source.wait(60)
        source.sync(inbox)
        assert server.commands.count("EXAMINE") - before == looks
