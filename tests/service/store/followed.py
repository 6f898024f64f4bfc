"""An account in a database, and mail for its inbox, as the worker brings it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from service.mail.source import Arrival, Cursor
from service.store import events
from service.store.inbox import StoreInbox
from service.store.queue import Queue
from service.store.tables import Account, Event, Folder, Message, Placement, User

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.store.database import Database

OWNER = "worker-of-the-test"
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
BEGIN = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""When a mailbox begins to have mail: what is delivered to it comes a minute after the message before."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An account that `OWNER` follows."""

    database: Database
    user_id: int
    account_id: int

    def inbox(self, owner: str = OWNER) -> StoreInbox:
        """Its inbox."""
        return StoreInbox(self.database, Queue(self.database), self.account_id, owner)

    def deliver(self, *mails: bytes, folder: str = "INBOX", flags: frozenset[str] = frozenset()) -> list[int]:
        """Have mails arrive; the ids of their messages, in the same order."""
        uids = select(Placement.uid).join(Folder).where(Folder.account_id == self.account_id)
        with self.database.read() as session:
            last = session.scalar(select(func.max(uids.subquery().c.uid))) or 0
        arrivals = [
            Arrival(uid, content, BEGIN + timedelta(minutes=uid), flags, len(content))
            for uid, content in enumerate(mails, last + 1)
        ]
        self.inbox().deliver(folder, arrivals, Cursor(1, last + len(mails) + 1))
        with self.database.read() as session:
            placed = select(Placement.message_id).join(Folder).where(Folder.account_id == self.account_id)
            return list(session.scalars(placed.where(Placement.uid > last).order_by(Placement.uid)))

    def messages(self) -> Sequence[Message]:
        """What is stored, in the order of storing."""
        with self.database.read() as session:
            return session.scalars(
                select(Message).where(Message.account_id == self.account_id).order_by(Message.id)
            ).all()

    def events(self, after: int = 0) -> list[Event]:
        """The owner's log."""
        with self.database.read() as session:
            return list(events.after(session, self.user_id, after, 100_000) or [])


def make_mailbox(database: Database, address: str = "me@example.org") -> Mailbox:
    """An account of a new user."""
    with database.write() as session:
        user = User(name=address, created_at=NOW)
        session.add(user)
        session.flush()
    return add_mailbox(database, user.id, address, address)


def add_mailbox(database: Database, user_id: int, name: str = "Mail", address: str = "ann@example.org") -> Mailbox:
    """One more account of a user."""
    with database.write() as session:
        account = Account(
            user_id=user_id, kind="maildir", name=name, address=address, settings={}, created_at=NOW,
            lease_owner=OWNER,
        )  # fmt: skip
        session.add(account)
        session.flush()
        return Mailbox(database, user_id, account.id)


def raw(number: int, *, text: str = "Hello there.", **headers: str) -> bytes:
    """A message from Ann; `headers` by their names with `_` for `-`, and "" takes one away."""
    fields = {
        "From": "Ann <ann@example.com>",
        "To": "me@example.org",
        "Subject": f"Number {number}",
        "Message-ID": f"<{number}@example.com>",
        "Date": "Mon, 2 Nov 2026 09:30:00 +0000",
    }
    return _made(text, fields, headers)


def mail(
    subject: str = "Hello", text: str = "How are you?\n", sender: str = "Bob <bob@example.com>", **headers: str
) -> bytes:
    """A message to Ann, without a Message-ID and a date unless `headers` have them."""
    return _made(text, {"From": sender, "To": "Ann <ann@example.org>", "Subject": subject}, headers)


def _made(text: str, fields: Mapping[str, str], more: Mapping[str, str]) -> bytes:
    message = EmailMessage()
    for name, value in {**fields, **{name.replace("_", "-"): value for name, value in more.items()}}.items():
        if value:
            message[name] = value
    message.set_content(text)
    return message.as_bytes()


def arrival(uid: int, content: bytes | None = None, *flags: str) -> Arrival:
    """A message as a source brings it."""
    content = raw(uid) if content is None else content
    return Arrival(uid=uid, raw=content, received_at=NOW, flags=frozenset(flags), size=len(content))
