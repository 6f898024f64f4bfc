"""API tokens: a user makes them for scripts, sees each once, and revokes them."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from service.access.caller import Caller, digest
from service.store.database import one_at_a_time
from service.store.scope import read_as, write_as
from service.store.tables import ApiToken, Audit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.store.database import Database

PREFIX = "airlock_"
"""What each begins with, so that people and scanners of secrets know one when they see it."""
MOST = 50
"""How many a user may have."""


class TooMany(Exception):
    """A user has as many tokens as there may be."""


class ApiTokens:
    """Those of all users; threads may share it. Everything raises the database's errors."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(self, user_id: int, name: str, *, writes: bool) -> tuple[ApiToken, str]:
        """A new one, and the token itself, which is kept nowhere. Raises `TooMany`."""
        token = PREFIX + secrets.token_urlsafe(32)
        now = datetime.now(UTC)
        with write_as(self._database, user_id) as session:
            one_at_a_time(session, user_id)  # or two that are counted at once could each be the last one
            if session.scalars(select(func.count()).select_from(ApiToken)).one() >= MOST:
                raise TooMany
            made = ApiToken(user_id=user_id, name=name, digest=digest(token), writes=writes, created_at=now)
            session.add(made)
            session.flush()
            session.add(_audit(user_id, "tokens.make", made.id))
        return made, token

    def of(self, user_id: int) -> Sequence[ApiToken]:
        """A user's, the oldest first."""
        with read_as(self._database, user_id) as session:
            return session.scalars(select(ApiToken).order_by(ApiToken.id)).all()

    def revoke(self, user_id: int, token_id: int) -> bool:
        """Have one open nothing from now on; whether there was such a one of the user's."""
        with write_as(self._database, user_id) as session:
            gone = session.execute(delete(ApiToken).where(ApiToken.id == token_id).returning(ApiToken.id)).first()
            if gone is not None:
                session.add(_audit(user_id, "tokens.revoke", token_id))
        return gone is not None

    def find(self, token: str) -> Caller | None:
        """Whom a token stands for."""
        found = digest(token)
        with read_as(self._database, "everybody") as session:
            row = session.execute(select(ApiToken.user_id, ApiToken.writes).where(ApiToken.digest == found)).first()
        return None if row is None else Caller(row.user_id, "API token", found, row.writes)


def _audit(user_id: int, action: str, token_id: int) -> Audit:
    return Audit(user_id=user_id, at=datetime.now(UTC), actor="http", action=action, detail={"token": token_id})
