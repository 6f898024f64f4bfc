"""What the assistant made of the mail, and what its user told it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from service.store.tables.base import Base, Id, OfMessage, OfUser


class Analysis(Base):
    """What one message is and says."""

    __tablename__ = "analyses"
    __table_args__ = (
        Index("ix_analyses_user_id_category_message_id", "user_id", "category", "message_id"),
        Index("ix_analyses_user_id_message_id", "user_id", "message_id"),
    )

    message_id: Mapped[OfMessage] = mapped_column(primary_key=True)
    user_id: Mapped[OfUser]
    category: Mapped[str]
    """What it counts as: what the user said, else what a rule said, else what triage said."""
    triaged: Mapped[str]
    """What triage said."""
    score: Mapped[float]
    """How sure triage is, 0 to 1."""
    reasons: Mapped[list[Any]]
    """`{"words", "weight"}` each, the weightiest first."""
    summary: Mapped[str]
    actions: Mapped[list[Any]]
    """`{"sentence", "due"}` each; `due` is an ISO date, a time or null."""
    dates: Mapped[list[Any]]
    """`{"words", "sentence", "at"}` each."""
    labels: Mapped[list[Any]]
    """What the user's rules put on it."""
    hidden: Mapped[bool] = mapped_column(default=False)
    pinned: Mapped[bool] = mapped_column(default=False)
    priority: Mapped[str] = mapped_column(default="normal")
    source: Mapped[str] = mapped_column(default="rules")
    """Who wrote the summary: "rules", deterministic, or "model"."""
    note: Mapped[str] = mapped_column(default="")
    """What was tried and failed, in words."""


class Draft(Base):
    """A reply that is proposed. It is never sent by itself.

    `state` is "proposed", "edited" or "discarded"; after its writer has said that it is to be sent, "queued", "sending"
    while Gmail may have it, and "sent", or "unsure" when nobody knows.
    """

    __tablename__ = "drafts"
    __table_args__ = (Index("ix_drafts_user_id_updated_at_id", "user_id", "updated_at", "id"),)

    id: Mapped[Id]
    user_id: Mapped[OfUser]
    message_id: Mapped[OfMessage] = mapped_column(unique=True)
    subject: Mapped[str]
    to: Mapped[list[Any]]
    """`{"name", "address"}` each."""
    text: Mapped[str]
    in_reply_to: Mapped[str]
    references: Mapped[list[Any]]
    source: Mapped[str] = mapped_column(default="rules")
    state: Mapped[str] = mapped_column(default="proposed")
    updated_at: Mapped[datetime]


class Correction(Base):
    """The category that the user says a message has; what Bayes learns from."""

    __tablename__ = "corrections"

    id: Mapped[Id]
    user_id: Mapped[OfUser] = mapped_column(index=True)
    message_id: Mapped[OfMessage] = mapped_column(unique=True)
    category: Mapped[str]
    was: Mapped[str]
    at: Mapped[datetime]


class Learned(Base):
    """In how many corrected messages of a category a token was seen; token "" counts the messages themselves."""

    __tablename__ = "learned_tokens"

    user_id: Mapped[OfUser] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(default=0)


class Correspondent(Base):
    """How much a person and an address have written to each other, among the messages that are understood."""

    __tablename__ = "correspondents"

    user_id: Mapped[OfUser] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)
    sent: Mapped[int] = mapped_column(default=0)
    """Messages of the user's to the address."""
    received: Mapped[int] = mapped_column(default=0)


class Rule(Base):
    """A rule of the user's, applied in the order of `position`; `definition` is what `service.core.rules` reads."""

    __tablename__ = "rules"

    id: Mapped[Id]
    user_id: Mapped[OfUser] = mapped_column(index=True)
    position: Mapped[int]
    name: Mapped[str]
    enabled: Mapped[bool] = mapped_column(default=True)
    definition: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime]


class RuleApplication(Base):
    """That a rule was applied to a message: the audit of rules. It outlives the rule."""

    __tablename__ = "rule_applications"
    __table_args__ = (Index("ix_rule_applications_user_id_at_id", "user_id", "at", "id"),)

    id: Mapped[Id]
    user_id: Mapped[OfUser]
    message_id: Mapped[OfMessage] = mapped_column(index=True)
    rule: Mapped[str]
    """The rule's name then."""
    because: Mapped[str]
    actions: Mapped[list[Any]]
    at: Mapped[datetime]
