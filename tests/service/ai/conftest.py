"""A message that is understood, and settings that name a model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from service.settings import Settings, load
from service.store import events
from service.store.opened import Store
from service.store.tables import Account, AiUsage, Analysis, Draft, Event, Message, Thread, User
from service.store.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from service.store.database import Database

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEXT = """Hi Robin, this is Mira (mira@okafor.example.net, +44 1632 960 118).
Could you bring the map on Saturday? It is at https://okafor.example.net/map.
"""
KEY = "sk-very-secret-key"


@dataclass(frozen=True, slots=True)
class Letter:
    """A stored message, its analysis and its draft."""

    store: Store
    user_id: int
    id: int

    def analysis(self) -> Analysis:
        """As it is now."""
        with self.store.database.read() as session:
            return session.get_one(Analysis, self.id)

    def draft(self) -> Draft:
        """As it is now."""
        with self.store.database.read() as session:
            return session.scalars(select(Draft).where(Draft.message_id == self.id)).one()

    def change(self, table: type[Analysis | Draft], **values: Any) -> None:
        """What a user or another worker does to it."""
        with self.store.database.write() as session:
            row = session.scalars(select(table).where(table.message_id == self.id)).one()
            for name, value in values.items():
                setattr(row, name, value)

    def events(self) -> Sequence[Event]:
        """The owner's log."""
        with self.store.database.read() as session:
            return events.after(session, self.user_id, 0, 100) or []

    def usage(self) -> tuple[int, int]:
        """Requests and tokens that are counted, on whichever day."""
        with self.store.database.read() as session:
            rows = session.scalars(select(AiUsage)).all()
            return sum(row.requests for row in rows), sum(row.tokens for row in rows)


@pytest.fixture
def letter(database: Database) -> Letter:
    """A letter that asks for something, with a draft."""
    with database.write() as session:
        user = User(name="Robin", created_at=NOW)
        session.add(user)
        session.flush()
        account = Account(
            user_id=user.id, kind="maildir", name="Mail", address="you@example.org", settings={}, created_at=NOW
        )
        thread = Thread(user_id=user.id, subject="Map", subject_key="map", latest_at=NOW, message_count=1)
        session.add_all([account, thread])
        session.flush()
        message = Message(
            user_id=user.id, account_id=account.id, thread_id=thread.id, identity="1", message_id="1@example.net",
            subject="The map", sender_name="Mira Okafor", sender="mira@okafor.example.net",
            recipients=[{"kind": "to", "name": "Robin Ellery", "address": "you@example.org"}], received_at=NOW,
            stored_at=NOW, size=1, text=TEXT, html="", attachments=[], defects=[],
        )  # fmt: skip
        session.add(message)
        session.flush()
        session.add(
            Analysis(
                message_id=message.id, user_id=user.id, category="needs-reply", triaged="needs-reply", score=0.9,
                reasons=[], summary="Could you bring the map on Saturday?", actions=[], dates=[], labels=[],
            )
        )  # fmt: skip
        session.add(
            Draft(
                user_id=user.id, message_id=message.id, subject="Re: The map", to=["mira@okafor.example.net"],
                text="Hi Mira,\n\n", in_reply_to="1@example.net", references=[], updated_at=NOW,
            )
        )  # fmt: skip
        return Letter(Store(database, Vault(["x" * 32])), user.id, message.id)


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Settings with a model at a URL, and what else is given by its variable."""

    def settings(url: str, **variables: str) -> Settings:
        for name, value in {"AI_BASE_URL": url, "AI_MODEL": "m", "AI_API_KEY": KEY, **variables}.items():
            monkeypatch.setenv(name, value)
        return load()

    return settings
