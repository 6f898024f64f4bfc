"""The quota: what a user has stored is known to the byte, and what is over it takes nothing from anybody else."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import func, select, text

from service.mail.source import Cursor, Full
from service.store import quota, schema, threads
from service.store.database import Database
from service.store.inbox import StoreInbox
from service.store.queue import Queue
from service.store.tables import Account, Message, Raw
from tests.service.store.followed import OWNER, add_mailbox, arrival, make_mailbox, raw
from tests.service.store.locks import log_held, on_postgresql, waiting
from tests.service.worker.whole import wait_until

if TYPE_CHECKING:
    from service.store.url import DatabaseUrl
    from tests.service.store.followed import Mailbox

BODY = "Much to read. " * 500
SIZE = len(raw(10, text=BODY))
"""Of the messages from 10 to 99."""


def deliver(mailbox: Mailbox, limit: int, *uids: int, text: str = BODY) -> None:
    """Have large messages arrive, in one transaction."""
    arrivals = [arrival(uid, raw(uid, text=text)) for uid in uids]
    inbox(mailbox, limit).deliver("INBOX", arrivals, Cursor(7, max(uids) + 1))


def inbox(mailbox: Mailbox, limit: int) -> StoreInbox:
    """Its inbox, with a quota."""
    return StoreInbox(mailbox.database, Queue(mailbox.database), mailbox.account_id, OWNER, limit)


def stored(mailbox: Mailbox) -> int:
    """What counts of the user's mail; it is what is there."""
    with mailbox.database.read() as session:
        counted = quota.stored(session, mailbox.user_id)
        there = select(func.coalesce(func.sum(func.length(Raw.data)), 0)).join(Message, Message.id == Raw.message_id)
        assert counted == session.scalars(there.where(Message.user_id == mailbox.user_id)).one()
    return counted


def whole(mailbox: Mailbox) -> list[bool]:
    """Of each message of the account whether it is stored whole, in the order of storing."""
    with mailbox.database.read() as session:
        found = select(Raw.complete).join(Message, Message.id == Raw.message_id).order_by(Message.id)
        return list(session.scalars(found.where(Message.account_id == mailbox.account_id)))


def test_what_is_stored_is_counted_to_the_byte(mailbox: Mailbox) -> None:
    """Each message once, though it comes again, lies in two folders, or lies twice in one; with a quota or without."""
    assert stored(mailbox) == 0
    for limit in (0, 1_000_000):
        deliver(mailbox, limit, 10, 11)
        inbox(mailbox, limit).deliver("Archive", [arrival(1, raw(10, text=BODY))], Cursor(9, 2))
        inbox(mailbox, limit).deliver("Twice", [arrival(u, raw(12, text=BODY)) for u in (1, 2)], Cursor(9, 3))
        assert stored(mailbox) == 3 * SIZE


def test_what_arrives_when_the_quota_is_used_up_is_there_by_its_headers(mailbox: Mailbox) -> None:
    """The message with which it is used up is whole; of others there is who wrote what and when, and why no more."""
    limit = 2 * SIZE - 1
    deliver(mailbox, limit, 10, 11, 12)
    deliver(mailbox, limit, 13)
    assert whole(mailbox) == [True, True, False, False]
    *_, last = mailbox.messages()
    assert (last.subject, last.sender, last.size, last.text) == ("Number 13", "ann@example.com", SIZE, "")
    assert "its owner's quota has no room for it; only its headers are kept" in last.defects
    with mailbox.database.read() as session:
        kept = session.get_one(Raw, last.id).data
    assert raw(13, text=BODY).startswith(kept)
    assert kept.endswith(b"\n\n")
    assert inbox(mailbox, limit).cursor("INBOX") == Cursor(7, 14)
    assert [event.data["subject"] for event in mailbox.events()] == [f"Number {number}" for number in (10, 11, 12, 13)]
    assert "is there: of new messages only the headers are stored; delete a mailbox" in inbox(mailbox, limit).shortage()


