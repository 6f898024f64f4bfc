"""Mail that is stored and understood: a little of everything that the API shows."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr
from sqlalchemy import select

from service.access import Access
from service.store import schema
from service.store.database import Database
from service.store.tables import Analysis, DeadLetter, Draft, Message, User
from service.store.url import DatabaseUrl
from tests.service.process import TOKEN
from tests.service.store.followed import BEGIN, add_mailbox, mail

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

PDF = b"""From: Shop <shop@example.net>
To: ann@example.org
Subject: Your receipt
Message-ID: <receipt@example.net>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html; charset=utf-8

<p>Thank you for 3 apples. <script>alert(1)</script></p>
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename="receipt.pdf"
Content-Transfer-Encoding: base64

JVBERi0xLjQK
--b--
"""


@dataclass(frozen=True, slots=True)
class Filled:
    """The ids of what is there."""

    work: int
    home: int
    question: int
    answer: int
    receipt: int
    news: int
    unread: int
    """Stored, and not understood."""


@contextmanager
def fresh(folder: Path) -> Iterator[tuple[Database, int]]:
    """A database in `folder` with nothing in it but a user whose token is TOKEN, and that user's id."""
    database = Database(DatabaseUrl(f"sqlite:///{folder / 'airlock.sqlite'}"))
    schema.migrate(database)
    Access(database, SecretStr(TOKEN)).prepare(serves=True)
    with database.read() as session:
        owner = session.scalars(select(User.id)).one()
    yield database, owner
    database.close()


def fill(database: Database) -> Filled:
    """Put two mailboxes with five messages into a database that has a user."""
    with database.read() as session:
        owner = session.scalars(select(User.id)).one()
    work, home = add_mailbox(database, owner, "Work"), add_mailbox(database, owner, "Home")
    question, answer = work.deliver(
        mail("Lunch on Friday?", "Are you free for lunch, at the café?\n", Message_ID="<question@example.com>"),
        mail("Re: Lunch on Friday?", "Yes, gladly.\n", In_Reply_To="<question@example.com>"),
        flags=frozenset({"\\Seen"}),
    )
    [receipt] = home.deliver(PDF)
    [news] = home.deliver(mail("Weekly news", "A snake_case world, e-mail me at bob@example.com.\n"), folder="Lists")
    [unread] = home.deliver(mail("Another", "Not understood yet: 100% new.\n", sender="Eve <EVE@example.com>"))
    with database.write() as session:
        _understand(session, question, "needs-reply", pinned=True)
        _understand(session, answer, "fyi")
        _understand(session, receipt, "receipt", labels=["money", "2026"])
        _understand(session, news, "newsletter", hidden=True)
        session.add(
            Draft(
                user_id=owner, message_id=question, subject="Re: Lunch on Friday?",
                to=[{"name": "Bob", "address": "bob@example.com"}],
                text="Thank you.", in_reply_to="question@example.com", references=["question@example.com"],
                updated_at=BEGIN,
            )
        )  # fmt: skip
        session.add(
            DeadLetter(
                user_id=owner, account_id=home.account_id, message_id=unread, error="OSError", attempts=4, at=BEGIN
            )
        )
    return Filled(work.account_id, home.account_id, question, answer, receipt, news, unread)


def _understand(session: Session, message_id: int, category: str, **more: Any) -> None:
    message = session.get_one(Message, message_id)
    message.analysed_at = BEGIN
    said = {"score": 0.9, "summary": f"About: {message.subject}", "labels": [], "note": ""}
    reasons = [{"words": "it asks a question", "weight": 0.8}]
    actions = [{"sentence": "Are you free?", "due": None}]
    dates = [{"words": "Friday", "sentence": "Lunch on Friday", "at": "2026-01-02"}]
    session.add(
        Analysis(
            message_id=message_id, user_id=message.user_id, category=category, triaged=category, reasons=reasons,
            actions=actions, dates=dates, **{**said, **more},
        )
    )  # fmt: skip
