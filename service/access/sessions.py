"""Sessions of browsers: the server keeps them, and the cookie has nothing but a random secret that names one."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select, update

from service.access.caller import Caller, digest
from service.store import clock
from service.store.scope import read_as, write_as
from service.store.tables import BrowserSession

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from service.store.database import Database

MOST = 100
"""Browsers in which one user is signed in: in one more, and the session that was used longest ago ends."""
_NOTICED = timedelta(minutes=1)
"""How late the use of a session may be written down: not with every request."""


class Sessions:
    """Those of all users; threads may share it. Everything raises the database's errors.

    One ends `idle` after its last use, and `lifetime` after its beginning.
    """

    def __init__(self, database: Database, idle: timedelta, lifetime: timedelta) -> None:
        self._database = database
        self._idle = idle
        self.lifetime = lifetime

    def begin(self, user_id: int, instead_of: str = "") -> str:
        """The secret of a new session; the one that the browser had, if any, ends."""
        secret = secrets.token_urlsafe(32)
        with write_as(self._database, "everybody") as session:
            now = clock.now(session)
            session.execute(delete(BrowserSession).where(BrowserSession.digest == digest(instead_of)))
            session.add(
                BrowserSession(
                    digest=digest(secret), user_id=user_id, created_at=now, ends_at=now + self.lifetime,
                    idle_at=now + self._idle,
                )
            )  # fmt: skip
            latest = select(BrowserSession.digest).where(BrowserSession.user_id == user_id)
            forgotten = latest.order_by(BrowserSession.idle_at.desc(), BrowserSession.digest).offset(MOST)
            session.execute(delete(BrowserSession).where(BrowserSession.digest.in_(forgotten)))
        return secret

    def find(self, secret: str) -> Caller | None:
        """Whom a session stands for that has not ended; it is in use."""
        found = digest(secret)
        with read_as(self._database, "everybody") as session:
            now = clock.now(session)
            row = session.get(BrowserSession, found)
            if row is None or now >= min(row.ends_at, row.idle_at):
                return None
            user_id, late = row.user_id, now + self._idle - row.idle_at
        if late > min(_NOTICED, self._idle / 10):
            self._use(found, now)
        return Caller(user_id, "session", found)

    def end(self, secret: str) -> None:
        """End a session."""
        with write_as(self._database, "everybody") as session:
            session.execute(delete(BrowserSession).where(BrowserSession.digest == digest(secret)))

    def end_all(self, user_id: int) -> None:
        """End every session of a user."""
        with write_as(self._database, user_id) as session:
            session.execute(delete(BrowserSession))

    def _use(self, found: str, now: datetime) -> None:
        with write_as(self._database, "everybody") as session:
            session.execute(
                update(BrowserSession).where(BrowserSession.digest == found).values(idle_at=now + self._idle)
            )


def forget(session: Session) -> None:
    """Delete the sessions that have ended."""
    now = clock.now(session)
    session.execute(delete(BrowserSession).where(or_(BrowserSession.ends_at <= now, BrowserSession.idle_at <= now)))
