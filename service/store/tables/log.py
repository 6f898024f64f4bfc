"""What happened: the events that clients replay, the commands that were answered, and the audit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.store.tables.base import Base, Id, OfUser


class Event(Base):
    """One entry of a person's log. Its id is one more than that of the entry before, in the order of commits."""

    __tablename__ = "events"

    user_id: Mapped[OfUser] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    type: Mapped[str]
    at: Mapped[datetime]
    account_id: Mapped[int | None]
    data: Mapped[dict[str, Any]]


class Command(Base):
    """The answer to a command that had an idempotency key, so that sending it again does nothing more."""

    __tablename__ = "commands"

    user_id: Mapped[OfUser] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    """SHA-256 of the command itself: the same key with another command is refused."""
    answer: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(index=True)


class Audit(Base):
    """Who did what to the control plane. It names things by their ids, and quotes no mail."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_user_id_at_id", "user_id", "at", "id"),)

    id: Mapped[Id]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    detail: Mapped[dict[str, Any]]
