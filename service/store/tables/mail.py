"""Mailboxes and what is in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from service.store.tables.base import ONCE, Base, Id, OfAccount, OfMessage, OfUser

_WAITS = text("analysed_at IS NULL")


class Account(Base):
    """A mailbox that is followed.

    `kind` is one of "maildir", "imap", "gmail", "demo"; `settings` has what is no secret, `secret` the rest, encrypted.
    `state` is one of "new", "syncing", "well", "failing", "needs_reauth"; `paused` is the user's own wish.
    """

    __tablename__ = "accounts"
    __table_args__ = ONCE

    id: Mapped[Id]
    user_id: Mapped[OfUser] = mapped_column(index=True)
    kind: Mapped[str]
    name: Mapped[str]
    address: Mapped[str]
    settings: Mapped[dict[str, Any]]
    secret: Mapped[bytes | None]
    state: Mapped[str] = mapped_column(default="new")
    error: Mapped[str] = mapped_column(default="")
    """What is wrong, in words; "" for nothing."""
    paused: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    last_success_at: Mapped[datetime | None]
    """When all that the source had was last in the store."""
    stored_bytes: Mapped[int] = mapped_column(default=0)
    """Of its messages as they are kept, in `raw_messages`."""
    sync_requested_at: Mapped[datetime | None]
    """When a sync was last asked for; a newer value than the syncer has seen starts one at once."""
    lease_owner: Mapped[str] = mapped_column(default="")
    """The worker that follows it; one at a time."""
    lease_until: Mapped[datetime | None]


class Folder(Base):
    """A folder of an account, and how far it was read (UIDVALIDITY, UIDNEXT: RFC 9051; HIGHESTMODSEQ: RFC 7162)."""

    __tablename__ = "folders"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    id: Mapped[Id]
    account_id: Mapped[OfAccount]
    name: Mapped[str]
    uidvalidity: Mapped[int] = mapped_column(default=0)
    uidnext: Mapped[int] = mapped_column(default=0)
    """The lowest UID that has not been read."""
    modseq: Mapped[int] = mapped_column(default=0)


class Thread(Base):
    """Messages that belong together."""

    __tablename__ = "threads"
    __table_args__ = (
        Index("ix_threads_user_id_latest_at_id", "user_id", "latest_at", "id"),
        Index("ix_threads_user_id_subject_key", "user_id", "subject_key"),
        ONCE,
    )

    id: Mapped[Id]
    user_id: Mapped[OfUser]
    subject: Mapped[str]
    subject_key: Mapped[str]
    latest_at: Mapped[datetime]
    message_count: Mapped[int] = mapped_column(default=0)


class Message(Base):
    """A message, once however many folders hold it. `identity` tells it from every other one of the account."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("account_id", "identity"),
        Index("ix_messages_user_id_received_at_id", "user_id", "received_at", "id"),
        Index("ix_messages_user_id_id", "user_id", "id"),
        Index("ix_messages_waiting_of_account", "account_id", "id", sqlite_where=_WAITS, postgresql_where=_WAITS),
        Index("ix_messages_waiting_of_user", "user_id", "account_id", sqlite_where=_WAITS, postgresql_where=_WAITS),
        ONCE,
    )

    id: Mapped[Id]
    user_id: Mapped[OfUser]
    account_id: Mapped[OfAccount]
    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id"), index=True)
    identity: Mapped[str]
    message_id: Mapped[str] = mapped_column(index=True)
    """Message-ID without its angle brackets (RFC 5322, 3.6.4); "" where there is none."""
    subject: Mapped[str]
    sender_name: Mapped[str]
    sender: Mapped[str] = mapped_column(index=True)
    recipients: Mapped[list[Any]]
    """`{"kind": "to" | "cc", "name", "address"}` each."""
    sent_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    stored_at: Mapped[datetime]
    size: Mapped[int]
    """Bytes, as the source has it."""
    text: Mapped[str]
    html: Mapped[str]
    attachments: Mapped[list[Any]]
    """`{"name", "type", "size"}` each."""
    defects: Mapped[list[Any]]
    seen: Mapped[bool] = mapped_column(default=False)
    flagged: Mapped[bool] = mapped_column(default=False)
    answered: Mapped[bool] = mapped_column(default=False)
    removed_at: Mapped[datetime | None]
    """When the last folder lost it at the source."""
    analysed_at: Mapped[datetime | None]
    """When the assistant was done with it; null is work to do."""


class Raw(Base):
    """The bytes of a message as the source had them; of one over the size limit, or the quota, the header alone."""

    __tablename__ = "raw_messages"

    message_id: Mapped[OfMessage] = mapped_column(primary_key=True)
    data: Mapped[bytes]
    complete: Mapped[bool] = mapped_column(default=True)


class Placement(Base):
    """A message in a folder. (folder, UIDVALIDITY, UID) names it there for ever (RFC 9051, 2.3.1.1)."""

    __tablename__ = "placements"
    __table_args__ = (UniqueConstraint("folder_id", "uidvalidity", "uid"),)

    id: Mapped[Id]
    folder_id: Mapped[int] = mapped_column(ForeignKey("folders.id", ondelete="CASCADE"))
    message_id: Mapped[OfMessage] = mapped_column(index=True)
    uidvalidity: Mapped[int]
    uid: Mapped[int]
    key: Mapped[str] = mapped_column(default="")
    """A source's own name for it where that is no number, such as a file's unique part in a Maildir."""
    flags: Mapped[list[Any]]


class Reference(Base):
    """A Message-ID that a thread knows of, of a message that is here or of one that is only mentioned."""

    __tablename__ = "thread_references"

    user_id: Mapped[OfUser] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), index=True)
