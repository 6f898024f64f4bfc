"""The inbox: what a source brings is kept whole and once, together with its cursor, its events and the work to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, table, text, update
from sqlalchemy.exc import SQLAlchemyError

from service.mail.source import Arrival, Cursor, Gone
from service.store.tables import Account, Event, Folder, Message, Placement, Raw, Thread
from tests.service.store.followed import NOW, OWNER, arrival, raw

if TYPE_CHECKING:
    from tests.service.store.followed import Mailbox


def enqueued(mailbox: Mailbox) -> int:
    """How much work there is."""
    status = table("workflow_status", schema=None if mailbox.database.is_sqlite else "dbos")
    with mailbox.database.read() as session:
        return session.scalars(select(func.count()).select_from(status)).one()


def test_a_delivery_is_there_with_all_that_belongs_to_it(mailbox: Mailbox) -> None:
    """Messages, bytes, cursor, events in order, and one piece of work, as one transaction."""
    inbox = mailbox.inbox()
    assert inbox.cursor("INBOX") == Cursor()
    inbox.deliver("INBOX", [arrival(1), arrival(2, None, "\\Seen")], Cursor(7, 3, 11))
    first, second = mailbox.messages()
    assert (first.subject, first.sender, first.sender_name) == ("Number 1", "ann@example.com", "Ann")
    assert (first.seen, second.seen) == (False, True)
    assert first.recipients == [{"kind": "to", "name": "", "address": "me@example.org"}]
    assert first.received_at == NOW
    assert inbox.cursor("INBOX") == Cursor(7, 3, 11)
    assert [(event.id, event.type, event.data["message_id"]) for event in mailbox.events()] == [
        (1, "message.new", first.id),
        (2, "message.new", second.id),
    ]
    assert enqueued(mailbox) == 1
    with mailbox.database.read() as session:
        assert session.get_one(Raw, first.id).data == raw(1)


def test_a_delivery_that_comes_again_changes_nothing(mailbox: Mailbox) -> None:
    """By folder, UIDVALIDITY and UID what is there is recognised, as after a crash before the answer."""
    inbox = mailbox.inbox()
    for _ in range(2):
        inbox.deliver("INBOX", [arrival(1), arrival(2)], Cursor(7, 3))
    assert len(mailbox.messages()) == len(mailbox.events()) == 2
    assert enqueued(mailbox) == 1


def test_a_copy_in_another_folder_is_the_same_message(mailbox: Mailbox) -> None:
    """By its Message-ID it is known: it is stored once, in two places, and announced once."""
    inbox = mailbox.inbox()
    inbox.deliver("INBOX", [arrival(1)], Cursor(7, 2))
    inbox.deliver("Archive", [arrival(40, raw(1), "\\Flagged")], Cursor(9, 41))
    (message,) = mailbox.messages()
    assert message.flagged
    assert [event.type for event in mailbox.events()] == ["message.new", "message.changed"]
    with mailbox.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Placement)) == 2


def test_the_same_message_twice_in_one_delivery_is_stored_once(mailbox: Mailbox) -> None:
    """A mailbox that holds a message twice has one message in two places."""
    mailbox.inbox().deliver("INBOX", [arrival(1), arrival(2, raw(1)), arrival(3)], Cursor(7, 4))
    assert [message.subject for message in mailbox.messages()] == ["Number 1", "Number 3"]
    assert [known.uid for known in mailbox.inbox().known("INBOX", 7)] == [1, 2, 3]


def test_a_forged_message_id_hides_no_other_message(mailbox: Mailbox) -> None:
    """Two messages that share nothing but their Message-ID are two messages."""
    other = raw(1, From="Eve <eve@example.net>", Subject="Your invoice")
    mailbox.inbox().deliver("INBOX", [arrival(1, other), arrival(2, raw(1))], Cursor(7, 3))
    assert [message.sender for message in mailbox.messages()] == ["eve@example.net", "ann@example.com"]


def test_messages_without_a_message_id_are_told_apart_by_their_bytes(mailbox: Mailbox) -> None:
    """The same bytes are the same message, other bytes are another one."""
    bare = {"Message_ID": ""}
    contents = [raw(1, **bare), raw(1, **bare), raw(1, text="Something else.", **bare)]
    mailbox.inbox().deliver("INBOX", [arrival(uid, one) for uid, one in enumerate(contents, 1)], Cursor(7, 4))
    assert len(mailbox.messages()) == 2


@pytest.mark.parametrize(
    "content", [b"", b"\0\0\xff\xfe", b"\n\n\n", b"From: \xff\r\nSubject: =?x?b?///?=\r\n\r\n\x80"]
)
def test_what_is_hardly_a_message_is_kept_all_the_same(mailbox: Mailbox, content: bytes) -> None:
    """Any bytes are stored as they came, and do not stop the cursor."""
    inbox = mailbox.inbox()
    inbox.deliver("INBOX", [arrival(1, content), arrival(2)], Cursor(7, 3))
    assert len(mailbox.messages()) == 2
    assert inbox.cursor("INBOX").uidnext == 3


def test_a_message_over_the_size_limit_is_kept_by_its_header(mailbox: Mailbox) -> None:
    """Subject and sender are there, its real size, and a note that the rest was not read."""
    head = raw(1).partition(b"\n\n")[0] + b"\n\n"
    mailbox.inbox().deliver(
        "INBOX", [Arrival(uid=1, raw=head, received_at=NOW, size=30_000_000, complete=False)], Cursor(7, 2)
    )
    (message,) = mailbox.messages()
    assert (message.subject, message.size, message.text) == ("Number 1", 30_000_000, "")
    assert message.defects


def test_a_failing_delivery_leaves_nothing_behind(mailbox: Mailbox) -> None:
    """When one part of the transaction fails there is no message, no cursor, no event and no work."""
    number = {"Message_ID": "<bad@example.com>"}
    with mailbox.database.write() as session:
        session.execute(text("ALTER TABLE raw_messages RENAME TO away"))
    with pytest.raises(SQLAlchemyError):
        mailbox.inbox().deliver("INBOX", [arrival(1, raw(1, **number))], Cursor(7, 2))
    with mailbox.database.write() as session:
        session.execute(text("ALTER TABLE away RENAME TO raw_messages"))
    with mailbox.database.read() as session:
        for kind in (Message, Thread, Event, Folder):
            assert session.scalar(select(func.count()).select_from(kind)) == 0
    assert enqueued(mailbox) == 0


def test_flags_are_followed(mailbox: Mailbox) -> None:
    """What is read elsewhere is read here, and a change that says nothing new is no event."""
    inbox = mailbox.inbox()
    inbox.deliver("INBOX", [arrival(1)], Cursor(7, 2))
    for _ in range(2):
        inbox.change("INBOX", {1: frozenset({"\\Seen", "$Later"})}, [], Cursor(7, 2, 5))
    (message,) = mailbox.messages()
    assert message.seen
    assert [event.type for event in mailbox.events()] == ["message.new", "message.changed"]
    assert [known.flags for known in inbox.known("INBOX", 7)] == [{"\\Seen", "$Later"}]


def test_a_message_that_every_folder_lost_is_removed_and_may_come_back(mailbox: Mailbox) -> None:
    """It counts as removed with its last place, and is here again when a folder has it again."""
    inbox = mailbox.inbox()
    inbox.deliver("INBOX", [arrival(1)], Cursor(7, 2))
    inbox.deliver("Archive", [arrival(1)], Cursor(9, 2))
    inbox.change("INBOX", {}, [1], Cursor(7, 2))
    assert mailbox.messages()[0].removed_at is None
    inbox.change("Archive", {}, [1, 99], Cursor(9, 2))
    assert mailbox.messages()[0].removed_at is not None
    inbox.deliver("INBOX", [arrival(5, raw(1))], Cursor(7, 6))
    assert mailbox.messages()[0].removed_at is None
    assert [event.type for event in mailbox.events()] == ["message.new", "message.removed", "message.changed"]


def test_a_new_uidvalidity_doubles_nothing(mailbox: Mailbox) -> None:
    """The folder is read again under new numbers: messages stay, what is not there any more is removed at the end."""
    inbox = mailbox.inbox()
    inbox.deliver("INBOX", [arrival(1), arrival(2)], Cursor(7, 3))
    inbox.deliver("INBOX", [arrival(10, raw(2))], Cursor(8, 11))
    assert [message.removed_at for message in mailbox.messages()] == [None, None]
    inbox.settle("INBOX", 8)
    first, second = mailbox.messages()
    assert (first.removed_at is not None, second.removed_at) == (True, None)
    assert inbox.known("INBOX", 7) == []


def test_folders_that_are_not_followed_any_more_are_forgotten(mailbox: Mailbox) -> None:
    """What was nowhere else is removed."""
    inbox = mailbox.inbox()
    inbox.deliver("INBOX", [arrival(1)], Cursor(7, 2))
    inbox.deliver("Old", [arrival(1, raw(2))], Cursor(7, 2))
    inbox.keep_folders(["INBOX"])
    assert [message.removed_at is None for message in mailbox.messages()] == [True, False]
    assert inbox.cursor("Old") == Cursor()


@pytest.mark.parametrize("change", [{"lease_owner": "another-worker"}, {"paused": True}])
def test_who_does_not_follow_the_account_may_not_deliver(mailbox: Mailbox, change: dict[str, object]) -> None:
    """A worker that lost its lease, or whose account was paused, is told so and changes nothing."""
    inbox = mailbox.inbox(OWNER)
    with mailbox.database.write() as session:
        session.execute(update(Account).values(**change))
    with pytest.raises(Gone):
        inbox.deliver("INBOX", [arrival(1)], Cursor(7, 2))
    assert mailbox.messages() == []


def test_an_account_that_was_deleted_takes_nothing(mailbox: Mailbox) -> None:
    """The follower learns that there is nobody to follow."""
    with mailbox.database.write() as session:
        session.delete(session.get_one(Account, mailbox.account_id))
    with pytest.raises(Gone):
        mailbox.inbox().change("INBOX", {}, [], Cursor(7, 2))


def subjects_by_thread(mailbox: Mailbox) -> list[set[str]]:
    """The conversations, each by the subjects in it."""
    found: dict[int, set[str]] = {}
    for message in mailbox.messages():
        found.setdefault(message.thread_id, set()).add(message.subject)
    with mailbox.database.read() as session:
        counted = {thread.id: thread.message_count for thread in session.scalars(select(Thread))}
    assert counted == {id_: sum(m.thread_id == id_ for m in mailbox.messages()) for id_ in found}
    return list(found.values())


def test_a_reply_joins_what_it_answers_whichever_comes_first(mailbox: Mailbox) -> None:
    """References hold messages together in any order of arrival, in one delivery or in several."""
    inbox = mailbox.inbox()
    reply = raw(2, Subject="Re: Number 1", In_Reply_To="<1@example.com>", References="<0@example.com> <1@example.com>")
    inbox.deliver("INBOX", [arrival(1, reply), arrival(2, raw(9))], Cursor(7, 3))
    inbox.deliver("INBOX", [arrival(3, raw(1)), arrival(4, raw(0))], Cursor(7, 5))
    assert subjects_by_thread(mailbox) == [{"Re: Number 1", "Number 1", "Number 0"}, {"Number 9"}]


@pytest.mark.parametrize("together", [True, False])
def test_a_message_that_refers_to_two_conversations_makes_them_one(mailbox: Mailbox, together: bool) -> None:
    """The older conversation takes the messages of the newer one."""
    inbox = mailbox.inbox()
    between = raw(3, References="<1@example.com> <2@example.com>")
    mail = [
        arrival(1, raw(1)),
        arrival(2, raw(2)),
        arrival(3, between),
        arrival(4, raw(4, References="<2@example.com>")),
    ]
    for batch in [mail] if together else [[one] for one in mail]:
        inbox.deliver("INBOX", batch, Cursor(7, batch[-1].uid + 1))
    assert subjects_by_thread(mailbox) == [{"Number 1", "Number 2", "Number 3", "Number 4"}]


def test_a_reply_without_references_is_found_by_its_subject_among_the_same_people(mailbox: Mailbox) -> None:
    """Only a reply, and only where the writer takes part."""
    inbox = mailbox.inbox()
    same = {"Subject": "Re: Plans for June"}
    mail = [
        raw(1, Subject="Plans for June"),
        raw(2, **same, From="me@example.org", To="ann@example.com"),
        raw(3, **same, From="Zoe <zoe@example.net>", To="me@example.org"),
        raw(4, Subject="Plans for June"),
    ]
    inbox.deliver("INBOX", [arrival(uid, one) for uid, one in enumerate(mail, 1)], Cursor(7, 5))
    ids = [message.thread_id for message in mailbox.messages()]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
