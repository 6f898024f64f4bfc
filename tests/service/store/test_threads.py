"""Conversations that several accounts of a user share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from sqlalchemy import select

from service.store.tables import Account, Message, Thread
from service.store.threads import forget_account
from tests.service.store.followed import Mailbox, add_mailbox, mail

if TYPE_CHECKING:
    from service.store.database import Database

MAILS = 25


def fill(mailbox: Mailbox) -> None:
    """Bring answers to one question, each in a transaction of its own."""
    for number in range(MAILS):
        answer = mail(f"Answer {number}", Message_ID=f"<{number}@example.com>", In_Reply_To="<question@example.com>")
        mailbox.deliver(answer)


def test_accounts_that_are_filled_at_once_lose_no_message_of_a_conversation(
    database: Database, mailbox: Mailbox
) -> None:
    """Both find the same conversation, and it counts the mails of both."""
    both = [add_mailbox(database, mailbox.user_id, name) for name in ("One", "Two")]
    with ThreadPoolExecutor() as threads:
        list(threads.map(fill, both))
    with database.read() as session:
        thread = session.scalars(select(Thread)).one()
        assert thread.message_count == len(session.scalars(select(Message.id)).all()) == 2 * MAILS


def test_an_account_that_is_forgotten_takes_no_conversation_of_others_along(
    database: Database, mailbox: Mailbox
) -> None:
    """Its own go, and one that is shared is counted anew."""
    gone, kept = (add_mailbox(database, mailbox.user_id, name) for name in ("One", "Two"))
    fill(gone)
    fill(kept)
    gone.deliver(mail("Alone", Message_ID="<alone@example.com>"))
    with database.write() as session:
        forget_account(session, session.get_one(Account, gone.account_id))
    with database.read() as session:
        counts = {thread.subject: thread.message_count for thread in session.scalars(select(Thread))}
    assert counts == {"Answer 0": MAILS}
