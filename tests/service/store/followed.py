"""An account in a database, and mail for its inbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import TYPE_CHECKING

from sqlalchemy import select

from service.mail.source import Arrival
from service.store import events
from service.store.inbox import StoreInbox
from service.store.queue import Queue
from service.store.tables import Account, Event, Message, User

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.store.database import Database

OWNER = "worker-of-the-test"
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An account that `OWNER` follows."""

    database: Database
    user_id: int
    account_id: int

    def inbox(self, owner: str = OWNER) -> StoreInbox:
        """Its inbox."""
        return StoreInbox(self.database, Queue(self.database), self.account_id, owner)

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
        account = Account(
            user_id=user.id, kind="maildir", name=address, address=address, settings={}, created_at=NOW,
            lease_owner=OWNER,
        )  # fmt: skip
        session.add(account)
        session.flush()
        return Mailbox(database, user.id, account.id)


def raw(number: int, *, text: str = "Hello there.", **headers: str) -> bytes:
    """A message from Ann; `headers` by their names with `_` for `-`, and "" takes one away."""
    message = EmailMessage()
    fields = {
        "From": "Ann <ann@example.com>",
        "To": "me@example.org",
        "Subject": f"Number {number}",
        "Message-ID": f"<{number}@example.com>",
        "Date": "Mon, 2 Nov 2026 09:30:00 +0000",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    for name, value in fields.items():
        if value:
            message[name] = value
    message.set_content(text)
    return message.as_bytes()


def arrival(uid: int, content: bytes | None = None, *flags: str) -> Arrival:
    """A message as a source brings it."""
    content = raw(uid) if content is None else content
    return Arrival(uid=uid, raw=content, received_at=NOW, flags=frozenset(flags), size=len(content))
