"""Servers that break the protocol, by malice or by age: a sentence at worst, never a hang and never all the memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from service.mail.imap import wire
from service.mail.source import NeedsReauth, SourceError
from tests.service.mail.inbox import MemoryInbox
from tests.service.mail.scripted_server import CLOSE, USUAL, ScriptedServer

if TYPE_CHECKING:
    from tests.service.mail.conftest import OpenImap

SELECTED = b"* OK [UIDVALIDITY 7] .\r\n* OK [UIDNEXT 2] .\r\n%s OK .\r\n"
NO_IMAP = "answers in a way that is no IMAP"


def test_the_script_is_followed_when_nothing_is_odd(open_imap: OpenImap, inbox: MemoryInbox) -> None:
    """What the other tests change is all that is wrong in them."""
    with ScriptedServer({}) as server:
        open_imap(server.port).sync(inbox)
    assert [message.raw for message in inbox.messages.values()] == [b"abc"]


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"GREETING": b"SSH-2.0-OpenSSH_9.2\r\n"}, NO_IMAP),
        ({"GREETING": b"HTTP/1.1 400 Bad Request\r\n\r\n"}, NO_IMAP),
        ({"GREETING": bytes(range(256)) + b"\r\n"}, NO_IMAP),
        ({"GREETING": b"* BYE too many connections\r\n" + CLOSE}, "breaks off or refuses"),
        ({"GREETING": CLOSE}, "the connection is lost"),
        ({"CAPABILITY": b"%s OK .\r\n"}, NO_IMAP),
        ({"CAPABILITY": b"* CAPABILITY POP3\r\n%s OK .\r\n"}, NO_IMAP),
        ({"PASSWORD": b"* BYE go away\r\n" + CLOSE}, "the connection is lost"),
        ({"PASSWORD": b"%s NO [UNAVAILABLE] the users' database is away\r\n"}, r"lets nobody in now \(UNAVAILABLE\)"),
        ({"PASSWORD": b"%s BAD what\r\n"}, r"lets nobody in now \(BAD\)"),
        ({"PASSWORD": b"%s NO [ALERT] Too many simultaneous connections. (Failure)\r\n"}, "lets nobody in now"),
        ({"PASSWORD": b"%s NO Temporary authentication failure, try again later\r\n"}, "lets nobody in now"),
        ({"CAPABILITY": b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n%s OK .\r\n"}, "takes no password without TLS"),
        ({"EXAMINE": b"%s BAD what\r\n"}, NO_IMAP),
        ({"EXAMINE": b"* 1 EXISTS\r\n%s OK .\r\n"}, r"no IMAP \(EXAMINE without a usable UIDVALIDITY\)"),
        ({"EXAMINE": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 99999999999] .\r\n%s OK .\r\n"}, "usable UIDVALIDITY"),
        ({"EXAMINE": b"* 1 EXISTS\r\n* OK [UIDVALIDITY x] .\r\n%s OK .\r\n"}, NO_IMAP),
        ({"EXAMINE": b"* 99999999999 EXISTS\r\n" + SELECTED}, "usable EXISTS"),
        ({"UID SEARCH": b"%s NO .\r\n"}, "SEARCH is refused"),
        ({"UID SEARCH": b"* SEARCH " + b"1 " * 6_000_000 + b"\r\n%s OK .\r\n"}, "the lines of an answer have no end"),
        ({"UID SEARCH": b"x" * 11_000_000}, "the lines of an answer have no end"),
        ({"UID SEARCH": (b"* OK " + b"x" * 1000 + b"\r\n") * 11_000}, "the lines of an answer have no end"),
        ({"SIZES": b"%s NO .\r\n"}, "lists 1 messages in the folder 'INBOX' that it does not give"),
        ({"UID FETCH": b"%s NO [SERVERBUG] .\r\n"}, "lists 1 messages in the folder 'INBOX' that it does not give"),
        ({"UID FETCH": b"* 1 FETCH (UID 1 FLAGS ())\r\n%s OK .\r\n"}, "that it does not give"),
        ({"UID FETCH": b"* 1 FETCH (UID 1 BODY[] NIL)\r\n%s OK .\r\n"}, "that it does not give"),
        ({"UID FETCH": b"* 1 FETCH (UID 9 BODY[] {1}\r\nx)\r\n%s OK .\r\n"}, "that it does not give"),
        ({"UID FETCH": b"* 1 FETCH (UID 1 BODY[] {99999999999}\r\n"}, "a literal of 99999999999 bytes is more than"),
        ({"UID FETCH": b"* 1 FETCH (UID 1 BODY[] {" + b"9" * 5000 + b"}\r\n"}, NO_IMAP),
        (
            {"UID FETCH": (b"* 1 FETCH (UID 1 BODY[] {999999}\r\n" + b"x" * 999_999 + b")\r\n") * 20},
            "more than was ask",
        ),
        ({"UID FETCH": b"* 1 FETCH (UID 1 BODY[] {9}\r\nabc" + CLOSE}, "the connection is lost"),
        ({"UID FETCH": b"* 1 FETCH (UID 1 BODY[\r\n%s OK .\r\n"}, "no IMAP|refuses what it was asked"),
        ({"UID FETCH": b"* 1 FETCH " + b"(" * 5000 + b"\r\n%s OK .\r\n"}, NO_IMAP),
        ({"UID FETCH": b"* 1 FETCH 7\r\n%s OK .\r\n"}, "a FETCH answer without data"),
        ({"UID FETCH": b"* 1 FETCH (UID)\r\n%s OK .\r\n"}, NO_IMAP),
        ({"UID FETCH": b"zzz OK\r\n"}, NO_IMAP),
        ({"UID FETCH": b"* BYE shutting down\r\n" + CLOSE}, "breaks off or refuses"),
    ],
)
def test_an_odd_answer_is_a_sentence(
    answers: dict[str, bytes], sentence: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """It names the server, and the next sync begins with a new connection."""
    with ScriptedServer(dict(answers)) as server:
        source = open_imap(server.port)
        with pytest.raises(SourceError, match=sentence) as raised:
            source.sync(inbox)
        assert not isinstance(raised.value, NeedsReauth)
        assert inbox.messages == {}
        assert sum(command == "CAPABILITY" for command in server.commands) <= 2
        with pytest.raises(SourceError, match=sentence):
            source.sync(inbox)


@pytest.mark.parametrize(
    "answers",
    [
        {"EXAMINE": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n%s OK .\r\n"},
        {"UID SEARCH": b"* SEARCH\r\n* SEARCH 1\r\n* SEARCH 1 1 (MODSEQ 5)\r\n%s OK .\r\n"},
        {"SIZES": b"* 1 FETCH (RFC822.SIZE 3 UID 1 MODSEQ (5))\r\n* 1 FETCH (FLAGS ())\r\n%s OK .\r\n"},
        {"UID FETCH": b'* 1 FETCH (uid 1 flags (\\Recent) body[] "abc")\r\n%s OK .\r\n'},
        {"UID FETCH": b"* 1 FETCH (FLAGS ())\r\n* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\n* 1 EXPUNGE\r\n%s NO gone\r\n"},
        {"UID FETCH": b"* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\n* 1 FETCH (FLAGS () UID 1)\r\n%s OK .\r\n"},
    ],
)
def test_what_is_merely_unusual_is_understood(
    answers: dict[str, bytes], open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """No UIDNEXT, answers in pieces, in lower case, without literals, mixed with others, or of a message that goes."""
    with ScriptedServer(dict(answers)) as server:
        open_imap(server.port).sync(inbox)
    assert [(message.uid, message.raw, set(message.flags)) for message in inbox.messages.values()] == [
        (1, b"abc", set())
    ]


@pytest.mark.parametrize("time", [b"", b"NIL", b'"00-Foo-9999 99:99:99 +9999"', b"7"])
def test_a_message_without_a_usable_time_came_now(time: bytes, open_imap: OpenImap, inbox: MemoryInbox) -> None:
    """It does not keep itself, and those after it, from coming."""
    told = b"INTERNALDATE " + time + b" " if time else b""
    with ScriptedServer({"UID FETCH": b"* 1 FETCH (UID 1 " + told + b"BODY[] {3}\r\nabc)\r\n%s OK .\r\n"}) as server:
        open_imap(server.port).sync(inbox)
    assert datetime.now(UTC) - inbox.messages["INBOX", 7, 1].received_at < timedelta(minutes=1)


def test_questions_may_be_answered_together(open_imap: OpenImap, inbox: MemoryInbox) -> None:
    """A server may send all data before it says of the first question that it is done, as Dovecot does at times."""
    uids = range(1, 231)
    bodies = [b"* %d FETCH (UID %d BODY[] {1}\r\nx)\r\n" % (uid, uid) for uid in uids]
    answers: dict[str, bytes | list[bytes]] = {
        "EXAMINE": b"* 230 EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n* OK [UIDNEXT 231] .\r\n%s OK .\r\n",
        "UID SEARCH": b"* SEARCH " + b" ".join(b"%d" % uid for uid in uids) + b"\r\n%s OK .\r\n",
        "SIZES": b"".join(b"* %d FETCH (UID %d RFC822.SIZE 1)\r\n" % (uid, uid) for uid in uids) + b"%s OK .\r\n",
        "UID FETCH": [b"".join(some) + b"%s OK .\r\n" for some in (bodies[:200], [], bodies[200:])],
    }
    with ScriptedServer(answers) as server:
        open_imap(server.port).sync(inbox)
    assert [message.uid for message in inbox.messages.values()] == list(uids)
    assert inbox.batches == [100, 100, 30]


def test_a_message_that_the_server_cannot_give_comes_by_its_header(open_imap: OpenImap, inbox: MemoryInbox) -> None:
    """After the whole was asked for twice: one broken message does not hold up a folder."""
    header = b"* 1 FETCH (UID 1 BODY[HEADER]<0> {3}\r\nabc)\r\n%s OK .\r\n"
    with ScriptedServer({"UID FETCH": [b"%s NO broken\r\n", b"%s NO broken\r\n", header]}) as server:
        open_imap(server.port).sync(inbox)
    (message,) = inbox.messages.values()
    assert (message.raw, message.complete) == (b"abc", False)


def test_a_server_that_never_comes_to_an_end_is_given_up(
    open_imap: OpenImap, inbox: MemoryInbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it is never silent for long: a whole answer has its time, too."""
    monkeypatch.setattr(wire, "_ANSWER", -1.0)
    with ScriptedServer({}) as server, pytest.raises(SourceError, match="does not answer"):
        open_imap(server.port).sync(inbox)


