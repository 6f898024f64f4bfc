"""A mailbox in a database, filled as the worker fills it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import TYPE_CHECKING

from sqlalchemy import select

from service.mail.source import Arrival, Cursor
from service.store.inbox import StoreInbox
from service.store.queue import Queue
from service.store.tables import Account, Message, Placement

if TYPE_CHECKING:
    from service.store.database import Database

BEGIN = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""When the first message arrived; each one came a minute after the one before."""
_OWNER = "tests"


class Mailbox:
    """An account of a user, whose mail the test delivers."""

    def __init__(self, database: Database, user_id: int, name: str = "Mail") -> None:
        self._database = database
        self._uid = 0
        with database.write() as session:
            account = Account(
                user_id=user_id, kind="maildir", name=name, address="ann@example.org", settings={}, created_at=BEGIN,
                lease_owner=_OWNER,
            )  # fmt: skip
            session.add(account)
            session.flush()
            self.id = account.id
        self._inbox = StoreInbox(database, Queue(database), self.id, _OWNER)

    def deliver(self, *mails: bytes, folder: str = "INBOX", flags: frozenset[str] = frozenset()) -> list[int]:
        """Have mails arrive; the ids of their messages, in the same order."""
        first = self._uid + 1
        arrivals = []
        for mail in mails:
            self._uid += 1
            arrivals.append(Arrival(self._uid, mail, BEGIN + timedelta(minutes=self._uid), flags, len(mail)))
        self._inbox.deliver(folder, arrivals, Cursor(1, self._uid + 1))
        with self._database.read() as session:
            placed = select(Placement.message_id).join(Message, Message.id == Placement.message_id)
            placed = placed.where(Message.account_id == self.id, Placement.uid >= first).order_by(Placement.uid)
            return list(session.scalars(placed))


def mail(
    subject: str = "Hello", text: str = "How are you?\n", sender: str = "Bob <bob@example.com>", **more: str
) -> bytes:
    """A mail with these headers (`_` for `-`)."""
    made = EmailMessage()
    made["From"] = sender
    made["To"] = "Ann <ann@example.org>"
    made["Subject"] = subject
    for name, value in more.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made.as_bytes()
