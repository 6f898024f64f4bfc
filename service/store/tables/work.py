"""The work to do and who does it, beside what DBOS keeps in its own tables."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Mapped, mapped_column

from service.store.tables.base import Base, Id, OfAccount, OfMessage, OfUser


class Worker(Base):
    """A process that works, by its executor id; one that is silent for long is gone, and its work goes to others."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class DeadLetter(Base):
    """A message whose work failed as often as it may: a person can see why, and have it tried again."""

    __tablename__ = "dead_letters"

    id: Mapped[Id]
    user_id: Mapped[OfUser] = mapped_column(index=True)
    account_id: Mapped[OfAccount] = mapped_column(index=True)
    message_id: Mapped[OfMessage] = mapped_column(unique=True)
    error: Mapped[str]
    attempts: Mapped[int]
    at: Mapped[datetime]


class AiUsage(Base):
    """What a person's mail has cost at the model's provider on a day (UTC)."""

    __tablename__ = "ai_usage"

    user_id: Mapped[OfUser] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    requests: Mapped[int] = mapped_column(default=0)
    tokens: Mapped[int] = mapped_column(default=0)