def test_what_was_said_before_tls_is_not_believed(open_imap: OpenImap, inbox: MemoryInbox) -> None:
    """Somebody on the way may have written it, behind the server's answer to STARTTLS."""
    answers: dict[str, bytes | list[bytes]] = {
        "CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\n%s OK .\r\n",
        "STARTTLS": b"%s OK .\r\n* PREAUTH all is well\r\n",
    }
    with ScriptedServer(answers) as server:
        with pytest.raises(SourceError, match="STARTTLS is refused or followed by plain text"):
            open_imap(server.port, security="starttls").sync(inbox)
        assert server.commands == ["CAPABILITY", "STARTTLS"]


def test_the_user_name_cannot_be_a_command(open_imap: OpenImap, inbox: MemoryInbox) -> None:
    """Where the server has LOGIN alone, names are quoted, and what LOGIN cannot carry is not sent."""
    answers: dict[str, bytes | list[bytes]] = {
        "CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n%s OK .\r\n",
        "LOGIN": b"%s OK .\r\n",
    }
    with ScriptedServer(answers) as server:
        source = open_imap(server.port, username='a "b" \\')
        source.sync(inbox)
        source.close()
        assert len(inbox.messages) == 1
        for password in ("p\r\nA1 DELETE INBOX", "pässword"):
            with pytest.raises(NeedsReauth, match="takes a user name and a password in ASCII alone"):
                open_imap(server.port, password=password).sync(inbox)
    assert server.commands.count("LOGIN") == 1


def test_only_reading_commands_are_sent(open_imap: OpenImap, inbox: MemoryInbox) -> None:
    """Nothing that could change a mailbox is ever said."""
    with ScriptedServer({}) as server:
        open_imap(server.port).sync(inbox)
    assert set(server.commands) <= {*USUAL}