def test_a_message_that_is_far_too_large_leaves_the_room_to_smaller_ones(mailbox: Mailbox) -> None:
    """Of it there are the headers, and what comes after it is whole while there is room."""
    deliver(mailbox, 3 * SIZE // 2, 10, 11)
    deliver(mailbox, 3 * SIZE // 2, 12, text="Little.")
    assert whole(mailbox) == [True, False, True]
    assert inbox(mailbox, 3 * SIZE // 2).shortage() == ""


def test_a_message_without_a_message_id_is_recognised_by_what_was_left_out(mailbox: Mailbox) -> None:
    """It comes again with its body, under another UID, and is the one that is there."""
    content = raw(1, text=BODY, Message_ID="")
    for uid in (1, 2):
        inbox(mailbox, SIZE // 2).deliver("INBOX", [arrival(uid, content)], Cursor(uid, 10))
    assert whole(mailbox) == [False]


def test_nothing_is_stored_without_end(mailbox: Mailbox) -> None:
    """When the headers are a tenth more than the quota new mail waits: nothing of it is stored, the cursor stays."""
    limit, uids = 2 * SIZE, list(range(12, 99))
    deliver(mailbox, limit, 10, 11)
    with pytest.raises(Full, match=r"bytes\) is there: new mail waits where it is; delete a mailbox") as refused:
        deliver(mailbox, limit, *uids)
    assert refused.value.used == stored(mailbox)  # nothing of what was refused counts
    assert whole(mailbox) == [True, True]
    while stored(mailbox) < 1.1 * limit:
        deliver(mailbox, limit, uids.pop(0))
    before = inbox(mailbox, limit).cursor("INBOX")
    with pytest.raises(Full):
        deliver(mailbox, limit, *uids)
    assert inbox(mailbox, limit).cursor("INBOX") == before
    assert inbox(mailbox, limit).shortage().count("new mail waits where it is") == 1
    inbox(mailbox, limit).deliver("Archive", [arrival(1, raw(10, text=BODY))], Cursor(9, 2))  # what is there already
    deliver(mailbox, 2 * limit, *uids[:1])
    assert whole(mailbox)[-1]


def test_one_user_takes_no_room_from_another(mailbox: Mailbox) -> None:
    """It is each one's own, whatever number of mailboxes it is that they are stored from."""
    second, other = add_mailbox(mailbox.database, mailbox.user_id), make_mailbox(mailbox.database, "you@example.org")
    deliver(mailbox, SIZE, 10)
    deliver(second, SIZE, 11)
    deliver(other, SIZE, 12)
    assert [whole(one) for one in (mailbox, second, other)] == [[True], [False], [True]]
    assert stored(other) == SIZE
    shortages = [inbox(one, SIZE).shortage() for one in (mailbox, second)]
    assert shortages[0] == shortages[1] != ""
    assert inbox(other, 2 * SIZE).shortage() == inbox(mailbox, 0).shortage() == ""


def test_an_account_that_is_deleted_gives_its_room_back(mailbox: Mailbox) -> None:
    """To the other ones of its owner."""
    second = add_mailbox(mailbox.database, mailbox.user_id)
    deliver(mailbox, SIZE, 10)
    deliver(second, SIZE, 11)
    with mailbox.database.write() as session:
        threads.forget_account(session, session.get_one(Account, mailbox.account_id))
    assert stored(second) < SIZE
    deliver(second, SIZE, 12)
    assert whole(second) == [False, True]


@on_postgresql
def test_two_accounts_that_are_filled_at_once_are_counted_one_after_the_other(mailbox: Mailbox) -> None:
    """The second one knows what the first one has stored, though both began when there was room."""
    second = add_mailbox(mailbox.database, mailbox.user_id)
    both = [threading.Thread(target=deliver, args=(one, SIZE, 10)) for one in (mailbox, second)]
    with log_held(mailbox.database, mailbox.user_id):
        for number, one in enumerate(both, 1):
            one.start()
            wait_until(lambda number=number: waiting(mailbox.database) == number)  # type: ignore[misc]
    for one in both:
        one.join()
    assert [whole(mailbox), whole(second)] == [[True], [False]]


def test_mail_from_before_there_were_quotas_is_counted(empty_url: DatabaseUrl) -> None:
    """The migration counts what each account has stored."""
    database = Database(empty_url)
    with database.engine.connect().execution_options(writes=True) as connection:
        config = Config()
        config.set_main_option("script_location", "service.store:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        for statement in BEFORE:
            connection.execute(text(statement), {"at": "2026-01-01 00:00:00", "mail": b"\xc3\xa4\n"})
        connection.commit()
    schema.migrate(database)
    with database.read() as session:
        found: dict[str, Any] = {one.name: one.stored_bytes for one in session.scalars(select(Account))}
    database.close()
    assert found == {"full": 6, "empty": 0}


_MESSAGE = """
INSERT INTO messages (id, user_id, account_id, thread_id, identity, message_id, subject, sender_name, sender,
recipients, received_at, stored_at, size, text, html, attachments, defects, seen, flagged, answered)
VALUES ({0}, 1, 1, 1, '{0}', '', '', '', '', '[]', :at, :at, 3, '', '', '[]', '[]', false, false, false)
"""
_ACCOUNT = """
INSERT INTO accounts (id, user_id, kind, name, address, settings, state, error, paused, created_at, lease_owner)
VALUES ({}, 1, 'imap', '{}', '', '{{}}', 'new', '', false, :at, '')
"""
BEFORE = [
    "INSERT INTO users (id, name, created_at, last_event, pruned_event) VALUES (1, 'me', :at, 0, 0)",
    _ACCOUNT.format(1, "full"),
    _ACCOUNT.format(2, "empty"),
    "INSERT INTO threads (id, user_id, subject, subject_key, latest_at, message_count) VALUES (1, 1, '', '', :at, 2)",
    _MESSAGE.format(1),
    _MESSAGE.format(2),
    "INSERT INTO raw_messages (message_id, data, complete) VALUES (1, :mail, true), (2, :mail, true)",
]
"""Two mailboxes of a user, one of them with two messages, in the schema of then."""
