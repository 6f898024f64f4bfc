"""Who the mail belongs to, and what opens the door to it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from service.store.tables.base import Base, Id, OfUser


class User(Base):
    """A person. `last_event` is the id of the newest event in that person's log, and is raised with each one."""

    __tablename__ = "users"

    id: Mapped[Id]
    name: Mapped[str]
    created_at: Mapped[datetime]
    last_event: Mapped[int] = mapped_column(default=0)
    pruned_event: Mapped[int] = mapped_column(default=0)
    """The newest event that the log no longer has."""


class AccessToken(Base):
    """A token that opens the API; its SHA-256 alone is kept, which is enough for a random secret of 256 bits."""

    __tablename__ = "access_tokens"

    id: Mapped[Id]
    user_id: Mapped[OfUser] = mapped_column(index=True)
    name: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
