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


class ApiToken(Base):
    """A token that its user made for a script. It opens the API until it is revoked."""

    __tablename__ = "api_tokens"

    id: Mapped[Id]
    user_id: Mapped[OfUser] = mapped_column(index=True)
    name: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    writes: Mapped[bool]
    """Whether it may change anything, or only read."""
    created_at: Mapped[datetime]


class Identity(Base):
    """Who a user is to an OpenID provider: `subject` never changes there, and no other person gets it."""

    __tablename__ = "identities"

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[OfUser] = mapped_column(index=True)
    email: Mapped[str]
    """The verified address at the last sign-in, in lower case."""
    seen_at: Mapped[datetime]


class BrowserSession(Base):
    """A browser that is signed in; of the secret in its cookie the SHA-256 alone is kept."""

    __tablename__ = "sessions"

    digest: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[OfUser] = mapped_column(index=True)
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
    """When it ends whatever happens."""
    idle_at: Mapped[datetime] = mapped_column(index=True)
    """When it ends unless it is used before."""


class SignIn(Base):
    """A sign-in under way: the browser is at the provider, and may come back once."""

    __tablename__ = "sign_ins"

    state: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of `state` (RFC 6749, 4.1.1)."""
    browser: Mapped[str]
    """SHA-256 of the secret in the cookie of the browser that began it."""
    provider: Mapped[str]
    nonce: Mapped[str]
    verifier: Mapped[str]
    """PKCE's code verifier (RFC 7636)."""
    path: Mapped[str]
    """Where the browser goes afterwards."""
    ends_at: Mapped[datetime] = mapped_column(index=True)
